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

/** Each tier as people tell it apart. */
const TIERS = [
  ["development", "development: where the site is made"],
  ["testing", "testing: where it is tried"],
  ["staging", "staging: where it is shown before it goes on; starts with a gate that asks one tester"],
  ["production", "production: what customers see; starts with a gate that asks one of Marketing"],
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
    caption: "In the order in which things travel",
    columns: ["Environment", "Servers", "Gate"],
    body: each(environments, (one) =>
      row(
        html`${rowHead(env({ ...one, href: `${base}/${one.slug}` }))}${cell("Servers", one.servers.length ? one.servers.map((server) => html`${server.name}: <a href="${server.base_url}">${server.base_url}</a><br>`) : html`<span class="none">none</span>`)}${cell("Gate", one.gate)}`,
      ),
    ),
  });
  const add = html`<form class="form" method="post" action="${base}">${keyField(form.key)}
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true })}
${input({ name: "slug", label: "Short name", value: form.slug, error: errors.slug, hint: "For addresses. Left empty, it is made from the name.", more: { autocapitalize: "none", spellcheck: "false" } })}
${select({ name: "tier", label: "Kind", value: form.tier, error: errors.tier, choices: TIERS.map(([value, label]) => ({ value, label })), hint: "It gives the environment its shape, and its first gate." })}
<div class="end">${button({ text: "Add it at the end", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/environments", "Environments")}${split(list, panel("add", "Another environment", add))}`;
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
  const here = `${base}/${environment.slug}`;
  const servers = environment.servers.length
    ? table({
        caption: "Servers on which it runs",
        quiet: true,
        columns: ["Server", "Address", html`<span class="sr">Actions</span>`],
        body: each(environment.servers, (one) =>
          row(
            html`${rowHead(one.name)}${cell("Address", html`<a href="${one.base_url}">${one.base_url}</a>`)}<td class="end">${confirmButton(html`Remove<span class="sr"> ${one.name}</span>`, `Remove ${one.name}? Links to pages on it go too. Nothing else changes.`, { action: `${here}/servers/${one.id}/removal`, text: "Yes, remove it", look: "danger" })}</td>`,
          ),
        ),
      })
    : empty("No server yet. With one, everybody gets links that open each page there.");
  const add = html`<form class="form" method="post" action="${here}/servers">${keyField(server.key)}
<div class="side">${input({ name: "server", label: "Name", value: server.name, error: errors.server, required: true, hint: "Such as web." })}
${input({ name: "base_url", type: "url", label: "Address", value: server.base_url, error: errors.base_url, required: true, hint: "Such as https://demo.example.com; a page’s path is put after it." })}</div>
<div class="end">${button({ text: "Add the server", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/environments", env({ name: environment.name, tier: environment.tier }), { over: [html`<a href="${base}">Environments</a>`] })}
${split(
  html`<h2>Servers</h2>${servers}<h2>Add a server</h2>${add}`,
  html`${panel("gate", "The gate", html`<p>${environment.gate}</p>`)}${panel(
    "about",
    "About",
    facts([
      ["Short name", html`<code>${environment.slug}</code>`],
      ["Kind", environment.tier],
      ["Now", html`<a href="/sites/${site.slug}/environments/${environment.slug}">what stands there</a>`],
    ]),
  )}
${panel("rename", "Name", html`<form class="form" method="post" action="${here}/name">${input({ name: "name", label: "Name", quiet: true, value: props.name, error: errors.name, required: true })}<div class="end">${button({ text: "Save the name" })}</div></form>`)}`,
)}`;
};
