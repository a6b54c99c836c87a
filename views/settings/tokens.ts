import type { TokenRow } from "../../src/people/queries.ts";
import { button, confirmButton } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type RoleChoice, roleBoxes } from "./people.ts";
import { type SettingsSite, secret, settingsHead } from "./site.ts";

export const tokensPage = (props: {
  site: SettingsSite;
  tokens: TokenRow[];
  choices: RoleChoice[];
  form: { name: string; roles: string[]; until: string };
  now: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, tokens, form, errors = {} } = props;
  const list = tokens.length
    ? table({
        caption: "Tokens, newest first",
        columns: ["Token", "Roles", "Created", "Valid", html`<span class="sr">Actions</span>`],
        body: each(tokens, (token) => tokenRow(token, props)),
      })
    : empty("No token yet. With one, a program such as your CI can use the API and the command line.");
  const create = html`<form class="form" method="post" action="/sites/${site.slug}/settings/tokens">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, hint: "The program that will use it; shown in the history.", more: { autocomplete: "off" } })}
${roleBoxes(props.choices, form.roles, errors.roles)}
${input({ name: "until", type: "date", label: "Expires", value: form.until, error: errors.until, hint: "At the end of this day. If empty, it is valid until you revoke it." })}
<div class="end">${button({ text: "Create token", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/tokens", "Tokens")}${split(list, panel("create", "New token", create))}`;
};

function tokenRow(token: TokenRow, { site, now }: { site: SettingsSite; now: string }): Html {
  const { id, name, roles, created_at, created_by, expires_at, revoked_at } = token;
  const at = (iso: string) => time(iso, site.time_zone, now);
  const ended = revoked_at !== null || (expires_at !== null && expires_at < now);
  const valid = revoked_at
    ? html`${statusBadge("cancelled", "revoked")} ${at(revoked_at)}`
    : expires_at
      ? html`${ended ? statusBadge("expired", "expired") : "until"} ${at(expires_at)}`
      : "until revoked";
  const revoke = confirmButton(
    html`Revoke<span class="sr"> ${name}</span>`,
    `Revoke ${name}? Requests with it will be refused from now on.`,
    {
      action: `/sites/${site.slug}/settings/tokens/${id}/revocation`,
      text: "Yes, revoke",
      look: "danger",
    },
  );
  return row(
    html`${rowHead(html`<bdi>${name}</bdi>`)}${cell("Roles", roles.join(", "))}${cell("Created", html`${at(created_at)} by <bdi>${created_by}</bdi>`)}${cell("Valid", valid)}<td class="end">${!ended && revoke}</td>`,
  );
}

export const tokenPage = (props: { site: SettingsSite; name: string; secret: string }): Html => {
  const { site, name } = props;
  return html`${settingsHead(site, "/tokens", name, { over: [html`<a href="/sites/${site.slug}/settings/tokens">Tokens</a>`] })}
<p>This is the token of ${name}. Send it with each request as <code>Authorization: Bearer</code>, or set it as <code>SITEBOOK_TOKEN</code> for the command line.</p>
${secret(props.secret)}
<p>Copy it now: it is not shown again. If it gets into the wrong hands, <a href="/sites/${site.slug}/settings/tokens">revoke it</a>.</p>`;
};
