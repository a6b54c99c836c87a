import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import { mayComplete } from "./completion-rules.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { listPromotions, type Promotion } from "./queries.ts";

interface Due {
  what: "go_live" | "take_down";
  due_at: string;
  /** Why it could not be completed; null: somebody only has to do it. */
  reason: string | null;
}

/** Writes that a planned moment came and somebody has to act, with its event. Must be called inside a transaction. */
export async function recordDue(
  trx: Database,
  actor: Actor,
  site: Site,
  promotion: Promotion,
  due: Due,
): Promise<void> {
  const row = {
    id: newId(Date.parse(actor.at)),
    promotion_id: promotion.id,
    ...due,
    person_id: actor.person.id,
    noticed_at: actor.at,
  };
  await trx.insertInto("due_moments").values(row).execute();
  await appendPromotionEvent(trx, actor, site, promotion, "promotion_due", row);
}

/** Completed promotions whose take-down could not be requested at its moment, for who completes promotions; oldest first. */
export async function takeDownsDue(
  db: Database,
  actor: Pick<Actor, "roles" | "permissions">,
  siteId: string,
): Promise<Promotion[]> {
  const rows = await selectDue(db, siteId);
  const ids = [...new Set(rows.map((row) => row.promotion_id))];
  const promotions = ids.length ? await listPromotions(db, siteId, { ids, limit: ids.length }) : [];
  return promotions
    .filter((promotion) => isTakeDownOpen(promotion) && mayComplete({ rollback_of_id: null, gate: null }, actor))
    .reverse();
}

/**
 * Whether the promotion `p` was neither taken down nor rolled back: for years of campaigns that ended, it is enough to find
 * that by an index.
 */
const isNotTakenBack = sql<boolean>`not exists (
  select 1 from promotions t left join completions tc on tc.promotion_id = t.id
  where t.rollback_of_id = p.id and (tc.promotion_id is not null or exists (
    select 1 from schedules s where s.promotion_id = p.id and s.take_down_release_id = t.release_id)))`;

/** Whether its take-down came to nothing, and nobody has planned another one or rolled it back since. */
const isTakeDownOpen = ({ completion, schedule }: Promotion): boolean =>
  completion !== null && !completion.rolled_back_by && Boolean(schedule?.take_down_due) && !schedule?.taken_down_by;

const selectDue = precompiled((db, siteId: string) =>
  db
    .selectFrom("due_moments as d")
    // a cross join keeps SQLite from walking all promotions in search of the few that were planned
    .crossJoin("promotions as p")
    .select("d.promotion_id")
    .whereRef("p.id", "=", "d.promotion_id")
    .where("d.what", "=", sql.lit("take_down"))
    .where("p.site_id", "=", siteId)
    .where(isNotTakenBack),
);
