import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Kind } from "../schema.ts";
import type { PromotionChange } from "./request-rules.ts";

type Counts = Record<PromotionChange, number>;

/** How many pages and software items a promotion changes, by the kind of change. */
export interface ChangeCounts {
  page: Counts;
  software: Counts;
  /** Pages that change, and how many of them this person has ticked as reviewed. */
  toReview: number;
  reviewed: number;
}

interface CountedChange {
  kind: Kind;
  change: PromotionChange;
  count: number;
  reviewed: number;
}

const noChanges = (): Counts => ({ new: 0, changed: 0, removed: 0, unapproved: 0, same: 0 });

export function countChanges(rows: CountedChange[]): ChangeCounts {
  const counts: ChangeCounts = { page: noChanges(), software: noChanges(), toReview: 0, reviewed: 0 };
  for (const { kind, change, count, reviewed } of rows) {
    counts[kind][change] += count;
    if (kind === "software" || change === "same") continue;
    counts.toReview += count;
    counts.reviewed += reviewed;
  }
  return counts;
}

/** The same for many open promotions in one query, against what their targets have now; by promotion id. */
export async function countChangesOfAll(
  db: Database,
  personId: string,
  promotionIds: string[],
): Promise<Map<string, ChangeCounts>> {
  const rows = await inBatches(promotionIds, (batch) => selectCounts(db, personId, batch));
  return new Map(promotionIds.map((id) => [id, countChanges(rows.filter((row) => row.id === id))]));
}

/** The rule `changeOf` in SQL, for a line of a release (`c`) and its target's current placement (`t`). */
export const changeInSql = sql`case
  when c.version_id is not distinct from t.version_id then case when t.out_of_band = 1 then 'unapproved' else 'same' end
  when c.version_id is null then 'removed'
  when t.version_id is null then 'new'
  else 'changed' end`;

const selectCounts = precompiled((db, personId: string, promotionIds: string[]) => ({
  compile: () =>
    sql<CountedChange & { id: string }>`
    select p.id, a.kind, ${changeInSql} as change, count(*) as count, count(l.artifact_id) as reviewed
    from promotions p
    join release_contents c on c.release_id = p.release_id
    join artifacts a on a.id = c.artifact_id
    left join current_placements t on t.environment_id = p.environment_id and t.artifact_id = c.artifact_id
    left join looks l on l.promotion_id = p.id and l.artifact_id = c.artifact_id and l.person_id = ${personId}
    where ${inList("p.id", promotionIds)} group by 1, 2, 3`.compile(db),
}));

export interface ReleaseSize {
  page: number;
  software: number;
}

/** How many pages and software items each of these releases contains, by release id. */
export async function releaseSizes(db: Database, releaseIds: string[]): Promise<Map<string, ReleaseSize>> {
  const sizes = new Map(releaseIds.map((id): [string, ReleaseSize] => [id, { page: 0, software: 0 }]));
  const rows = await inBatches([...sizes.keys()], (batch) => selectSizes(db, batch));
  for (const { release_id, kind, count } of rows) (sizes.get(release_id) as ReleaseSize)[kind] = count;
  return sizes;
}

const selectSizes = precompiled((db, releaseIds: string[]) =>
  db
    .selectFrom("release_contents as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select((eb) => ["c.release_id", "a.kind", eb.fn.countAll<number>().as("count")])
    .where("c.release_id", "in", releaseIds)
    .groupBy(["c.release_id", "a.kind"]),
);
