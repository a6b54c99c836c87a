import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { addCounts, countAmong, countSections, type SectionCounts, sectionName } from "./count-sections.ts";
import type { SiteEnvironments } from "./row-conditions.ts";

/** The stored counts of a site's sections; empty if they have not been counted since they were dropped. */
export async function readSectionCounts(
  db: Database,
  siteId: string,
  only?: SectionCounts[],
): Promise<SectionCounts[]> {
  let query = db
    .selectFrom("tallies")
    .select(["kind", "section", "counts"])
    .where("site_id", "=", siteId)
    .orderBy("kind")
    .orderBy("section");
  if (only) query = query.where(sql<boolean>`(kind, section) in (values ${sql.join(only.map(pair))})`);
  return (await query.execute()).map(({ kind, section, counts }) => ({ kind, section, ...readCounts(counts) }));
}

const pair = ({ kind, section }: Pick<SectionCounts, "kind" | "section">) => sql`(${kind}, ${section})`;

type Counts = Omit<SectionCounts, "kind" | "section">;

function readCounts(text: string): Counts {
  const [rows, moving, waiting, out_of_band, unknown, differing, presentIn, outOfBandIn] = JSON.parse(text);
  return { rows, moving, waiting, out_of_band, unknown, shown: rows, differing, presentIn, outOfBandIn };
}

function writeCounts(counts: Counts): string {
  const { rows, moving, waiting, out_of_band, unknown, differing, presentIn, outOfBandIn } = counts;
  return JSON.stringify([rows, moving, waiting, out_of_band, unknown, differing, presentIn, outOfBandIn]);
}

/**
 * Runs `work`, which changes the state of these artifacts, and updates the stored counts. The cost depends on what
 * changes, not on what is stored. `added`: artifacts that this transaction has created. `mayEmpty`: `work` may remove the
 * last placement of an environment.
 */
export async function withSectionCounts<T>(
  trx: Database,
  { id }: { id: string },
  artifactIds: string[],
  work: () => Promise<T>,
  { added = [], mayEmpty = false }: { added?: string[]; mayEmpty?: boolean } = {},
): Promise<T> {
  // read again: an environment may have been added since the caller read the site
  const site = await environmentsOf(trx, id);
  if (!site.counted) {
    const result = await work();
    await store(trx, id, await countSections(trx, site));
    return result;
  }
  const isAdded = new Set(added);
  const known = artifactIds.filter((artifact) => !isAdded.has(artifact));
  const before = await countOf(trx, site, known);
  const result = await work();
  // in an environment without any placement, every row is unknown: the first or last placement changes them all
  const mayChangeAll = mayEmpty || site.recorded.includes("0");
  if (!mayChangeAll || site.recorded === (await environmentsOf(trx, id)).recorded)
    await adjust(trx, id, before, await countOf(trx, site, [...known, ...added]));
  else await dropSectionCounts(trx, id);
  return result;
}

/** Drops the stored counts; the next write that may change some counts the whole site again. */
export async function dropSectionCounts(trx: Database, siteId: string): Promise<void> {
  await trx.deleteFrom("tallies").where("site_id", "=", siteId).execute();
}

function countOf(trx: Database, site: SiteEnvironments, ids: string[]): Promise<SectionCounts[]> {
  return inBatches(ids, (batch) => countAmong(trx, site, inList("a.id", batch)), { size: 2000 });
}

/** The environments; `recorded` has a 1 for each that has a placement, else a 0. */
async function environmentsOf(trx: Database, siteId: string) {
  const environments = await trx
    .selectFrom("environments as e")
    .select([
      "e.id",
      sql<number>`case when exists (select 1 from current_placements c where c.environment_id = e.id) then 1 else 0 end`.as(
        "recorded",
      ),
      sql<number>`case when exists (select 1 from tallies t where t.site_id = e.site_id) then 1 else 0 end`.as(
        "counted",
      ),
    ])
    .where("e.site_id", "=", siteId)
    .where("e.retired_at", "is", null)
    .orderBy("e.position")
    .execute();
  const recorded = environments.map((environment) => environment.recorded).join("");
  return { id: siteId, environments, recorded, counted: environments[0]?.counted === 1 };
}

async function adjust(trx: Database, siteId: string, before: SectionCounts[], after: SectionCounts[]): Promise<void> {
  const changes = new Map<string, SectionCounts>();
  const add = (counts: SectionCounts, sign: 1 | -1) => {
    const name = sectionName(counts);
    changes.set(name, addCounts(changes.get(name) ?? zeroLike(counts), counts, sign));
  };
  for (const counts of before) add(counts, -1);
  for (const counts of after) add(counts, 1);
  const changed = [...changes.values()].filter((counts) => writeCounts(counts).match(/[1-9]/));
  if (!changed.length) return;
  const stored = new Map(
    (await readSectionCounts(trx, siteId, changed)).map((counts) => [sectionName(counts), counts]),
  );
  await store(
    trx,
    siteId,
    changed.map((change) => addCounts(stored.get(sectionName(change)) ?? zeroLike(change), change)),
  );
}

const zeroLike = (counts: SectionCounts): SectionCounts => addCounts(counts, counts, -1);

async function store(trx: Database, siteId: string, sections: SectionCounts[]): Promise<void> {
  await inBatches(sections, async (batch) => {
    const rows = batch.map((counts) => ({
      site_id: siteId,
      kind: counts.kind,
      section: counts.section,
      counts: writeCounts(counts),
    }));
    await trx
      .insertInto("tallies")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["site_id", "kind", "section"]).doUpdateSet((eb) => ({ counts: eb.ref("excluded.counts") })),
      )
      .execute();
  });
  const empty = sections.filter((counts) => counts.rows === 0);
  if (empty.length)
    await trx
      .deleteFrom("tallies")
      .where("site_id", "=", siteId)
      .where(sql<boolean>`(kind, section) in (values ${sql.join(empty.map(pair))})`)
      .execute();
}
