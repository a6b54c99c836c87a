import { button, hiddenField } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";

export const signInPage = (props: {
  email?: string;
  /** The path to continue to. */
  next: string;
  error?: string | undefined;
  /** There is no account yet. */
  first: boolean;
}): Html =>
  props.first
    ? html`<h1>Sign in</h1><p>There is no account yet. To create the first one, open the link to /setup that Sitebook printed when it started.</p>`
    : html`<h1>Sign in</h1><p>${props.next === "/" ? "What is where on your web sites, since when, and who approved it." : "You’ll continue to the page you opened."}</p>
<form method="post" action="/sign-in">${hiddenField("next", props.next)}
${input({ name: "email", type: "email", label: "E-mail", value: props.email, required: true, more: { autocomplete: "username", autofocus: !props.email } })}
${input({ name: "password", type: "password", label: "Password", error: props.error, required: true, more: { autocomplete: "current-password", autofocus: Boolean(props.email) } })}
${button({ text: "Sign in", look: "primary" })}
<p><small>Forgot your password? Ask an administrator of your site for a password-reset link.</small></p></form>`;
