import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { addCounts, countAmong, countSections, type SectionCounts, sectionName } from "./count-sections.ts";
import type { SiteEnvironments } from "./row-conditions.ts";

/** The sections of a site as they were counted and kept; nothing where nobody has counted them yet. */
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
  const [rows, moving, waiting, out_of_band, unknown, differing, standing, straying] = JSON.parse(text);
  return { rows, moving, waiting, out_of_band, unknown, shown: rows, differing, standing, straying };
}

function writeCounts(one: Counts): string {
  const { rows, moving, waiting, out_of_band, unknown, differing, standing, straying } = one;
  return JSON.stringify([rows, moving, waiting, out_of_band, unknown, differing, standing, straying]);
}

/**
 * Keeps the tallies right while `work` changes how these artifacts stand: costs what is changed, not what is stored.
 * `takesBack`: it may leave nothing told of an environment.
 */
export async function withSectionCounts<T>(
  trx: Database,
  { id }: { id: string },
  artifactIds: string[],
  work: () => Promise<T>,
  { takesBack = false } = {},
): Promise<T> {
  // as they are by now: an environment may have come since the caller looked
  const site = await placesOf(trx, id);
  const before = await countOf(trx, site, artifactIds);
  const result = await work();
  // in an environment of which nothing is told, everything is unknown
  const may = takesBack || site.told.includes("0");
  if (!may || site.told === (await placesOf(trx, id)).told)
    await adjust(trx, site, before, await countOf(trx, site, artifactIds));
  else await dropSectionCounts(trx, id);
  return result;
}

/** To be counted anew, by whoever writes next. */
export async function dropSectionCounts(trx: Database, siteId: string): Promise<void> {
  await trx.deleteFrom("tallies").where("site_id", "=", siteId).execute();
}

function countOf(trx: Database, site: SiteEnvironments, ids: string[]): Promise<SectionCounts[]> {
  return inBatches(ids, (piece) => countAmong(trx, site, inList("a.id", piece)), { size: 2000 });
}

/** The environments, and of which of them something is told. */
async function placesOf(trx: Database, siteId: string): Promise<SiteEnvironments & { told: string }> {
  const environments = await trx
    .selectFrom("environments as e")
    .select([
      "e.id",
      sql<number>`case when exists (select 1 from current_placements c where c.environment_id = e.id) then 1 else 0 end`.as(
        "told",
      ),
    ])
    .where("e.site_id", "=", siteId)
    .orderBy("e.position")
    .execute();
  return { id: siteId, environments, told: environments.map((one) => one.told).join("") };
}

async function adjust(
  trx: Database,
  site: SiteEnvironments,
  before: SectionCounts[],
  after: SectionCounts[],
): Promise<void> {
  const changes = new Map<string, SectionCounts>();
  const note = (one: SectionCounts, times: 1 | -1) => {
    const nothing = addCounts(one, one, -1);
    changes.set(sectionName(one), addCounts(changes.get(sectionName(one)) ?? nothing, one, times));
  };
  for (const one of before) note(one, -1);
  for (const one of after) note(one, 1);
  const changed = [...changes.values()].filter((one) => writeCounts(one).match(/[1-9]/));
  if (!changed.length) return;
  const kept = new Map((await readSectionCounts(trx, site.id, changed)).map((one) => [sectionName(one), one]));
  if (!kept.size && !(await isCounted(trx, site.id))) return keep(trx, site.id, await countSections(trx, site));
  await keep(
    trx,
    site.id,
    changed.map((one) => addCounts(kept.get(sectionName(one)) ?? addCounts(one, one, -1), one)),
  );
}

async function isCounted(trx: Database, siteId: string): Promise<boolean> {
  const row = await trx
    .selectFrom("tallies")
    .select("section")
    .where("site_id", "=", siteId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function keep(trx: Database, siteId: string, sections: SectionCounts[]): Promise<void> {
  await inBatches(sections, async (piece) => {
    const rows = piece.map((one) => ({
      site_id: siteId,
      kind: one.kind,
      section: one.section,
      counts: writeCounts(one),
    }));
    await trx
      .insertInto("tallies")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["site_id", "kind", "section"]).doUpdateSet((eb) => ({ counts: eb.ref("excluded.counts") })),
      )
      .execute();
    return [];
  });
  const empty = sections.filter((one) => one.rows === 0);
  if (empty.length)
    await trx
      .deleteFrom("tallies")
      .where("site_id", "=", siteId)
      .where(sql<boolean>`(kind, section) in (values ${sql.join(empty.map(pair))})`)
      .execute();
}
