import { promotionPage } from "../../views/promotions/page.ts";
import { missing } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { page } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { correctedIn } from "../record/corrections.ts";
import { type Changing, type PromotionDetails, promotionDetails } from "./assessment.ts";
import { tallyOf } from "./change-counts.ts";
import { listPromotions } from "./queries.ts";
import { looksOf } from "./review-ticks.ts";
import { approvedAfterwards, needOf, whyNotDecide } from "./rules.ts";

/** Pages to look at on one part of the list. */
const most = 200;

export interface Tried {
  form?: { comment?: string; when?: string; reason?: string } | undefined;
  errors?: Record<string, string> | undefined;
  refused?: string | undefined;
}

/** Answers the approval page; after a refusal with what was typed and why it did not happen. */
export async function showPromotion(
  c: SiteContext,
  number: number,
  tried: Tried = {},
  status: 200 | 403 | 409 | 422 = 200,
) {
  const { site, permissions } = c.var.access;
  const { db, person, at } = c.var;
  const promotion = (await promotionDetails(db, site.id, number)) ?? missing(`promotion ${number}`);
  const looked = await looksOf(db, promotion.id, person.id);
  const others = await listPromotions(db, site.id, { releases: [promotion.release_id] });
  const place = (id: string) => site.environments.find((one) => one.id === id) ?? missing("environment");
  const content = promotionPage({
    site,
    promotion,
    ...partOf(c, promotion),
    tally: tallyOf(
      promotion.contents.map((one) => ({ ...one, count: 1, looked: looked.has(one.artifact_id) ? 1 : 0 })),
    ),
    from: place(promotion.from_id),
    to: place(promotion.environment_id),
    looked,
    earlier: others.filter((one) => one.completion && one.number < number).reverse(),
    why: whyNotDecide(promotion, by(c)),
    mine: promotion.approvals.findLast((one) => one.person_id === person.id)?.decision,
    need: needOf(promotion, by(c)),
    mayPromote: permissions.has("promote"),
    afterwards: approvedAfterwards(promotion),
    corrected: promotion.completion ? await correctedIn(db, site.id, promotion.completion.deployment) : [],
    form: tried.form ?? {},
    errors: tried.errors ?? {},
    refused: tried.refused,
    now: at,
  });
  return page(c, { title: `${promotion.name}: promotion ${number}`, here: "inbox" }, content, status);
}

const order = ["new", "changed", "removed", "unapproved"];

/** The pages that change, in the order in which they are shown, from the one that the address names. */
function partOf(c: SiteContext, { number, contents }: PromotionDetails) {
  const pages = contents
    .filter((one) => one.kind === "page" && one.change !== "same")
    .sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change));
  const at = pages.findIndex((one) => one.artifact_id === c.req.query("from"));
  const start = Math.max(at, 0);
  const link = (one: Changing | undefined) =>
    one && `/sites/${c.var.access.site.slug}/promotions/${number}?from=${one.artifact_id}`;
  return {
    pages: pages.slice(start, start + most),
    previous: start > 0 ? link(pages[Math.max(start - most, 0)]) : undefined,
    next: link(pages[start + most]),
  };
}
