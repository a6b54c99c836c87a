import type { Actor } from "../../src/access/actor.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Inbox } from "../../src/promotions/inbox.ts";
import type { OpenFindings } from "../../src/promotions/open-findings.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { countOf, formatCount } from "../../src/text.ts";
import { shortDay } from "../../src/time/format.ts";
import { button, linkButton } from "../parts/button.ts";
import { environmentPath, renamedSince } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { chips, empty, head } from "../parts/page.ts";
import { inRole, nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { pager } from "../parts/table.ts";
import { time, timeWithAgo } from "../parts/time.ts";
import { newReleaseFrom, requestedChangesList } from "./requested-changes.ts";
import { plannedWords } from "./schedule.ts";
import { blockedInWords, changesInWords, missingApprovals, sizeInWords, stateInWords } from "./words.ts";

type Props = Inbox & {
  site: Site;
  actor: Actor;
  now: string;
  /** Only one of the piles; all of them if undefined. */
  show: "needs" | "others" | "done" | undefined;
  /** The number of the promotion with which the page before ended. */
  before: number | undefined;
};

export function inboxPage(props: Props): Html {
  const { site, show, decide, complete, rejected, blocked, mentioned, others, done, ended: total } = props;
  const base = `/sites/${site.slug}/approvals`;
  const shows = (pile: Props["show"]) => !show || show === pile;
  const chip = (text: string, count: number, pile: Props["show"]) => ({
    href: pile ? `${base}?show=${pile}` : base,
    text,
    count,
    current: show === pile,
  });
  const { forced, due, takeDownsDue, found } = props;
  const overdue = due.length + takeDownsDue.length;
  const yours =
    decide.length +
    complete.length +
    overdue +
    rejected.length +
    blocked.length +
    forced.length +
    found.length +
    mentioned.length;
  const everything =
    yours - takeDownsDue.length - rejected.length - forced.length - mentioned.length + others.length + total;
  return html`${head({
    title: "Inbox",
    under: summary(props),
    actions: chips("Show", [
      chip("All", everything, undefined),
      chip("Needs you", yours, "needs"),
      chip("Waiting for others", others.length, "others"),
      chip("Done", total, "done"),
    ]),
  })}
${everything === 0 && empty("No promotions yet. Each one starts with a release.", linkButton(`/sites/${site.slug}/releases`, "Go to releases"))}
${
  shows("needs") &&
  pile(
    "mine",
    "Needs your approval",
    decide.length,
    each(decide, (promotion, i) => toDecide(props, promotion, i === 0)),
  )
}
${
  shows("needs") &&
  pile(
    "approved",
    "Approved, not yet completed",
    complete.length,
    each(complete, (promotion, i) => toComplete(props, promotion, i + decide.length === 0)),
  )
}
${
  shows("needs") &&
  pile(
    "due",
    "Planned, now due",
    overdue,
    html`${each(due, (promotion) => toComeBackTo(props, promotion))}${each(takeDownsDue, (promotion) => toTakeDown(props, promotion))}`,
  )
}
${
  shows("needs") &&
  pile(
    "forced",
    "Completed without its gate, to review",
    forced.length,
    each(forced, (promotion) => toReviewForced(props, promotion)),
  )
}
${
  shows("needs") &&
  pile(
    "found",
    "Found on the servers",
    found.length,
    each(found, (one) => toLookInto(props, one)),
  )
}
${
  shows("needs") &&
  pile(
    "rejected",
    "Rejected, to settle",
    rejected.length,
    each(rejected, (promotion) => toSettle(props, promotion)),
  )
}
${
  shows("needs") &&
  pile(
    "blocked",
    "Blocked, to settle",
    blocked.length,
    each(blocked, (promotion) => toUnblock(props, promotion)),
  )
}
${
  shows("needs") &&
  pile(
    "mentioned",
    "You were mentioned",
    mentioned.length,
    each(mentioned, (promotion) => toRead(props, promotion)),
  )
}
${
  shows("others") &&
  pile(
    "others",
    "Waiting for others",
    others.length,
    each(others, (promotion) => waitingForOthers(props, promotion)),
  )
}
${
  shows("done") &&
  pile(
    "done",
    "Done",
    total,
    each(done, (promotion) => toReread(props, promotion)),
  )
}
${shows("done") && older(props, base)}`;
}

/** How many need this person, of each kind, and since when. */
function summary(props: Props): Piece {
  const { complete, due, takeDownsDue, forced, found, rejected, blocked, mentioned } = props;
  const count = (list: unknown[], noun: string, what: string) =>
    list.length > 0 && html` ${countOf(list.length, noun)} ${what}.`;
  const parts = [
    props.decide.length > 0 && waiting(props),
    count(complete, "approved promotion", "to complete"),
    count([...due, ...takeDownsDue], "planned moment", "due"),
    count(forced, "completion", "without the gate to review"),
    count(found, "environment", "with findings"),
    count([...rejected, ...blocked], "promotion", "to settle"),
    mentioned.length > 0 && html` You were mentioned on ${countOf(mentioned.length, "promotion")}.`,
  ];
  return parts.some(Boolean) ? parts : "Nothing needs you.";
}

function waiting({ decide: [first, ...rest], site, now }: Props): Html {
  const since = time(first?.asked_at ?? now, site.time_zone, now);
  return html`${rest.length + 1} ${rest.length ? "need" : "needs"} your approval. ${rest.length ? "The oldest" : "It"} has been waiting since ${since}.`;
}

const older = ({ show, before, more, done }: Props, base: string): Html =>
  pager({
    previous: before ? `${base}?show=done` : undefined,
    previousWord: "Newest",
    next: more ? `${base}?show=done${show ? `&before=${done.at(-1)?.number}` : ""}` : undefined,
    nextWord: show ? "Older" : "All completed",
  });

const pile = (id: string, heading: string, count: number, entries: Html): Html =>
  count === 0
    ? html``
    : html`<section class="pile" aria-labelledby="${id}"><h2 id="${id}">${heading} <small>${count}</small></h2>
<ul class="entries">
${entries}</ul></section>
`;

const address = ({ site }: Props, { number }: Promotion) => `/sites/${site.slug}/promotions/${number}`;

function entry(props: Props, promotion: Promotion, text: Piece, end: Html, more?: Html): Html {
  const planned = plannedWords(promotion, props.site, props.now);
  return html`<li>
${environmentPath(promotion.from, promotion.environment)}
<div><h3><a href="${address(props, promotion)}"><bdi>${promotion.name}</bdi></a> <small>Promotion ${promotion.number}</small></h3><p>${text}${planned && html` ${planned}`}${promotion.open && promotion.note && html` <span class="quote">${promotion.note}</span>`}</p>${more}</div>
<div class="end">${end}</div>
</li>
`;
}

function toDecide(props: Props, promotion: Promotion, first: boolean): Html {
  const away = props.standsInFor.get(promotion.id);
  const { toReview = 0, reviewed = 0 } = props.changes.get(promotion.id) ?? {};
  const progress = toReview ? ` You have reviewed ${formatCount(reviewed)} of ${formatCount(toReview)}.` : "";
  return entry(
    props,
    promotion,
    `${whatChanges(props, promotion)}${progress}${away ? ` For ${away.person}, until ${shortDay(away.until_at, props.site.time_zone, props.now)}.` : ""}`,
    html`${reviewButton(props, promotion, first)}${requested(props, promotion)}`,
  );
}

const toComplete = (props: Props, promotion: Promotion, first: boolean): Html =>
  entry(
    props,
    promotion,
    whatChanges(props, promotion),
    html`${reviewButton(props, promotion, first)}${requested(props, promotion)}`,
  );

/** A rejection stays with its requester until they request again or dismiss it. */
function toSettle(props: Props, promotion: Promotion): Html {
  const { site, actor, requested } = props;
  const name = html`<span class="sr">: ${promotion.name}</span>`;
  const again = linkButton(`/sites/${site.slug}/releases/${promotion.release}#ask`, html`Request again${name}`);
  const next = actor.permissions.has("release") && newReleaseFrom(site, promotion.release, name);
  const own = props.dismissible.has(promotion.id);
  return entry(
    props,
    promotion,
    html`${size(props, promotion)}${howItEnded(props, promotion)}`,
    own
      ? html`<form method="post" action="${address(props, promotion)}/dismissal">${next} ${again} ${button({ text: html`Dismiss${name}`, look: "plain" })}</form>${ended(props, promotion)}`
      : html`${next}${ended(props, promotion)}`,
    requestedChangesList(site, requested.get(promotion.id) ?? []),
  );
}

const toReviewForced = (props: Props, promotion: Promotion): Html =>
  entry(
    props,
    promotion,
    html`${promotion.completion && nameOf(promotion.completion)} completed it without its gate: <span class="quote">${promotion.completion?.forced?.reason}</span>`,
    html`${linkButton(`/sites/${props.site.slug}/approvals/without-gate`, html`Review<span class="sr">: ${promotion.name}, completed without its gate</span>`)}${ended(props, promotion)}`,
  );

/** It stays until a visit no longer finds any of it, or it is recorded or accepted. */
function toLookInto({ site, now }: Props, { environment, count, kinds, since }: OpenFindings): Html {
  const list = `/sites/${site.slug}/findings?environment=${environment.slug}`;
  const words = kinds.map((kind) => `${formatCount(kind.count)} ${kind.word}`).join(", ");
  return html`<li>
${environmentPath(undefined, environment)}
<div><h3><a href="${list}"><span>${countOf(count, "finding")} on <bdi>${environment.name}</bdi></span></a></h3><p>${words}.</p></div>
<div class="end">${linkButton(list, html`Look into<span class="sr"> the findings on ${environment.name}</span>`)}<span>since ${timeWithAgo(since, site.time_zone, now)}</span></div>
</li>
`;
}

const toUnblock = (props: Props, promotion: Promotion): Html =>
  entry(
    props,
    promotion,
    html`${blockedBecause(props, promotion)} Request a newer release, or cancel this promotion.`,
    html`${linkButton(address(props, promotion), html`Settle<span class="sr">: ${promotion.name}</span>`)}${requested(props, promotion)}`,
  );

/** A comment on it mentions this person. It stays until they open it. */
function toRead(props: Props, promotion: Promotion): Html {
  const name = html`<span class="sr">: ${promotion.name}</span>`;
  return entry(
    props,
    promotion,
    html`${size(props, promotion)} A comment mentions you.`,
    html`<form method="post" action="${address(props, promotion)}/mentions/dismissal">${linkButton(`${address(props, promotion)}#discussion`, html`Read${name}`)} ${button({ text: html`Dismiss${name}`, look: "plain" })}</form>${statusBadge(promotion.state, stateInWords(promotion))}`,
  );
}

const blockedBecause = ({ blockers }: Props, { id }: Promotion): string | undefined =>
  blockers
    .get(id)
    ?.map(({ message }) => message)
    .join(" ");

/** Only the first on the page is the primary button. */
const reviewButton = (props: Props, promotion: Promotion, first: boolean): Html =>
  linkButton(
    address(props, promotion),
    html`Review<span class="sr">: ${promotion.name}</span>`,
    first ? "primary" : undefined,
  );

/** Its planned moment came, and it still cannot be completed. */
function toComeBackTo(props: Props, promotion: Promotion): Html {
  const why = blockedBecause(props, promotion) ?? promotion.schedule?.go_live_due?.reason;
  return entry(
    props,
    promotion,
    `${whatChanges(props, promotion)}${why ? ` ${why}` : ""}`,
    html`${linkButton(address(props, promotion), html`Review<span class="sr">: ${promotion.name}</span>`)}${requested(props, promotion)}`,
  );
}

/** Its take-down could not be requested. It stays until somebody plans another moment, withdraws the plan, or rolls it back. */
const toTakeDown = (props: Props, promotion: Promotion): Html =>
  entry(
    props,
    promotion,
    `${size(props, promotion)} ${promotion.schedule?.take_down_due?.reason ?? ""}`,
    html`${linkButton(`${address(props, promotion)}#schedule`, html`See the plan<span class="sr">: ${promotion.name}</span>`)}${ended(props, promotion)}`,
  );

function waitingForOthers(props: Props, promotion: Promotion): Html {
  const decided = promotion.approvals.some((approval) => approval.person_id === props.actor.person.id);
  const blocked = blockedBecause(props, promotion);
  return entry(
    props,
    promotion,
    `${whatChanges(props, promotion)}${decided ? " You approved it." : ""}${blocked ? ` ${blocked}` : ""}`,
    html`${stateBadge(promotion, blocked)}${requested(props, promotion)}`,
  );
}

function stateBadge(promotion: Promotion, blocked: string | undefined): Html {
  if (blocked) return statusBadge("blocked", blockedInWords(promotion));
  if (promotion.state === "approved") return statusBadge("approved", "approved, not yet completed");
  return statusBadge("waiting", `waiting for ${missingApprovals(promotion)}`);
}

/** "2 new pages and 1 removed." */
function whatChanges({ changes }: Props, { id }: Promotion): string {
  const counts = changes.get(id);
  const words = counts ? changesInWords(counts) : "";
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const requested = ({ site, now }: Props, { asked_at }: Promotion): Html =>
  html`<span>requested ${timeWithAgo(asked_at, site.time_zone, now)}</span>`;

const toReread = (props: Props, promotion: Promotion): Html =>
  entry(
    props,
    promotion,
    html`${size(props, promotion)}${howItEnded(props, promotion)}${each(renamedSince(promotion), (words) => html` <span class="ago">${words}.</span>`)}`,
    html`${statusBadge(promotion.state, stateInWords(promotion))}${ended(props, promotion)}`,
  );

const size = ({ sizes }: Props, { release_id }: Promotion): string =>
  `${sizeInWords(sizes.get(release_id) ?? { page: 0, software: 0 })}.`;

const ended = ({ site, now }: Props, { ended_at, asked_at }: Promotion): Html =>
  time(ended_at ?? asked_at, site.time_zone, now);

function howItEnded({ actor }: Props, { approvals, cancellation }: Promotion): Html {
  const last = approvals.findLast((approval) => approval.decision === "reject") ?? approvals.at(-1);
  const quote = (text: string | null) => (text ? html`: <span class="quote">${text}</span>` : ".");
  if (cancellation && cancellation.superseded_by !== null)
    return html` Replaced by promotion ${cancellation.superseded_by}.`;
  if (cancellation?.expired_at) return html` Expired. ${cancellation.reason}`;
  if (cancellation) return html` ${nameOf(cancellation)} cancelled it${quote(cancellation.reason)}`;
  if (!last) return html``;
  const person = last.person_id === actor.person.id ? "You" : inRole(last, last.role_name);
  return html` ${person} ${last.decision === "reject" ? "rejected" : "approved"} it${quote(last.comment)}`;
}
