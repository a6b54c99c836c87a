import { pathWithQuery } from "../parts/address.ts";
import { button, hiddenField } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { attr, each, type Html, html, type Piece } from "../parts/html.ts";
import { facts, head, panel, split } from "../parts/page.ts";
import { zoneField } from "../sites.ts";

export type SettingsSite = { slug: string; name: string; time_zone: string };

const TABS = [
  ["", "Site"],
  ["/environments", "Environments"],
  ["/freezes", "Freezes"],
  ["/people", "People"],
  ["/tokens", "Tokens"],
  ["/notices", "Notices"],
  ["/webhooks", "Webhooks"],
  ["/security", "Security"],
  ["/jobs", "Background work"],
] as const;

/** The head of a settings page, with links to the other ones for those who may open them. */
export const settingsHead = (
  site: SettingsSite,
  current: (typeof TABS)[number][0],
  title: Piece,
  { under, over, may }: { under?: Piece; over?: Piece[]; may?: { administer: boolean } } = {},
): Html => html`${head({ title, under, over })}
${may?.administer !== false && tabs(site, current)}`;

const tabs = (site: SettingsSite, current: (typeof TABS)[number][0]): Html =>
  html`<nav class="tabs" aria-label="Settings">${each(
    TABS,
    ([path, word]) =>
      html`<a href="/sites/${site.slug}/settings${path}"${attr("aria-current", path === current && "page")}>${word}</a>`,
  )}</nav>`;

/** A secret that is shown once, to be copied. */
export const secret = (text: string): Html => html`<code class="secret" tabindex="0">${text}</code>`;

export const siteSettingsPage = (props: {
  site: SettingsSite;
  form: { name: string; time_zone: string };
  zones: string[];
  /** Whether this person may change roles and how people sign in, on all sites. */
  mayChangeSignIn: boolean;
  counts: { environments: number; people: number; tokens: number };
  errors?: Record<string, string>;
}): Html => {
  const { site, form, errors = {}, counts } = props;
  const base = `/sites/${site.slug}/settings`;
  return html`${settingsHead(site, "", "Settings")}
${split(
  html`<form class="form" method="post" action="${base}">
${input({ name: "name", label: "Name of the site", value: form.name, error: errors.name, required: true })}
${zoneField({ name: "time_zone", value: form.time_zone, error: errors.time_zone }, props.zones)}
<div class="end">${button({ text: "Save", look: "primary" })}</div></form>`,
  panel(
    "summary",
    "Summary",
    facts([
      ["Short name", html`<code>${site.slug}</code>`],
      ["Environments", html`<a href="${base}/environments">${counts.environments}</a>`],
      ["People", html`<a href="${base}/people">${counts.people}</a>`],
      ["Tokens in use", html`<a href="${base}/tokens">${counts.tokens}</a>`],
      [
        "Roles",
        props.mayChangeSignIn &&
          html`<a href="${pathWithQuery("/settings/roles", { site: site.slug })}">Names and permissions</a>, for all sites`,
      ],
      [
        "Sign-in",
        props.mayChangeSignIn &&
          html`<a href="${pathWithQuery("/settings/sign-in", { site: site.slug })}">Providers and passwords</a>, for all sites`,
      ],
    ]),
  ),
)}`;
};

export const keyField = (key: string): Html => hiddenField("key", key);
