import type { Member } from "../../src/people/queries.ts";
import { button } from "../parts/button.ts";
import { boxes, checkbox, input } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { facts, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";
import { type SettingsSite, secret, settingsHead } from "./site.ts";

/** A role to choose, with what it allows on this site in words. */
export type RoleChoice = { slug: string; name: string; may: string };

export const roleBoxes = (choices: RoleChoice[], held: string[], error?: string, legend: Piece = "Roles"): Html =>
  boxes(
    legend,
    each(choices, (role) =>
      checkbox({
        name: "roles",
        value: role.slug,
        label: role.name,
        hint: role.may,
        checked: held.includes(role.slug),
      }),
    ),
    error,
  );

export const peoplePage = (props: {
  site: SettingsSite;
  members: Member[];
  choices: RoleChoice[];
  form: { name: string; email: string; roles: string[] };
  now: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, members, form, errors = {} } = props;
  const base = `/sites/${site.slug}/settings/people`;
  const list = table({
    caption: `${members.length} ${members.length === 1 ? "person" : "people"}; a name leads to the roles and the password`,
    columns: ["Person", "E-mail", "Roles", "Since"],
    body: each(members, (one) =>
      row(
        html`${rowHead(html`<a href="${base}/${one.id}">${one.name}</a>`)}${cell("E-mail", one.email)}${cell("Roles", html`${one.roles.map((role) => role.name).join(", ")}${!one.signs_in && html` ${statusBadge("waiting", "invited")}`}`)}${cell("Since", time(one.since, site.time_zone, props.now))}`,
      ),
    ),
  });
  const invite = html`<form class="form" method="post" action="${base}">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, more: { autocomplete: "off" } })}
${input({ name: "email", type: "email", label: "E-mail", value: form.email, error: errors.email, required: true, more: { autocomplete: "off" } })}
${roleBoxes(props.choices, form.roles, errors.roles)}
<p><small>You get a link to send to them. Who has an account here already simply gets the roles.</small></p>
<div class="end">${button({ text: "Invite", look: "primary" })}</div></form>`;
  return html`${settingsHead(site, "/people", "People and roles")}${split(list, panel("invite", "Invite somebody", invite))}`;
};

/** A link made for somebody, shown to whoever made it, once. */
export const linkPage = (props: {
  site: SettingsSite;
  member: { id: string; name: string };
  title: string;
  sentence: string;
  link: string;
  until: string;
}): Html => {
  const { site, member, link, until } = props;
  const people = `/sites/${site.slug}/settings/people`;
  return html`${settingsHead(site, "/people", props.title, { over: [html`<a href="${people}">People</a>`] })}
<p>${props.sentence} It works once, until ${fullTime(until, site.time_zone)}.</p>
${secret(link)}
<p>Copy it now: it is not shown again. A new one can be made on the page of <a href="${people}/${member.id}">${member.name}</a>.</p>`;
};

export const memberPage = (props: {
  site: SettingsSite;
  member: Member;
  choices: RoleChoice[];
  held: string[];
  /** Why no link may be made for them. */
  whyNotLink?: string | undefined;
  now: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, member, errors = {} } = props;
  const people = `/sites/${site.slug}/settings/people`;
  const here = `${people}/${member.id}`;
  const roles = html`<form class="form" method="post" action="${here}/roles">
${roleBoxes(props.choices, props.held, errors.roles, `Roles of ${member.name} on ${site.name}`)}
<p><small>Without any role, this site is not there for them. What they did stays in the history.</small></p>
<div class="end">${button({ text: "Save the roles", look: "primary" })}</div></form>`;
  const link = member.signs_in
    ? ["Password", "Forgotten? Make a link, and hand it over. The old password works until the link is used."]
    : ["Invitation", "Lost, or too old? A new link takes the place of the one before."];
  return html`${settingsHead(site, "/people", member.name, { over: [html`<a href="${people}">People</a>`] })}
${split(
  roles,
  html`${panel(
    "about",
    "About",
    facts([
      ["E-mail", member.email],
      ["Since", time(member.since, site.time_zone, props.now)],
      ["Signs in", member.signs_in ? "with a password" : "not yet: has not used the invitation"],
    ]),
  )}
${panel("link", link[0], html`<p>${link[1]}</p><form class="inline" method="post" action="${here}/link">${button({ text: member.signs_in ? "Make a link for a new password" : "Make a new invitation", why: props.whyNotLink })}</form>`)}`,
)}`;
};
