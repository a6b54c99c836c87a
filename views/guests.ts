import type { Site } from "../src/access/sites.ts";
import type { ListedGuest } from "../src/guests/guests.ts";
import type { PromotionDetails } from "../src/promotions/assessment.ts";
import type { Promotion } from "../src/promotions/queries.ts";
import { countOf } from "../src/text.ts";
import { serverAddress, versionTag } from "./parts/artifact.ts";
import { button, confirmButton, hiddenField } from "./parts/button.ts";
import { area, type Choice, checkbox, input, select } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { empty, head, note, panel, split } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { cell, row, rowHead, table } from "./parts/table.ts";
import { time } from "./parts/time.ts";

type GuestsProps = {
  site: Site;
  promotion: Promotion;
  now: string;
  guests: ListedGuest[];
  roles: Choice[];
  /** Why nobody can be invited, or not by this person. */
  whyNot: string | undefined;
  mayRevoke: boolean;
  form: { name: string; email: string; role: string };
  errors: Record<string, string>;
  /** The link of the guest who was just invited, shown once; and why it could not be mailed. */
  link: { name: string; url: string; error: string | undefined } | undefined;
};

/** The guests of a promotion: people without an account who decide on it. */
export const guestsPage = (props: GuestsProps): Html => {
  const { site, promotion, link } = props;
  const address = `/sites/${site.slug}/promotions/${promotion.number}`;
  return html`${head({
    over: [html`<a href="${address}">Promotion ${promotion.number}</a>`],
    title: "Guests",
    lead: html`People without an account who decide on <bdi>${promotion.name}</bdi>, and see nothing else of this site.`,
  })}${link && invited(link)}${split(list(props, address), panel("invite", "Invite a guest", invite(props, address)))}`;
};

const invited = ({ name, url, error }: NonNullable<GuestsProps["link"]>): Html =>
  html`${note(error ? `The mail to ${name} could not be sent: ${error}` : `The link was mailed to ${name}.`, { kind: error ? "bad" : "done" })}<p>It is not shown again: <code class="secret" tabindex="0">${url}</code></p>`;

function list({ site, guests, now, mayRevoke }: GuestsProps, address: string): Html {
  if (!guests.length) return empty("Nobody is invited yet.");
  return table({
    caption: "Guests",
    quiet: true,
    columns: ["Guest", "Role", "Invited", "State", "Action"],
    body: each(guests, (guest) => {
      const ended = guest.revoked_at !== null || guest.expires_at <= now;
      const revoke = confirmButton(
        html`Withdraw<span class="sr"> the invitation of ${guest.name}</span>`,
        "The link works no more.",
        {
          action: `${address}/guests/${guest.id}/revocation`,
          text: "Yes, withdraw",
          look: "danger",
        },
      );
      return row(
        html`${rowHead(html`<bdi>${guest.name}</bdi> <small>${guest.email}</small>`)}${cell("Role", guest.role_name)}${cell("Invited", html`${time(guest.created_at, site.time_zone, now)} by <bdi>${guest.invited_by}</bdi>`)}${cell("State", guestState(guest, site, now))}${cell("Action", mayRevoke && !ended ? revoke : html`<span class="none">none</span>`)}`,
      );
    }),
  });
}

function guestState(
  { decision, decided_at, revoked_at, expires_at, session_expires_at }: ListedGuest,
  { time_zone }: Site,
  now: string,
): Html {
  if (decision && decided_at)
    return html`${statusBadge(decision === "approve" ? "approved" : "rejected", decision === "approve" ? "approved" : "rejected")} ${time(decided_at, time_zone, now)}`;
  if (revoked_at) return statusBadge("cancelled", "withdrawn");
  if (expires_at <= now) return statusBadge("expired", "expired");
  return statusBadge("waiting", session_expires_at ? "confirmed the code, has not decided" : "has not opened it yet", {
    wrap: true,
  });
}

const invite = ({ roles, whyNot, form, errors }: GuestsProps, address: string): Html =>
  whyNot
    ? html`<p>${whyNot}</p>`
    : html`<form class="form" method="post" action="${address}/guests">${errors.guests && note(errors.guests, { kind: "bad" })}
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, hint: "As the history names this person.", more: { autocomplete: "off" } })}
${input({ name: "email", type: "email", label: "E-mail", value: form.email, error: errors.email, required: true, more: { autocomplete: "off" } })}
${select({ name: "role", label: "Decides as", value: form.role, choices: roles, error: errors.role })}
<div class="end">${button({ text: "Invite", look: "primary" })}</div></form>`;

/** Asks for the code that confirms who opens a guest's link. Opening it sends nothing, as mail scanners open links. */
export const codePage = (props: {
  link: string;
  site: string;
  name: string;
  email: string;
  sent?: boolean;
  error?: string | undefined;
}): Html => {
  const again = html`<form method="post" action="/guest/code">${hiddenField("link", props.link)}${button({ text: props.sent ? "Send a new code" : "Send the code", look: props.sent ? "plain" : "primary" })}</form>`;
  const intro = html`<h1>${props.site}</h1><p>${props.name}, you are asked for an approval. To show that it is you, a code is sent to <b>${props.email}</b>.</p>`;
  if (!props.sent) return html`${intro}${props.error && note(props.error, { kind: "bad" })}${again}`;
  return html`${intro}<form method="post" action="/guest/confirmation">${hiddenField("link", props.link)}
${input({ name: "code", label: "Code", error: props.error, required: true, hint: "Six digits. Look for the mail, also among unwanted ones.", more: { inputmode: "numeric", autocomplete: "one-time-code", autofocus: true } })}
${button({ text: "Continue", look: "primary" })}</form>${again}`;
};

type ReviewProps = {
  site: Site;
  name: string;
  promotion: PromotionDetails;
  /** What this guest decided already. */
  decided: PromotionDetails["approvals"][number] | undefined;
  whyNot: string | undefined;
  /** The digest of what servers were seen to show; undefined if nothing was. */
  serversShow: string | undefined;
  now: string;
  comment?: string;
  errors?: Record<string, string>;
  refused?: string | undefined;
  ticked?: string[];
};

/** The promotion as a guest sees it: what changes, and the decision. It has no link to anything else of the site. */
export function guestReviewPage(props: ReviewProps): Html {
  const { site, promotion, name, decided, refused, now } = props;
  const changes = promotion.contents.filter(({ change }) => change !== "same");
  const list = html`<ul class="plain">${each(changes, (change) => html`<li>${changeLine(props, change)}</li>`)}</ul>`;
  return html`<h1>${promotion.name}</h1>
<p>${name}, this is what will change on ${promotion.environment.name} of ${site.name}: ${countOf(changes.length, "change")}, requested by <bdi>${promotion.asked_by}</bdi> ${time(promotion.asked_at, site.time_zone, now)}.</p>
${promotion.note && html`<p class="quote">${promotion.note}</p>`}${refused && note(refused, { kind: "bad" })}
${decided ? note(`You ${decided.decision === "approve" ? "approved" : "rejected"} it. It is recorded, and you can close this page.`, { kind: "done" }) : props.whyNot && note(props.whyNot)}
${decided || props.whyNot ? list : html`<form method="post" action="/guest/review">${hiddenField("digest", promotion.digest)}${props.serversShow && hiddenField("seen", props.serversShow)}${list}${decision(props)}</form>`}`;
}

function changeLine(
  { site, promotion, decided, whyNot, ticked = [] }: ReviewProps,
  change: PromotionDetails["contents"][number],
): Html {
  const { key, title, kind, artifact_id, version, inTarget } = change;
  const word = change.change === "unapproved" ? "changed" : change.change;
  const links =
    kind === "page" &&
    html`${word !== "removed" && open(site, promotion.from, key)} ${word !== "new" && open(site, promotion.environment, key)}`;
  const label = html`${word} ${title && html`<b>${title}</b> `}<code>${key}</code>`;
  const before = inTarget?.version && html`${versionTag(inTarget.version)} → `;
  const versions = html`<small>${before}${version === null ? "removed" : versionTag(version)}</small>`;
  if (kind === "software" || decided || whyNot) return html`${label} ${versions} ${links}`;
  const box = checkbox({
    name: "ticked",
    value: artifact_id,
    label,
    checked: ticked.includes(artifact_id),
    id: `tick-${artifact_id}`,
  });
  return html`${hiddenField("shown", artifact_id)}${box} ${versions} ${links}`;
}

/** On the first server of an environment. */
function open({ environments }: Site, { id, name }: { id: string; name: string }, key: string): Html | undefined {
  const server = environments.find((environment) => environment.id === id)?.servers[0];
  return (
    server &&
    html`<a href="${serverAddress(server.base_url, key)}" target="_blank" rel="noopener">Open on ${name}<span class="sr">: ${key}, in a new tab</span></a>`
  );
}

const decision = ({ comment = "", errors = {} }: ReviewProps): Html =>
  html`${area({ name: "comment", label: "Comment", value: comment, error: errors.comment, hint: "Needed if you reject it: what should change." })}
<div class="end">${button({ text: "Approve", look: "primary", name: "decision", value: "approve" })} ${button({ text: "Reject", look: "danger", name: "decision", value: "reject" })}</div>`;
