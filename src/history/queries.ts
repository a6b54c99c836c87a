import { sql } from "kysely";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import type { Action } from "../record/events.ts";

export interface HistoryFilter {
  person?: string | undefined;
  action?: Action | undefined;
  environment?: string | undefined;
  /** The id of a page or software: what deployed, released or promoted it. */
  artifact?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
  /** Where the page before ended. */
  before?: number | undefined;
  limit?: number | undefined;
  /** Only these, whatever else is asked. */
  seqs?: number[] | undefined;
}

export interface HistoryEvent {
  seq: number;
  recorded_at: string;
  action: Action;
  subject: string;
  hash: string;
  details: { [key: string]: Json | undefined };
  /** The entry holds more than a list should load: only what its sentence needs is here. */
  long: boolean;
}

/** Details longer than this (in bytes) are left to the page of their subject: a deployment may have ten thousand lines. */
const long = 20_000;

/** Newest first. Each filter is an index of its own; the page costs what it shows. */
export async function listEvents(db: Database, siteId: string, filter: HistoryFilter = {}): Promise<HistoryEvent[]> {
  const seqs = filter.seqs ?? (await seqsOf(db, siteId, filter));
  if (!seqs.length) return [];
  const rows = await db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["e.seq", "e.recorded_at", "e.action", "e.subject", "e.subject_id", "e.hash", "p.name"])
    .select(sql<string | null>`case when octet_length(e.details) <= ${long} then e.details end`.as("details"))
    .where("e.site_id", "=", siteId)
    .where("e.seq", "in", seqs)
    .orderBy("e.seq", "desc")
    .execute();
  const missing = rows.filter((row) => row.details === null).map((row) => row.subject_id ?? "");
  const known = missing.length ? await factsOf(db, missing) : new Map<string, Facts>();
  return rows.map(({ details, name, subject_id, action, ...row }) => ({
    ...row,
    action: action as Action,
    details: details === null ? { person: name, ...known.get(subject_id ?? "") } : JSON.parse(details),
    long: details === null,
  }));
}

async function seqsOf(db: Database, siteId: string, filter: HistoryFilter): Promise<number[]> {
  const { person, action, environment, artifact, from, until, before, limit = 50 } = filter;
  // of what touched an artifact, found by its subject, the rest is asked out of reach of other indexes: SQLite would
  // else look through all events of a person, say, for every one
  const of = (column: string) => (artifact ? sql`(${sql.ref(column)} || '')` : sql.ref(column));
  const conditions = [sql`e.site_id = ${siteId}`];
  if (artifact) conditions.push(sql`e.subject_id = touched.id`);
  if (person) conditions.push(sql`${of("e.person_id")} = ${person}`);
  if (action) conditions.push(sql`${of("e.action")} = ${action}`);
  if (environment) conditions.push(sql`${of("e.environment_id")} = ${environment}`);
  if (before !== undefined) conditions.push(sql`e.seq < ${before}`);
  const when = of("e.recorded_at");
  if (from) conditions.push(sql`${when} >= ${from}`, sql`e.seq >= ${await seqNear(db, siteId, from, -hour)}`);
  if (until) conditions.push(sql`${when} <= ${until}`, sql`e.seq <= ${await seqNear(db, siteId, until, hour)}`);
  // "cross" keeps SQLite from walking all events in search of the few that touch an artifact
  const source = artifact ? sql`(${touching(artifact)}) touched cross join events e` : sql`events e`;
  const query = sql<{ seq: number }>`
    select e.seq from ${source} where ${sql.join(conditions, sql` and `)} order by e.seq desc limit ${limit}`;
  return (await query.execute(db)).rows.map((row) => row.seq);
}

/** Deployments that told something of it, releases that hold it, and their promotions. */
function touching(artifact: string) {
  return sql`
    select deployment_id as id from placements where artifact_id = ${artifact}
    union select release_id from release_contents where artifact_id = ${artifact}
    union select p.id from promotions p join release_contents c on c.release_id = p.release_id where c.artifact_id = ${artifact}`;
}

const hour = 3_600_000;

/** Entries are in the order of their moments but for clocks that differ a little: where to begin to look, an hour to spare. */
async function seqNear(db: Database, siteId: string, at: string, spare: number): Promise<number> {
  const moment = new Date(Date.parse(at) + spare).toISOString();
  const row = await db
    .selectFrom("events")
    .select("seq")
    .where("site_id", "=", siteId)
    .where("recorded_at", "<=", moment)
    .orderBy("recorded_at", "desc")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

type Facts = { [key: string]: Json };

/** What the sentences of long entries say, from the tables: only deployments and releases grow so long. */
async function factsOf(db: Database, ids: string[]): Promise<Map<string, Facts>> {
  const deployments = await db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .leftJoin("promotions as p", "p.id", "d.promotion_id")
    .select([
      "d.id",
      "d.number",
      "d.effective_at",
      "d.recorded_at",
      "d.note",
      "d.source",
      "d.complete",
      "d.changed",
      "d.unchanged",
    ])
    .select(["d.out_of_band", "e.slug as environment", "p.number as promotion"])
    .where("d.id", "in", ids)
    .execute();
  const releases = await db
    .selectFrom("releases as r")
    .innerJoin("environments as e", "e.id", "r.environment_id")
    .select(["r.id", "r.number", "r.name", "r.notes", "r.digest", "e.slug as environment"])
    .where("r.id", "in", ids)
    .execute();
  return new Map<string, Facts>([...deployments, ...releases].map((row) => [row.id, row]));
}

/** Everybody on the site, people and machines, to choose from. */
export function listSiteActors(db: Database, siteId: string): Promise<{ id: string; name: string }[]> {
  return db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["p.id", "p.name"])
    .distinct()
    .where("m.site_id", "=", siteId)
    .orderBy("p.name")
    .execute();
}

/** Who did something on the site, whether or not they still belong to it. */
export function findActor(db: Database, siteId: string, id: string): Promise<{ id: string; name: string } | undefined> {
  return db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["p.id", "p.name"])
    .where("e.site_id", "=", siteId)
    .where("e.person_id", "=", id)
    .limit(1)
    .executeTakeFirst();
}
