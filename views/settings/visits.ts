import type { VisitSettings } from "../../src/visits/settings-rules.ts";
import { button } from "../parts/button.ts";
import { checkbox, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, panel, split } from "../parts/page.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

type VisitedServer = {
  id: string;
  name: string;
  base_url: string;
  /** The names of the headers that are stored; empty: none. */
  header_names: string;
  settings: VisitSettings & { user?: string; cookie?: string; header?: string };
  errors: Record<string, string>;
};

type Props = {
  site: SettingsSite;
  environment: { slug: string; name: string };
  hours: string;
  rule: { reporter: string; after_deployments: number };
  hoursError: string | undefined;
  servers: VisitedServer[];
  /** Why no credentials can be stored. */
  why: string | undefined;
};

export function visitSettingsPage(props: Props): Html {
  const { site, environment, hours, rule, hoursError, servers } = props;
  const base = `/sites/${site.slug}/settings/environments`;
  const schedule = html`<form class="form" method="post" action="${base}/${environment.slug}/visits">
${input({ name: "every_hours", type: "number", label: "Visit every so many hours", value: hours, error: hoursError, hint: "0: only on request.", more: { min: 0, max: 744 } })}
${select({
  name: "after",
  label: "After each deployment recorded there, and when a promotion is requested",
  value: rule.after_deployments ? "yes" : "no",
  hint: "Once it was visited for the first time.",
  choices: [
    { value: "yes", label: "visit" },
    { value: "no", label: "do not visit" },
  ],
})}
<div class="end">${button({ text: "Save" })}</div></form>
<p><a href="/sites/${site.slug}/observations/${environment.slug}">Visits to ${environment.name}</a></p>
<p><a href="${base}/${environment.slug}/findings">What is checked on ${environment.name}</a></p>
<p><a href="/sites/${site.slug}/settings/masks">Masks</a>: parts of pages that are not compared</p>`;
  return html`${settingsHead(site, "/environments", html`Visits to ${environment.name}`, {
    over: [
      html`<a href="${base}">Environments</a>`,
      html`<a href="${base}/${environment.slug}"><bdi>${environment.name}</bdi></a>`,
    ],
    under: "Sitebook looks at the pages of each server and compares what it finds with the record.",
  })}
${split(servers.length ? each(servers, (server) => serverForm(props, server)) : empty("No server yet. Add one in the settings of the environment."), html`${panel("schedule", "When", schedule)}${servers.length > 0 && panel("who-reports", "Who reports", reporterForm(props))}`)}`;
}

const reporterForm = ({
  site,
  environment,
  rule,
}: Props): Html => html`<p>With observation, Sitebook itself records what its visits find on ${environment.name}: new and changed pages, and those that are gone for two visits. The first visit is the baseline. What a server could not show changes nothing.</p>
<form class="form" method="post" action="/sites/${site.slug}/settings/environments/${environment.slug}/visits/reporter">
${select({
  name: "reporter",
  label: "What is on it is reported by",
  value: rule.reporter,
  choices: [
    { value: "people", label: "people and machines" },
    { value: "observation", label: "observation" },
  ],
})}
<div class="end">${button({ text: html`Save<span class="sr"> who reports</span>` })}</div></form>`;

function serverForm({ site, environment, why }: Props, server: VisitedServer): Html {
  const { id, name, base_url, header_names, settings, errors } = server;
  // a page has such a form for each server
  const of = (field: string) => ({ id: `${field}-${id}`, error: errors[field] });
  const number = (field: "pages_at_once" | "pause_ms" | "max_pages" | "link_depth", label: string, hint?: string) =>
    input({
      ...of(field),
      name: field,
      type: "number",
      label,
      ...(hint && { hint }),
      value: Number.isNaN(settings[field]) ? "" : settings[field],
    });
  const stored = header_names
    ? html`Stored: ${header_names}. What you leave empty stays.`
    : "They are encrypted, and not shown again.";
  return html`<section class="panel" aria-labelledby="server-${id}"><h2 id="server-${id}"><bdi>${name}</bdi></h2>
<p><a href="${base_url}">${base_url}</a></p>
<form class="form" method="post" action="/sites/${site.slug}/settings/environments/${environment.slug}/visits/${id}">
${select({
  ...of("robots"),
  name: "robots",
  label: "Pages that its robots.txt excludes",
  value: settings.honours_robots ? "honour" : "own",
  choices: [
    { value: "honour", label: "leave out" },
    { value: "own", label: "visit: it is our own site" },
  ],
})}
<div class="side">${number("pages_at_once", "Pages at once")}
${number("pause_ms", "Pause after each, in ms")}
${number("max_pages", "Pages of sitemaps, at most")}</div>
<div class="side">${number("link_depth", "Links to follow", "On the same host, from page to page: 1 to 10. 0: none.")}
${input({ ...of("kept_parameters"), name: "kept_parameters", label: "Kept of their queries", value: settings.kept_parameters, hint: "Names of parameters, such as page. All others are left out.", more: { autocomplete: "off" } })}</div>
${input({ ...of("connect_to"), name: "connect_to", label: "Connect to this address", value: settings.connect_to, hint: "To pass by a CDN: a host or IP address, such as 192.0.2.7:8443. The name of the host is kept. Empty: where its name leads.", more: { autocomplete: "off" } })}
${input({ ...of("other_hosts"), name: "other_hosts", label: "Other hosts to check", value: settings.other_hosts, hint: "Whose files and links are checked, too, such as cdn.example.com: each address once a visit at most, one at a time, as their robots.txt allows. No others are asked.", more: { autocomplete: "off" } })}
<h3>Credentials</h3>
<p><small>For servers that are protected. ${why ?? stored}</small></p>
<div class="side">${input({ ...of("user"), name: "user", label: "User name", value: settings.user, more: { autocomplete: "off" } })}
${input({ ...of("password"), name: "password", type: "password", label: "Password", more: { autocomplete: "new-password" } })}</div>
${input({ ...of("cookie"), name: "cookie", label: "Cookie", value: settings.cookie, hint: "For example staging=1.", more: { autocomplete: "off" } })}
${input({ ...of("header"), name: "header", label: "Another header", value: settings.header, hint: "For example X-Preview: yes.", more: { autocomplete: "off" } })}
${header_names && checkbox({ name: "remove", label: "Remove the stored credentials" })}
<div class="end">${button({ text: html`Save<span class="sr"> ${name}</span>`, look: "primary" })}</div></form></section>`;
}
