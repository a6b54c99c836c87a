import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { personSince, personThen } from "../record/former-names.ts";

/**
 * The plans that count of these promotions, by promotion id: with what came of their moments, if somebody had to act then,
 * and the number of the promotion that takes it down.
 */
export async function schedulesOf(db: Database, promotionIds: string[]) {
  const rows = promotionIds.length ? await latestOf(db, promotionIds) : [];
  const dueMoments = rows.length ? await dueMomentsOf(db, promotionIds) : [];
  return new Map(
    rows.map((row) => {
      const noticed = (what: string, at: string | null) =>
        dueMoments.find((due) => due.promotion_id === row.promotion_id && due.what === what && due.due_at === at) ??
        null;
      const schedule = {
        ...row,
        by_itself: row.by_itself === 1,
        take_down_by_itself: row.take_down_by_itself === 1,
        go_live_due: noticed("go_live", row.go_live_at),
        take_down_due: noticed("take_down", row.take_down_at),
      };
      return [row.promotion_id, schedule] as const;
    }),
  );
}

const latestOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("schedules as s")
    .innerJoin("people as p", "p.id", "s.person_id")
    .innerJoin("promotions as pr", "pr.id", "s.promotion_id")
    .leftJoin("releases as r", "r.id", "s.take_down_release_id")
    .leftJoin("promotions as td", (join) =>
      join.onRef("td.release_id", "=", "s.take_down_release_id").onRef("td.rollback_of_id", "=", "s.promotion_id"),
    )
    .select(["s.id", "s.promotion_id", "s.seq", "s.go_live_at", "s.by_itself", "s.digest", "s.person_id"])
    .select([
      "s.take_down_at",
      "s.take_down",
      "s.take_down_redirect",
      "s.take_down_by_itself",
      "s.take_down_release_id",
    ])
    .select(["r.number as take_down_release", "td.number as taken_down_by", "s.planned_at", "p.kind"])
    .select([
      personThen("p", "s.planned_at", "pr.site_id").as("person"),
      personSince("p", "s.planned_at", "pr.site_id").as("person_now"),
    ])
    .where("s.promotion_id", "in", ids)
    .where(
      sql<boolean>`not exists (select 1 from schedules later where later.promotion_id = s.promotion_id and later.seq > s.seq)`,
    ),
);

const dueMomentsOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("due_moments")
    .select(["promotion_id", "what", "due_at", "reason", "noticed_at"])
    .where("promotion_id", "in", ids),
);
