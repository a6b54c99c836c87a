import type { Environment } from "../../src/access/environments.ts";
import type { Site } from "../../src/access/sites.ts";
import { longTime } from "../../src/time/format.ts";
import { button, confirmButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, facts, note, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { keyField, type SettingsSite, settingsHead } from "./site.ts";

export type SettingsEnvironment = {
  slug: string;
  name: string;
  tier: string;
  servers: { id: string; name: string; base_url: string }[];
  /** Its gate as a sentence. */
  gate: string;
};

export type NewEnvironmentForm = { name: string; slug: string; tier: string; before: string; key: string };

type EnvironmentsSite = SettingsSite & Pick<Site, "environments" | "retired" | "time_zone">;

const TIERS = [
  ["development", "development: where the site is built"],
  ["testing", "testing: where it is tested"],
  ["staging", "staging: where it is reviewed before it goes live; starts with 1 approval from Tester"],
  ["production", "production: what customers see; starts with 1 approval from Marketing"],
  ["other", "other"],
] as const;

export const environmentsPage = (props: {
  site: EnvironmentsSite;
  environments: SettingsEnvironment[];
  form: NewEnvironmentForm;
  errors?: Record<string, string>;
}): Html => {
  const { site, environments, form, errors = {} } = props;
  const base = `/sites/${site.slug}/settings/environments`;
  const list = table({
    caption: "In order of promotion",
    columns: ["Environment", "Servers", "Gate"],
    body: each(environments, (environment) =>
      row(
        html`${rowHead(env({ ...environment, href: `${base}/${environment.slug}` }))}${cell("Servers", environment.servers.length ? environment.servers.map((server) => html`${server.name}: <a href="${server.base_url}">${server.base_url}</a><br>`) : html`<span class="none">none</span>`)}${cell("Gate", html`${environment.gate}${site.environments[0]?.slug !== environment.slug && html` <a href="${base}/${environment.slug}/gate">Change<span class="sr"> the gate of ${environment.name}</span></a>`}`)}`,
      ),
    ),
  });
  const add = html`<form class="form" method="post" action="${base}">${keyField(form.key)}
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true })}
${input({ name: "slug", label: "Short name", value: form.slug, error: errors.slug, hint: "Used in addresses. If empty, it is derived from the name.", more: { autocapitalize: "none", spellcheck: "false" } })}
${select({ name: "tier", label: "Tier", value: form.tier, error: errors.tier, choices: TIERS.map(([value, label]) => ({ value, label })), hint: "Determines the environment’s icon and its first gate." })}
${place(site.environments, form.before, errors.before)}
<div class="end">${button({ text: "Add", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/environments", "Environments")}${split(html`${list}${retiredList(site)}`, panel("add", "Add environment", add))}`;
};

/** The place of an environment: before one of the others, or as the last. */
const place = (others: Environment[], before: string | undefined, error: string | undefined): Html =>
  select({
    name: "before",
    label: "Place",
    value: before ?? "-",
    error,
    choices: [
      ...others.map(({ slug, name }) => ({ value: slug, label: `before ${name}` })),
      { value: "-", label: "last" },
    ],
    hint: "Promotions go from each environment to the next.",
  });

const retiredList = ({ slug, retired, time_zone }: EnvironmentsSite): Html =>
  retired.length === 0
    ? html``
    : html`<h2>Retired</h2><ul class="plain">${each(
        retired,
        (environment) =>
          html`<li>${env({ ...environment, href: `/sites/${slug}/environments/${environment.slug}` })} <small>retired ${longTime(environment.retired_at ?? "", time_zone)}; its history stays</small></li>`,
      )}</ul>`;

/** The slug of the environment that follows this one; "-" if it is the last. */
function following({ environments }: EnvironmentsSite, slug: string): string {
  return environments[environments.findIndex((environment) => environment.slug === slug) + 1]?.slug ?? "-";
}

export const environmentSettingsPage = (props: {
  site: EnvironmentsSite;
  environment: SettingsEnvironment;
  name: string;
  tier: string;
  before: string | undefined;
  server: { name: string; base_url: string; key: string };
  errors?: Record<string, string>;
}): Html => {
  const { site, environment, server, errors = {} } = props;
  const base = `/sites/${site.slug}/settings/environments`;
  const own = `${base}/${environment.slug}`;
  const servers = environment.servers.length
    ? table({
        caption: `Servers of ${environment.name}`,
        quiet: true,
        columns: ["Server", "Address", html`<span class="sr">Actions</span>`],
        body: each(environment.servers, ({ id, name, base_url }) =>
          row(
            html`${rowHead(name)}${cell("Address", html`<a href="${base_url}">${base_url}</a>`)}<td class="end">${confirmButton(html`Remove<span class="sr"> ${name}</span>`, `Remove ${name}? Links to pages on it are removed, too. Nothing else changes.`, { action: `${own}/servers/${id}/removal`, text: "Yes, remove", look: "danger" })}</td>`,
          ),
        ),
      })
    : empty("No server yet. Add one to get links that open each page there.");
  const add = html`<form class="form" method="post" action="${own}/servers">${keyField(server.key)}
<div class="side">${input({ name: "server", label: "Name", value: server.name, error: errors.server, required: true, hint: "For example web." })}
${input({ name: "base_url", type: "url", label: "Address", value: server.base_url, error: errors.base_url, required: true, hint: "For example https://demo.example.com. A page’s path is appended." })}</div>
<div class="end">${button({ text: "Add server", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/environments", env({ name: environment.name, tier: environment.tier }), { over: [html`<a href="${base}">Environments</a>`] })}
${split(
  html`<h2>Servers</h2>${servers}<h2>Add server</h2>${add}`,
  html`${panel("visits", "Visits", html`<p>Sitebook can look at its pages by itself.</p><p><a href="${own}/visits">Settings of visits</a></p>`)}${panel("gate", "Gate", html`<p>${environment.gate}</p>${site.environments[0]?.slug !== environment.slug && html`<p><a href="${own}/gate">Change the gate</a></p>`}`)}${panel(
    "about",
    "About",
    facts([
      ["Short name", html`<code>${environment.slug}</code>`],
      [
        "Contents",
        html`<a href="/sites/${site.slug}/environments/${environment.slug}">What is on ${environment.name}</a>`,
      ],
    ]),
  )}
${panel(
  "rename",
  "Name and place",
  html`<form class="form" method="post" action="${own}/name">${input({ name: "name", label: "Name", value: props.name, error: errors.name, required: true })}
${select({ name: "tier", label: "Tier", value: props.tier, error: errors.tier, choices: TIERS.map(([value]) => ({ value, label: value })), hint: "The gate stays as it is." })}
${place(
  site.environments.filter(({ slug }) => slug !== environment.slug),
  props.before ?? following(site, environment.slug),
  errors.before,
)}
<div class="end">${button({ text: "Save" })}</div></form>`,
)}
${panel(
  "retire",
  "Retire",
  html`<p>Nothing can be recorded for a retired environment. Its history can still be read.</p>${errors.retire && note(errors.retire, { kind: "bad" })}${confirmButton("Retire", `Retire ${environment.name}? This cannot be undone.`, { action: `${own}/retirement`, text: "Yes, retire", look: "danger" })}`,
)}`,
)}`;
};
