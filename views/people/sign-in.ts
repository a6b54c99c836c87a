import { button, hiddenField } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";

export const signInPage = (props: {
  email?: string;
  /** Where somebody was on the way to. */
  next: string;
  wrong?: string | undefined;
  /** Nobody has an account yet. */
  first: boolean;
}): Html =>
  props.first
    ? html`<h1>Sign in</h1><p>Nobody has an account here yet. Open the link to /setup that Sitebook printed when it started; it makes the first one.</p>`
    : html`<h1>Sign in</h1><p>${props.next === "/" ? "What is where on your web sites, since when, and who said yes." : "Then you come to the page you asked for."}</p>
<form method="post" action="/sign-in">${hiddenField("next", props.next)}
${input({ name: "email", type: "email", label: "E-mail", value: props.email, required: true, more: { autocomplete: "username", autofocus: !props.email } })}
${input({ name: "password", type: "password", label: "Password", error: props.wrong, required: true, more: { autocomplete: "current-password", autofocus: Boolean(props.email) } })}
${button({ text: "Sign in", look: "primary" })}
<p><small>Forgotten the password? An administrator of your site can give you a link to choose a new one.</small></p></form>`;
