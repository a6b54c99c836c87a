import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { countSections, type RowCounts, type SectionCounts, sumOf, totalCounts } from "../record/count-sections.ts";
import { readSectionCounts } from "../record/section-counts.ts";
import type { Kind } from "../schema.ts";

export interface EnvironmentSummary {
  environment_id: string;
  pages: number;
  software: number;
  out_of_band: number;
  /** Effective moment of the newest change; nothing where nothing was ever recorded. */
  changed_at: string | null;
  /** Rows that stand otherwise here than in the next environment. */
  differing: number;
}

export interface SiteSummary extends RowCounts {
  /** The site's events when it was counted; a later one may be counted already. */
  events: number;
  places: EnvironmentSummary[];
  sections: SectionCounts[];
  owners: { id: string; name: string }[];
  open: Promotion[];
}

declare module "hono" {
  interface ContextVariableMap {
    tallies: ReturnType<typeof cachedSummary>;
  }
}

/**
 * Counts over the whole site, for the rail and the filters of every page. They are kept until the site's next event,
 * so that they cost one row between writes, and after one a row for each section.
 */
export function cachedSummary(): (db: Database, site: Site) => Promise<SiteSummary> {
  const kept = new Map<string, { state: string; tallies: SiteSummary }>();
  return async (db, site) => {
    const [counted] = await eventsOf(db, site.id);
    // the environments too: an event may come between loading them and this
    const state = [counted?.events, ...site.environments.map((one) => one.id)].join(" ");
    const before = kept.get(site.id);
    if (before?.state === state) return before.tallies;
    const tallies = { ...(await count(db, site)), events: counted?.events ?? 0 };
    kept.set(site.id, { state, tallies });
    return tallies;
  };
}

const eventsOf = precompiled((db, siteId: string) => db.selectFrom("sites").select("events").where("id", "=", siteId));

async function count(db: Database, site: Site): Promise<Omit<SiteSummary, "events">> {
  const kept = await readSectionCounts(db, site.id);
  const sections = kept.length ? kept : await countSections(db, site);
  const changes = await lastChanges(db, site);
  const whole = totalCounts(site, sections);
  const of = (i: number, kind: Kind) => sumOf(sections, (one) => (one.kind === kind ? one.standing[i] : 0));
  return {
    ...whole,
    places: site.environments.map(({ id }, i) => ({
      environment_id: id,
      pages: of(i, "page"),
      software: of(i, "software"),
      out_of_band: sumOf(sections, (one) => one.straying[i]),
      changed_at: changes.get(id) ?? null,
      differing: whole.differing[i] ?? 0,
    })),
    sections,
    owners: await ownersOf(db, site),
    open: await listPromotions(db, site.id, { open: true, limit: 1000 }),
  };
}

/** The end of an index, for each environment. */
async function lastChanges(db: Database, site: Site): Promise<Map<string, string | null>> {
  const rows = await db
    .selectFrom("environments as e")
    .select((eb) => [
      "e.id",
      eb
        .selectFrom("placements as p")
        .select((max) => max.fn.max("p.effective_at").as("changed_at"))
        .whereRef("p.environment_id", "=", "e.id")
        .as("changed_at"),
    ])
    .where("e.site_id", "=", site.id)
    .execute();
  return new Map(rows.map((row) => [row.id, row.changed_at]));
}

function ownersOf(db: Database, site: Site): Promise<SiteSummary["owners"]> {
  return db
    .selectFrom("people")
    .select(["id", "name"])
    .where("id", "in", (eb) =>
      eb.selectFrom("artifacts").select("owner_id").where("site_id", "=", site.id).where("owner_id", "is not", null),
    )
    .orderBy("name")
    .execute();
}
