import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import type { Promotion } from "../promotions/queries.ts";
import { endOfTime, isEffective } from "../record/as-of.ts";

/** Null: removed, or without a title. */
export interface Replaced {
  version: string | null;
  title: string | null;
}

/**
 * The versions that a promotion replaced in its target, by artifact id: those just before its completion; if it ended
 * otherwise, those at its end; if it is open, the current ones. Missing: never recorded there.
 */
export async function replacedVersions(
  db: Database,
  promotion: Promotion,
  artifactIds: string[],
): Promise<Map<string, Replaced>> {
  const { at, seq } = await endOf(db, promotion);
  const before = sql<number>`(
    select q.seq from placements q
    where q.environment_id = ${promotion.environment_id} and q.artifact_id = a.id
      and (q.effective_at, q.seq) < (${at}, ${seq}) and ${isEffective("q")}
    order by q.effective_at desc, q.seq desc limit 1)`;
  const rows = await inBatches(artifactIds, (batch) =>
    db
      .selectFrom("artifacts as a")
      .innerJoin("placements as p", (join) => join.on(equalsBySeek(db, "p.seq", before)))
      .leftJoin("versions as v", "v.id", "p.version_id")
      .select(["a.id", "v.label as version", "v.title"])
      .where(inList("a.id", batch))
      .execute(),
  );
  return new Map(rows.map(({ id, ...replaced }) => [id, replaced]));
}

/** Placements before this time and number were there before the promotion. */
async function endOf(db: Database, { completion, ended_at }: Promotion): Promise<{ at: string; seq: number }> {
  const last = Number.MAX_SAFE_INTEGER;
  if (!completion) return { at: ended_at ?? endOfTime, seq: last };
  const { first } = await db
    .selectFrom("placements")
    .select((min) => min.fn.min("seq").as("first"))
    .where("deployment_id", "=", completion.deployment_id)
    .executeTakeFirstOrThrow();
  return { at: completion.effective_at, seq: Number(first ?? last) };
}
