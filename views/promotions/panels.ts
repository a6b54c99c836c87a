import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PromotionDetails } from "../../src/promotions/assessment.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Decision, Requirement } from "../../src/promotions/rules.ts";
import type { PlanForm } from "../../src/promotions/schedule-form.ts";
import type { TakeDownLine } from "../../src/promotions/take-down-rules.ts";
import type { GateVersion } from "../../src/record/gate-changes.ts";
import { countOf, formatCount } from "../../src/text.ts";
import { digest } from "../parts/artifact.ts";
import { button, confirmButton, hiddenField, linkButton } from "../parts/button.ts";
import { area } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { momentPicker } from "../parts/moment.ts";
import { blockers, facts, fold, panel } from "../parts/page.ts";
import { inRole, nameOf, requester } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";
import { checklistPanel } from "./checklist.ts";
import { schedulePanel } from "./schedule.ts";
import { whereCompleted } from "./words.ts";

export type Panels = {
  site: Site;
  promotion: PromotionDetails;
  /** Completed promotions of the same release before this one, the oldest first. */
  earlier: Promotion[];
  now: string;
  /** Whether the gate is waiting for this person. */
  forYou: boolean;
  /** The change since the request of the gate of its target, which does not apply to it. */
  gateChange: GateVersion | undefined;
  /** The address of this page, with its host. */
  url: string;
  /** Whether those who can approve are told by mail. */
  mailIsSetUp: boolean;
  /** Since when all of its pages are seen in the target as they were approved, also as it is typed. */
  seen: { since: string; typed: string } | undefined;
  may: Permitted;
  ownDecision: Decision | undefined;
  /** Why this person cannot tick the gate's checklist. */
  whyNotTick: string | undefined;
  /** Whether nothing but a freeze blocks it, which this person may override. */
  overridable: boolean;
  /** Why it cannot be completed without its gate: null if it can, undefined for people who may not. */
  whyNotForce: string | null | undefined;
  /** Whether this person may review that it was completed without its gate. */
  mayReviewForced: boolean;
  /** The fields of the plan for people who may plan it; and a key for its form. */
  plan: PlanForm | undefined;
  key: string;
  /** What the take-down does, and why it would not restore what is there now. */
  takeDown: TakeDownLine[];
  outdated: string | undefined;
  form: {
    when?: string | undefined;
    reason?: string | undefined;
    withdrawal?: string | undefined;
    override?: string | undefined;
    force?: string | undefined;
    review?: string | undefined;
  };
  errors: Record<string, string>;
};

export const panels = (props: Panels): Html =>
  html`${gate(props)}${checklistPanel(props)}${schedulePanel(props)}${props.promotion.state === "waiting" && share(props)}${props.promotion.open && blocking(props.promotion)}${props.promotion.open && props.may.promote && actions(props)}${props.whyNotForce === null && breakGlass(props)}${forcedCompletion(props)}${about(props)}`;

type Approval = Promotion["approvals"][number];

type Steps = Pick<Panels, "site" | "now" | "promotion" | "forYou">;

/** The approvals that were given and are missing. */
export function approvalSteps(props: Steps): Html {
  const { promotion } = props;
  const steps = [
    ...promotion.approvals.map((approval) => decided(props, approval)),
    ...promotion.requirements
      .filter(({ given, needed }) => promotion.open && given < needed)
      .map((requirement) => missing(props, requirement)),
  ];
  return html`<div class="steps-now" id="approval-steps">${promotion.requirements.length === 0 && html`<p><small>No approval needed.</small></p>`}${steps.length > 0 ? html`<ul class="steps">${steps}</ul>` : promotion.requirements.length > 0 && html`<p><small>Nobody decided.</small></p>`}</div>`;
}

function gate(props: Panels): Html {
  const { promotion } = props;
  return panel(
    "gate",
    `Approvals for ${promotion.environment.name}`,
    html`${approvalSteps(props)}${promotion.open && props.ownDecision === "approve" && withdrawal(props)}${onItsWay(props)}${gateChanged(props)}`,
  );
}

/** That it keeps its gate although its target has another one by now. */
function gateChanged({ promotion, gateChange, site, now }: Panels): Html | false {
  if (!gateChange) return false;
  return html`<p class="reason">The gate of ${promotion.environment.name} was changed on ${time(gateChange.at, site.time_zone, now)} by ${nameOf(gateChange)}; this promotion keeps the one it was requested under. To apply the new gate, cancel this promotion and request it again.</p>`;
}

/** Approvals of earlier promotions of the release, which count for nothing here: for demo, or for what was corrected since. */
function onItsWay({ earlier, site, now }: Panels): Html | false {
  const given = earlier.flatMap(({ approvals, environment, number, completion }) =>
    approvals.map((approval) => {
      const corrected = completion?.corrected && ", corrected since";
      const href = `/sites/${site.slug}/promotions/${number}`;
      return html`<a href="${href}">for ${environment.name}</a> by ${inRole(approval, approval.role_name)}, ${time(approval.decided_at, site.time_zone, now)}${corrected}`;
    }),
  );
  if (!given.length) return false;
  return html`<p class="reason">On its way here, approved ${each(given, (words, i) => html`${i > 0 && "; "}${words}`)}.</p>`;
}

function decided({ site, now }: Pick<Panels, "site" | "now">, approval: Approval): Html {
  const {
    decision,
    comment,
    decided_at,
    reviewed,
    to_review,
    has_role,
    has_any,
    role_name,
    withdrawn_at,
    pages,
    carried_over,
    identity,
  } = approval;
  if (withdrawn_at) return withdrawn({ site, now }, approval);
  const lost = identity
    ? `, a guest, confirmed by a ${identity}`
    : !has_any
      ? ", no longer on this site"
      : !has_role && `, no longer ${role_name}`;
  const progress = to_review && `, reviewed ${formatCount(reviewed ?? 0)} of ${formatCount(to_review)}`;
  const word = decision === "approve" ? "approved" : "rejected";
  return html`<li>${statusBadge(word, html`${inRole(approval, approval.role_name)} ${word}`, { wrap: true })}<small>${time(decided_at, site.time_zone, now)}${progress}${carried_over && html`, ${countOf(carried_over.pages.length, "page")} carried over from <a href="/sites/${site.slug}/promotions/${carried_over.promotion}">promotion ${carried_over.promotion}</a>`}${lost}${comment && html`: <span class="quote">${comment}</span>`}${pages.length > 0 && html` Changes requested on ${countOf(pages.length, "page")}.`}</small></li>`;
}

const withdrawn = ({ site, now }: Pick<Panels, "site" | "now">, approval: Approval): Html =>
  html`<li>${statusBadge("corrected", html`${inRole(approval, approval.role_name)} approved${approval.expired_at ? ", which has expired" : ", and withdrew it"}`, { wrap: true })}<small>${time(approval.decided_at, site.time_zone, now)}, ${approval.expired_at ? "expired" : "withdrawn"} ${time(approval.withdrawn_at as string, site.time_zone, now)} <span class="quote">${approval.withdrawal_reason}</span></small></li>`;

/** For who approved it: until it is completed they may think again. */
const withdrawal = ({ site, promotion, form, errors }: Panels): Html =>
  confirmButton("Withdraw my approval", "The promotion then waits for an approval again. You can approve it later.", {
    action: `/sites/${site.slug}/promotions/${promotion.number}/withdrawal`,
    text: "Withdraw",
    look: "danger",
    open: Boolean(errors.withdrawal),
    content: area({ name: "withdrawal", label: "Reason", rows: 2, value: form.withdrawal, error: errors.withdrawal }),
  });

const missing = ({ forYou }: Steps, { name, needed, given, people = [], substitutes = [] }: Requirement): Html => {
  const who = [
    ...people.map(holderName),
    ...substitutes.map((one) => html`<bdi>${one.name}</bdi> for <bdi>${one.for}</bdi>`),
  ];
  return html`<li>${statusBadge("waiting", needed === 1 ? `${name} has to approve` : `${name}: ${given} of ${needed} approvals`, { wrap: true })}<small>${forYou ? "waiting for you" : "waiting"}${who.length > 0 && html`. ${name}: ${each(who, (one, i) => html`${i > 0 && ", "}${one}`)}`}</small></li>`;
};

const holderName = ({ name, kind }: { name: string; kind: "person" | "machine" }): Html =>
  nameOf({ person: name, kind });

/** To ask the approvers: the address, and a mail with a ready text. Copying needs scripts, so that button is hidden without. */
function share({ site, promotion, url, mailIsSetUp }: Panels): Html {
  const { environment, name, requirements, number } = promotion;
  const text = `Please review promotion ${number}, ${name}, for ${environment.name} of ${site.name}, and approve or reject it:\r\n\r\n${url}\r\n${promotion.note ? `\r\n${promotion.note}\r\n` : ""}`;
  const roles = requirements.filter(({ given, needed }) => given < needed).map((role) => role.name);
  const subject = `${name}: approval for ${environment.name} needed${roles.length ? ` (${roles.join(", ")})` : ""}`;
  const mail = `mailto:?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(text)}`;
  return panel(
    "share",
    "Ask for approval",
    html`<p><small>${mailIsSetUp ? "Those who can approve it are told by mail." : "Nobody is told by mail, as no mail server is set up. They find it in their inbox here."}</small></p><p class="inline"><button type="button" class="scripted" data-copy="${url}">Copy link</button> ${linkButton(mail, "Write a mail")}</p>${promotion.gate?.guest_roles.length ? html`<p><a href="/sites/${site.slug}/promotions/${number}/guests">Guests</a> <small>can be invited to decide without an account.</small></p>` : ""}`,
  );
}

const blocking = (promotion: PromotionDetails): Html => panel("blockers", "Blocking", blockingSteps(promotion));

export const blockingSteps = (promotion: PromotionDetails): Html =>
  html`<div class="steps-now" id="blocking-steps">${
    promotion.blockers.length
      ? blockers(promotion.blockers)
      : html`<ul class="steps"><li>${statusBadge("approved", "Nothing is blocking this.")}</li></ul>`
  }</div>`;

/** Completing and cancelling, for people with that permission. The button in the bar submits the same form. */
function actions({ site, promotion, overridable, form, errors, seen, now }: Panels): Html {
  const base = `/sites/${site.slug}/promotions/${promotion.number}`;
  const where = whereCompleted(promotion);
  const since = momentPicker({
    name: "effective_at",
    label: `${where.charAt(0).toUpperCase()}${where.slice(1)} since`,
    value: form.when ?? seen?.typed,
    error: errors.effective_at,
    hint: html`${seen && html`All pages were seen on ${promotion.environment.name} as approved, since ${time(seen.since, site.time_zone, now)}: take that moment, or enter another. `}Time zone ${site.time_zone}. Empty means now.`,
  });
  const blocked = promotion.blockers.length > 0 && !overridable;
  return panel(
    "actions",
    "Actions",
    html`<form id="completion" class="form" method="post" action="${base}/completion">
${fold(`Already ${where}? Enter when`, since, { open: Boolean(form.when || seen || errors.effective_at) })}
${blocked && html`<p class="reason" id="not-yet">${countOf(promotion.blockers.length, "blocker")} left.</p>`}
${overridable && override(promotion, form.override, errors.freeze_override)}<div class="end">${button({ text: `Mark as ${where}${overridable ? " despite the freeze" : ""}`, because: blocked ? "not-yet" : undefined })}</div>
</form>
${confirmButton("Cancel promotion", "This ends the promotion for everyone. To try again, request a new one.", {
  action: `${base}/cancellation`,
  text: "Yes, cancel it",
  look: "danger",
  open: Boolean(errors.reason),
  content: area({ name: "reason", label: "Reason", rows: 2, value: form.reason, error: errors.reason }),
})}`,
  );
}

/** For those who may complete it although the target is frozen. */
const override = ({ environment }: PromotionDetails, value: string | undefined, error: string | undefined): Html =>
  html`${hiddenField("overrides", "1")}${area({ name: "freeze_override", label: "Reason for overriding the freeze", rows: 2, value, error, hint: `${environment.name} is frozen. The reason is shown with the promotion and in the history.` })}
`;

/** For people with that permission, as long as something is blocking it. */
function breakGlass({ site, promotion, form, errors }: Panels): Html {
  const action = `/sites/${site.slug}/promotions/${promotion.number}/break-glass`;
  return panel(
    "break-glass",
    "Emergency",
    confirmButton(
      "Complete without the gate",
      html`These are passed over and kept in the record, and somebody else has to review it afterwards: ${promotion.blockers.map(({ message }) => message).join(" ")}`,
      {
        action,
        text: `Mark as ${whereCompleted(promotion)} without the gate`,
        look: "danger",
        open: Boolean(form.force || errors.force),
        content: area({ name: "force", label: "Reason", rows: 2, value: form.force, error: errors.force }),
      },
    ),
  );
}

/** That it was completed without its gate, why, what was passed over, and who has reviewed that. */
export function forcedCompletion(
  props: Pick<Panels, "site" | "now" | "mayReviewForced" | "form" | "errors"> & { promotion: Promotion },
): Html | false {
  const { site, promotion, now } = props;
  const forced = promotion.completion?.forced;
  if (!forced) return false;
  const { reason, blockers: passedOver, review } = forced;
  const done = review
    ? html`<p>${statusBadge("approved", html`reviewed by ${nameOf(review)}, ${time(review.reviewed_at, site.time_zone, now)}`, { wrap: true })}${review.comment && html` <span class="quote">${review.comment}</span>`}</p>`
    : html`<p>${statusBadge("waiting", "to be reviewed by somebody else")}</p>`;
  return panel(
    "without-gate",
    "Completed without its gate",
    html`<p><span class="quote">${reason}</span></p>${blockers(passedOver)}${done}${props.mayReviewForced && reviewForm(props)}`,
  );
}

function reviewForm({
  site,
  promotion,
  form,
  errors,
}: Pick<Panels, "site" | "form" | "errors"> & { promotion: Promotion }) {
  const { number } = promotion;
  return html`<form class="form" method="post" action="/sites/${site.slug}/promotions/${number}/forced-review">
${area({ name: "review", id: `review-${number}`, label: "Comment", rows: 2, value: form.review, error: errors.review, hint: "Optional." })}
<div class="end">${button({ text: html`Mark as reviewed<span class="sr">: promotion ${number}</span>` })}</div></form>`;
}

const about = ({ site, promotion, now }: Panels): Html =>
  panel(
    "about",
    "About",
    html`${facts([
      [
        "Release",
        html`<a href="/sites/${site.slug}/releases/${promotion.release}"><span>${promotion.release}, <bdi>${promotion.name}</bdi></span></a>`,
      ],
      ["Notes", promotion.release_notes],
      ["Requested by", html`${nameOf(requester(promotion))}, ${time(promotion.asked_at, site.time_zone, now)}`],
    ])}${fold(
      "What the approval covers",
      html`<p><small>The ${countOf(promotion.contents.length, "line")} of release ${promotion.release} exactly as frozen, ${promotion.schedule?.take_down_release ? html`the take-down exactly as frozen in <a href="/sites/${site.slug}/releases/${promotion.schedule.take_down_release}">release ${promotion.schedule.take_down_release}</a>, ` : ""}the environment ${promotion.environment.name}, and its gate as it was when the promotion was requested. If any of these changes, a new promotion has to be requested. Digest ${digest(promotion.digest)}</small></p>`,
    )}<p><a href="/sites/${site.slug}/promotions/${promotion.number}/evidence.zip" download>Evidence pack</a>, or <a href="/sites/${site.slug}/promotions/${promotion.number}/evidence.zip?history=all" download>with the whole history</a></p>`,
  );
