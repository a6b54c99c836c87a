import { button, confirmButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, facts, panel, split } from "../parts/page.ts";
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

export type NewEnvironmentForm = { name: string; slug: string; tier: string; key: string };

const TIERS = [
  ["development", "development: where the site is built"],
  ["testing", "testing: where it is tested"],
  ["staging", "staging: where it is reviewed before it goes live; starts with 1 approval from Tester"],
  ["production", "production: what customers see; starts with 1 approval from Marketing"],
  ["other", "other"],
] as const;

export const environmentsPage = (props: {
  site: SettingsSite;
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
        html`${rowHead(env({ ...environment, href: `${base}/${environment.slug}` }))}${cell("Servers", environment.servers.length ? environment.servers.map((server) => html`${server.name}: <a href="${server.base_url}">${server.base_url}</a><br>`) : html`<span class="none">none</span>`)}${cell("Gate", environment.gate)}`,
      ),
    ),
  });
  const add = html`<form class="form" method="post" action="${base}">${keyField(form.key)}
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true })}
${input({ name: "slug", label: "Short name", value: form.slug, error: errors.slug, hint: "Used in addresses. If empty, it is derived from the name.", more: { autocapitalize: "none", spellcheck: "false" } })}
${select({ name: "tier", label: "Tier", value: form.tier, error: errors.tier, choices: TIERS.map(([value, label]) => ({ value, label })), hint: "Determines the environment’s icon and its first gate." })}
<div class="end">${button({ text: "Add as last", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/environments", "Environments")}${split(list, panel("add", "Add environment", add))}`;
};

export const environmentSettingsPage = (props: {
  site: SettingsSite;
  environment: SettingsEnvironment;
  name: string;
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
  html`${panel("gate", "Gate", html`<p>${environment.gate}</p>`)}${panel(
    "about",
    "About",
    facts([
      ["Short name", html`<code>${environment.slug}</code>`],
      ["Tier", environment.tier],
      [
        "Contents",
        html`<a href="/sites/${site.slug}/environments/${environment.slug}">What is on ${environment.name}</a>`,
      ],
    ]),
  )}
${panel("rename", "Name", html`<form class="form" method="post" action="${own}/name">${input({ name: "name", label: "Name", quiet: true, value: props.name, error: errors.name, required: true })}<div class="end">${button({ text: "Save name" })}</div></form>`)}`,
)}`;
};
