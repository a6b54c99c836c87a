import type { Member } from "../../src/people/queries.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";
import { button, linkButton, postButton } from "../parts/button.ts";
import { area, boxes, checkbox, input } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { facts, note, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { fullTime, time } from "../parts/time.ts";
import { closingAddress } from "./closing.ts";
import { type SettingsSite, secret, settingsHead } from "./site.ts";

/** A role to select, with what it allows on this site in words. */
export type RoleChoice = { slug: string; name: string; may: string };

export const roleBoxes = (choices: RoleChoice[], selected: string[], error?: string, legend: Piece = "Roles"): Html =>
  boxes(
    legend,
    each(choices, (role) =>
      checkbox({
        name: "roles",
        value: role.slug,
        label: role.name,
        hint: role.may,
        checked: selected.includes(role.slug),
      }),
    ),
    { name: "roles", error },
  );

/** What was typed into the forms to invite people. */
export type PeopleForm = { name: string; email: string; roles: string[]; people: string };

export const peoplePage = (props: {
  site: SettingsSite;
  members: Member[];
  /** Which approvals nobody could give. */
  gaps: string[];
  choices: RoleChoice[];
  form: PeopleForm;
  now: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, members, form, errors = {} } = props;
  const base = `/sites/${site.slug}/settings/people`;
  const list = table({
    caption: `${countOf(members.length, "person", "people")}. Select a person to edit roles or reset the password.`,
    columns: ["Person", "E-mail", "Roles", "Since"],
    body: each(members, ({ id, name, email, roles, signs_in, since }) =>
      row(
        html`${rowHead(html`<a href="${base}/${id}"><bdi>${name}</bdi></a>`)}${cell("E-mail", email)}${cell("Roles", html`${roles.map((role) => role.name).join(", ")}${!signs_in && html` ${statusBadge("waiting", "invited")}`}`)}${cell("Since", time(since, site.time_zone, props.now))}`,
      ),
    ),
  });
  const invite = html`<form class="form" method="post" action="${base}">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, more: { autocomplete: "off" } })}
${input({ name: "email", type: "email", label: "E-mail", value: form.email, error: errors.email, required: true, more: { autocomplete: "off" } })}
${roleBoxes(props.choices, form.roles, errors.roles)}
<p><small>You get a link to send to them. People who already have an account just get the roles.</small></p>
<div class="end">${button({ text: "Invite", look: "primary" })}</div></form>`;
  const several = html`<form class="form" method="post" action="${base}/several">
${area({
  name: "people",
  label: "Name, e-mail and role, one person per line",
  value: form.people,
  rows: 4,
  error: errors.people,
  hint: html`The roles are ${joinWithAnd(props.choices.map(({ name }) => name))}.`,
  more: { placeholder: "Mara Klein, mara@example.com, Marketing", spellcheck: "false" },
})}
<div class="end">${button({ text: "Invite all" })}</div></form>`;
  return html`${settingsHead(site, "/people", "People and roles")}${each(props.gaps, (gap) => note(gap, { kind: "bad" }))}${split(list, html`${panel("invite", "Invite a person", invite)}${panel("invite-several", "Invite several people", several)}`)}`;
};

/** The links of several invitations, shown once to the administrator who created them. */
export const linksPage = (props: {
  site: SettingsSite;
  /** Without a link: it may be shown to nobody else. */
  invitations: { id: string; name: string; link?: string; mailed: string | undefined }[];
  /** Who already has an account. */
  known: string[];
  until: string;
}): Html => {
  const { site, invitations, known, until } = props;
  const people = `/sites/${site.slug}/settings/people`;
  return html`${settingsHead(site, "/people", "Invitations", { over: [html`<a href="${people}">People</a>`] })}
<p>Send each of them their own link. It opens a page to choose a password, and works once, until ${fullTime(until, site.time_zone)}.</p>
${each(invitations, ({ id, name, link, mailed }) => html`<h2><a href="${people}/${id}"><bdi>${name}</bdi></a></h2>${mailed && html`<p>${mailed}</p>`}${link && secret(link)}`)}
<p>Copy them now: they are not shown again. You can create a new one on the page of each person.</p>
${known.length > 0 && html`<p>${joinWithAnd(known)} already ${known.length === 1 ? "has an account" : "have accounts"}, and these roles here.</p>`}`;
};

/** A link for a member, shown once to the administrator who created it. */
export const linkPage = (props: {
  site: SettingsSite;
  member: { id: string; name: string };
  title: string;
  sentence: string;
  link: string;
  /** What came of mailing it; undefined where no mail server is set up. */
  mailed: string | undefined;
  until: string;
}): Html => {
  const { site, member, link, until } = props;
  const people = `/sites/${site.slug}/settings/people`;
  return html`${settingsHead(site, "/people", props.title, { over: [html`<a href="${people}">People</a>`] })}
${props.mailed && html`<p>${props.mailed}</p>`}<p>${props.sentence} It works once, until ${fullTime(until, site.time_zone)}.</p>
${secret(link)}
<p>Copy it now: it is not shown again. You can create a new one on the page of <a href="${people}/${member.id}">${member.name}</a>.</p>`;
};

export const memberPage = (props: {
  site: SettingsSite;
  member: Member;
  choices: RoleChoice[];
  /** The roles that are ticked. */
  selected: string[];
  /** Whether this administrator may close their account. */
  mayClose: boolean;
  /** Why no link may be created for them. */
  whyNotLink?: string | undefined;
  /** In how many browsers they are signed in. */
  sessions: number;
  whyNotSignOut: string | undefined;
  hasTwoFactor: boolean;
  /** Why no notices are sent to their address. */
  bounced: string | undefined;
  whyNotEndTwoFactor: string | undefined;
  now: string;
  errors?: Record<string, string>;
}): Html => {
  const { site, member, errors = {} } = props;
  const people = `/sites/${site.slug}/settings/people`;
  const own = `${people}/${member.id}`;
  const roles = html`<form class="form" method="post" action="${own}/roles">
${roleBoxes(props.choices, props.selected, errors.roles, `Roles of ${member.name} on ${site.name}`)}
<div class="end">${button({ text: "Save roles", look: "primary" })}</div></form>`;
  const link = member.has_password
    ? ["Password", "Create a link and send it to them. The old password works until the link is used."]
    : ["Invitation", "Lost or expired? A new link replaces the previous one."];
  return html`${settingsHead(site, "/people", member.name, { over: [html`<a href="${people}">People</a>`] })}
${props.bounced && html`${note(props.bounced, { kind: "bad" })}${postButton(`${own}/address-confirmation`, { text: "Send to this address again" })}`}${split(
  roles,
  html`${panel(
    "about",
    "About",
    facts([
      ["E-mail", member.email],
      ["Since", time(member.since, site.time_zone, props.now)],
      [
        "Sign-in",
        member.has_password
          ? "with a password"
          : member.signs_in
            ? "without a password: with an identity provider or a passkey"
            : "not yet: invitation not used",
      ],
    ]),
  )}
${panel("removal", "Removal", html`<p>Lists what they still have to do here first. Their account stays.</p><p>${linkButton(`${own}/removal`, `Remove ${member.name} from this site`)}</p>${props.mayClose && html`<p><a href="${closingAddress(member.id, site.slug)}">Close their account</a>, on all sites</p>`}`)}
${panel("link", link[0], html`<p>${link[1]}</p><form class="inline" method="post" action="${own}/link">${button({ text: member.has_password ? "Create a password-reset link" : "Create a new invitation", why: props.whyNotLink })}</form>`)}${props.sessions > 0 && panel("sessions", "Sessions", html`<p>Signed in with ${countOf(props.sessions, "browser")}. The password stays.</p>${postButton(`${own}/sign-out`, { text: "Sign out everywhere", why: props.whyNotSignOut, whyId: "why-not-sign-out" })}`)}${props.hasTwoFactor && panel("two-factor", "Two-factor sign-in", html`<p>If they lost their telephone and their recovery codes, make sure that it is them who ask.</p><form class="inline" method="post" action="${own}/two-factor-removal">${button({ text: "Switch off", look: "danger", why: props.whyNotEndTwoFactor })}</form>`)}`,
)}`;
};
