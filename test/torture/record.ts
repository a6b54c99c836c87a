import { sql } from "kysely";
import { findSite, type Site } from "../../src/access/sites.ts";
import type { Database } from "../../src/database/connect.ts";
import { walkChain } from "../../src/record/chain.ts";
import type { Kind } from "../../src/schema.ts";
import { slug } from "./cast.ts";

export interface Line {
  kind: Kind;
  key: string;
  version: string | null;
  /** Of a placement. */
  seq: number | null;
}

/** The whole record from its tables, read without Sitebook's own queries. */
export async function readRecord(db: Database) {
  const { id } = (await findSite(db, slug)) as Site;
  return {
    keys: new Map((await db.selectFrom("artifacts").select(["id", "key"]).execute()).map(({ id, key }) => [id, key])),
    site: await db.selectFrom("sites").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
    events: await Array.fromAsync(walkChain(db, id)),
    deployments: await db
      .selectFrom("deployments as d")
      .innerJoin("environments as e", "e.id", "d.environment_id")
      .selectAll("d")
      .select("e.slug as environment")
      .orderBy("number")
      .execute(),
    lines: Map.groupBy([...(await linesOf(db, "placements")), ...(await linesOf(db, "confirmations"))], ({ of }) => of),
    releases: await db.selectFrom("releases").selectAll().orderBy("number").execute(),
    contents: Map.groupBy(await contents(db), ({ of }) => of),
    promotions: await db
      .selectFrom("promotions as p")
      .innerJoin("environments as e", "e.id", "p.environment_id")
      .innerJoin("releases as r", "r.id", "p.release_id")
      .selectAll("p")
      .select(["e.slug as environment", "r.number as release"])
      .orderBy("number")
      .execute(),
    approvals: await db.selectFrom("approvals").selectAll().execute(),
    completions: await db.selectFrom("completions").selectAll().execute(),
    cancellations: await db.selectFrom("cancellations").selectAll().execute(),
    corrections: await db.selectFrom("corrections").selectAll().execute(),
    gates: await db
      .selectFrom("gates as g")
      .innerJoin("environments as e", "e.id", "g.environment_id")
      .selectAll("g")
      .select("e.slug as environment")
      .execute(),
    withdrawals: await db.selectFrom("withdrawals").selectAll().execute(),
    ticks: await db.selectFrom("checklist_ticks").selectAll().execute(),
    comments: await db.selectFrom("comments").selectAll().execute(),
    forced: await db.selectFrom("forced_completions").selectAll().execute(),
    reviews: await db.selectFrom("forced_reviews").selectAll().execute(),
    freezes: await db
      .selectFrom("freezes as f")
      .innerJoin("environments as e", "e.id", "f.environment_id")
      .selectAll("f")
      .select("e.slug as environment")
      .orderBy("number")
      .execute(),
    schedules: await db.selectFrom("schedules").selectAll().execute(),
    dueMoments: await db.selectFrom("due_moments").selectAll().execute(),
    freezeEnds: await db.selectFrom("freeze_ends").selectAll().execute(),
    marks: await db.selectFrom("release_marks").selectAll().execute(),
    delegations: await db.selectFrom("delegations").selectAll().execute(),
    jobs: await db.selectFrom("jobs").selectAll().execute(),
    intents: await db.selectFrom("intents").selectAll().execute(),
  };
}
export type Record = Awaited<ReturnType<typeof readRecord>>;

async function linesOf(db: Database, table: "placements" | "confirmations"): Promise<(Line & { of: string })[]> {
  const { rows } = await sql<Line & { of: string }>`
    select s.deployment_id as of, a.kind, a.key, v.label as version, ${sql.raw(table === "placements" ? "s.seq" : "null")} as seq
    from ${sql.table(table)} s join artifacts a on a.id = s.artifact_id left join versions v on v.id = s.version_id`.execute(
    db,
  );
  return rows;
}

async function contents(db: Database): Promise<(Line & { of: string })[]> {
  const { rows } = await sql<Line & { of: string }>`
    select r.release_id as of, a.kind, a.key, v.label as version, null as seq
    from release_contents r join artifacts a on a.id = r.artifact_id left join versions v on v.id = r.version_id`.execute(
    db,
  );
  return rows;
}
