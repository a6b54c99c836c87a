import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { endOfTime, placementSeqAsOf } from "../record/as-of.ts";
import type { Action } from "../record/events.ts";

interface Break {
  seq: number;
  what: string;
}

/** Counted on the walk: what the tables must hold no more of. */
interface Counted {
  seq: number;
  placed: number;
  digests: number;
  requires: number;
}

/** After each event was found in the tables: whether they hold rows of which no event tells, and whether what is derived from them is right. */
export async function findOrphan(db: Database, siteId: string, counted: Counted): Promise<Break | undefined> {
  return (
    (await untoldRow(db, siteId)) ??
    (await untoldCorrection(db, siteId, counted)) ??
    (await untoldPlacement(db, siteId, counted)) ??
    (await untoldContent(db, siteId, counted)) ??
    (await wrongPromotionPointer(db, siteId, counted.seq)) ??
    (await wrongPointer(db, siteId)) ??
    (await wrongCheckpoint(db, siteId))
  );
}

/** Tables with one row an event: the subject's id, whom the event is by where that matters, and the actions. */
const single: { table: string; subject: string; what: string; by?: true; actions: Action[] }[] = [
  { table: "deployments", subject: "id", what: "deployment", actions: ["deployment_recorded"] },
  { table: "releases", subject: "id", what: "release", actions: ["release_made"] },
  { table: "promotions", subject: "id", what: "promotion", actions: ["promotion_asked"] },
  {
    table: "approvals",
    subject: "promotion_id",
    what: "decision on promotion",
    by: true,
    actions: ["promotion_approved", "promotion_rejected"],
  },
  { table: "completions", subject: "promotion_id", what: "completion of promotion", actions: ["promotion_completed"] },
  {
    table: "cancellations",
    subject: "promotion_id",
    what: "cancellation of promotion",
    actions: ["promotion_cancelled", "promotion_superseded"],
  },
];

/** The action of an event, `e`, out of reach of its index: SQLite would else look through all events of that action for every row. */
const action: RawBuilder<string> = sql`(e.action || '')`;

async function untoldRow(db: Database, siteId: string): Promise<Break | undefined> {
  for (const { table, subject, what, by, actions } of single) {
    const numbered = subject === "id" ? sql.table(table) : sql.table("promotions");
    const { rows } = await sql<{ number: number; seq: number | null }>`
      select n.number, (select max(seq) from events e where e.site_id = ${siteId} and e.subject_id = n.id) as seq
      from ${sql.table(table)} t join ${numbered} n on n.id = ${sql.ref(`t.${subject}`)}
      where n.site_id = ${siteId} and not exists (
        select 1 from events e where e.site_id = ${siteId} and e.subject_id = ${sql.ref(`t.${subject}`)}
          and ${action} in (${sql.join(actions)}) ${by ? sql`and e.person_id = t.person_id` : sql``})
      limit 1`.execute(db);
    const [row] = rows;
    if (row) return { seq: row.seq ?? 0, what: `The record holds a ${what} ${row.number} of which no event tells.` };
  }
}

/** Parts of a whole were compared with its event. */
async function untoldCorrection(db: Database, siteId: string, { seq }: Counted): Promise<Break | undefined> {
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
  if (row) return { seq, what: `The record holds a correction of deployment ${row.number} of which no event tells.` };
}

/** All up to the last one told were compared with their events. */
async function untoldPlacement(db: Database, siteId: string, { placed, seq }: Counted): Promise<Break | undefined> {
  const row = await db
    .selectFrom("placements as p")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .select(["p.seq", "a.key", "e.name"])
    .where("e.site_id", "=", siteId)
    .where("p.seq", ">", placed)
    .orderBy("p.seq")
    .limit(1)
    .executeTakeFirst();
  if (row)
    return {
      seq,
      what: `The record holds placement ${row.seq} of ${row.key} on ${row.name}, of which no event tells.`,
    };
}

async function untoldContent(db: Database, siteId: string, counted: Counted): Promise<Break | undefined> {
  const { digests, requires } = await db
    .selectFrom("versions as v")
    .innerJoin("artifacts as a", "a.id", "v.artifact_id")
    .select((eb) => [eb.fn.count<number>("v.digest").as("digests"), eb.fn.count<number>("v.requires").as("requires")])
    .where("a.site_id", "=", siteId)
    .executeTakeFirstOrThrow();
  const differs = (what: string, there: number, told: number) =>
    there === told
      ? undefined
      : {
          seq: counted.seq,
          what: `The record holds the ${what} of ${there} versions, and the events tell of ${told}.`,
        };
  return differs("digests", digests, counted.digests) ?? differs("requirements", requires, counted.requires);
}

/** Whether a promotion, `p`, waits for anybody, by what the events tell. */
const isOpen: RawBuilder<boolean> = sql`(
  not exists (select 1 from completions x where x.promotion_id = p.id)
  and not exists (select 1 from cancellations x where x.promotion_id = p.id)
  and not exists (select 1 from approvals x where x.promotion_id = p.id and x.decision = 'reject'))`;

async function wrongPromotionPointer(db: Database, siteId: string, seq: number): Promise<Break | undefined> {
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
      what: `By the events promotion ${row.number} is ${row.open ? "closed" : "open"}, and the record has it ${row.open ? "open" : "closed"}.`,
    };
}

/** The current pointers against the as-of rule, on placements that have been compared by now. */
async function wrongPointer(db: Database, siteId: string): Promise<Break | undefined> {
  const environments = await db
    .selectFrom("environments")
    .select(["id", "name"])
    .where("site_id", "=", siteId)
    .execute();
  for (const { id, name } of environments) {
    const { rows } = await sql<{ key: string; there: number | null; right: number | null; seq: number | null }>`
      select a.key, c.placement_seq as there, p.seq as "right",
        (select max(e.seq) from events e where e.site_id = ${siteId} and e.subject_id = p.deployment_id) as seq
      from artifacts a
      left join current_placements c on c.artifact_id = a.id and c.environment_id = ${id}
      left join placements p on p.seq = ${placementSeqAsOf(id, "a.id", { asOf: endOfTime })}
      where a.site_id = ${siteId} and (
        c.placement_seq is distinct from p.seq or c.version_id is distinct from p.version_id
        or c.out_of_band is distinct from p.out_of_band or c.effective_at is distinct from p.effective_at)
      limit 1`.execute(db);
    const [row] = rows;
    if (row) return { seq: row.seq ?? 0, what: pointed(row, name) };
  }
}

function pointed({ key, there, right }: { key: string; there: number | null; right: number | null }, place: string) {
  const is = there === null ? "at nothing" : `at placement ${there}`;
  if (there === right) return `What stands on ${place} for ${key} is not what placement ${right} brought.`;
  return `What stands on ${place} for ${key} points ${is}, and by the events it is ${right === null ? "nothing" : `placement ${right}`}.`;
}

/** Checkpoints kept here. One kept elsewhere says more: whoever can rewrite the events can rewrite these. */
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
      what: `The history up to event ${row.events} is not the one that a checkpoint was signed for: it was written anew.`,
    };
}

/** For `rebuild`: fills the pointers from what they point at. */
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
