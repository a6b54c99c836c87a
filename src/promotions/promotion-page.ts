import { bytesOf } from "../../views/parts/html.ts";
import { liveState, promotionPage } from "../../views/promotions/page.ts";
import type { Actor } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import { environmentById } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { withDelegations } from "../delegations/queries.ts";
import { notFound } from "../errors.ts";
import { frozenCode } from "../freezes/rules.ts";
import type { SiteContext } from "../http/context.ts";
import { sendHtml, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { correctedIn } from "../record/corrections.ts";
import { titlesNow } from "../record/current.ts";
import { gateVersions } from "../record/gate-changes.ts";
import { knownEnvironments } from "../record/unknown.ts";
import { unknownIn } from "../record/unknown-rows.ts";
import { formatMoment } from "../time/parse-moment.ts";
import { type PromotionDetails, promotionDetails } from "./assessment.ts";
import { whyNotForce, whyNotReviewForced } from "./break-glass-rules.ts";
import { earlierApprovals } from "./carry-over.ts";
import { listComments, whyNotDiscuss } from "./comments.ts";
import { approvedAfterwards, mayComplete, mayRollBack, whyNotTick } from "./completion-rules.ts";
import { rolesToChoose, standInOn, whyNotDecide, whyNotFresh } from "./decision-rules.ts";
import { isDeadEnd, needOf } from "./need-rules.ts";
import { type PageRequest, requestedChanges } from "./page-comments.ts";
import { pageDrafts } from "./page-drafts.ts";
import { listPromotions } from "./queries.ts";
import { countTicked, type ReviewPosition, reviewPart } from "./review-sections.ts";
import { type ReviewTicks, tickedBy } from "./review-ticks.ts";
import { type PlanForm, planForm } from "./schedule-form.ts";
import { whyNotMaySchedule, whyNotSchedule } from "./schedule-rules.ts";
import { seenInTarget } from "./seen-in-target.ts";
import { seenDigest, seenTexts } from "./seen-texts.ts";
import { changedSince } from "./since-completion.ts";
import { takeDownLines } from "./take-down-lines.ts";
import { whyOutdated } from "./take-down-rules.ts";
import { isTargetKnown } from "./target-contents.ts";

export interface RefusedForm {
  /** The ticks that were sent with it. */
  ticks?: ReviewTicks | undefined;
  form?:
    | {
        comment?: string;
        role?: string;
        when?: string;
        reason?: string;
        withdrawal?: string;
        override?: string;
        force?: string;
        review?: string;
        remark?: string;
        plan?: PlanForm;
        pages?: PageRequest[];
      }
    | undefined;
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
  const actor = await withDelegations(db, site.id, sessionActor(c));
  const whyNot = whyNotDecide(promotion, actor);
  const typed = refusedForm.form?.pages?.map(({ key, comment }) => [key, comment] as const) ?? [];
  const drafts = promotion.open && !whyNot ? await pageDrafts(db, site.id, number, person.id) : undefined;
  const takeDown = await takeDownLines(db, site.id, promotion);
  const target = environmentById(site, promotion.environment_id);
  const seenSince =
    promotion.state === "approved" ? await seenInTarget(db, promotion, promotion.contents, target.servers) : undefined;
  const source = environmentById(site, promotion.from_id);
  // before the texts, so that whatever a visit sees from here on refuses the form
  const serversShow = whyNot ? undefined : (await seenDigest(db, site, number))?.digest;
  const content = promotionPage({
    site,
    serversShow,
    texts: await seenTexts(db, promotion, { from: source, to: target }, part.pages),
    changeRequests: drafts && { texts: new Map([...drafts, ...typed]), errors: refusedForm.errors ?? {} },
    earlierApprovals: promotion.open ? await earlierApprovals(db, site.id, promotion) : [],
    requested: await requestedChanges(db, promotion),
    discussion: {
      comments: await listComments(db, promotion.id),
      whyNotDiscuss: whyNotDiscuss(sessionActor(c)),
      key: newId(),
      remark: refusedForm.form?.remark,
      remarkError: refusedForm.errors?.remark,
    },
    mailIsSetUp: c.var.mailer !== undefined,
    url: `${c.var.baseUrl}/sites/${site.slug}/promotions/${number}`,
    promotion,
    ...part,
    titlesNow: promotion.open ? new Map() : await titlesNow(db, promotion.environment_id, part.pages),
    position,
    changes: countTicked(promotion.contents, ticked),
    gateChange: promotion.open && promotion.gate_changed ? await lastGateChange(db, site.id, promotion) : undefined,
    from: { ...source, name: promotion.from.name },
    to: { ...target, name: promotion.environment.name },
    seen: seenSince === undefined ? undefined : { since: seenSince, typed: formatMoment(seenSince, site.time_zone) },
    targetKnown,
    unknownInTarget: await unknownInTarget(c, promotion, targetKnown),
    ticked,
    earlier: ofRelease.filter((one) => one.completion && one.number < number).reverse(),
    whyNot,
    personId: person.id,
    ...stateFor(promotion, actor),
    signIn: signInFor(c, promotion),
    whyNotTick: whyNotTick(promotion, actor),
    roles: promotion.open ? rolesToChoose(promotion, actor) : [],
    plan:
      whyNotMaySchedule(promotion, sessionActor(c), await roleNames(db)) || whyNotSchedule(promotion)
        ? undefined
        : (refusedForm.form?.plan ?? planForm(promotion.schedule, site.time_zone)),
    key: newId(),
    takeDown,
    outdated: promotion.open ? whyOutdated(promotion, promotion.schedule?.take_down ?? null, takeDown) : undefined,
    may: { ...may, promote: mayComplete(promotion, actor) },
    overridable:
      may.override_freeze &&
      promotion.blockers.length > 0 &&
      promotion.blockers.every(({ code }) => code === frozenCode),
    whyNotForce: may.break_glass ? (whyNotForce(promotion) ?? null) : undefined,
    mayReviewForced: !whyNotReviewForced(promotion, sessionActor(c)),
    mayRollBack: mayRollBack(target.gate, sessionActor(c)),
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

/** Sends what an open page of the promotion shows of its state. Unlike the page it does not mark mentions as read. */
export async function showPromotionState(c: SiteContext, number: number) {
  const { site } = c.var.access;
  const { db, person, at } = c.var;
  const promotion = (await promotionDetails(db, site.id, number, at)) ?? notFound(`promotion ${number}`);
  const actor = await withDelegations(db, site.id, sessionActor(c));
  const props = { site, promotion, personId: person.id, now: at, ...stateFor(promotion, actor) };
  return sendHtml(c, bytesOf(liveState(props, c.req.query("shown") ?? "")));
}

/** What the state of a promotion is for this person. */
const stateFor = (promotion: PromotionDetails, actor: Actor) => ({
  need: needOf(promotion, actor, promotion.blockers),
  ownDecision: promotion.approvals.findLast((one) => one.person_id === actor.person.id && !one.withdrawn_at)?.decision,
  stale: promotion.open ? promotion.blockers.find(isDeadEnd)?.message : undefined,
  standsInFor: promotion.open && !whyNotDecide(promotion, actor) ? standInOn(promotion, actor) : undefined,
});

async function lastGateChange(db: Database, siteId: string, { environment_id }: { environment_id: string }) {
  return (await gateVersions(db, siteId, environment_id, 1))[0];
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

/** The sign-in page that leads back here, if the gate asks for a fresh sign-in and this one is too old. */
function signInFor(c: SiteContext, promotion: PromotionDetails) {
  const why = whyNotFresh(promotion, sessionActor(c));
  const here = `/sites/${c.var.access.site.slug}/promotions/${promotion.number}`;
  return why ? { why, href: `/sign-in?again=1&next=${encodeURIComponent(here)}` } : undefined;
}

/** What is ticked on the page again, after its form was refused. */
const withTicks = (saved: Set<string>, { shown, ticked }: ReviewTicks = { shown: [], ticked: [] }): Set<string> =>
  new Set([...[...saved].filter((id) => !shown.includes(id)), ...ticked]);

/** `?section=/sale`, or `/` for the top level, opens a section; `from` is the id of the page with which it begins. */
export function readPosition(c: SiteContext): ReviewPosition {
  const [section, from] = [c.req.query("section"), c.req.query("from")];
  return { section: section?.replace(/^\//, ""), from };
}
