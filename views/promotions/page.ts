import type { StandIn } from "../../src/access/actor.ts";
import type { ChangeCounts } from "../../src/promotions/change-counts.ts";
import type { Need } from "../../src/promotions/need-rules.ts";
import type { RequestedChange } from "../../src/promotions/page-comments.ts";
import type { Decision, Requirement } from "../../src/promotions/rules.ts";
import type { ChangedSince } from "../../src/promotions/since-completion.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { formatCount, inPart, joinWithAnd, nameWithKind } from "../../src/text.ts";
import { recordedLater, shortTime } from "../../src/time/format.ts";
import { correctionNote } from "../corrections.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { hiddenField, linkButton } from "../parts/button.ts";
import { env, environmentPath, renamedSince } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { fold, head, note, panel, split } from "../parts/page.ts";
import { allInRoles, inRole, nameOf, requester } from "../parts/people.ts";
import { noVersion } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type ReviewProps, reviewCards } from "./changes.ts";
import { type Discussion, discussion } from "./discussion.ts";
import { approvalSteps, blockingSteps, type Panels, panels } from "./panels.ts";
import { newReleaseFrom, requestedChangesList } from "./requested-changes.ts";
import { plannedWords } from "./schedule.ts";
import { countIds, positionQuery, sectionTable } from "./sections.ts";
import { verdict } from "./verdict.ts";
import {
  changedWords,
  lead,
  missingApprovals,
  sizeInWords,
  softwareItems,
  whereCompleted,
  whereItIs,
} from "./words.ts";

export type PromotionPage = Omit<Panels, "form" | "forYou"> &
  Omit<ReviewProps, "counts"> & {
    changes: ChangeCounts;
    /** The ids of the software of which is unknown whether the target has it: now, or before a closed promotion. */
    unknownInTarget: Set<string>;
    /** Why this person may not decide; undefined if they may. And how they have decided, if they have. */
    whyNot: string | undefined;
    ownDecision: Decision | undefined;
    roles: Requirement[];
    /** The digest of what servers were seen to show, for who may decide; undefined if nothing was. */
    serversShow: string | undefined;
    signIn: { why: string; href: string } | undefined;
    /** What the promotion needs from this person. */
    need: Need | undefined;
    /** The person who is away and for whom this one would decide. */
    standsInFor: StandIn | undefined;
    /** Why approving it would lead to nothing: the environment before has something else by now. */
    stale: string | undefined;
    /** The moment of an approval that came after the contents were in the target already. */
    afterwards: string | undefined;
    /** For whom the page is. */
    personId: string;
    /** Whether this person may roll back on the target. */
    mayRollBack: boolean;
    /** What the target has differently today from what a completed promotion brought. */
    changedSince: ChangedSince[];
    discussion: Omit<Discussion, "site" | "promotion" | "now">;
    /** What its rejection asks to be changed on single pages. */
    requested: RequestedChange[];
    form: Panels["form"] & { comment?: string | undefined; role?: string | undefined };
    /** Corrections of what its completion recorded. */
    corrected: (Correction & { kind: Kind; key: string })[];
    /** What is asked before the approval that was just sent is recorded. */
    ask: string | undefined;
    /** Why the form that was just sent was refused. */
    refused?: string | undefined;
  };

export function promotionPage(props: PromotionPage): Html {
  const { promotion, changes } = props;
  const { sections } = props;
  const review = { ...props, counts: changes.page };
  const list = sections ? sectionTable({ ...review, sections }) : reviewCards(review);
  const decidable = promotion.open && (changes.toReview > 0 || promotion.state === "waiting" || !props.whyNot);
  return html`${promotion.open && html`<a class="skip" href="#decision">Skip to the decision</a>`}<div class="reviewing">
${props.refused && note(props.refused, { kind: "bad" })}${header(props)}
${!promotion.open && outcome(props)}${props.corrected.length > 0 && correctedNote(props)}${split(
  html`${decidable ? verdictForm(props, list) : list}
${software(props)}${unchanged(props)}${discussion({ ...props, ...props.discussion })}`,
  panels({ ...props, forYou: props.need === "decision" }),
)}
${promotion.open && verdict(props)}</div>`;
}

/** Each tick is saved as it is made. The buttons and the comment of this form are in the bar. */
function verdictForm({ site, promotion, position, sections = [], serversShow }: PromotionPage, list: Html): Html {
  const base = `/sites/${site.slug}/promotions/${promotion.number}`;
  const query = positionQuery(position);
  const counts = ["#progress", ...countIds(sections)].join(",");
  return html`<form id="verdict" method="post" action="${base}/approvals${query}" hx-post="${base}/looks${query}" hx-trigger="change" hx-target="#reviewed" hx-select="#reviewed" hx-select-oob="${counts}" hx-swap="outerHTML" hx-sync="this:queue last" hx-status:4xx="swap:none" hx-status:5xx="swap:none">
${hiddenField("digest", promotion.digest)}${serversShow && hiddenField("seen", serversShow)}${list}</form>`;
}

function header(props: PromotionPage): Html {
  const { promotion, changes, site, now } = props;
  const softwareIsNeeded = promotion.contents.some(
    ({ kind, key }) => kind === "software" && neededBy(props, key).length,
  );
  return head({
    over: [
      promotion.rollback_of ? env(promotion.environment) : environmentPath(promotion.from, promotion.environment),
      ...renamedSince(promotion),
      promotion.rollback_of
        ? html`Promotion ${promotion.number}, ${promotion.is_take_down ? "the take-down" : `a rollback${inPart(promotion.rollback_in_part)}`} of <a href="/sites/${site.slug}/promotions/${promotion.rollback_of}">promotion ${promotion.rollback_of}</a>`
        : `Promotion ${promotion.number}`,
      html`requested by ${nameOf(requester(promotion))}, ${time(promotion.asked_at, site.time_zone, now)}`,
    ],
    title: html`<bdi>${promotion.name}</bdi>`,
    lead: html`${lead(promotion, changes, softwareIsNeeded)} ${plannedWords(promotion, site, now)} ${promotion.open && stateNow(props)} ${promotion.open && reviewed(props)}`,
    under: promotion.note && html`<span class="quote">${promotion.note}</span>`,
  });
}

/** Replaced after each tick, when `data-announce` is also read out by screen readers. */
function reviewed({ changes: { reviewed, toReview }, need }: PromotionPage): Html | false {
  if (toReview === 0) return false;
  const count = `${formatCount(reviewed)} of ${formatCount(toReview)}`;
  const words = (need === "decision" || reviewed > 0) && `You have reviewed ${count}.`;
  return html`<span id="reviewed" data-announce="${count} reviewed">${words}</span>`;
}

type PromotionState = Pick<
  PromotionPage,
  "site" | "now" | "promotion" | "need" | "ownDecision" | "stale" | "standsInFor" | "personId"
>;

/**
 * What an open page loads again when the site changes: the state, the approvals and what blocks it. Its forms stay, as they
 * are for what was shown, and may have been filled in. `shown` is what the page showed when it was loaded.
 */
export const liveState = (props: PromotionState, shown: string): Html =>
  html`${stateNow(props, shown)}${approvalSteps({ ...props, forYou: props.need === "decision" })}${props.promotion.open && blockingSteps(props.promotion)}`;

/** Replaced then. If it changed, it leads to the page with the actions of now. */
function stateNow(props: PromotionState, shown = fingerprint(props.promotion)): Html {
  const { site, promotion, personId } = props;
  const words = promotion.open ? state(props) : `It has ended in the meantime: ${promotion.state}.`;
  const address = pathWithQuery(`/sites/${site.slug}/promotions/${promotion.number}/state`, { for: personId, shown });
  const reload =
    shown !== fingerprint(promotion) && html` <a id="reload" href="">Reload</a> to see what you can do now.`;
  return html`<span id="state" data-live="${words}" hx-get="${address}" hx-trigger="changed from:#site-changes" hx-swap="outerMorph" hx-select-oob="#approval-steps:outerMorph,#blocking-steps:outerMorph" hx-status:4xx="swap:none" hx-status:5xx="swap:none">${words}${reload}</span>`;
}

/** Differs if anything that the page shows of its state does. */
const fingerprint = ({ state, digest, approvals, blockers, ticks, schedule }: PromotionPage["promotion"]): string =>
  [
    state,
    digest.slice(0, 8),
    approvals.length,
    approvals.filter((approval) => approval.withdrawn_at).length,
    blockers.length,
    ticks,
    schedule?.seq ?? 0,
  ].join("-");

function state({ promotion, need, ownDecision, stale, standsInFor }: PromotionState): string {
  if (stale) return staleWords(promotion, need);
  if (need === "decision") return `Waiting for you${standsInFor ? `, for ${standsInFor.person}` : ""}.`;
  if (promotion.state === "waiting")
    return `${ownDecision === "approve" ? "You approved it. " : ""}Waiting for ${missingApprovals(promotion)}.`;
  const approved = promotion.requirements.length ? "Approved" : "No approval needed";
  if (promotion.blockers.length) return `${approved}, but blocked.`;
  return need === "completion"
    ? `${approved}. Waiting for you to mark it as ${whereCompleted(promotion)}.`
    : `${approved}.`;
}

/** That nothing is left to approve or complete, and who can do something about it. */
function staleWords(promotion: PromotionPage["promotion"], need: Need | undefined): string {
  const { from, asked_by, requester_kind, bad } = promotion;
  const who =
    need === "settlement"
      ? "Request a newer release, or cancel it."
      : `Waiting for ${nameWithKind({ name: asked_by, kind: requester_kind })} to settle it.`;
  if (bad) return `Blocked: its release is marked as bad. ${who}`;
  return `Blocked: ${from.name} no longer has all of this. ${who}`;
}

/** A completion is recorded like any deployment, so it may have been corrected since. */
const correctedNote = ({ corrected, site, now }: PromotionPage): Html =>
  note(
    html`Part of what was deployed has been corrected: ${each(corrected.slice(0, 3), (correction, i) => html`${i > 0 && "; "}${artifactLink(site.slug, { ...correction, title: null })} ${correctionNote(correction, site, now)}`)}${corrected.length > 3 && ` and ${corrected.length - 3} more`}.`,
  );

/** How it ended. */
function outcome(props: PromotionPage): Html {
  const { promotion, site, now } = props;
  const { completion, cancellation, approvals } = promotion;
  const at = (iso: string) => time(iso, site.time_zone, now);
  const rejection = approvals.find((approval) => approval.decision === "reject");
  const line = (badge: Html, words: Html, action?: Html | false, after?: Html | false) =>
    html`<div class="outcome">${badge}<p>${words}</p>${action}</div>${after}`;
  const release = html`<a href="/sites/${site.slug}/releases/${promotion.release}">release ${promotion.release}</a>`;
  const tryAgain = html`To try again, request a new promotion of ${release}.`;
  const again =
    props.may.promote && linkButton(`/sites/${site.slug}/releases/${promotion.release}#ask`, "Request promotion");
  if (completion)
    return line(
      statusBadge("completed", completion.corrected ? "Completed, corrected since" : "Completed"),
      html`${completed(props, completion)} ${completion.forced && statusBadge("band", "without its gate")}${rolledBack(props, completion)}`,
      props.mayRollBack &&
        !completion.rollback_open &&
        linkButton(`/sites/${site.slug}/promotions/${promotion.number}/rollback`, "Roll back"),
    );
  if (rejection)
    return line(
      statusBadge("rejected", "Rejected"),
      html`by ${inRole(rejection, rejection.role_name)}, ${at(rejection.decided_at)}${rejection.comment ? html`: <span class="quote">${rejection.comment}</span>` : "."} ${tryAgain}`,
      html`${props.may.release && newReleaseFrom(site, promotion.release)} ${again}`,
      props.requested.length > 0 &&
        panel("requested", "Requested changes", requestedChangesList(site, props.requested)),
    );
  if (cancellation?.expired_at)
    return line(
      statusBadge("expired", "Expired"),
      html`${at(cancellation.expired_at)}. ${cancellation.reason} ${tryAgain}`,
      again,
    );
  if (cancellation?.superseded_by)
    return line(
      statusBadge("superseded", "Superseded"),
      html`<a href="/sites/${site.slug}/promotions/${cancellation.superseded_by}">Promotion ${cancellation.superseded_by}</a> replaced it, ${at(cancellation.cancelled_at)}. It includes everything in this one.`,
    );
  return line(
    statusBadge("cancelled", "Cancelled"),
    html`by ${cancellation && nameOf(cancellation)}, ${cancellation && at(cancellation.cancelled_at)}: <span class="quote">${cancellation?.reason}</span> ${tryAgain}`,
    again,
  );
}

/** The rollback of it that is completed, or open. */
function rolledBack({ site, promotion }: PromotionPage, completion: Completion): Html {
  const { rolled_back_by, rolled_back_in_part, rollback_open, rollback_open_in_part } = completion;
  const isTakenDown = promotion.schedule?.taken_down_by === rolled_back_by;
  const link = (number: number) => html`<a href="/sites/${site.slug}/promotions/${number}">promotion ${number}</a>`;
  return html`${rolled_back_by && html` ${isTakenDown ? "Taken down" : `Rolled back${inPart(rolled_back_in_part)}`} by ${link(rolled_back_by)}.`}${rollback_open && html` Rollback${inPart(rollback_open_in_part)} requested: ${link(rollback_open)}.`}`;
}

type Completion = NonNullable<PromotionPage["promotion"]["completion"]>;

function completed(props: PromotionPage, completion: Completion): Html {
  const { promotion, site, now, afterwards } = props;
  const at = (iso: string) => time(iso, site.time_zone, now);
  const { effective_at, completed_at, deployment } = completion;
  const approvers = allInRoles(promotion.approvals, ({ role_name }) => role_name);
  const later = recordedLater({ effective_at, recorded_at: completed_at });
  const went = promotion.environment.tier === "production" ? "went live" : `was on ${promotion.environment.name}`;
  return html`by ${nameOf(completion)}: ${whereSince(props, completion)}${later && html` (${later}, ${at(completed_at)})`}. Recorded as <a href="/sites/${site.slug}/deployments/${deployment}">deployment ${deployment}</a>. ${promotion.approvals.length > 0 && html`Approved by ${approvers}.`} ${
    afterwards && statusBadge("band", html`It ${went} before it was approved on ${at(afterwards)}.`, { wrap: true })
  }${completion.freeze_override && html` ${statusBadge("band", `Completed during a freeze, for the reason: ${completion.freeze_override}`, { wrap: true })}`}`;
}

/** Since when it is there; or until when it was, and what is there now. */
function whereSince(props: PromotionPage, { effective_at, corrected }: Completion): Html {
  const { promotion, site, now, changedSince: changed } = props;
  const { name } = promotion.environment;
  const since = html`on ${name} since ${time(effective_at, site.time_zone, now)}`;
  if (corrected) return html`recorded as ${since}`;
  if (!changed.length) return since;
  const show = (iso: string) => shortTime(iso, site.time_zone, now);
  if (changed.length === promotion.contents.length) return html`${whereItIs(promotion, changed, changed.length, show)}`;
  return html`${since}, but not all of it: ${changedWords(changed, show)}`;
}

const neededBy = ({ promotion }: PromotionPage, software: string): string[] =>
  promotion.contents
    .filter(({ requires }) => Object.hasOwn(JSON.parse(requires ?? "{}") as object, software))
    .map(({ kind, key, version }) => `${key}${kind === "software" ? ` ${version}` : ""}`);

function software(props: PromotionPage): Html | false {
  const { promotion, site } = props;
  const moving = promotion.contents.filter(({ kind, change }) => kind === "software" && change !== "same");
  if (moving.length === 0) return false;
  const before = `On ${promotion.environment.name} ${promotion.open ? "now" : "before"}`;
  const body = each(moving, (content) => {
    const needs = neededBy(props, content.key);
    const current = content.inTarget?.version;
    const names =
      needs.length > 3 ? `${needs.slice(0, 3).join(", ")} and ${needs.length - 3} more` : joinWithAnd(needs);
    return row(
      html`${rowHead(artifactLink(site.slug, content))}${cell(before, current ? versionTag(current) : noVersion({ unknown: props.unknownInTarget.has(content.artifact_id) }))}${cell("After", versionTag(content.version))}${cell("Needed by", names || html`<span class="none">nothing in this release</span>`)}`,
    );
  });
  return fold(
    "Software included",
    table({ caption: "Software included", quiet: true, columns: ["Software", before, "After", "Needed by"], body }),
    { small: softwareItems(moving.length), open: props.changes.toReview === 0 },
  );
}

function unchanged({ promotion, changes }: PromotionPage): Html | false {
  const size = { page: changes.page.same, software: changes.software.same };
  if (size.page + size.software === 0) return false;
  return html`<p class="reason">Also in the release: ${sizeInWords(size)} already on ${promotion.environment.name}, unchanged.</p>`;
}
