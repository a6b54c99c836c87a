import { personName } from "../access/person-name.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { type Freeze, listFreezes } from "../freezes/queries.ts";
import { frozenBlockers } from "../freezes/rules.ts";
import { type OpenBlockers, openBlockers, withFrozen } from "../promotions/open-blockers.ts";
import { type OpenFindings, openFindingsOf } from "../promotions/open-findings.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { environmentsInUse } from "../record/baseline.ts";
import { countSections, type RowCounts, type SectionCounts, sumOf, totalCounts } from "../record/count-sections.ts";
import { readSectionCounts } from "../record/section-counts.ts";
import type { Kind } from "../schema.ts";

export interface EnvironmentSummary {
  environment_id: string;
  pages: number;
  software: number;
  out_of_band: number;
  /** When the newest change took effect; null if nothing was ever recorded. */
  changed_at: string | null;
  /** Whether nothing but baselines is recorded for it. */
  baseline_only: boolean;
  /** Rows that differ from the next environment. */
  differing: number;
}

export interface SiteSummary extends RowCounts {
  /** How many events the site had when the count began; a later one may be included already. */
  events: number;
  /** In the order of the site's environments. */
  environments: EnvironmentSummary[];
  sections: SectionCounts[];
  owners: { id: string; name: string }[];
  open: Promotion[];
  /** What blocks these besides missing approvals, by promotion id. */
  blockers: OpenBlockers;
  /** What visits found that matters to the record: events, too. */
  findings: OpenFindings[];
  /** Why environments take no promotions now, as sentences, by environment id; only of those that are frozen. */
  frozen: Map<string, string[]>;
}

/** What stays so until the site's next event, with the freezes that nobody has ended. */
type Cached = Omit<SiteSummary, "frozen"> & { freezes: Freeze[] };

declare module "hono" {
  interface ContextVariableMap {
    siteSummary: (db: Database, site: Site) => Promise<SiteSummary>;
  }
}

/**
 * Counts over the whole site, for the rail and the filters of every page. They are cached until the site's next event, at most for a minute:
 * then they read one row for each section, otherwise a single one.
 */
export function cachedSummary(): (db: Database, site: Site, now: string) => Promise<SiteSummary> {
  const cache = new Map<string, { key: string; summary: Cached }>();
  return async (db, site, now) => {
    const [row] = await eventsOf(db, site.id);
    // the environments too, since an event may have come after the caller loaded them
    // and the minute, as some blockers end with time
    const key = [row?.events, now.slice(0, 16), ...site.environments.map((environment) => environment.id)].join(" ");
    const cached = cache.get(site.id);
    if (cached?.key === key) return summaryAt(cached.summary, now);
    const summary = { ...(await summarize(db, site, now)), events: row?.events ?? 0 };
    cache.set(site.id, { key, summary });
    return summaryAt(summary, now);
  };
}

/** Freezes begin and end without an event. */
function summaryAt({ freezes, ...summary }: Cached, now: string): SiteSummary {
  const frozen = new Map<string, string[]>();
  for (const [id, ofEnvironment] of Map.groupBy(freezes, (freeze) => freeze.environment_id)) {
    const sentences = frozenBlockers(ofEnvironment, now).map(({ message }) => message);
    if (sentences.length) frozen.set(id, sentences);
  }
  return { ...summary, frozen, blockers: withFrozen(summary.blockers, summary.open, freezes, now) };
}

const eventsOf = precompiled((db, siteId: string) => db.selectFrom("sites").select("events").where("id", "=", siteId));

async function summarize(db: Database, site: Site, now: string): Promise<Omit<Cached, "events">> {
  const stored = await readSectionCounts(db, site.id);
  const sections = stored.length ? stored : await countSections(db, site);
  const changes = await lastChanges(db, site);
  const inUse = await environmentsInUse(db, site.environments);
  const total = totalCounts(site, sections);
  const open = await listPromotions(db, site.id, { open: true, limit: 1000 });
  const countIn = (i: number, kind: Kind) =>
    sumOf(sections, (section) => (section.kind === kind ? section.presentIn[i] : 0));
  return {
    ...total,
    environments: site.environments.map(({ id }, i) => ({
      environment_id: id,
      pages: countIn(i, "page"),
      software: countIn(i, "software"),
      out_of_band: sumOf(sections, (section) => section.outOfBandIn[i]),
      changed_at: changes.get(id) ?? null,
      baseline_only: changes.get(id) != null && !inUse.has(id),
      differing: total.differing[i] ?? 0,
    })),
    sections,
    owners: await ownersOf(db, site),
    open,
    blockers: await openBlockers(db, site.id, open, now),
    findings: await openFindingsOf(db, site),
    freezes: await listFreezes(db, site.id, { unended: true }),
  };
}

/** When the newest change of each environment took effect, by environment id; one index entry is read for each. */
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
    .selectFrom("people as p")
    .innerJoin("sites as s", (join) => join.on("s.id", "=", site.id))
    .select(["p.id", personName("p", "s.id").as("name")])
    .where("p.id", "in", (eb) =>
      eb.selectFrom("artifacts").select("owner_id").where("site_id", "=", site.id).where("owner_id", "is not", null),
    )
    .orderBy("p.name")
    .execute();
}
