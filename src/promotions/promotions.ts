import type { Actor } from "../access/actor.ts";
import { environmentsOf } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { withDelegations } from "../delegations/queries.ts";
import { type Blocker, fieldErrors, notFound, Refusal, refuse, refuseFields } from "../errors.ts";
import { freezesAt } from "../freezes/queries.ts";
import { frozenCode, whyNotOverride } from "../freezes/rules.ts";
import { enqueue } from "../jobs/queue.ts";
import { findRelease, listContents } from "../record/releases.ts";
import { whyNotWhen } from "../time/rfc3339.ts";
import { assessPromotion } from "./assessment.ts";
import { blockersOf } from "./blockers.ts";
import { carriedOver, carryTicks } from "./carry-over.ts";
import { countChangesOfAll } from "./change-counts.ts";
import { writeCompletion } from "./completion.ts";
import {
  rolesToChoose,
  rolesToDecide,
  standInFor,
  whyNotDecide,
  whyNotFresh,
  whyNotWithoutRole,
} from "./decision-rules.ts";
import { eligibilityFor, type PromotionRequest, targetEnvironment } from "./eligibility.ts";
import { withoutExpired } from "./expiry.ts";
import { approvalExpiry, expiredBlockers } from "./expiry-rules.ts";
import { requestErrors } from "./fields.ts";
import { deadEnds } from "./open-blockers.ts";
import { appendPromotionEvent, markClosed, openPromotion } from "./open-promotions.ts";
import { insertPageComments, type PageRequest, readPages } from "./page-comments.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { addRejection } from "./rejections.ts";
import { whyNotAllReviewed, whyNotComment, whyNotDigest, whyNotReviewed, whyNotSeen } from "./review-rules.ts";
import { whyNotMayComplete } from "./rollback-rules.ts";
import { type Decision, whyClosed, whyNotReason } from "./rules.ts";
import { seenDigest } from "./seen-texts.ts";
import { writeSchedule } from "./write-schedule.ts";

/** What a verb returns: the promotion afterwards. It is stored to answer a repeated request, so it leaves out the contents. */
export type Outcome = Promotion & { blockers: Blocker[] };

/**
 * Requests that a release be promoted to an environment. It replaces older open promotions to the same environment whose
 * artifacts it contains too. Throws a Refusal with 409 if the same one is open, or if it would change nothing.
 */
export function requestPromotion(db: Database, actor: Actor, site: Site, request: PromotionRequest): Promise<Outcome> {
  refuse(whyNotMay(actor, "promote"), 403);
  refuseFields(requestErrors(request));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const release = (await findRelease(trx, site.id, request.release)) ?? notFound(`release ${request.release}`);
    // the gate, or the order of the environments, may have been changed since the request came
    const current = { ...site, ...(await environmentsOf(trx, site.id)) };
    const environment = targetEnvironment(current, request.to);
    const contents = await listContents(trx, release.id);
    const eligibility = await eligibilityFor(trx, actor, current, release, environment, contents);
    const { from, digest, open, whyNot, contents: eligible, requirements, blockers } = eligibility;
    if (whyNot) throw new Refusal(409, whyNot.message, { code: whyNot.code });
    const asked = { release, from, environment, contents, digest, fields: request, open };
    const number = await openPromotion(trx, actor, site, asked);
    const promotion = await promotionOf(trx, site, number);
    await carryTicks(trx, site.id, promotion, eligible);
    if (request.plan) await writeSchedule(trx, actor, site, promotion, request.plan);
    const planned = request.plan ? await promotionOf(trx, site, number) : promotion;
    // they were assessed as of right after the request
    return { ...planned, requirements, blockers };
  });
}

export interface DecisionRequest {
  decision: Decision;
  /** The digest of what the person reviewed. */
  digest: string;
  /** The digest of what they were told that servers show, see `seenDigest`; empty: nothing. Undefined: not known. */
  seen?: string | undefined;
  role?: string | undefined;
  comment?: string | undefined;
  /** What a rejection asks to be changed on single pages. */
  pages?: PageRequest[] | undefined;
  /** Refuse an approval until all pages are ticked as reviewed, so that a page can ask once. */
  askFirst?: boolean | undefined;
}

/**
 * Records one person's approval or rejection. The same decision again changes nothing; one rejection ends the promotion.
 * Returns what `answer` makes of it, by default the promotion afterwards. Throws a Refusal with 403 if no role of the
 * person is in the gate, 409 if it is closed, their own, or has another digest, if servers show something else by now, or if
 * they approve what is marked as bad or the source environment no longer has (or, with `askFirst`, have not reviewed all of:
 * `not_reviewed`), and 422 for its role, comment or pages.
 */
export async function decide<T = Outcome>(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  request: DecisionRequest,
  answer: (
    trx: Database,
    site: Site,
    number: number,
    now: string,
    before: Promotion,
  ) => T | Promise<T> = outcome as never,
): Promise<T> {
  // before it waits for its turn: what a visit sees meanwhile was shown to nobody
  const seen = await seenDigest(db, site, number);
  return siteTransaction(db, actor, site.id, async (trx, person) => {
    const [actor, found] = await Promise.all([withDelegations(trx, site.id, person), promotionOf(trx, site, number)]);
    const promotion = await withoutExpired(trx, site, found, actor.at);
    const already = promotion.approvals.some(
      (approval) =>
        approval.person_id === actor.person.id && approval.decision === request.decision && !approval.withdrawn_at,
    );
    if (already && request.digest === promotion.digest) return answer(trx, site, number, actor.at, promotion);
    refuse(whyNotDecide(promotion, actor), rolesToDecide(promotion, actor).length || !promotion.open ? 409 : 403);
    refuse(whyNotDigest(promotion, request.digest) ?? whyNotSeen(seen?.digest, request.seen));
    refuseBlocked(expiredBlockers(promotion, actor.at).filter(({ code }) => code === "expired"));
    const [blockers, progress, carried] = await Promise.all([
      request.decision === "approve" ? deadEnds(trx, [promotion]) : undefined,
      reviewProgress(trx, actor, promotion.id),
      request.decision === "approve" ? carriedOver(trx, site.id, promotion, actor.person.id) : undefined,
    ]);
    refuseBlocked(blockers?.get(promotion.id) ?? []);
    const contents = request.decision === "reject" ? await listContents(trx, promotion.release_id) : [];
    const pages = readPages(request.decision, request.pages ?? [], contents);
    refuseFields(fieldErrors({ comment: whyNotComment(request.decision, request.comment, pages.length) }));
    if (request.decision === "approve") {
      const { reviewed, to_review } = progress;
      refuse(whyNotFresh(promotion, actor), 409, "sign_in_again");
      refuseFields(fieldErrors({ role: whyNotWithoutRole(rolesToChoose(promotion, actor), request.role) }));
      refuse(whyNotAllReviewed(promotion.gate, reviewed, to_review), 409, "review_incomplete");
      if (request.askFirst) refuse(whyNotReviewed(reviewed ?? 0, to_review ?? 0), 409, "not_reviewed");
    }
    const role = roleFor(promotion, actor, request.role);
    const away = standInFor(promotion, actor, role);
    const row = {
      id: newId(Date.parse(actor.at)),
      promotion_id: promotion.id,
      person_id: actor.person.id,
      role,
      decision: request.decision,
      digest: request.digest,
      comment: request.comment?.trim() || null,
      decided_at: actor.at,
      ...progress,
      for_id: away?.person_id ?? null,
      identity: actor.guest ?? null,
    };
    const due = approvalExpiry(promotion, { ...row, withdrawn_at: null });
    const action = request.decision === "approve" ? "promotion_approved" : "promotion_rejected";
    await Promise.all([
      trx
        .insertInto("approvals")
        .values({ ...row, carried_over: carried ? canonicalJson(carried) : null })
        .execute(),
      due && enqueue(trx, { site_id: site.id, kind: "approval_expiry", ref: promotion.id, run_at: due }),
      insertPageComments(trx, row.id, pages),
      appendPromotionEvent(trx, actor, site, promotion, action, {
        person_kind: actor.person.kind,
        ...row,
        identity: actor.guest,
        ...(carried && { carried_over: carried }),
        ...(away && { for: away.person }),
        ...(seen && { seen }),
        ...(pages.length && { pages: pages.map(({ key, comment }) => ({ kind: "page", key, comment })) }),
      }),
    ]);
    if (request.decision === "reject") {
      await markClosed(trx, site, promotion, contents);
      if (promotion.requester_id !== actor.person.id) await addRejection(trx, site, promotion);
    }
    return answer(trx, site, number, actor.at, promotion);
  });
}

/** How many of its pages to review this person has ticked; null for a machine, or if there is none. */
async function reviewProgress(trx: Database, { person }: Actor, promotionId: string) {
  const counts = person.kind === "person" && (await countChangesOfAll(trx, person.id, [promotionId])).get(promotionId);
  if (!counts || counts.toReview === 0) return { reviewed: null, to_review: null };
  return { reviewed: counts.reviewed, to_review: counts.toReview };
}

/** The requested role, or the first in which the actor can decide. */
function roleFor(promotion: Promotion, actor: Actor, requested: string | undefined): string {
  const roles = rolesToDecide(promotion, actor);
  const role = requested === undefined ? roles[0] : roles.find((slug) => slug === requested);
  if (role) return role;
  throw new Refusal(
    422,
    `You cannot decide as "${(requested ?? "").slice(0, 60)}": the gate does not need that role, or you do not have it on this site.`,
  );
}

export interface CompletionRequest {
  /** ISO 8601 UTC; undefined: now. */
  effective_at?: string | undefined;
  /** Why it is completed although the target is frozen. It is not recorded if the target is not. */
  freeze_override?: string | undefined;
}

/**
 * Records that the contents are in the target since `effective_at`. Completing again changes nothing. Throws a Refusal
 * with 409 and all blockers if there are any; with 403 or 422 for an override without the permission or a reason.
 */
export function complete(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  request: CompletionRequest,
): Promise<Outcome> {
  const { effective_at, freeze_override } = request;
  if (freeze_override !== undefined) refuse(whyNotMay(actor, "override_freeze"), 403);
  refuseFields(
    fieldErrors({
      effective_at: whyNotWhen(effective_at, actor.at),
      freeze_override: freeze_override === undefined ? undefined : whyNotOverride(freeze_override),
    }),
  );
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const found = await promotionOf(trx, site, number);
    refuse(whyNotMayComplete(found, actor, await roleNames(trx)), 403);
    if (found.completion?.person_id === actor.person.id) return withBlockers(trx, site, found, actor.at);
    const promotion = await assessPromotion(trx, site.id, found, actor.at);
    const others = promotion.blockers.filter(({ code }) => code !== frozenCode);
    const isOverridden = freeze_override !== undefined && others.length < promotion.blockers.length;
    refuseBlocked(isOverridden ? others : promotion.blockers);
    const freezes = isOverridden ? await freezesAt(trx, site.id, promotion.environment_id, actor.at) : [];
    const override = isOverridden ? { reason: freeze_override.trim(), freezes } : undefined;
    await writeCompletion(trx, actor, site, promotion, { effective_at, override });
    return outcome(trx, site, number, actor.at);
  });
}

/** Ends an open promotion. Cancelling again changes nothing. Throws a Refusal with 409 if it is closed, 422 without a reason. */
export function cancel(db: Database, actor: Actor, site: Site, number: number, reason: string): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    const mayNot = whyNotMay(actor, "promote");
    if (mayNot) refuse(whyNotMayComplete(promotion, actor, await roleNames(trx)) && mayNot, 403);
    if (promotion.state === "cancelled" && promotion.cancellation?.person_id === actor.person.id)
      return withBlockers(trx, site, promotion, actor.at);
    refuse(whyClosed(promotion));
    refuseFields(fieldErrors({ reason: whyNotReason("A cancellation", reason) }));
    const row = {
      promotion_id: promotion.id,
      person_id: actor.person.id,
      reason: reason.trim(),
      superseded_by: null,
      cancelled_at: actor.at,
      expired_at: null,
    };
    await trx.insertInto("cancellations").values(row).execute();
    await markClosed(trx, site, promotion, await listContents(trx, promotion.release_id));
    await appendPromotionEvent(trx, actor, site, promotion, "promotion_cancelled", row);
    return outcome(trx, site, number, actor.at);
  });
}

function refuseBlocked(blockers: Blocker[]): void {
  if (!blockers.length) return;
  throw new Refusal(409, blockers.map((blocker) => blocker.message).join(" "), { code: "blocked", blockers });
}

export async function promotionOf(trx: Database, site: Site, number: number): Promise<Promotion> {
  return (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
}

/** The promotion after an action. */
export const outcome = async (trx: Database, site: Site, number: number, now: string): Promise<Outcome> =>
  withBlockers(trx, site, await promotionOf(trx, site, number), now);

/** The same of one that has not changed since it was loaded. A closed one has only its end as a blocker, so its contents need not be assessed. */
export async function withBlockers(trx: Database, site: Site, promotion: Promotion, now: string): Promise<Outcome> {
  if (!promotion.open) return { ...promotion, blockers: blockersOf(promotion, promotion.from, [], [], now) };
  const { contents: _contents, ...assessed } = await assessPromotion(trx, site.id, promotion, now);
  return assessed;
}
