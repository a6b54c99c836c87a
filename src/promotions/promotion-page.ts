import { promotionPage } from "../../views/promotions/page.ts";
import { notFound } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { correctedIn } from "../record/corrections.ts";
import { type ContentChange, type PromotionDetails, promotionDetails } from "./assessment.ts";
import { countChanges } from "./change-counts.ts";
import { listPromotions } from "./queries.ts";
import { tickedBy } from "./review-ticks.ts";
import { approvedAfterwards, needOf, whyNotDecide } from "./rules.ts";

/** Pages to look at on one part of the list. */
const most = 200;

export interface RefusedForm {
  form?: { comment?: string; when?: string; reason?: string } | undefined;
  errors?: Record<string, string> | undefined;
  refused?: string | undefined;
}

/** Answers the approval page; after a refusal with what was typed and why it did not happen. */
export async function showPromotion(
  c: SiteContext,
  number: number,
  tried: RefusedForm = {},
  status: 200 | 403 | 409 | 422 = 200,
) {
  const { site, may } = c.var.access;
  const { db, person, at } = c.var;
  const promotion = (await promotionDetails(db, site.id, number)) ?? notFound(`promotion ${number}`);
  const looked = await tickedBy(db, promotion.id, person.id);
  const others = await listPromotions(db, site.id, { releases: [promotion.release_id] });
  const place = (id: string) => site.environments.find((one) => one.id === id) ?? notFound("environment");
  const content = promotionPage({
    site,
    promotion,
    ...partOf(c, promotion),
    tally: countChanges(
      promotion.contents.map((one) => ({ ...one, count: 1, looked: looked.has(one.artifact_id) ? 1 : 0 })),
    ),
    from: place(promotion.from_id),
    to: place(promotion.environment_id),
    looked,
    earlier: others.filter((one) => one.completion && one.number < number).reverse(),
    why: whyNotDecide(promotion, sessionActor(c)),
    mine: promotion.approvals.findLast((one) => one.person_id === person.id)?.decision,
    need: needOf(promotion, sessionActor(c)),
    may,
    afterwards: approvedAfterwards(promotion),
    corrected: promotion.completion ? await correctedIn(db, site.id, promotion.completion.deployment) : [],
    form: tried.form ?? {},
    errors: tried.errors ?? {},
    refused: tried.refused,
    now: at,
  });
  return sitePage(c, { title: `${promotion.name}: promotion ${number}`, here: "inbox" }, content, status);
}

const order = ["new", "changed", "removed", "unapproved"];

/** The pages that change, in the order in which they are shown, from the one that the address names. */
function partOf(c: SiteContext, { number, contents }: PromotionDetails) {
  const pages = contents
    .filter((one) => one.kind === "page" && one.change !== "same")
    .sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
  const at = pages.findIndex((one) => one.artifact_id === c.req.query("from"));
  const start = Math.max(at, 0);
  const link = (one: ContentChange | undefined) =>
    one && `/sites/${c.var.access.site.slug}/promotions/${number}?from=${one.artifact_id}`;
  return {
    pages: pages.slice(start, start + most),
    previous: start > 0 ? link(pages[Math.max(start - most, 0)]) : undefined,
    next: link(pages[start + most]),
  };
}
