import { sql } from "kysely";
import { observerId } from "../access/observer.ts";
import type { Database } from "../database/connect.ts";
import { insertVisits } from "./visits.ts";

/**
 * Starts visits to the environments for which deployments or completions were recorded since the last time, and to both
 * environments of promotions that were requested, so that approvers see what is there now. These are events of the chain, and how far it came is written together with the visits, so that a kill loses none and two servers
 * start none twice. What happened before it ran for the first time causes none.
 */
export async function startVisitsAfterEvents(db: Database, now: string): Promise<void> {
  const sites = await db
    .selectFrom("sites as s")
    .leftJoin("visit_progress as p", "p.site_id", "s.id")
    .select(["s.id", "s.events", "p.seq"])
    .where((eb) => eb.or([eb("p.seq", "is", null), eb("p.seq", "<", eb.ref("s.events"))]))
    .execute();
  for (const site of sites) await db.transaction().execute((trx) => catchUp(trx, site, now));
}

interface SiteProgress {
  id: string;
  events: number;
  /** Null: it never ran for this site. */
  seq: number | null;
}

async function catchUp(trx: Database, site: SiteProgress, now: string): Promise<void> {
  if (!(await moveProgress(trx, site)) || site.seq === null) return;
  for (const { id, server_ids } of await environmentsToVisit(trx, site, site.seq)) {
    const about = { site_id: site.id, environment_id: id, person_id: null };
    await insertVisits(trx, about, server_ids, now, { again: true });
  }
}

/** False if another server has moved it meanwhile. */
async function moveProgress(trx: Database, { id, events, seq }: SiteProgress): Promise<boolean> {
  if (seq === null) {
    const row = { site_id: id, seq: events };
    const insert = trx.insertInto("visit_progress").values(row);
    const { numInsertedOrUpdatedRows } = await insert
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }
  const update = trx.updateTable("visit_progress").set({ seq: events }).where("site_id", "=", id);
  return (await update.where("seq", "=", seq).executeTakeFirstOrThrow()).numUpdatedRows === 1n;
}

/**
 * The environments to which something was deployed that the Observer has not seen there itself, and those of requested
 * promotions, with their servers, if they are visited at all: on a schedule, or at least once.
 */
async function environmentsToVisit(trx: Database, { id, events }: SiteProgress, from: number) {
  const since = trx
    .selectFrom("events as v")
    .where("v.site_id", "=", id)
    .where("v.seq", ">", from)
    .where("v.seq", "<=", events)
    .where("v.action", "in", ["deployment_recorded", "promotion_asked"])
    .where("v.person_id", "<>", observerId(id));
  const sources = since.innerJoin("promotions as p", "p.id", "v.subject_id").select("p.from_id");
  const rows = await trx
    .selectFrom("environments as e")
    .innerJoin("servers as s", "s.environment_id", "e.id")
    .leftJoin("observation_rules as r", "r.environment_id", "e.id")
    .select(["e.id", "s.id as server_id"])
    .where((eb) => eb.or([eb("e.id", "in", since.select("v.environment_id")), eb("e.id", "in", sources)]))
    .where("e.retired_at", "is", null)
    .where(sql<boolean>`coalesce(r.after_deployments, 1) = 1`)
    .where(sql<boolean>`(
      exists (select 1 from visit_schedules v where v.environment_id = e.id)
      or exists (select 1 from servers t join visits v on v.server_id = t.id where t.environment_id = e.id))`)
    .execute();
  const byEnvironment = Map.groupBy(rows, (row) => row.id);
  return [...byEnvironment].map(([id, servers]) => ({ id, server_ids: servers.map(({ server_id }) => server_id) }));
}
