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
        columns: ["Token", "Roles", "Made", "Works", html`<span class="sr">Actions</span>`],
        body: each(tokens, (one) => line(one, props)),
      })
    : empty("No token yet. With one, a machine such as your CI records deployments by the API or the command line.");
  const make = html`<form class="form" method="post" action="/sites/${site.slug}/settings/tokens">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, hint: "The machine that will use it; history names it so.", more: { autocomplete: "off" } })}
${roleBoxes(props.choices, form.roles, errors.roles)}
${input({ name: "until", type: "date", label: "Last day", value: form.until, error: errors.until, hint: "Left empty, it works until you revoke it." })}
<div class="end">${button({ text: "Make the token", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/tokens", "Tokens")}${split(list, panel("make", "A new token", make))}`;
};

function line(one: TokenRow, { site, now }: { site: SettingsSite; now: string }): Html {
  const at = (iso: string) => time(iso, site.time_zone, now);
  const over = one.revoked_at !== null || (one.expires_at !== null && one.expires_at <= now);
  const works = one.revoked_at
    ? html`${statusBadge("cancelled", "revoked")} ${at(one.revoked_at)}`
    : one.expires_at
      ? html`${over ? statusBadge("expired", "expired") : "until"} ${at(one.expires_at)}`
      : "until revoked";
  const revoke = confirmButton(
    html`Revoke<span class="sr"> ${one.name}</span>`,
    `Revoke ${one.name}? Whatever uses it is refused from now on.`,
    {
      action: `/sites/${site.slug}/settings/tokens/${one.id}/revocation`,
      text: "Yes, revoke it",
      look: "danger",
    },
  );
  return row(
    html`${rowHead(one.name)}${cell("Roles", one.roles.join(", "))}${cell("Made", html`${at(one.created_at)} by ${one.created_by}`)}${cell("Works", works)}<td class="end">${!over && revoke}</td>`,
  );
}

export const tokenPage = (props: { site: SettingsSite; name: string; secret: string }): Html => {
  const { site, name } = props;
  return html`${settingsHead(site, "/tokens", name, { over: [html`<a href="/sites/${site.slug}/settings/tokens">Tokens</a>`] })}
<p>This is the token of ${name}. Send it with each request as <code>Authorization: Bearer</code>, or set it as <code>SITEBOOK_TOKEN</code> for the command line.</p>
${secret(props.secret)}
<p>Copy it now: it is not shown again. Should it get into the wrong hands, <a href="/sites/${site.slug}/settings/tokens">revoke it</a>.</p>`;
};
