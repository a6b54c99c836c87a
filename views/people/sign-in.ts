import { pathWithQuery } from "../parts/address.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { fold } from "../parts/page.ts";
import { type PasskeyScript, passkeyForm } from "./passkey-form.ts";

type SignIn = {
  email?: string;
  /** The path to continue to. */
  next: string;
  error?: string | undefined;
  /** There is no account yet. */
  first: boolean;
  /** The password has to be entered again. */
  again: boolean;
  /** The providers to sign in with. */
  providers: { slug: string; name: string }[];
  /** Who may sign in with a password. */
  passwords: "everybody" | "administrators";
  /** Undefined: there are none to sign in with. */
  passkeys: PasskeyScript | undefined;
  passkeyError?: string | undefined;
};

export const signInPage = (props: SignIn): Html =>
  props.first
    ? html`<h1>Sign in</h1><p>There is no account yet. To create the first one, open the link to /setup that Sitebook printed when it started.</p>`
    : html`<h1>Sign in</h1><p>${props.next === "/" ? "What is where on your web sites, since when, and who approved it." : "You’ll continue to the page you opened."}</p>
${ways(props)}`;

function ways(props: SignIn): Html {
  const { providers, passwords, next, again } = props;
  const local = html`${password(props)}${passkey(props)}`;
  if (!providers.length) return local;
  const buttons = each(
    providers,
    ({ slug, name }) =>
      html`<p>${linkButton(pathWithQuery(`/sign-in/${slug}`, { next: next !== "/" && next, again: again && 1 }), `Sign in with ${name}`, passwords === "administrators" ? "primary" : undefined)}</p>`,
  );
  if (passwords === "everybody") return html`${buttons}<p class="or">or</p>${local}`;
  const open = Boolean(props.email ?? props.error ?? props.passkeyError);
  const what = props.passkeys ? "a password or passkey" : "a password";
  return html`${buttons}${fold(`Administrators: sign in with ${what}`, local, { open })}`;
}

const passkey = ({ passkeys, passkeyError, next }: SignIn): Html | undefined =>
  passkeys &&
  passkeyForm({
    ...passkeys,
    asks: "get",
    action: "/passkey",
    before: html`<p class="or">or</p>`,
    fields: html`${hiddenField("next", next)}${button({ text: "Sign in with a passkey" })}`,
    error: passkeyError,
  });

const password = (props: SignIn): Html => html`<form method="post" action="/sign-in">${hiddenField("next", props.next)}
${input({ name: "email", type: "email", label: "E-mail", value: props.email, required: true, more: { autocomplete: "username", autofocus: !props.email && !props.providers.length } })}
${input({ name: "password", type: "password", label: "Password", error: props.error, required: true, more: { autocomplete: "current-password", autofocus: Boolean(props.email) } })}
${button({ text: "Sign in", look: "primary" })}
<p><small><a href="/forgot">Forgot your password?</a></small></p></form>`;
