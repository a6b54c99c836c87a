import { type RawBuilder, sql } from "kysely";
import { inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import type { Flag, Kind } from "../schema.ts";
import { type ArtifactOrder, type ArtifactPosition, artifactBatches } from "./artifact-batches.ts";
import { containsText } from "./artifact-filter.ts";

export interface Moment {
  /** What stood at this moment … (ISO 8601 UTC with milliseconds) */
  asOf: string;
  /** … as far as Sitebook had been told by this one; all it knows where missing. */
  knownAt?: string | undefined;
}

/** As of now and of whatever was told of the next minute: clocks differ. The same as the current pointers hold. */
export const endOfTime = "9999-12-31T23:59:59.999Z";

/** Whether a placement counts, as far as was known: told, not corrected, and no repetition of what stood there already. */
export function isEffective(placement: string, knownAt?: string) {
  const told = knownAt === undefined ? sql`` : sql`and ${sql.ref(`${placement}.recorded_at`)} <= ${knownAt}`;
  return sql<boolean>`(not ${isCorrected(placement, knownAt)} and ${isNotRedundant(placement, knownAt)} ${told})`;
}

/** Whether what it says was corrected, and no later correction says that it stood all the same. Of a placement or a confirmation. */
export function isCorrected(said: string, knownAt?: string) {
  const of = (column: string) => sql.ref(`${said}.${column}`);
  const by = (column: string) => (knownAt === undefined ? sql`` : sql`and ${sql.ref(column)} <= ${knownAt}`);
  return sql<boolean>`exists (
    select 1 from corrections co
    where co.corrected_id = ${of("deployment_id")} and co.artifact_id = ${of("artifact_id")} and co.stands = 0
      ${by("co.recorded_at")}
      and not exists (select 1 from corrections ca where ca.correction_id = co.id ${by("ca.recorded_at")}))`;
}

/** Whether it is not known to have brought only what stood there already. */
export function isNotRedundant(placement: string, knownAt?: string) {
  const told = knownAt === undefined ? sql`` : sql`and re.recorded_at <= ${knownAt}`;
  return sql<boolean>`not exists (select 1 from repeats re where re.placement_seq = ${sql.ref(`${placement}.seq`)} ${told})`;
}

/**
 * The seq of the placement that stood there: greatest (effective_at, seq) with effective_at <= T, told by K and
 * counting as far as was known by K. One seek in `placements_as_of` for each artifact, however long the history.
 * `artifact` is a column of the query around it.
 */
export function placementSeqAsOf(
  environmentId: string | RawBuilder<string>,
  artifact: string,
  { asOf, knownAt }: Moment,
) {
  return sql<number>`(
    select q.seq from placements q
    where q.environment_id = ${environmentId} and q.artifact_id = ${sql.ref(artifact)} and q.effective_at <= ${asOf}
      and ${isEffective("q", knownAt)}
    order by q.effective_at desc, q.seq desc limit 1)`;
}

export interface PlacementAsOf {
  artifact_id: string;
  kind: Kind;
  key: string;
  title: string | null;
  section: string;
  seq: number;
  version_id: string | null;
  version: string | null;
  digest: string | null;
  requires: string | null;
  effective_at: string;
  recorded_at: string;
  deployment: number;
  promotion_id: string | null;
  promotion: number | null;
  out_of_band: Flag;
}

export interface PlacementSlice {
  kind?: Kind | undefined;
  /** Part of a path, name or title. */
  text?: string | undefined;
  /** Only these artifacts, all of them the site's. */
  ids?: string[] | undefined;
  /** Where the page before ended, in the order of `order`. */
  after?: ArtifactPosition | undefined;
  limit?: number | undefined;
  /** Removals too; else only what stood there. */
  removed?: boolean | undefined;
  order?: ArtifactOrder | undefined;
}

/**
 * What stood in an environment at a moment, with when, since when it was known, and what brought it. Looked for piece
 * by piece: of a thousand artifacts it may be that none stood there then.
 */
export async function placementsAsOf(
  db: Database,
  siteId: string,
  environmentId: string,
  moment: Moment,
  slice: PlacementSlice = {},
): Promise<PlacementAsOf[]> {
  if (slice.ids) return standingAmong(db, environmentId, moment, slice, inList("a.id", slice.ids));
  const found: PlacementAsOf[] = [];
  for await (const piece of artifactBatches(db, siteId, slice)) {
    const limit = slice.limit && slice.limit - found.length;
    found.push(...(await standingAmong(db, environmentId, moment, { ...slice, limit }, piece)));
    if (slice.limit && found.length >= slice.limit) break;
  }
  return found;
}

function standingAmong(
  db: Database,
  environmentId: string,
  moment: Moment,
  { order, removed, kind, text, limit }: PlacementSlice,
  among: RawBuilder<boolean>,
): Promise<PlacementAsOf[]> {
  let query = db
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) =>
      join.on(equalsBySeek(db, "p.seq", placementSeqAsOf(environmentId, "a.id", moment))),
    )
    .innerJoin("deployments as d", "d.id", "p.deployment_id")
    .leftJoin("versions as v", "v.id", "p.version_id")
    .leftJoin("promotions as pr", "pr.id", "p.promotion_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", "a.title", "a.section"])
    .select([
      "p.seq",
      "p.version_id",
      "v.label as version",
      "v.digest",
      "v.requires",
      "p.effective_at",
      "d.recorded_at",
    ])
    .select(["d.number as deployment", "p.promotion_id", "pr.number as promotion", "p.out_of_band"])
    .where(among)
    .orderBy("a.kind");
  query = order === "key" ? query.orderBy("a.key") : query.orderBy("a.section").orderBy("a.key");
  if (!removed) query = query.where("p.version_id", "is not", null);
  if (kind) query = query.where("a.kind", "=", kind);
  if (text) query = query.where(containsText(text));
  if (limit) query = query.limit(limit);
  return query.execute();
}
