import { type RawBuilder, sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import type { Flag, Kind } from "../schema.ts";
import { type ArtifactOrder, type ArtifactPosition, artifactBatches } from "./artifact-batches.ts";
import { containsText } from "./artifact-filter.ts";
import { personThen } from "./former-names.ts";
import { ownMarks, type PromotionMarks, rolledBackMarks } from "./promotion-flags.ts";

export interface Moment {
  /** The moment of the state, ISO 8601 UTC with milliseconds. */
  asOf: string;
  /** Only what was recorded by this moment counts; everything if it is undefined. */
  knownAt?: string | undefined;
}

/** As of this, a query returns the current state, with what a client whose clock is ahead recorded for the next minute. */
export const endOfTime = "9999-12-31T23:59:59.999Z";

/** Whether a placement counts at `knownAt`: it is recorded, not corrected, and not redundant. */
export function isEffective(placement: string, knownAt?: string) {
  const recorded = knownAt === undefined ? sql`` : sql`and ${sql.ref(`${placement}.recorded_at`)} <= ${knownAt}`;
  return sql<boolean>`(not ${isCorrected(placement, knownAt)} and ${isNotRedundant(placement, knownAt)} ${recorded})`;
}

/** Whether a placement or confirmation was corrected, and the correction was not undone. */
export function isCorrected(table: string, knownAt?: string) {
  const column = (name: string) => sql.ref(`${table}.${name}`);
  const recorded = (column: string) => (knownAt === undefined ? sql`` : sql`and ${sql.ref(column)} <= ${knownAt}`);
  return sql<boolean>`exists (
    select 1 from corrections co
    where co.corrected_id = ${column("deployment_id")} and co.artifact_id = ${column("artifact_id")} and co.stands = 0
      ${recorded("co.recorded_at")}
      and not exists (select 1 from corrections ca where ca.correction_id = co.id ${recorded("ca.recorded_at")}))`;
}

/** Whether a placement changed something, as far as was known at `knownAt`. */
export function isNotRedundant(placement: string, knownAt?: string) {
  const recorded = knownAt === undefined ? sql`` : sql`and re.recorded_at <= ${knownAt}`;
  return sql<boolean>`not exists (select 1 from repeats re where re.placement_seq = ${sql.ref(`${placement}.seq`)} ${recorded})`;
}

/**
 * The seq of the placement in effect: the greatest (effective_at, seq) with effective_at <= `asOf`, of the placements that
 * count at `knownAt`. One seek in the index `placements_as_of` for each artifact, however long the history. `artifact` is
 * a column of the surrounding query.
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

/** The title of the version `v` of a placement, or of what the placement removed. */
export function placementTitle(placement: string) {
  const column = (name: string) => sql.ref(`${placement}.${name}`);
  const [version, environment] = [column("version_id"), column("environment_id")];
  return titleOrRemoved({ version, environment, artifact: column("artifact_id"), at: column("effective_at") });
}

/** A removal has the title of the version that was there last: one index seek, and only for a removal. */
export function titleOrRemoved({
  version,
  environment,
  artifact,
  at,
}: Record<"version" | "environment" | "artifact" | "at", RawBuilder<unknown>>) {
  return sql<string | null>`case when ${version} is not null then v.title else (
    select w.title from placements q join versions w on w.id = q.version_id
    where q.environment_id = ${environment} and q.artifact_id = ${artifact} and q.effective_at <= ${at} and ${isEffective("q")}
    order by q.effective_at desc, q.seq desc limit 1) end`;
}

export interface PlacementAsOf extends PromotionMarks {
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
  deployment_id: string;
  recorded_at: string;
  deployment: number;
  promotion_id: string | null;
  promotion: number | null;
  out_of_band: Flag;
  /** 1: its deployment recorded what was already there when the book was opened. */
  baseline: Flag;
  /** Who recorded its deployment. */
  person: string;
  person_kind: "person" | "machine";
}

export interface PlacementSlice {
  kind?: Kind | undefined;
  /** Part of a path, name or title. */
  text?: string | undefined;
  /** Only these artifacts, all of them the site's. */
  ids?: string[] | undefined;
  /** The end of the previous page, in the order of `order`. */
  after?: ArtifactPosition | undefined;
  limit?: number | undefined;
  /** Includes removals. */
  removed?: boolean | undefined;
  order?: ArtifactOrder | undefined;
}

/**
 * What was in an environment at a moment, with its source and both clocks. Searches in batches, because of a thousand
 * artifacts perhaps none was there.
 */
export async function placementsAsOf(
  db: Database,
  siteId: string,
  environmentId: string,
  moment: Moment,
  slice: PlacementSlice = {},
): Promise<PlacementAsOf[]> {
  if (slice.ids) return queryPlacements(db, environmentId, moment, slice, inList("a.id", slice.ids));
  const placements: PlacementAsOf[] = [];
  for await (const batch of artifactBatches(db, siteId, slice)) {
    const limit = slice.limit && slice.limit - placements.length;
    placements.push(...(await queryPlacements(db, environmentId, moment, { ...slice, limit }, batch)));
    if (slice.limit && placements.length >= slice.limit) break;
  }
  return placements;
}

async function queryPlacements(
  db: Database,
  environmentId: string,
  moment: Moment,
  { order, removed, kind, text, limit }: PlacementSlice,
  among: RawBuilder<boolean>,
): Promise<PlacementAsOf[]> {
  let query = db
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) => join.on(equalsBySeek(db, "p.seq", seqAsOf(environmentId, moment))))
    .leftJoin("versions as v", "v.id", "p.version_id")
    .select(["a.id as artifact_id", "a.kind", "a.key", placementTitle("p").as("title"), "a.section"])
    .select(["p.seq", "p.version_id", "v.label as version", "v.digest", "v.requires"])
    .select(["p.effective_at", "p.deployment_id", "p.promotion_id", "p.out_of_band"])
    .where(among)
    .orderBy("a.kind");
  query = order === "key" ? query.orderBy("a.key") : query.orderBy("a.section").orderBy("a.sort_key").orderBy("a.key");
  if (!removed) query = query.where("p.version_id", "is not", null);
  if (kind) query = query.where("a.kind", "=", kind);
  if (text) query = query.where(containsText(text));
  if (limit) query = query.limit(limit);
  return withSources(db, await query.execute(), moment.knownAt);
}

/** As `placementSeqAsOf`, of the artifacts `a`. What is there now is kept in a table of its own. */
const seqAsOf = (environmentId: string, moment: Moment) =>
  moment.asOf === endOfTime && moment.knownAt === undefined
    ? sql`(select c.placement_seq from current_placements c where c.environment_id = ${environmentId} and c.artifact_id = a.id)`
    : placementSeqAsOf(environmentId, "a.id", moment);

const noPromotion = { promotion: null, rollback_of: null, rollback_in_part: null, forced: 0 };

/** Adds the deployment and promotion of each placement. They are read once each, as a thousand placements share a few. */
async function withSources<T extends { deployment_id: string; promotion_id: string | null; artifact_id: string }>(
  db: Database,
  rows: T[],
  knownAt: string | undefined,
) {
  const deployments = await inBatches([...new Set(rows.map((row) => row.deployment_id))], (ids) =>
    db
      .selectFrom("deployments as d")
      .innerJoin("people as pe", "pe.id", "d.person_id")
      .select(["d.id", "d.number as deployment", "d.recorded_at", "d.baseline", "pe.kind as person_kind"])
      .select(personThen("pe", "d.recorded_at", "d.site_id").as("person"))
      .where("d.id", "in", ids)
      .execute(),
  );
  const promotions = await inBatches([...new Set(rows.flatMap((row) => row.promotion_id ?? []))], (ids) =>
    db
      .selectFrom("promotions as pr")
      .select(["pr.id", "pr.number as promotion", ...ownMarks(knownAt)])
      .where("pr.id", "in", ids)
      .execute(),
  );
  const rolledBack = await rolledBackMarks(db, rows, knownAt);
  const deploymentsById = new Map(deployments.map(({ id, ...deployment }) => [id, deployment]));
  const promotionsById = new Map(promotions.map(({ id, ...promotion }) => [id, promotion]));
  return rows.map((row) => ({
    ...row,
    ...(deploymentsById.get(row.deployment_id) as Omit<(typeof deployments)[number], "id">),
    ...(promotionsById.get(row.promotion_id ?? "") ?? noPromotion),
    ...rolledBack(row),
  }));
}
