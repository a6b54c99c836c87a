import { countOf } from "../../src/text.ts";
import { button, hiddenField } from "../parts/button.ts";
import { codeField } from "../parts/code.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { head, note } from "../parts/page.ts";
import { qrImage } from "../parts/qr-code.ts";
import { secret } from "../settings/site.ts";
import { accountAddress } from "./account.ts";

const passwordField = (error: string | undefined) =>
  input({
    name: "password",
    type: "password",
    label: "Your password",
    error,
    required: true,
    more: { autocomplete: "current-password" },
  });

/** Asked after the password. */
export const codePage = ({ next, error }: { next: string; error?: string | undefined }): Html =>
  html`<h1>Two-factor sign-in</h1><p>Enter the six digits in your authenticator app, or one of your recovery codes.</p><form method="post" action="/code">${hiddenField("next", next)}
${codeField(error, { autofocus: true })}
${button({ text: "Sign in", look: "primary" })}
<p><small>Lost both? An administrator of every site can switch two-factor sign-in off for you. <a href="/sign-in">Back to sign in</a></small></p></form>`;

type TwoFactor = {
  from: string | undefined;
  isOn: boolean;
  /** How many are left. */
  recoveryCodes: number;
  /** What waits to be confirmed. */
  pending: { secret: string; link: string; qr: { size: number; path: string } } | undefined;
  /** Why it cannot be set up. */
  why: string | undefined;
  errors: Record<string, string>;
};

export const twoFactorPage = (props: TwoFactor): Html =>
  html`${head({ title: "Two-factor sign-in", over: [html`<a href="${accountAddress(props.from)}">Account</a>`], under: "After your password, Sitebook asks for a code from an app on your telephone. It does not ask if you sign in with a passkey, which is two factors in one, or with an identity provider, which has its own way to do so." })}
${props.isOn ? on(props) : html`${props.pending && pending(props, props.pending)}${begin(props)}`}`;

const begin = ({ from, why, pending, errors }: TwoFactor) =>
  html`<h2>${pending ? "Start again" : "Set up"}</h2><form class="form" method="post" action="${accountAddress(from, "/two-factor")}">
${passwordField(errors.password)}
<div class="end">${button({ text: pending ? "Create another key" : "Set up", why })}</div></form>`;

const pending = ({ from, errors }: TwoFactor, { secret: key, link, qr }: NonNullable<TwoFactor["pending"]>) =>
  html`<h2>Add the key to your app</h2><p>Scan this code with the authenticator app on your telephone:</p>
${qrImage(qr, "QR code with the key")}
<p>If you read this on that telephone, <a href="${link}">open the key in the app</a>. Or enter it there:</p>
${secret(key)}
<form class="form" method="post" action="${accountAddress(from, "/two-factor/confirmation")}">
${codeField(errors.code, { hint: "The six digits that the app shows now." })}
<div class="end">${button({ text: "Switch on", look: "primary" })}</div></form>`;

const on = ({ from, recoveryCodes, errors }: TwoFactor) =>
  html`${note(html`Two-factor sign-in is on. ${left(recoveryCodes)}`, { kind: recoveryCodes ? "done" : "bad" })}<h2>Change</h2><form class="form" method="post" action="${accountAddress(from, "/two-factor/change")}">
${passwordField(errors.password)}
${codeField(errors.code, { hint: "The six digits in your app, or a recovery code." })}
<div class="end">${button({ text: "Create new recovery codes", name: "change", value: "codes" })} ${button({ text: "Switch off", name: "change", value: "off", look: "danger" })}</div></form>`;

const left = (recoveryCodes: number) =>
  recoveryCodes
    ? `You have ${countOf(recoveryCodes, "unused recovery code")}.`
    : "You have no recovery code: create new ones, in case you lose your telephone.";

/** Shown once. */
export const recoveryCodesPage = ({ from, codes }: { from: string | undefined; codes: string[] }): Html =>
  html`${head({ title: "Recovery codes", over: [html`<a href="${accountAddress(from, "/two-factor")}">Two-factor sign-in</a>`], under: "Each signs you in once in place of a code, for example if you lose your telephone. Earlier ones no longer work." })}
<ul class="secret codes">${each(codes, (code) => html`<li><code>${code}</code></li>`)}</ul>
<p>Copy them now, and keep them in a safe place: they are not shown again.</p>`;
