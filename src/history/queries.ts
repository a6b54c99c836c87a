import { sql } from "kysely";
import { personName } from "../access/person-name.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Action } from "../record/events.ts";
import { nameThen, personSince, personThen } from "../record/former-names.ts";
import { type RoleNames, roleNamesOverTime } from "../record/role-names.ts";

export interface HistoryFilter {
  person?: string | undefined;
  action?: Action | undefined;
  environment?: string | undefined;
  /** The id of a page or software: selects the deployments, releases and promotions with it. */
  artifact?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
  /** The seq of the last event on the page before. */
  before?: number | undefined;
  limit?: number | undefined;
  /** Only these; other conditions are ignored. */
  seqs?: number[] | undefined;
}

export interface HistoryEvent {
  seq: number;
  recorded_at: string;
  action: Action;
  subject: string;
  hash: string;
  /** Whether a machine did it, by a token. */
  machine: boolean;
  /** Who did it, as they were called then; and what they are called now if that differs. */
  person: string;
  person_now: string | null;
  /** Whom it is about, as they were called then: who was invited, was given a role or became an owner. */
  member: string | null;
  /** What roles were called then, by their slugs. */
  roles: RoleNames;
  details: { [key: string]: Json | undefined };
  /** Its details are too long for a list and hold only what the sentence needs. */
  long: boolean;
}

/** Longer details are not loaded for a list: a deployment may have ten thousand lines. */
const maxListedBytes = 20_000;

/** A site's events, newest first. There is an index for each filter, so the cost depends on how many are returned. */
export async function listEvents(db: Database, siteId: string, filter: HistoryFilter = {}): Promise<HistoryEvent[]> {
  const seqs = filter.seqs ?? (await seqsOf(db, siteId, filter));
  if (!seqs.length) return [];
  const rows = await selectEvents(db, siteId, seqs);
  const longOnes = rows.filter((row) => row.details === null).map((row) => row.subject_id ?? "");
  const facts = longOnes.length ? await factsOf(db, longOnes) : new Map<string, Facts>();
  const rolesAt = await roleNamesOverTime(db);
  return rows.map(({ details: stored, name, kind, subject_id, action, ...row }) => {
    const details: HistoryEvent["details"] =
      stored === null ? { person: name, ...facts.get(subject_id ?? "") } : JSON.parse(stored);
    return {
      ...row,
      // the event is what counts, whatever the name in the database
      person: details.person === name ? row.person : (details.person as string),
      machine: kind === "machine",
      action: action as Action,
      roles: rolesAt(row.recorded_at),
      details,
      long: stored === null,
    };
  });
}

const selectEvents = precompiled((db, siteId: string, seqs: number[]) =>
  db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .leftJoin("people as m", (join) => join.on(sql<boolean>`m.id = ${memberId}`))
    .select(["e.seq", "e.recorded_at", "e.action", "e.subject", "e.subject_id", "e.hash", "p.kind"])
    .select([personThen("p", "e.recorded_at", "e.site_id").as("person"), nameThen("p", "e.recorded_at").as("name")])
    .select(personSince("p", "e.recorded_at", "e.site_id").as("person_now"))
    .select(personThen("m", "e.recorded_at", "e.site_id").$castTo<string | null>().as("member"))
    .select(
      sql<string | null>`case when octet_length(e.details) <= ${sql.lit(maxListedBytes)} then e.details end`.as(
        "details",
      ),
    )
    .where("e.site_id", "=", siteId)
    .where("e.seq", "in", seqs)
    .orderBy("e.seq", "desc"),
);

/** The person that an event is about. */
const memberId = sql`case when e.action = 'owner_set'
  then coalesce((select w.owner_id from ownerships w where w.change_id = e.subject_id limit 1),
    (select s.owner_id from section_owners s where s.change_id = e.subject_id)) else e.subject_id end`;

async function seqsOf(db: Database, siteId: string, filter: HistoryFilter): Promise<number[]> {
  const { person, action, environment, artifact, from, until, before, limit = 50 } = filter;
  // the events of an artifact are found by their subject; `|| ''` keeps SQLite from using the index of another
  // condition for each of them, such as all events of a person
  const column = (column: string) => (artifact ? sql`(${sql.ref(column)} || '')` : sql.ref(column));
  const conditions = [sql`e.site_id = ${siteId}`];
  if (artifact) conditions.push(sql`e.subject_id = touched.id`);
  if (person) conditions.push(sql`${column("e.person_id")} = ${person}`);
  if (action) conditions.push(sql`${column("e.action")} = ${action}`);
  if (environment) conditions.push(sql`${column("e.environment_id")} = ${environment}`);
  if (before !== undefined) conditions.push(sql`e.seq < ${before}`);
  const when = column("e.recorded_at");
  if (from) conditions.push(sql`${when} >= ${from}`, sql`e.seq >= ${await seqNear(db, siteId, from, -hourMs)}`);
  if (until) conditions.push(sql`${when} <= ${until}`, sql`e.seq <= ${await seqNear(db, siteId, until, hourMs)}`);
  // a cross join keeps SQLite from walking all events in search of the few of an artifact
  const source = artifact ? sql`(${touching(artifact)}) touched cross join events e` : sql`events e`;
  const query = sql<{ seq: number }>`
    select e.seq from ${source} where ${sql.join(conditions, sql` and `)} order by e.seq desc limit ${limit}`;
  return (await query.execute(db)).rows.map((row) => row.seq);
}

/** The ids of the deployments and releases that contain an artifact, and of the promotions of those releases. */
function touching(artifact: string) {
  return sql`
    select deployment_id as id from placements where artifact_id = ${artifact}
    union select change_id from ownerships where artifact_id = ${artifact}
    union select release_id from release_contents where artifact_id = ${artifact}
    union select p.id from promotions p join release_contents c on c.release_id = p.release_id where c.artifact_id = ${artifact}`;
}

const hourMs = 3_600_000;

/** The last seq by that moment plus the margin. Seqs follow the time, but servers' clocks may differ: an hour is enough. */
async function seqNear(db: Database, siteId: string, at: string, marginMs: number): Promise<number> {
  const moment = new Date(Date.parse(at) + marginMs).toISOString();
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

/** The details that the sentences of long events need, from the tables: only deployments and releases are that long. */
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
  return new Map<string, Facts>(
    [...deployments, ...releases, ...(await gatesOf(db, ids)), ...(await ownersOf(db, ids))].map((row) => [
      row.id,
      row,
    ]),
  );
}

/** Gates with long checklists, with the rules before. */
async function gatesOf(db: Database, ids: string[]) {
  const rows = await db
    .selectFrom("gates as g")
    .innerJoin("environments as e", "e.id", "g.environment_id")
    .leftJoin("gates as b", (join) =>
      join.onRef("b.environment_id", "=", "g.environment_id").on("b.version", "=", (eb) => eb("g.version", "-", 1)),
    )
    .select(["g.id", "g.rules", "b.rules as before", "e.slug as environment"])
    .where("g.id", "in", ids)
    .execute();
  return rows.map(({ id, environment, rules, before }) => {
    const facts = { gate: JSON.parse(rules) as Json, before: before === null ? null : (JSON.parse(before) as Json) };
    return { id, environment, ...facts };
  });
}

/** Only the owner of a section can have so many lines. */
function ownersOf(db: Database, ids: string[]) {
  return db
    .selectFrom("ownerships as o")
    .innerJoin("artifacts as a", "a.id", "o.artifact_id")
    .innerJoin("events as e", (join) => join.onRef("e.seq", "=", "o.seq").onRef("e.site_id", "=", "a.site_id"))
    .leftJoin("people as p", "p.id", "o.owner_id")
    .leftJoin("section_owners as s", "s.change_id", "o.change_id")
    .select((eb) => ["o.change_id as id", "a.section", eb.fn.countAll<number>().as("count")])
    .select("s.change_id as later_pages")
    .select(nameThen("p", "e.recorded_at").as("owner"))
    .where("o.change_id", "in", ids)
    .where("e.action", "=", "owner_set")
    .groupBy(["o.change_id", "s.change_id", "a.section", "p.id", "p.name", "e.recorded_at"])
    .execute();
}

/** All people and tokens with a role on the site, by name. `shown`: the name, told apart from others. */
export const listSiteActors = precompiled((db, siteId: string) =>
  db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["p.id", "p.name", personName("p", "m.site_id").as("shown")])
    .distinct()
    .where("m.site_id", "=", siteId)
    .orderBy("p.name"),
);

/** A person or token with at least one event on the site, whether or not they still have a role. */
export function findActor(
  db: Database,
  siteId: string,
  id: string,
): Promise<{ id: string; name: string; shown: string } | undefined> {
  return db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["p.id", "p.name", personName("p", "e.site_id").as("shown")])
    .where("e.site_id", "=", siteId)
    .where("e.person_id", "=", id)
    .limit(1)
    .executeTakeFirst();
}
