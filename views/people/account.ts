import { pathWithQuery } from "../parts/address.ts";
import { button } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
import { facts, head, panel, split } from "../parts/page.ts";
import { newPassword } from "../parts/password.ts";

/** The account page, or what is below it, with the header of this site. */
export const accountAddress = (site: string | undefined, below = ""): string =>
  pathWithQuery(`/account${below}`, { site });

export const accountPage = (props: {
  site: string | undefined;
  name: string;
  email: string;
  sites: { slug: string; name: string; roles: string[] }[];
  atLeast: number;
  errors?: Record<string, string>;
}): Html => {
  const { errors = {} } = props;
  return html`${head({ title: "Account", under: html`You sign in as <b>${props.email}</b>.` })}
${split(
  html`${name(props, errors.name)}<h2>Password</h2>${password(props, errors)}`,
  html`${panel("roles", "Your roles", props.sites.length ? facts(props.sites.map((site) => [html`<a href="/sites/${site.slug}">${site.name}</a>`, html`${site.roles.join(", ")}. <a href="/sites/${site.slug}/notices">Notices<span class="sr"> about ${site.name}</span></a>, <a href="/sites/${site.slug}/delegations">substitutes<span class="sr"> on ${site.name}</span></a>`])) : html`<p>You have no role on any site.</p>`)}
${panel(
  "sessions",
  "Sign out everywhere",
  html`<p>Ends your sessions in all browsers, including this one.</p>
<form class="inline" method="post" action="/sign-out">${button({ text: "Sign out everywhere", name: "everywhere", value: "1" })}</form>`,
)}`,
)}`;
};

const name = (
  { site, name: value }: { site: string | undefined; name: string },
  error: string | undefined,
) => html`<form class="form" method="post" action="${accountAddress(site, "/name")}">
${input({ name: "name", label: "Name", value, error, required: true, hint: "Others see it next to what you do. Existing history entries keep your earlier name.", more: { autocomplete: "name" } })}
<div class="end">${button({ text: "Save name" })}</div></form>`;

const password = (
  { site, email, atLeast }: { site: string | undefined; email: string; atLeast: number },
  errors: Record<string, string>,
) => html`<form class="form" method="post" action="${accountAddress(site, "/password")}">
<input type="email" class="sr" name="email" value="${email}" autocomplete="username" aria-label="E-mail" readonly tabindex="-1">
${input({ name: "current", type: "password", label: "Current password", error: errors.current, required: true, more: { autocomplete: "current-password" } })}
${newPassword({ label: "New password", atLeast }, errors)}
<div class="end">${button({ text: "Change password", look: "primary" })}</div></form>`;
