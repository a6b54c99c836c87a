import { type RawBuilder, sql } from "kysely";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { type ArtifactPosition, artifactBatches, beyond, orderColumns } from "../record/artifact-batches.ts";
import { type SectionCounts, sectionName } from "../record/count-sections.ts";
import { boardCodes } from "../record/finding-kinds.ts";
import { personThen } from "../record/former-names.ts";
import { isForced, rollbackOf } from "../record/promotion-flags.ts";
import { allOf, rowsWithPlaces } from "../record/row-conditions.ts";
import type { Kind } from "../schema.ts";
import { matchesFilter } from "./filter-sql.ts";
import type { BoardFilter, BoardPosition } from "./filters.ts";

export interface RowName {
  id: string;
  kind: Kind;
  section: string;
  key: string;
  /** The latest recorded for any of its versions. */
  title: string | null;
  owner_id: string | null;
  /** When it last changed in any environment, in the order by latest change; empty if it is nowhere recorded. */
  changed_at?: string;
}

export interface RowSlice {
  after: BoardPosition | undefined;
  limit: number;
  sections: SectionCounts[];
}

/**
 * Pages by section, then software, beginning after `after`. `sections` has, in their order, how many rows of each the
 * filter shows: only sections with any are searched.
 */
export async function listByName(
  db: Database,
  site: Site,
  filter: BoardFilter,
  { after, limit, sections }: RowSlice & { after: ArtifactPosition | undefined },
): Promise<RowName[]> {
  if (!needsSearch(filter)) return selectRows(db, site, filter, after ? [beyond("section", after)] : [], limit);
  const rows: RowName[] = [];
  for (const section of sections) {
    if (rows.length >= limit) break;
    if (!section.shown || (after && isBefore(section, after))) continue;
    const from = after && sectionName(after) === sectionName(section) ? after : undefined;
    rows.push(...(await rowsIn(db, site, filter, section, from, limit - rows.length)));
  }
  return rows;
}

type Section = Pick<SectionCounts, "kind" | "section">;

/** Compares bytes, as the database does. */
function isBefore(a: Section, b: Section): boolean {
  if (a.kind !== b.kind) return a.kind < b.kind;
  return Buffer.compare(Buffer.from(a.section), Buffer.from(b.section)) < 0;
}

/** The rows of one section that match, searched in batches until all of them, or `limit`, are found. */
async function rowsIn(
  db: Database,
  site: Site,
  filter: BoardFilter,
  { kind, section, shown }: SectionCounts,
  after: ArtifactPosition | undefined,
  limit: number,
): Promise<RowName[]> {
  const maxRows = after ? limit : Math.min(shown, limit);
  const within = kind === "page" ? { kind, section } : { kind };
  const rows: RowName[] = [];
  for await (const batch of artifactBatches(db, site.id, { ...within, after, limit: maxRows })) {
    rows.push(...(await selectRows(db, site, filter, [batch], maxRows - rows.length)));
    if (rows.length >= maxRows) break;
  }
  return rows;
}

/** Whether the filter needs more than kind and section, for which there is an index. */
function needsSearch({ kind: _kind, section: _section, order: _order, ...filter }: BoardFilter): boolean {
  return Object.values(filter).some(Boolean);
}

async function selectRows(db: Database, site: Site, filter: BoardFilter, more: RawBuilder<boolean>[], limit: number) {
  const { rows } = await sql<RowName>`
    select a.id, a.kind, a.section, a.key, a.title, a.owner_id
    from ${rowsWithPlaces(site)} where ${allOf([matchesFilter(site, filter), ...more])}
    order by ${orderColumns.section} limit ${limit}`.execute(db);
  return rows;
}

/** The current placements of these artifacts in all environments. */
export function currentCells(db: Database, artifactIds: string[]) {
  return inBatches(artifactIds, (batch) =>
    db
      .selectFrom("current_placements as c")
      .innerJoin("placements as p", "p.seq", "c.placement_seq")
      .innerJoin("deployments as d", "d.id", "p.deployment_id")
      .innerJoin("people as pe", "pe.id", "d.person_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .leftJoin("promotions as pr", "pr.id", "p.promotion_id")
      .select(["c.artifact_id", "c.environment_id", "c.version_id", "v.label as version", "v.title"])
      .select(["v.first_at", "v.created_at", "c.effective_at", "d.recorded_at", "c.out_of_band", "p.promotion_id"])
      .select([
        "d.baseline",
        personThen("pe", "d.recorded_at", "d.site_id").as("person"),
        "pe.kind as person_kind",
        "d.number as deployment",
        "pr.number as promotion",
        rollbackOf("pr").as("rollback_of"),
        "pr.rollback_in_part",
        isForced("p.promotion_id").as("forced"),
      ])
      .where("c.artifact_id", "in", batch)
      .execute(),
  );
}

export type Cell = Awaited<ReturnType<typeof currentCells>>[number];

/** What visits found that these rows have on a server and not in the record, or the reverse. */
export function openFindings(db: Database, site: Pick<Site, "id">, rows: Pick<RowName, "key">[]) {
  return inBatches(
    rows.map(({ key }) => key),
    (batch) =>
      db
        .selectFrom("findings")
        .select(["id", "environment_id", "path", "code"])
        .where("site_id", "=", site.id)
        .where("path", "in", batch)
        .where("settled_at", "is", null)
        .where("accepted_at", "is", null)
        .where("code", "in", boardCodes)
        .orderBy("id")
        .execute(),
  );
}

/** More are not counted one by one. */
const maxCounted = 1000;

/** How many findings of a site are open, at most 1,000. */
export async function countOpenFindings(db: Database, { id }: Pick<Site, "id">): Promise<number> {
  const open = db.selectFrom("findings").select("id").where("site_id", "=", id);
  const unsettled = open.where("settled_at", "is", null).where("accepted_at", "is", null).limit(maxCounted).as("open");
  const query = db.selectFrom(unsettled).select((eb) => eb.fn.countAll<number>().as("count"));
  return Number((await query.executeTakeFirstOrThrow()).count);
}

/** The versions of these artifacts that are in open promotions. */
export function promotedVersions(db: Database, site: Site, artifactIds: string[]) {
  return inBatches(artifactIds, (batch) =>
    db
      .selectFrom("open_promotions as o")
      .innerJoin("promotions as p", "p.id", "o.promotion_id")
      .innerJoin("release_contents as r", "r.release_id", "p.release_id")
      .leftJoin("versions as v", "v.id", "r.version_id")
      .select(["r.artifact_id", "o.promotion_id", "r.version_id", "v.label as version"])
      .where("o.site_id", "=", site.id)
      .where("r.artifact_id", "in", batch)
      .orderBy("p.number")
      .execute(),
  );
}

/** The names of these artifacts, by kind and key. Ids of other sites are left out. */
export async function selectedRows(
  db: Database,
  site: Site,
  ids: string[],
): Promise<Omit<RowName, "title" | "owner_id">[]> {
  const rows = await inBatches(ids, (batch) =>
    db.selectFrom("artifacts").select(["id", "kind", "section", "key", "site_id"]).where("id", "in", batch).execute(),
  );
  // not in SQL: with a condition on the site, the database would search all of its artifacts
  const own = rows.filter((row) => row.site_id === site.id);
  return own.sort((a, b) => (a.kind + a.key < b.kind + b.key ? -1 : 1));
}
