import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Flag } from "../schema.ts";
import { isListed } from "../sightings/queries.ts";
import type { SeenPage } from "./rules.ts";

/** The listed pages of a server as they were seen last, beside the record of now. `beforeId`: the environment before. */
export async function seenPages(
  db: Database,
  { server_id, environment_id }: { server_id: string; environment_id: string },
  { siteId, beforeId = "" }: { siteId: string; beforeId: string | undefined },
): Promise<(SeenPage & { version_id: string | null; content: string | null })[]> {
  const rows = await db
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .leftJoin("artifacts as a", (join) =>
      join.onRef("a.key", "=", "p.path").on("a.site_id", "=", siteId).on("a.kind", "=", "page"),
    )
    .leftJoin("current_placements as c", (join) =>
      join.onRef("c.artifact_id", "=", "a.id").on("c.environment_id", "=", environment_id),
    )
    .leftJoin("versions as v", "v.id", "c.version_id")
    .leftJoin("seen_versions as h", (join) =>
      join.onRef("h.version_id", "=", "c.version_id").on("h.environment_id", "=", environment_id),
    )
    .leftJoin("seen_versions as b", (join) =>
      join.onRef("b.version_id", "=", "c.version_id").on("b.environment_id", "=", beforeId),
    )
    .select(["p.path", "p.in_sitemap", "p.link_depth", "o.outcome", "o.reason", "o.title", "o.robots", "o.text_digest"])
    .select(["o.canonical", "o.content", "o.review_at"])
    .select(["o.seen_at", "c.placement_seq", "c.version_id", "v.label as version"])
    .select(["h.text_digest as here", "b.text_digest as before"])
    .select(
      sql<Flag>`case when exists (
        select 1 from versions w join seen_versions e on e.version_id = w.id
        where w.artifact_id = a.id and w.id <> c.version_id
          and e.environment_id = ${environment_id} and e.text_digest = o.text_digest) then 1 else 0 end`.as("is_old"),
    )
    .where("p.server_id", "=", server_id)
    .where(isListed)
    .orderBy("p.path")
    .execute();
  return rows.map(({ placement_seq, is_old, in_sitemap, link_depth, ...row }) => ({
    ...row,
    in_sitemap: in_sitemap === 1,
    isLinked: link_depth !== null && link_depth > 0 && !row.path.includes("?"),
    isReported: link_depth === 0,
    isRecorded: placement_seq !== null,
    isOld: is_old === 1,
  }));
}
