import { button, hiddenField } from "./parts/button.ts";
import { boxes, checkbox, input } from "./parts/field.ts";
import { type Html, html } from "./parts/html.ts";
import { newPassword } from "./parts/password.ts";
import { type SiteForm, siteFields } from "./sites.ts";

export type SetupForm = { site: SiteForm; link: string; name: string; email: string; begin: string };

export const setupPage = (props: {
  form: SetupForm;
  zones: string[];
  atLeast: number;
  errors?: Record<string, string>;
}): Html => {
  const { form, errors = {} } = props;
  const begin = (value: string, label: string, hint: string) =>
    checkbox({ type: "radio", name: "begin", value, label, hint, checked: form.begin === value });
  return html`<h1>Set up Sitebook</h1><p>Create the first account; you will administer the first site.</p>
<form class="setup" method="post" action="/setup">${hiddenField("link", form.link)}
${input({ name: "name", label: "Your name", value: form.name, error: errors.name, required: true, more: { autocomplete: "name", autofocus: !props.errors } })}
${input({ name: "email", type: "email", label: "E-mail", value: form.email, error: errors.email, required: true, more: { autocomplete: "username" } })}
${newPassword({ atLeast: props.atLeast }, errors)}
${boxes("Start with", html`${begin("example", "The example shop", "three months of history to explore")}${begin("site", "Your own site", "beta, demo and live, still empty")}`)}
<div class="own">${siteFields(form.site, props.zones, errors)}</div>
${button({ text: "Set up", look: "primary" })}</form>`;
};
