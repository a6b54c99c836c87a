import { button, hiddenField } from "../parts/button.ts";
import { type Html, html } from "../parts/html.ts";
import { newPassword } from "../parts/password.ts";

/** Sets a password after following a link: the first one, or a new one. */
export const invitationPage = (props: {
  purpose: "invitation" | "reset";
  name: string;
  email: string;
  link: string;
  atLeast: number;
  errors?: Record<string, string>;
}): Html => html`<h1>${props.purpose === "invitation" ? `Welcome, ${props.name}` : "New password"}</h1>
<p>${props.purpose === "invitation" ? "You have been invited to Sitebook." : `For ${props.name}.`} You sign in as <b>${props.email}</b>.</p>
<form method="post" action="/${props.purpose}">${hiddenField("link", props.link)}
<input type="email" class="sr" name="email" value="${props.email}" autocomplete="username" aria-label="E-mail" readonly tabindex="-1">
${newPassword({ label: props.purpose === "invitation" ? "Choose a password" : "New password", atLeast: props.atLeast }, props.errors)}
${button({ text: "Save and sign in", look: "primary" })}</form>`;
