import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { endOfTime, placementSeqAsOf } from "../record/as-of.ts";
import type { Action } from "../record/events.ts";

/** The first fault: at which event, and a sentence. */
export interface Break {
  seq: number;
  what: string;
}

/** Counted while walking the chain: the tables must not contain more. */
export interface WalkTotals {
  seq: number;
  /** Sequence number of the last placement recorded. */
  lastPlacement: number;
  digests: number;
  requires: number;
  titles: number;
  /** Whether some titles are only derived: from events before versions had titles of their own. */
  derivedTitles: boolean;
}

/**
 * Looks for rows that no event records, and for derived rows that do not follow from the others. Every event must have
 * been compared with the tables before. Returns undefined if all is well.
 */
export async function findOrphan(db: Database, siteId: string, counted: WalkTotals): Promise<Break | undefined> {
  return (
    (await rowWithoutEvent(db, siteId)) ??
    (await delegationWithoutEvent(db, siteId, counted)) ??
    (await commentWithoutEvent(db, siteId, counted)) ??
    (await correctionWithoutEvent(db, siteId, counted)) ??
    (await placementWithoutEvent(db, siteId, counted)) ??
    (await contentWithoutEvent(db, siteId, counted)) ??
    (await wrongOpenPromotion(db, siteId, counted.seq)) ??
    (await wrongCurrentPlacement(db, siteId)) ??
    (await wrongOwner(db, siteId, counted.seq)) ??
    (await sectionOwnerWithoutEvent(db, siteId)) ??
    (await formerNameWithoutEvent(db, siteId)) ??
    (await wrongCheckpoint(db, siteId))
  );
}

interface TableByEvent {
  table: string;
  /** The column that refers to the event's subject; by default `promotion_id`. */
  subject?: string;
  /** The table of that subject, where it is neither this one nor that of promotions. */
  of?: string;
  what: string;
  /** Where a subject has several rows: the column by which the event's details name the row. */
  id?: string;
  actions: Action[];
}

/** Tables with one row for each event. */
const tablesByEvent: TableByEvent[] = [
  { table: "deployments", subject: "id", what: "deployment", actions: ["deployment_recorded"] },
  { table: "releases", subject: "id", what: "release", actions: ["release_made"] },
  { table: "promotions", subject: "id", what: "promotion", actions: ["promotion_asked"] },
  {
    table: "release_marks",
    subject: "release_id",
    of: "releases",
    what: "the mark of release",
    id: "id",
    actions: ["release_marked_bad", "release_mark_lifted"],
  },
  {
    table: "approvals",
    what: "the decision on promotion",
    id: "id",
    actions: ["promotion_approved", "promotion_rejected"],
  },
  { table: "schedules", what: "a plan of promotion", id: "id", actions: ["promotion_scheduled"] },
  { table: "due_moments", what: "a planned moment of promotion", id: "id", actions: ["promotion_due"] },
  {
    table: "withdrawals",
    what: "the withdrawal of an approval of promotion",
    id: "approval_id",
    actions: ["approval_withdrawn", "approval_expired"],
  },
  { table: "checklist_ticks", what: "a tick of the checklist of promotion", id: "id", actions: ["checklist_ticked"] },
  { table: "completions", what: "the completion of promotion", actions: ["promotion_completed"] },
  {
    table: "forced_completions",
    what: "the completion without its gate of promotion",
    actions: ["promotion_completed"],
  },
  { table: "forced_reviews", what: "the review of promotion", actions: ["forced_completion_reviewed"] },
  {
    table: "cancellations",
    what: "the cancellation of promotion",
    actions: ["promotion_cancelled", "promotion_superseded", "promotion_expired"],
  },
  { table: "freezes", subject: "id", what: "freeze", actions: ["freeze_set"] },
  { table: "freeze_ends", subject: "freeze_id", of: "freezes", what: "the end of freeze", actions: ["freeze_ended"] },
];

/** The action of event `e`, as an expression: else SQLite would use its index and read all events of that action for every row. */
const action: RawBuilder<string> = sql`(e.action || '')`;

async function rowWithoutEvent(db: Database, siteId: string): Promise<Break | undefined> {
  for (const { table, subject = "promotion_id", of = "promotions", what, id, actions } of tablesByEvent) {
    const numbered = sql.table(subject === "id" ? table : of);
    const { rows } = await sql<{ number: number; seq: number | null }>`
      select n.number, (select max(seq) from events e where e.site_id = ${siteId} and e.subject_id = n.id) as seq
      from ${sql.table(table)} t join ${numbered} n on n.id = ${sql.ref(`t.${subject}`)}
      where n.site_id = ${siteId} and not exists (
        select 1 from events e where e.site_id = ${siteId} and e.subject_id = ${sql.ref(`t.${subject}`)}
          and ${action} in (${sql.join(actions)}) ${id ? sql`and e.details like '%' || ${sql.ref(`t.${id}`)} || '%'` : sql``})
      limit 1`.execute(db);
    const [row] = rows;
    if (row) return { seq: row.seq ?? 0, what: `No event records ${what} ${row.number}, which is in the database.` };
  }
}

async function delegationWithoutEvent(db: Database, siteId: string, { seq }: WalkTotals): Promise<Break | undefined> {
  const recorded = (name: Action) => sql<boolean>`exists (
    select 1 from events e where e.site_id = ${siteId} and e.subject_id = d.id and ${action} = ${name})`;
  const row = await db
    .selectFrom("delegations as d")
    .leftJoin("delegation_ends as x", "x.delegation_id", "d.id")
    .select("d.id")
    .where("d.site_id", "=", siteId)
    .where(
      sql<boolean>`(not ${recorded("delegation_set")}
        or (x.delegation_id is not null and not ${recorded("delegation_ended")}))`,
    )
    .limit(1)
    .executeTakeFirst();
  if (row) return { seq, what: `No event records the delegation ${row.id} as it is in the database.` };
}

/** A person may comment several times, so they are counted. */
async function commentWithoutEvent(db: Database, siteId: string, { seq }: WalkTotals): Promise<Break | undefined> {
  const row = await db
    .selectFrom("comments as c")
    .innerJoin("promotions as p", "p.id", "c.promotion_id")
    .select("p.number")
    .where("p.site_id", "=", siteId)
    .groupBy(["p.id", "p.number"])
    .having((eb) =>
      eb(
        eb.fn.countAll(),
        "<>",
        sql<number>`(select count(*) from events e
          where e.site_id = ${siteId} and e.subject_id = p.id and ${action} = 'promotion_commented')`,
      ),
    )
    .orderBy("p.number")
    .limit(1)
    .executeTakeFirst();
  if (row) return { seq, what: `No event records a comment on promotion ${row.number}, which is in the database.` };
}

/** Only corrections of a whole deployment and single ones: parts were compared with the event of the whole. */
async function correctionWithoutEvent(db: Database, siteId: string, { seq }: WalkTotals): Promise<Break | undefined> {
  const row = await db
    .selectFrom("corrections as c")
    .innerJoin("deployments as d", "d.id", "c.corrected_id")
    .select("d.number")
    .where("d.site_id", "=", siteId)
    .where("c.whole_id", "is", null)
    .where(sql<boolean>`not exists (
      select 1 from events e where e.site_id = ${siteId} and e.subject_id = c.id and ${action} = 'placement_corrected')`)
    .limit(1)
    .executeTakeFirst();
  if (row) return { seq, what: `No event records a correction of deployment ${row.number}, which is in the database.` };
}

/** All up to the last recorded one were compared with their events. */
async function placementWithoutEvent(
  db: Database,
  siteId: string,
  { lastPlacement, seq }: WalkTotals,
): Promise<Break | undefined> {
  const row = await db
    .selectFrom("placements as p")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .select(["p.seq", "a.key", "e.name"])
    .where("e.site_id", "=", siteId)
    .where("p.seq", ">", lastPlacement)
    .orderBy("p.seq")
    .limit(1)
    .executeTakeFirst();
  if (row)
    return {
      seq,
      what: `No event records placement ${row.seq} of ${row.key} on ${row.name}, which is in the database.`,
    };
}

async function contentWithoutEvent(db: Database, siteId: string, counted: WalkTotals): Promise<Break | undefined> {
  const { digests, requires, titles } = await db
    .selectFrom("versions as v")
    .innerJoin("artifacts as a", "a.id", "v.artifact_id")
    .select((eb) => [eb.fn.count<number>("v.digest").as("digests"), eb.fn.count<number>("v.requires").as("requires")])
    .select((eb) => eb.fn.count<number>("v.title").as("titles"))
    .where("a.site_id", "=", siteId)
    .executeTakeFirstOrThrow();
  const differs = (what: string, stored: number, recorded: number) =>
    stored === recorded
      ? undefined
      : {
          seq: counted.seq,
          what: `The database has the ${what} of ${stored} versions, and the events record ${recorded}.`,
        };
  return (
    differs("digests", digests, counted.digests) ??
    differs("requirements", requires, counted.requires) ??
    (counted.derivedTitles ? undefined : differs("titles", titles, counted.titles))
  );
}

/** Whether promotion `p` is open, from the rows that end one. */
const isOpen: RawBuilder<boolean> = sql`(
  not exists (select 1 from completions x where x.promotion_id = p.id)
  and not exists (select 1 from cancellations x where x.promotion_id = p.id)
  and not exists (select 1 from approvals x where x.promotion_id = p.id and x.decision = 'reject'))`;

async function wrongOpenPromotion(db: Database, siteId: string, seq: number): Promise<Break | undefined> {
  const row = await db
    .selectFrom("promotions as p")
    .leftJoin("open_promotions as o", "o.promotion_id", "p.id")
    .select(["p.number", "o.promotion_id as open"])
    .where("p.site_id", "=", siteId)
    .where(sql<boolean>`(${isOpen} <> (o.promotion_id is not null)
      or o.site_id <> p.site_id or o.environment_id <> p.environment_id)`)
    .limit(1)
    .executeTakeFirst();
  if (row)
    return {
      seq,
      what: `Promotion ${row.number} is ${row.open ? "open" : "closed"} in the database, and ${row.open ? "closed" : "open"} by the events.`,
    };
}

/** Compares the current placements with what the rule for past moments gives for the end of time. */
async function wrongCurrentPlacement(db: Database, siteId: string): Promise<Break | undefined> {
  const environments = await db
    .selectFrom("environments")
    .select(["id", "name"])
    .where("site_id", "=", siteId)
    .execute();
  for (const { id, name } of environments) {
    const { rows } = await sql<{ key: string; stored: number | null; expected: number | null; seq: number | null }>`
      select a.key, c.placement_seq as stored, p.seq as expected,
        (select max(e.seq) from events e where e.site_id = ${siteId} and e.subject_id = p.deployment_id) as seq
      from artifacts a
      left join current_placements c on c.artifact_id = a.id and c.environment_id = ${id}
      left join placements p on p.seq = ${placementSeqAsOf(id, "a.id", { asOf: endOfTime })}
      where a.site_id = ${siteId} and (
        c.placement_seq is distinct from p.seq or c.version_id is distinct from p.version_id
        or c.out_of_band is distinct from p.out_of_band or c.effective_at is distinct from p.effective_at)
      limit 1`.execute(db);
    const [row] = rows;
    if (row) return { seq: row.seq ?? 0, what: describePointer(row, name) };
  }
}

function describePointer(
  { key, stored, expected }: { key: string; stored: number | null; expected: number | null },
  environment: string,
) {
  const named = (seq: number | null) => (seq === null ? "no placement" : `placement ${seq}`);
  if (stored === expected)
    return `The current version of ${key} on ${environment} is not the one of placement ${expected}.`;
  return `The current version of ${key} on ${environment} is from ${named(stored)}, and by the events from ${named(expected)}.`;
}

/** An owner that no event recorded, or that is not the one recorded last. */
async function wrongOwner(db: Database, siteId: string, seq: number): Promise<Break | undefined> {
  const { rows } = await sql<{ key: string }>`
    select a.key from artifacts a where a.site_id = ${siteId} and (
      a.owner_id is distinct from
        (select o.owner_id from ownerships o where o.artifact_id = a.id order by o.seq desc limit 1)
      or exists (select 1 from ownerships o where o.artifact_id = a.id and not exists (
        select 1 from events e where e.site_id = ${siteId} and e.subject_id = o.change_id and ${action} in ('owner_set', 'deployment_recorded'))))
    order by a.key limit 1`.execute(db);
  const [row] = rows;
  if (row) return { seq, what: `The owner of ${row.key} in the database is not the one that the events record.` };
}

async function sectionOwnerWithoutEvent(db: Database, siteId: string): Promise<Break | undefined> {
  const row = await db
    .selectFrom("section_owners as o")
    .select(["o.seq", "o.section"])
    .where("o.site_id", "=", siteId)
    .where(sql<boolean>`not exists (
      select 1 from events e where e.site_id = ${siteId} and e.subject_id = o.change_id and ${action} = 'owner_set')`)
    .orderBy("o.seq")
    .limit(1)
    .executeTakeFirst();
  if (row) return { seq: row.seq, what: `No event records the owner of the section /${row.section}.` };
}

async function formerNameWithoutEvent(db: Database, siteId: string): Promise<Break | undefined> {
  const row = await db
    .selectFrom("former_names as n")
    .leftJoin("events as e", (join) =>
      join.onRef("e.site_id", "=", "n.site_id").onRef("e.seq", "=", "n.seq").onRef("e.subject_id", "=", "n.of_id"),
    )
    .select(["n.seq", "n.name"])
    .where("n.site_id", "=", siteId)
    .where("n.seq", ">", 0)
    .where((eb) => eb.or([eb("e.seq", "is", null), eb("e.recorded_at", "!=", eb.ref("n.until"))]))
    .orderBy("n.seq")
    .limit(1)
    .executeTakeFirst();
  if (row) return { seq: row.seq, what: `No event records the former name ${row.name}.` };
}

/** Checkpoints in this database. One kept elsewhere proves more: a person who can rewrite events can rewrite these. */
async function wrongCheckpoint(db: Database, siteId: string): Promise<Break | undefined> {
  const row = await db
    .selectFrom("checkpoints as k")
    .leftJoin("events as e", (join) => join.onRef("e.site_id", "=", "k.site_id").onRef("e.seq", "=", "k.events"))
    .select("k.events")
    .where("k.site_id", "=", siteId)
    .where(sql<boolean>`e.hash is distinct from k.head`)
    .orderBy("k.events")
    .limit(1)
    .executeTakeFirst();
  if (row)
    return {
      seq: row.events,
      what: `The history up to event ${row.events} is not the one that a checkpoint was signed for: it was rewritten.`,
    };
}

/** For `rebuild`: derives the open promotions and current placements. Both tables must be empty. */
export async function resetPointers(trx: Database, siteId: string): Promise<void> {
  await sql`
    insert into open_promotions (promotion_id, site_id, environment_id)
    select p.id, p.site_id, p.environment_id from promotions p where p.site_id = ${siteId} and ${isOpen}`.execute(trx);
  const environments = await trx.selectFrom("environments").select("id").where("site_id", "=", siteId).execute();
  for (const { id } of environments)
    await sql`
      insert into current_placements (environment_id, artifact_id, placement_seq, version_id, out_of_band, effective_at)
      select p.environment_id, p.artifact_id, p.seq, p.version_id, p.out_of_band, p.effective_at
      from artifacts a join placements p on p.seq = ${placementSeqAsOf(id, "a.id", { asOf: endOfTime })}
      where a.site_id = ${siteId}`.execute(trx);
}
