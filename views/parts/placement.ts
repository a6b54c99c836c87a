import type { PromotionMarks } from "../../src/record/promotion-flags.ts";
import { inPart, nameWithKind } from "../../src/text.ts";
import { isBeforeApproval } from "../../src/time/before-approval.ts";
import { recordedLater, shortDay } from "../../src/time/format.ts";
import type { Clocks } from "../../src/time/recorded-late.ts";
import { each, type Html, html } from "./html.ts";
import { nameOf } from "./people.ts";
import { statusBadge } from "./status-badge.ts";
import { day, time } from "./time.ts";

/** The heading of the section that a page or software item belongs to. */
export const sectionHeading = ({ kind, section }: { kind: string; section: string }): string =>
  kind === "software" ? "Software" : section ? `/${section}` : "Top level";

function lateBadge(clocks: Clocks, zone: string, now: string): Html | false {
  const later = recordedLater(clocks);
  return (
    later !== undefined && statusBadge("late", html`${later}, ${time(clocks.recorded_at, zone, now)}`, { wrap: true })
  );
}

/** When it happened, and when it was recorded if that was late. */
export const since = (clocks: Clocks, zone: string, now: string): Html =>
  html`${time(clocks.effective_at, zone, now)} ${lateBadge(clocks, zone, now)}`;

/** The source of a placement: its promotion, or its deployment, marked if it was out of band. */
export function placementSource(
  site: string,
  {
    deployment,
    promotion,
    out_of_band,
    forced,
    ...rollback
  }: { deployment: number; promotion: number | null; out_of_band: number } & PromotionMarks,
): Html {
  const link = (number: number, text: string) => html`<a href="/sites/${site}/promotions/${number}">${text}</a>`;
  if (promotion)
    return html`${link(promotion, `Promotion ${promotion}`)}${rollbackNames(rollback, link)}${forced > 0 && html` ${statusBadge("band", "without its gate")}`}`;
  const href = `/sites/${site}/deployments/${deployment}`;
  if (out_of_band)
    return statusBadge("band", html`out of band<span class="sr">, deployment ${deployment}</span>`, { href });
  return html`<a href="${href}">Deployment ${deployment}</a>`;
}

/** ", rollback in part of promotion 2, rolled back by promotion 7" */
function rollbackNames(
  { rollback_of, rollback_in_part, rolled_back_by, rolled_back_in_part }: Omit<PromotionMarks, "forced">,
  link: (number: number, text: string) => Html,
): Html {
  return html`${rollback_of && html`, rollback${inPart(rollback_in_part)} of ${link(rollback_of, `promotion ${rollback_of}`)}`}${rolled_back_by && html`, rolled back${inPart(rolled_back_in_part)} by ${link(rolled_back_by, `promotion ${rolled_back_by}`)}`}`;
}

/** A line of a baseline: what is shown in place of an approver, since nobody had to approve what was there already. */
export type BaselineLine = { baseline: number } & Recorder;

type Recorder = { effective_at: string; person: string; person_kind: "person" | "machine" };

/** "in the baseline of 29 Nov, recorded by Ada"; "…, recorded by CI (machine)" for a token. */
export const baselineWords = ({ effective_at, person, person_kind }: Recorder, zone: string, now: string): Html =>
  html`in the baseline of ${day(effective_at, zone, now)}, recorded by ${nameOf({ person, kind: person_kind })}`;

/** The same as text, for a tooltip. */
export const baselineText = ({ effective_at, person, person_kind }: Recorder, zone: string, now: string): string =>
  `in the baseline of ${shortDay(effective_at, zone, now)}, recorded by ${nameWithKind({ name: person, kind: person_kind })}`;

type Approval = {
  person: string;
  kind: "person" | "machine";
  role: string;
  decided_at: string;
  counts: boolean;
};

/** In place of a version: there is none, or what is there is unknown. */
export const noVersion = ({ unknown }: { unknown: boolean }): Html =>
  unknown ? statusBadge("unknown", "never recorded") : html`<span class="none">not deployed</span>`;

/** Flags what was there before the last approval that its gate needed. */
export const beforeApproval = (placement: { effective_at: string }, approvals: Approval[]): Html | false =>
  isBeforeApproval(placement, approvals) && statusBadge("band", "before approval", { before: "there " });

/** Who approved it, in which role and when; else the baseline that it was in, or whether an approval was needed. */
export function approvedByCell(
  placement: BaselineLine,
  approvals: Approval[],
  environment: { gate: object | null },
  { zone, now }: { zone: string; now: string },
): Html {
  if (placement.baseline) return statusBadge("baseline", baselineWords(placement, zone, now), { wrap: true });
  if (!approvals.length) return html`<span class="none">${environment.gate ? "nobody" : "no gate"}</span>`;
  return html`${each(
    approvals,
    ({ role, decided_at, ...approval }) =>
      html`<span class="by">${statusBadge("approved", html`${nameOf(approval)}<span class="sr">, ${role.replaceAll("-", " ")},</span>`)} <span class="ago">${time(decided_at, zone, now)}</span></span> `,
  )}${beforeApproval(placement, approvals)}`;
}
