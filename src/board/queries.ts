import { type RawBuilder, sql } from "kysely";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { artifactBatches, beyond } from "../record/artifact-batches.ts";
import { type SectionCounts, sectionName } from "../record/count-sections.ts";
import { allOf, rowsWithPlaces } from "../record/row-conditions.ts";
import type { Kind } from "../schema.ts";
import { matchesFilter } from "./filter-sql.ts";
import type { BoardFilter, BoardPosition } from "./filters.ts";

export interface RowName {
  id: string;
  kind: Kind;
  section: string;
  key: string;
  title: string | null;
}

/**
 * Pages by section, then software, from `after` on. What has to be looked for is looked for in those sections that hold
 * some: `sections` says how many are shown of each, in their order.
 */
export async function listRows(
  db: Database,
  site: Site,
  filter: BoardFilter,
  { after, limit, sections }: { after: BoardPosition | undefined; limit: number; sections: SectionCounts[] },
): Promise<RowName[]> {
  if (!isSought(filter)) return rowsAmong(db, site, filter, after ? [beyond("section", after)] : [], limit);
  const found: RowName[] = [];
  for (const one of sections) {
    if (found.length >= limit) break;
    if (!one.shown || (after && isBefore(one, after))) continue;
    const from = after && sectionName(after) === sectionName(one) ? after : undefined;
    found.push(...(await rowsIn(db, site, filter, one, from, limit - found.length)));
  }
  return found;
}

type Section = Pick<SectionCounts, "kind" | "section">;

/** In the order of bytes, as the database has them. */
function isBefore(one: Section, other: Section): boolean {
  if (one.kind !== other.kind) return one.kind < other.kind;
  return Buffer.compare(Buffer.from(one.section), Buffer.from(other.section)) < 0;
}

/** Piece by piece, until as many are found as there are, or as are wanted. */
async function rowsIn(
  db: Database,
  site: Site,
  filter: BoardFilter,
  { kind, section, shown }: SectionCounts,
  after: BoardPosition | undefined,
  limit: number,
): Promise<RowName[]> {
  const enough = after ? limit : Math.min(shown, limit);
  const within = kind === "page" ? { kind, section } : { kind };
  const found: RowName[] = [];
  for await (const piece of artifactBatches(db, site.id, { ...within, after, limit: enough })) {
    found.push(...(await rowsAmong(db, site, filter, [piece], enough - found.length)));
    if (found.length >= enough) break;
  }
  return found;
}

/** Kind and section are found by an index, and everything else by looking. */
function isSought({ kind: _kind, section: _section, ...filter }: BoardFilter): boolean {
  return Object.values(filter).some(Boolean);
}

async function rowsAmong(db: Database, site: Site, filter: BoardFilter, more: RawBuilder<boolean>[], limit: number) {
  const { rows } = await sql<RowName>`
    select a.id, a.kind, a.section, a.key, a.title
    from ${rowsWithPlaces(site)} where ${allOf([matchesFilter(site, filter), ...more])}
    order by a.kind, a.section, a.key limit ${limit}`.execute(db);
  return rows;
}

/** What stands of these artifacts in all environments now. */
export function currentCells(db: Database, artifactIds: string[]) {
  return inBatches(artifactIds, (piece) =>
    db
      .selectFrom("current_placements as c")
      .innerJoin("placements as p", "p.seq", "c.placement_seq")
      .innerJoin("deployments as d", "d.id", "p.deployment_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["c.artifact_id", "c.environment_id", "c.version_id", "v.label as version", "v.first_at", "v.created_at"])
      .select(["c.effective_at", "d.recorded_at", "c.out_of_band", "p.promotion_id"])
      .where("c.artifact_id", "in", piece)
      .execute(),
  );
}

export type Cell = Awaited<ReturnType<typeof currentCells>>[number];

/** Which of these artifacts travel in a promotion that is still open, and in what version. */
export function promotedVersions(db: Database, site: Site, artifactIds: string[]) {
  return inBatches(artifactIds, (piece) =>
    db
      .selectFrom("open_promotions as o")
      .innerJoin("promotions as p", "p.id", "o.promotion_id")
      .innerJoin("release_contents as r", "r.release_id", "p.release_id")
      .leftJoin("versions as v", "v.id", "r.version_id")
      .select(["r.artifact_id", "o.promotion_id", "r.version_id", "v.label as version"])
      .where("o.site_id", "=", site.id)
      .where("r.artifact_id", "in", piece)
      .orderBy("p.number")
      .execute(),
  );
}

/** The roles in which each of these promotions was approved, in the order in which they said so. */
export async function approvingRoles(db: Database, promotionIds: string[]): Promise<Map<string, string[]>> {
  const rows = await inBatches([...new Set(promotionIds)], (piece) =>
    db
      .selectFrom("approvals as a")
      .innerJoin("roles as r", "r.slug", "a.role")
      .select((eb) => ["a.promotion_id", "r.name", eb.fn.min("a.decided_at").as("decided_at")])
      .where("a.promotion_id", "in", piece)
      .where("a.decision", "=", "approve")
      .groupBy(["a.promotion_id", "r.name"])
      .orderBy("decided_at")
      .execute(),
  );
  const roles = new Map<string, string[]>();
  for (const { promotion_id, name } of rows) roles.set(promotion_id, [...(roles.get(promotion_id) ?? []), name]);
  return roles;
}

/** Those of the chosen that are this site's, by their keys. */
export async function selectedRows(
  db: Database,
  site: Site,
  ids: string[],
): Promise<Pick<RowName, "id" | "kind" | "key">[]> {
  const rows = await inBatches(ids, (piece) =>
    db.selectFrom("artifacts").select(["id", "kind", "key", "site_id"]).where("id", "in", piece).execute(),
  );
  // asked for in SQL, it would be looked for among all of the site's
  const own = rows.filter((row) => row.site_id === site.id);
  return own.sort((a, b) => (a.kind + a.key < b.kind + b.key ? -1 : 1));
}
