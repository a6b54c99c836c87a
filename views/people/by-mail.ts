import { button, hiddenField } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";

/** Asks for the address to which a link for a new password is mailed. It never says whether there is an account. */
export function forgotPage({ mailIsSetUp, sentTo }: { mailIsSetUp: boolean; sentTo?: string }): Html {
  const back = html`<p><a href="/sign-in">Back to sign in</a></p>`;
  if (!mailIsSetUp)
    return html`<h1>New password</h1><p>No mail server is set up. Ask an administrator of your site for a password-reset link.</p>${back}`;
  if (sentTo !== undefined)
    return html`<h1>New password</h1><p>If there is an account with that address, a link is on its way to it. It works once, for a day.</p>${back}`;
  return html`<h1>New password</h1><form method="post" action="/forgot">
${input({ name: "email", type: "email", label: "E-mail", required: true, more: { autocomplete: "username", autofocus: true } })}
${button({ text: "Send a link", look: "primary" })}</form>${back}`;
}

/** Confirms a new address. Opening the link changes nothing, as mail scanners open every link. */
export const addressPage = ({ link, email, name }: { link: string; email: string; name: string }): Html =>
  html`<h1>New address</h1><p>${name}, do you want to sign in as <b>${email}</b> from now on?</p>
<form method="post" action="/address">${hiddenField("link", link)}${button({ text: "Yes, change it", look: "primary" })}</form>`;
