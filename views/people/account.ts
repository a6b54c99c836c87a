import { pathWithQuery } from "../parts/address.ts";
import { button, postButton } from "../parts/button.ts";
import { codeField } from "../parts/code.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { facts, head, panel, split } from "../parts/page.ts";
import { newPassword } from "../parts/password.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";

/** The account page, or what is below it, with the header of this site. */
export const accountAddress = (site: string | undefined, below = ""): string =>
  pathWithQuery(`/account${below}`, { site });

type SessionRow = {
  hash: string;
  created_at: string;
  seen_at: string;
  address: string;
  browser: string;
  /** The one in which this page is shown. */
  isThis: boolean;
};

export const accountPage = (props: {
  site: string | undefined;
  name: string;
  email: string;
  sites: { slug: string; name: string; roles: string[] }[];
  /** Where they are signed in. */
  newEmail: string;
  mailIsSetUp: boolean;
  /** Why what needs their password cannot be changed: they have none. */
  whyNoPassword: string | undefined;
  hasTwoFactor: boolean;
  sessions: SessionRow[];
  zone: string;
  now: string;
  atLeast: number;
  errors?: Record<string, string>;
}): Html => {
  const { errors = {} } = props;
  return html`${head({ title: "Account", under: html`You sign in as <b>${props.email}</b>.` })}
${split(
  html`${name(props, errors.name)}${address(props, errors)}<h2>Password</h2>${password(props, errors)}${sessions(props)}`,
  html`${panel("roles", "Your roles", props.sites.length ? facts(props.sites.map((site) => [html`<a href="/sites/${site.slug}">${site.name}</a>`, html`${site.roles.join(", ")}. <a href="/sites/${site.slug}/notices">Notices<span class="sr"> about ${site.name}</span></a>, <a href="/sites/${site.slug}/delegations">substitutes<span class="sr"> on ${site.name}</span></a>`])) : html`<p>You have no role on any site.</p>`)}
${panel("closing", "Close your account", html`<p><a href="${accountAddress(props.site, "/closing")}">Close your account</a>, after a list of what waits for you</p>`)}
${panel("two-factor", "Two-factor sign-in", html`<p><a href="${accountAddress(props.site, "/two-factor")}">A code after your password</a></p>`)}
${panel("passkeys", "Passkeys", html`<p><a href="${accountAddress(props.site, "/passkeys")}">Sign in by unlocking your device</a>, without a password</p>`)}
${panel("security", "Security events", html`<p><a href="${accountAddress(props.site, "/security")}">Your sign-ins, and changes of your account</a></p>`)}`,
)}`;
};

const name = (
  { site, name: value }: { site: string | undefined; name: string },
  error: string | undefined,
) => html`<form class="form" method="post" action="${accountAddress(site, "/name")}">
${input({ name: "name", label: "Name", value, error, required: true, hint: "Others see it next to what you do. Existing history entries keep your earlier name.", more: { autocomplete: "name" } })}
<div class="end">${button({ text: "Save name" })}</div></form>`;

/** A new address has to be confirmed by mail. */
const address = (
  {
    site,
    newEmail,
    mailIsSetUp,
    whyNoPassword,
    hasTwoFactor,
  }: {
    site: string | undefined;
    newEmail: string;
    mailIsSetUp: boolean;
    whyNoPassword: string | undefined;
    hasTwoFactor: boolean;
  },
  errors: Record<string, string>,
) => {
  const why = mailIsSetUp
    ? whyNoPassword
    : "It can be changed once a mail server is set up, which confirms the new one.";
  return html`<h2>E-mail address</h2>${
    why
      ? html`<p><small>${why}</small></p>`
      : html`<form class="form" method="post" action="${accountAddress(site, "/address")}">
${input({ name: "email", id: "new-email", type: "email", label: "New address", value: newEmail, error: errors.email, required: true, hint: "You get a link there. Until you open it, nothing changes.", more: { autocomplete: "email" } })}
${input({ name: "email_password", type: "password", label: "Your password", error: errors.email_password, required: true, more: { autocomplete: "current-password" } })}
${hasTwoFactor && codeField(errors.code, { hint: "The six digits in your app, or a recovery code." })}
<div class="end">${button({ text: "Send a link" })}</div></form>`
  }`;
};

const password = (
  {
    site,
    email,
    atLeast,
    whyNoPassword,
  }: { site: string | undefined; email: string; atLeast: number; whyNoPassword: string | undefined },
  errors: Record<string, string>,
) =>
  whyNoPassword
    ? html`<p><small>${whyNoPassword}</small></p>`
    : html`<form class="form" method="post" action="${accountAddress(site, "/password")}">
<input type="email" class="sr" name="email" value="${email}" autocomplete="username" aria-label="E-mail" readonly tabindex="-1">
${input({ name: "current", type: "password", label: "Current password", error: errors.current, required: true, more: { autocomplete: "current-password" } })}
${newPassword({ label: "New password", atLeast }, errors)}
<div class="end">${button({ text: "Change password", look: "primary" })}</div></form>`;

const sessions = ({
  site,
  sessions,
  zone,
  now,
}: {
  site: string | undefined;
  sessions: SessionRow[];
  zone: string;
  now: string;
}) => html`${table({
  caption: "Where you are signed in",
  columns: ["Browser", "Address", "Signed in", "Last used", "Action"],
  body: each(sessions, ({ hash, browser, address, created_at, seen_at, isThis }) => {
    const end = postButton(accountAddress(site, `/sessions/${hash}/end`), {
      text: html`Sign out<span class="sr"> ${browser}, signed in ${time(created_at, zone, now)}</span>`,
    });
    return row(
      html`${rowHead(browser)}${cell("Address", address || html`<span class="none">unknown</span>`)}${cell("Signed in", time(created_at, zone, now))}${cell("Last used", time(seen_at, zone, now))}${cell("Action", isThis ? "this browser" : end)}`,
    );
  }),
})}
<form class="inline" method="post" action="/sign-out">${button({ text: "Sign out everywhere", name: "everywhere", value: "1" })} <small>Also in this browser.</small></form>`;
