import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { isEffective, titleOrRemoved } from "./as-of.ts";

// A title belongs to a version: one that is reported for another version, in whichever environment, does not rename it.

/** The title of the version `v` in a release `r` with the contents `c`, or of what it removes. */
export const contentTitle = titleOrRemoved({
  version: sql`c.version_id`,
  environment: sql`r.environment_id`,
  artifact: sql`c.artifact_id`,
  at: sql`r.created_at`,
});

/**
 * What pages and software in general are called (`a`): by the version in the last environment that has one with a title,
 * or else by the latest title recorded.
 */
export const currentTitle = sql<string | null>`coalesce((
  select w.title from current_placements q join environments e on e.id = q.environment_id join versions w on w.id = q.version_id
  where q.artifact_id = a.id and w.title is not null and e.retired_at is null
  order by e.position desc limit 1), a.title)`;

/**
 * The titles for new versions that were recorded without one, by artifact id: that of the version that was in the
 * environment before. If none was, the latest of the page.
 */
export async function inheritedTitles(
  trx: Database,
  environmentId: string,
  asOf: string,
  artifactIds: string[],
): Promise<Map<string, string | null>> {
  const before = sql<number>`(
    select q.seq from placements q
    where q.environment_id = ${environmentId} and q.artifact_id = a.id and q.effective_at <= ${asOf}
      and q.version_id is not null and ${isEffective("q")}
    order by q.effective_at desc, q.seq desc limit 1)`;
  const rows = await inBatches(artifactIds, (batch) =>
    trx
      .selectFrom("artifacts as a")
      .leftJoin("placements as p", (join) => join.on(equalsBySeek(trx, "p.seq", before)))
      .leftJoin("versions as v", "v.id", "p.version_id")
      .select("a.id")
      .select(sql<string | null>`case when p.seq is null then a.title else v.title end`.as("title"))
      .where(inList("a.id", batch))
      .execute(),
  );
  return new Map(rows.map(({ id, title }) => [id, title]));
}
