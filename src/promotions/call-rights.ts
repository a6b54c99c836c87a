import { type Actor, actorOn } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Needs } from "../api/calls.ts";
import { withDelegations } from "../delegations/queries.ts";
import { whyNotTick } from "./completion-rules.ts";
import { rolesToDecide, whyNotDecide, whyNotWithdraw } from "./decision-rules.ts";
import { promotionOf } from "./promotions.ts";
import type { Promotion } from "./queries.ts";
import { whyNotMayComplete, whyNotMayRollBack } from "./rollback-rules.ts";
import { whyNotMaySchedule } from "./schedule-rules.ts";

type Rule = (promotion: Promotion, actor: Actor, roleNames: Record<string, string>, site: Site) => string | undefined;

/** Who may make a call about one promotion, or send a form: the rule of its verb. That it has ended is no question of rights. */
const onPromotion =
  (rule: Rule): Exclude<Needs, string> =>
  async (c) => {
    const { db, access, person, at } = c.var;
    const promotion = await promotionOf(db, access.site, Number(c.req.param("n") ?? c.req.param("number")));
    const actor = await withDelegations(db, access.site.id, actorOn(access, person, at));
    return rule(promotion, actor, await roleNames(db), access.site);
  };

export const mayDecide = onPromotion((promotion, actor) =>
  !promotion.open || rolesToDecide(promotion, actor).length ? undefined : whyNotDecide(promotion, actor),
);

export const mayTick = onPromotion((promotion, actor) => (promotion.open ? whyNotTick(promotion, actor) : undefined));

export const mayWithdraw = onPromotion((promotion, actor) =>
  promotion.open ? whyNotWithdraw(promotion, actor) : undefined,
);

export const mayComplete = onPromotion(whyNotMayComplete);

export const maySchedule = onPromotion(whyNotMaySchedule);

export const mayRollBack = onPromotion(({ environment }, actor, roleNames, { environments }) => {
  const target = environments.find(({ slug }) => slug === environment.slug);
  return target && whyNotMayRollBack(target, actor, roleNames);
});
