import type { Site } from "../../src/access/sites.ts";
import type { ListedNotice } from "../../src/notices/queries.ts";
import type { Choice as Choice_, NoticeKind, NoticeRule } from "../../src/notices/rules.ts";
import type { ListedSubscription } from "../../src/notices/subscriptions.ts";
import { button, postButton } from "../parts/button.ts";
import { type Choice, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head, note, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { outcome } from "./outcome.ts";

type Props = {
  site: Site;
  now: string;
  mailIsSetUp: boolean;
  email: string;
  /** Why no notices are sent to it. */
  bounced: string | undefined;
  rules: Record<NoticeKind, NoticeRule>;
  choices: Partial<Record<NoticeKind, Choice_>>;
  names: Record<NoticeKind, string>;
  subscriptions: ListedSubscription[];
  notices: ListedNotice[];
  form: { subject: string; name: string; environment: string };
  errors: Record<string, string>;
};

/** What the signed-in person is told about a site, and what they follow. */
export const noticesPage = (props: Props): Html => html`${head({
  title: "Notices",
  lead: html`What you are told about ${props.site.name} by mail, to <b>${props.email}</b>.`,
})}
${!props.mailIsSetUp && note("No mail is sent: this Sitebook has no mail server yet. Your inbox on these pages shows everything that needs you.")}${props.bounced && returned(props)}
${split(html`${choices(props)}${sent(props)}`, html`${followed(props)}${followForm(props)}`)}`;

const returned = ({ site, bounced }: Props): Html =>
  html`${note(html`${bounced} Change it on <a href="/account">your account page</a>; or if it works now, have them sent again.`, { kind: "bad" })}${postButton(`/sites/${site.slug}/notices/address-confirmation`, { text: "Send to this address again" })}`;

const often: Choice[] = [
  { value: "", label: "as usual" },
  { value: "now", label: "at once" },
  { value: "daily", label: "in a daily mail" },
  { value: "weekly", label: "in a weekly mail" },
  { value: "off", label: "never" },
];

/** `as usual` says what that is where it is never. */
const oftenFor = (kind: NoticeKind): Choice[] =>
  kind === "findings" ? often.map((one) => (one.value ? one : { value: "", label: "as usual: never" })) : often;

const choices = ({ site, rules, choices, names, errors }: Props): Html =>
  html`<form class="form" method="post" action="/sites/${site.slug}/notices">
${each(Object.keys(names) as NoticeKind[], (kind) =>
  rules[kind] === "off"
    ? html`<p>${names[kind]}: <small>switched off on this site by an administrator</small></p>`
    : select({
        name: kind,
        label: names[kind],
        value: choices[kind] ?? "",
        choices: rules[kind] === "required" ? often.filter(({ value }) => value !== "off") : oftenFor(kind),
        error: errors[kind],
      }),
)}
<div class="end">${button({ text: "Save", look: "primary" })}</div></form>`;

const followed = ({ site, subscriptions }: Props): Html =>
  panel(
    "followed",
    "What you follow",
    subscriptions.length
      ? html`<ul>${each(
          subscriptions,
          ({ id, name, path, environment }) =>
            html`<li><a href="${path}">${name}</a>${environment !== null && environment !== name && html` on ${environment}`} ${postButton(`/sites/${site.slug}/notices/${id}/unfollow`, { text: html`Stop following<span class="sr"> ${name}</span>`, look: "plain" })}</li>`,
        )}</ul>`
      : html`<p>Nothing yet. You can follow an environment, a section, a page or a campaign.</p>`,
  );

const subjects: Choice[] = [
  { value: "page", label: "a page" },
  { value: "section", label: "a section" },
  { value: "environment", label: "an environment" },
  { value: "campaign", label: "a campaign or release" },
];

const followForm = ({ site, form, errors }: Props): Html =>
  html`<form class="form" method="post" action="/sites/${site.slug}/notices/follow">
${select({ name: "subject", label: "Follow", value: form.subject, choices: subjects })}
${input({ name: "name", label: "Which", value: form.name, error: errors.name, required: true, hint: "The path of a page or section, the short name of an environment, or the number of a release." })}
${select({
  name: "environment",
  label: "When it changes on",
  value: form.environment,
  choices: [
    ...site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
    { value: "", label: "any environment" },
  ],
})}
<div class="end">${button({ text: "Follow" })}</div></form>`;

function sent({ site, notices, names, now }: Props): Html {
  if (!notices.length) return empty("You have not been sent a notice yet.");
  return table({
    caption: "Sent to you",
    columns: ["Notice", "Written", "State"],
    body: each(notices, (notice) => {
      const about =
        notice.promotion !== null &&
        html` <a href="/sites/${site.slug}/promotions/${notice.promotion}">promotion ${notice.promotion}</a>`;
      return row(
        html`${rowHead(html`${names[notice.kind]}${about}`)}${cell("Written", time(notice.created_at, site.time_zone, now))}${cell("State", outcome(notice, site, now))}`,
      );
    }),
  });
}
