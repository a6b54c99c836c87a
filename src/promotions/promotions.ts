import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { type Blocker, notFound, Refusal, refuse, refuseFields } from "../errors.ts";
import { deploy } from "../record/deploy.ts";
import { appendEvent } from "../record/events.ts";
import { nextNumber } from "../record/numbers.ts";
import { findRelease, listContents } from "../record/releases.ts";
import { parseRfc3339, whyNotWhen } from "../time/rfc3339.ts";
import { assessPromotion, type PromotionDetails, promotionDetails } from "./assessment.ts";
import { blockersOf } from "./blockers.ts";
import { eligibilityFor, type PromotionRequest, targetEnvironment } from "./eligibility.ts";
import { perRequestField, requestErrors } from "./fields.ts";
import { eventSubject, markClosed, markOpen, supersede } from "./open-promotions.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import {
  type Decision,
  rolesToDecide,
  whyClosed,
  whyNotComment,
  whyNotDecide,
  whyNotDigest,
  whyNotReason,
} from "./rules.ts";

/** What a verb answers: where the promotion stands now. Kept for a repeated request, so it leaves out the contents. */
export type Outcome = Promotion & { blockers: Blocker[] };

/** Asks to move a release into an environment. A request for all that an older open one holds takes its place. */
export function requestPromotion(db: Database, by: Actor, site: Site, wish: PromotionRequest): Promise<Outcome> {
  refuse(whyNotMay(by, "promote"), 403);
  refuseFields(requestErrors(wish));
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const release = (await findRelease(trx, site.id, wish.release)) ?? notFound(`release ${wish.release}`);
    const environment = targetEnvironment(site, wish.to);
    const contents = await listContents(trx, release.id);
    const { from, digest, open: waiting, why } = await eligibilityFor(trx, by, site, release, environment, contents);
    if (why) throw new Refusal(409, why.message, { code: why.code });
    const row = {
      id: newId(Date.parse(by.at)),
      site_id: site.id,
      number: await nextNumber(trx, site.id, "promotions"),
      release_id: release.id,
      from_id: from.id,
      environment_id: environment.id,
      gate_id: environment.gate?.id ?? null,
      digest,
      ...perRequestField((name) => wish[name]?.trim() || null),
      person_id: by.person.id,
      asked_at: by.at,
    };
    await trx.insertInto("promotions").values(row).execute();
    await markOpen(trx, site, row, contents);
    await appendEvent(trx, by, site.id, {
      ...eventSubject(row, environment),
      action: "promotion_asked",
      details: { ...row, release: release.number, name: release.name, environment: environment.slug, from: from.slug },
    });
    for (const older of waiting) await supersede(trx, by, site, older, { ...row, environment, contents });
    return outcome(trx, site, row.number);
  });
}

export interface DecisionRequest {
  decision: Decision;
  /** The digest of what was looked at. */
  digest: string;
  role?: string | undefined;
  comment?: string | undefined;
}

/**
 * Records one person's yes or no. The same decision again changes nothing. One no ends the promotion. Answers where it
 * stands then, unless something simpler will do.
 */
export function decide<T = Outcome>(
  db: Database,
  by: Actor,
  site: Site,
  number: number,
  verdict: DecisionRequest,
  answer: (trx: Database, site: Site, number: number, before: Promotion) => T | Promise<T> = outcome as never,
): Promise<T> {
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const promotion = await find(trx, site, number);
    const already = promotion.approvals.some(
      (one) => one.person_id === by.person.id && one.decision === verdict.decision,
    );
    if (already && verdict.digest === promotion.digest) return answer(trx, site, number, promotion);
    refuse(whyNotDecide(promotion, by), rolesToDecide(promotion, by).length || !promotion.open ? 409 : 403);
    refuse(whyNotDigest(promotion, verdict.digest));
    const wrong = whyNotComment(verdict.decision, verdict.comment);
    if (wrong) refuseFields([{ path: "comment", message: wrong }]);
    const row = {
      id: newId(Date.parse(by.at)),
      promotion_id: promotion.id,
      person_id: by.person.id,
      role: chosenRole(promotion, by, verdict.role),
      decision: verdict.decision,
      digest: verdict.digest,
      comment: verdict.comment?.trim() || null,
      decided_at: by.at,
    };
    await trx.insertInto("approvals").values(row).execute();
    if (verdict.decision === "reject")
      await markClosed(trx, site, promotion, await listContents(trx, promotion.release_id));
    await appendEvent(trx, by, site.id, {
      ...eventSubject(promotion, promotion.environment),
      action: verdict.decision === "approve" ? "promotion_approved" : "promotion_rejected",
      details: { number, name: promotion.name, environment: promotion.environment.slug, ...row },
    });
    return answer(trx, site, number, promotion);
  });
}

function chosenRole(promotion: Promotion, by: Actor, wanted: string | undefined): string {
  const roles = rolesToDecide(promotion, by);
  const role = wanted === undefined ? roles[0] : roles.find((one) => one === wanted);
  if (!role)
    refuse(
      `You cannot decide as "${(wanted ?? "").slice(0, 60)}": the gate does not ask for it, or it is not your role here.`,
      422,
    );
  return role as string;
}

/** Its contents become the environment's, now or from a stated past moment on. The same click again changes nothing. */
export function complete(
  db: Database,
  by: Actor,
  site: Site,
  number: number,
  at: { effective_at?: string | undefined },
): Promise<Outcome> {
  refuse(whyNotMay(by, "promote"), 403);
  const wrong = whyNotWhen(at.effective_at, by.at);
  if (wrong) refuseFields([{ path: "effective_at", message: wrong }]);
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const promotion = await details(trx, site, number);
    if (promotion.completion?.person_id === by.person.id) return outcome(trx, site, number);
    if (promotion.blockers.length)
      throw new Refusal(409, promotion.blockers.map((one) => one.message).join(" "), {
        code: "blocked",
        blockers: promotion.blockers,
      });
    const environment = site.environments.find((one) => one.id === promotion.environment_id) ?? notFound("environment");
    const deployment = await deploy(trx, by, site, environment, {
      effectiveAt: parseRfc3339(at.effective_at ?? by.at) as string,
      complete: false,
      note: null,
      source: null,
      promotion,
      lines: promotion.contents.map(({ artifact_id, kind, key, version, version_id }) => ({
        artifact_id,
        kind,
        key,
        version,
        version_id,
        promotion_id: promotion.id,
        out_of_band: 0 as const,
      })),
    });
    const row = {
      promotion_id: promotion.id,
      deployment_id: deployment.id,
      person_id: by.person.id,
      completed_at: by.at,
    };
    await trx.insertInto("completions").values(row).execute();
    await markClosed(trx, site, promotion, promotion.contents);
    await appendEvent(trx, by, site.id, {
      ...eventSubject(promotion, environment),
      action: "promotion_completed",
      details: { number, name: promotion.name, environment: environment.slug, deployment: deployment.number, ...row },
    });
    return outcome(trx, site, number);
  });
}

export function cancel(db: Database, by: Actor, site: Site, number: number, reason: string): Promise<Outcome> {
  refuse(whyNotMay(by, "promote"), 403);
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const promotion = await find(trx, site, number);
    if (promotion.state === "cancelled" && promotion.cancellation?.person_id === by.person.id)
      return outcome(trx, site, number);
    refuse(whyClosed(promotion));
    const wrong = whyNotReason(reason);
    if (wrong) refuseFields([{ path: "reason", message: wrong }]);
    const row = {
      promotion_id: promotion.id,
      person_id: by.person.id,
      reason: reason.trim(),
      superseded_by: null,
      cancelled_at: by.at,
    };
    await trx.insertInto("cancellations").values(row).execute();
    await markClosed(trx, site, promotion, await listContents(trx, promotion.release_id));
    await appendEvent(trx, by, site.id, {
      ...eventSubject(promotion, promotion.environment),
      action: "promotion_cancelled",
      details: { number, name: promotion.name, environment: promotion.environment.slug, ...row },
    });
    return outcome(trx, site, number);
  });
}

async function find(trx: Database, site: Site, number: number): Promise<Promotion> {
  return (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
}

async function details(trx: Database, site: Site, number: number): Promise<PromotionDetails> {
  return (await promotionDetails(trx, site.id, number)) ?? notFound(`promotion ${number}`);
}

/** Once it is closed, that is all that stands in its way, and nothing has to be weighed. */
async function outcome(trx: Database, site: Site, number: number): Promise<Outcome> {
  const promotion = await find(trx, site, number);
  if (!promotion.open) return { ...promotion, blockers: blockersOf(promotion, promotion.from, [], []) };
  const { contents: _, ...weighed } = await assessPromotion(trx, site.id, promotion);
  return weighed;
}
