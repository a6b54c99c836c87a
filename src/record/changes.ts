import { type RawBuilder, sql } from "kysely";
import { notInList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { artifactBatches } from "./artifact-batches.ts";
import { isEffective, type Moment, type PlacementAsOf, placementSeqAsOf, placementsAsOf } from "./as-of.ts";

export interface EnvironmentCounts {
  pages: number;
  software: number;
  /** Added or removed without a promotion that allowed it. */
  out_of_band: number;
  /** Not placed in this environment by that moment, but deployed there later. */
  later: number;
}

/**
 * Counts what was in an environment at a moment, with a seek for each artifact, and another for what was not there. None
 * for `known`, which is of what was there.
 */
export async function countAsOf(
  db: Database,
  siteId: string,
  environmentId: string,
  moment: Moment,
  known: Pick<PlacementAsOf, "artifact_id" | "kind" | "out_of_band">[] = [],
): Promise<EnvironmentCounts> {
  const counts: EnvironmentCounts = { pages: 0, software: 0, out_of_band: 0, later: 0 };
  const add = (rows: Awaited<ReturnType<typeof countAmong>>) => {
    for (const { kind, present, later, out_of_band } of rows) {
      if (kind === "page") counts.pages += present;
      else counts.software += present;
      counts.later += later;
      counts.out_of_band += out_of_band;
    }
  };
  add(known.map(({ kind, out_of_band }) => ({ kind, present: 1, later: 0, out_of_band })));
  const ids = known.map(({ artifact_id }) => artifact_id);
  for await (const batch of artifactBatches(db, siteId, {}))
    add(await countAmong(db, environmentId, moment, sql`${batch} and ${notInList(db, "a.id", ids)}`));
  return counts;
}

function countAmong(db: Database, environmentId: string, moment: Moment, among: RawBuilder<boolean>) {
  return db
    .selectFrom("artifacts as a")
    .leftJoin("placements as p", (join) =>
      join.on(equalsBySeek(db, "p.seq", placementSeqAsOf(environmentId, "a.id", moment))),
    )
    .select((eb) => ["a.kind", eb.fn.count<number>("p.version_id").as("present")])
    .select(
      sql<number>`sum(case when p.seq is null and ${laterPlacement(environmentId, moment)} is not null then 1 else 0 end)`.as(
        "later",
      ),
    )
    .select(sql<number>`sum(case when p.out_of_band = 1 then 1 else 0 end)`.as("out_of_band"))
    .where(among)
    .groupBy("a.kind")
    .execute();
}

/** One seek for each artifact; as `exists`, PostgreSQL might read all placements of the environment instead. */
const laterPlacement = (environmentId: string, { asOf, knownAt }: Moment) =>
  sql`(select l.seq from placements l
    where l.environment_id = ${environmentId} and l.artifact_id = a.id and l.effective_at > ${asOf}
      and l.version_id is not null and ${isEffective("l", knownAt)} limit 1)`;

export interface ChangesAround {
  /** The very first change: what was there before it is unknown. Undefined if nothing ever changed. */
  first: string | undefined;
  /** The newest change up to the moment, the one before the moment, and the one after it. */
  newest: string | undefined;
  previous: string | undefined;
  next: string | undefined;
  /** How many placements came later, counted up to `maxCounted`. */
  since: number;
}

const maxCounted = 1000;

/** The moment of an environment's first change, as far as was known at `knownAt`. */
export function firstChange(db: Database, environmentId: string, knownAt?: string): Promise<string | undefined> {
  return moments(db, environmentId, knownAt)
    .orderBy("p.effective_at")
    .limit(1)
    .executeTakeFirst()
    .then((row) => row?.at);
}

/** Whether anything of an environment is recorded from before this deployment took effect: else what was there is unknown. */
export async function isKnownBefore(db: Database, environmentId: string, deploymentId: string): Promise<boolean> {
  const start = sql`(select s.effective_at, s.number from deployments s where s.id = ${deploymentId})`;
  const earlier = await db
    .selectFrom("deployments as d")
    .select("d.id")
    .where("d.environment_id", "=", environmentId)
    .where(sql<boolean>`(d.effective_at, d.number) < ${start}`)
    .limit(1)
    .executeTakeFirst();
  return earlier !== undefined;
}

function moments(db: Database, environmentId: string, knownAt: string | undefined) {
  return db
    .selectFrom("placements as p")
    .select("p.effective_at as at")
    .where("p.environment_id", "=", environmentId)
    .where(isEffective("p", knownAt));
}

/** The moment of the change that is `back` changes before the newest. If there are fewer changes, only returns their number. */
export async function changesBack(
  db: Database,
  environmentId: string,
  back: number,
): Promise<{ at?: string | undefined; changes: number }> {
  const newestBefore = (until: RawBuilder<unknown>) =>
    sql`(select p.effective_at from placements p where p.environment_id = ${environmentId} ${until} and ${isEffective("p")}
      order by p.effective_at desc limit 1)`;
  // from one moment to the next by the index: a deployment of ten thousand is one step
  const { rows } = await sql<{ at: string; steps: number }>`
    with recursive changes (at, steps) as (
      select ${newestBefore(sql``)}, 0
      union all
      select ${newestBefore(sql`and p.effective_at < c.at`)}, c.steps + 1
      from changes c where c.at is not null and c.steps < ${back})
    select at, steps from changes where at is not null order by steps desc limit 1`.execute(db);
  const [last] = rows;
  if (!last) return { changes: 0 };
  return { at: last.steps === back ? last.at : undefined, changes: last.steps + 1 };
}

/** The moments at which something changed in an environment, seen from one of them. Each is a seek. */
export async function changesAround(
  db: Database,
  environmentId: string,
  { asOf, knownAt }: Moment,
): Promise<ChangesAround> {
  const changes = moments(db, environmentId, knownAt);
  const earlier = changes.orderBy("p.effective_at", "desc").limit(1);
  const first = await firstChange(db, environmentId, knownAt);
  const newest = await earlier.where("p.effective_at", "<=", asOf).executeTakeFirst();
  const previous = newest?.at === asOf ? await earlier.where("p.effective_at", "<", asOf).executeTakeFirst() : newest;
  const later = changes.where("p.effective_at", ">", asOf).orderBy("p.effective_at").limit(maxCounted);
  const since = await later.execute();
  return { first, newest: newest?.at, previous: previous?.at, next: since[0]?.at, since: since.length };
}

/** Whether a deployment or correction recorded after `knownAt` may have changed what was there at `asOf`. */
export async function hasLaterRecords(
  db: Database,
  environmentId: string,
  { asOf, knownAt }: Required<Moment>,
): Promise<boolean> {
  const { rows } = await sql<{ later: number }>`select 1 as later where exists (
      select 1 from deployments d where d.environment_id = ${environmentId} and d.recorded_at > ${knownAt}
        and d.effective_at <= ${asOf} and d.recorded_at > d.effective_at)
    or exists (
      select 1 from corrections c join deployments d on d.id = c.corrected_id
      where c.recorded_at > ${knownAt} and d.environment_id = ${environmentId} and d.effective_at <= ${asOf})`.execute(
    db,
  );
  return rows.length > 0;
}

/** The removals at exactly this moment, at most 100. */
export async function removedAt(
  db: Database,
  siteId: string,
  environmentId: string,
  moment: Moment,
): Promise<PlacementAsOf[]> {
  const removed = await db
    .selectFrom("placements as p")
    .select("p.artifact_id")
    .where("p.environment_id", "=", environmentId)
    .where("p.effective_at", "=", moment.asOf)
    .where("p.version_id", "is", null)
    .where(isEffective("p", moment.knownAt))
    .orderBy("p.seq")
    .limit(100)
    .execute();
  if (!removed.length) return [];
  const ids = removed.map((row) => row.artifact_id);
  const placements = await placementsAsOf(db, siteId, environmentId, moment, { ids, removed: true });
  return placements.filter((placement) => placement.version === null);
}
