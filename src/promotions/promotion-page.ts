import { promotionPage } from "../../views/promotions/page.ts";
import { environmentById } from "../access/sites.ts";
import { notFound } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { correctedIn } from "../record/corrections.ts";
import { titlesNow } from "../record/current.ts";
import { knownEnvironments } from "../record/unknown.ts";
import { unknownIn } from "../record/unknown-rows.ts";
import { type PromotionDetails, promotionDetails } from "./assessment.ts";
import { whyNotForce, whyNotReviewForced } from "./break-glass-rules.ts";
import { listPromotions } from "./queries.ts";
import { countTicked, type ReviewPosition, reviewPart } from "./review-sections.ts";
import { type ReviewTicks, tickedBy } from "./review-ticks.ts";
import { approvedAfterwards, isDeadEnd, mayComplete, mayRollBack, needOf, whyNotDecide } from "./rules.ts";
import { changedSince } from "./since-completion.ts";
import { isTargetKnown } from "./target-contents.ts";

export interface RefusedForm {
  /** The ticks that were sent with it. */
  ticks?: ReviewTicks | undefined;
  form?: { comment?: string; when?: string; reason?: string; force?: string; review?: string } | undefined;
  errors?: Record<string, string> | undefined;
  refused?: string | undefined;
  /** What is asked before the approval that was just sent is recorded. */
  ask?: string | undefined;
}

/** Sends the promotion's page; after a refused form with what was typed and why it was refused. */
export async function showPromotion(
  c: SiteContext,
  number: number,
  refusedForm: RefusedForm = {},
  status: 200 | 403 | 409 | 422 = 200,
) {
  const { site, may } = c.var.access;
  const { db, person, at } = c.var;
  const promotion = (await promotionDetails(db, site.id, number, at)) ?? notFound(`promotion ${number}`);
  const ticked = withTicks(await tickedBy(db, promotion.id, person.id), refusedForm.ticks);
  const ofRelease = await listPromotions(db, site.id, { releases: [promotion.release_id] });
  const position = readPosition(c);
  const targetKnown = await isTargetKnown(db, promotion);
  const part = reviewPart(promotion.contents, ticked, position);
  const content = promotionPage({
    site,
    url: `${c.var.baseUrl}/sites/${site.slug}/promotions/${number}`,
    promotion,
    ...part,
    titlesNow: promotion.open ? new Map() : await titlesNow(db, promotion.environment_id, part.pages),
    position,
    changes: countTicked(promotion.contents, ticked),
    from: { ...environmentById(site, promotion.from_id), name: promotion.from.name },
    to: { ...environmentById(site, promotion.environment_id), name: promotion.environment.name },
    targetKnown,
    unknownInTarget: await unknownInTarget(c, promotion, targetKnown),
    ticked,
    earlier: ofRelease.filter((one) => one.completion && one.number < number).reverse(),
    whyNot: whyNotDecide(promotion, sessionActor(c)),
    ownDecision: promotion.approvals.findLast((one) => one.person_id === person.id)?.decision,
    need: needOf(promotion, sessionActor(c), promotion.blockers),
    stale: promotion.blockers.find(isDeadEnd)?.message,
    may: { ...may, promote: mayComplete(promotion, sessionActor(c)) },
    whyNotForce: may.break_glass ? (whyNotForce(promotion) ?? null) : undefined,
    mayReviewForced: !whyNotReviewForced(promotion, sessionActor(c)),
    mayRollBack: mayRollBack(environmentById(site, promotion.environment_id).gate, sessionActor(c)),
    afterwards: approvedAfterwards(promotion),
    changedSince: await changedSince(db, promotion, promotion.contents),
    corrected: promotion.completion ? await correctedIn(db, site.id, promotion.completion.deployment) : [],
    form: refusedForm.form ?? {},
    errors: refusedForm.errors ?? {},
    refused: refusedForm.refused,
    ask: refusedForm.ask,
    now: at,
  });
  return sitePage(c, { title: `${promotion.name}: promotion ${number}`, here: "inbox" }, content, status);
}

/** The ids of the software of which is unknown whether the target has it, or had it before a closed promotion. */
async function unknownInTarget(
  c: SiteContext,
  { open, contents, environment_id }: PromotionDetails,
  targetKnown: boolean,
): Promise<Set<string>> {
  const absent = contents.flatMap(({ kind, artifact_id, inTarget }) =>
    kind === "software" && !inTarget ? artifact_id : [],
  );
  // of an earlier moment, only the whole environment can be unknown
  if (!open || !targetKnown) return new Set(targetKnown ? [] : absent);
  const { site } = c.var.access;
  const known = knownEnvironments(await c.var.siteSummary(c.var.db, site));
  return unknownIn(c.var.db, site, environmentById(site, environment_id), known, absent);
}

/** What is ticked on the page again, after its form was refused. */
const withTicks = (saved: Set<string>, { shown, ticked }: ReviewTicks = { shown: [], ticked: [] }): Set<string> =>
  new Set([...[...saved].filter((id) => !shown.includes(id)), ...ticked]);

/** `?section=/sale`, or `/` for the top level, opens a section; `from` is the id of the page with which it begins. */
export function readPosition(c: SiteContext): ReviewPosition {
  const [section, from] = [c.req.query("section"), c.req.query("from")];
  return { section: section?.replace(/^\//, ""), from };
}
