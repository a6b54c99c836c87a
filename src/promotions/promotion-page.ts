import { promotionPage } from "../../views/promotions/page.ts";
import { notFound } from "../errors.ts";
import { frozenCode } from "../freezes/rules.ts";
import type { SiteContext } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { correctedIn } from "../record/corrections.ts";
import { titlesNow } from "../record/current.ts";
import { tellApart } from "../text.ts";
import { promotionDetails } from "./assessment.ts";
import { listPromotions } from "./queries.ts";
import { countTicked, type ReviewPosition, reviewPart } from "./review-sections.ts";
import { type ReviewTicks, tickedBy } from "./review-ticks.ts";
import { approvedAfterwards, movedOnCode, needOf, whyNotDecide } from "./rules.ts";
import { changedSince } from "./since-completion.ts";
import { isTargetKnown } from "./target-contents.ts";

export interface RefusedForm {
  /** The ticks that were sent with it. */
  ticks?: ReviewTicks | undefined;
  form?: { comment?: string; when?: string; reason?: string; override?: string } | undefined;
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
  const environmentById = (id: string) =>
    [...site.environments, ...site.retired].find((environment) => environment.id === id) ?? notFound("environment");
  const position = readPosition(c);
  const part = reviewPart(promotion.contents, ticked, position);
  const content = promotionPage({
    site,
    url: `${c.var.baseUrl}/sites/${site.slug}/promotions/${number}`,
    promotion: { ...promotion, approvals: withNamesApart(promotion.approvals) },
    ...part,
    titlesNow: promotion.open ? new Map() : await titlesNow(db, promotion.environment_id, part.pages),
    position,
    changes: countTicked(promotion.contents, ticked),
    from: { ...environmentById(promotion.from_id), name: promotion.from.name },
    to: { ...environmentById(promotion.environment_id), name: promotion.environment.name },
    targetKnown: await isTargetKnown(db, promotion),
    ticked,
    earlier: ofRelease.filter((one) => one.completion && one.number < number).reverse(),
    whyNot: whyNotDecide(promotion, sessionActor(c)),
    ownDecision: promotion.approvals.findLast((one) => one.person_id === person.id)?.decision,
    need: needOf(promotion, sessionActor(c), promotion.blockers),
    stale: promotion.blockers.find(({ code }) => code === movedOnCode)?.message,
    may,
    overridable:
      may.override_freeze &&
      promotion.blockers.length > 0 &&
      promotion.blockers.every(({ code }) => code === frozenCode),
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

/** Two people with one name may have approved it. */
function withNamesApart<A extends { person_id: string; person: string; email: string | null }>(approvals: A[]): A[] {
  const people = tellApart(approvals.map(({ person_id: id, person: name, email }) => ({ id, name, email })));
  return approvals.map((approval, i) => ({ ...approval, person: people[i]?.name ?? approval.person }));
}

/** What is ticked on the page again, after its form was refused. */
const withTicks = (saved: Set<string>, { shown, ticked }: ReviewTicks = { shown: [], ticked: [] }): Set<string> =>
  new Set([...[...saved].filter((id) => !shown.includes(id)), ...ticked]);

/** `?section=/sale`, or `/` for the top level, opens a section; `from` is the id of the page with which it begins. */
export function readPosition(c: SiteContext): ReviewPosition {
  const [section, from] = [c.req.query("section"), c.req.query("from")];
  return { section: section?.replace(/^\//, ""), from };
}
