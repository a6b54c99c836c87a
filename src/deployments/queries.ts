import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listFreezes } from "../freezes/queries.ts";
import { windowAt } from "../freezes/rules.ts";
import { artifactIds } from "../record/artifacts.ts";
import {
  isCorrected,
  isEffective,
  isNotRedundant,
  type PlacementAsOf,
  placementsAsOf,
  placementTitle,
} from "../record/as-of.ts";
import { firstChange } from "../record/changes.ts";
import { nameSince, nameThen, personSince, personThen } from "../record/former-names.ts";
import type { ReportLine } from "../record/report.ts";
import { unknownIn } from "../record/unknown-rows.ts";
import type { Kind } from "../schema.ts";
import { artifactKey } from "../text.ts";
import { latestEffectiveAt } from "../time/recorded-late.ts";

/** `unknown`: what was there before is unknown, so that it may have been there already. */
type Change = "new" | "unknown" | "changed" | "removed" | "same";

export interface PreviewedLine {
  kind: Kind;
  key: string;
  /** The title in the list, or else the one that was there. */
  title: string | null;
  version: string | null;
  /** The version at that moment; null if it was never there or removed. */
  before: string | null;
  /** Whether nothing was recorded for the environment at that moment, or of this row only further to the right. */
  unknown: boolean;
  change: Change;
}

interface NewDeployment {
  asOf: string;
  lines: (Pick<ReportLine, "kind" | "key" | "version"> & { title?: string | null | undefined })[];
  complete: boolean;
  /** The ids of the environments for which anything was ever recorded. */
  known: Set<string>;
}

/** What these lines would change if they were recorded for that moment: first the changes, then what stays the same. */
export async function previewDeployment(
  db: Database,
  site: Site,
  environment: Environment,
  { asOf, lines, complete, known }: NewDeployment,
): Promise<PreviewedLine[]> {
  const placements = complete
    ? await placementsAsOf(db, site.id, environment.id, { asOf })
    : await placementsOf(db, site, environment, asOf, lines);
  const first = await firstChange(db, environment.id);
  const allUnknown = first === undefined || first > asOf;
  const before = new Map(placements.map((placement) => [artifactKey(placement), placement]));
  const absent = lines.filter((line) => !before.get(artifactKey(line))?.version);
  const ids = await artifactIds(db, site.id, absent);
  const unknownIds = allUnknown ? new Set() : await unknownIn(db, site, environment, known, [...ids.values()]);
  const listed = lines.map(({ kind, key, title, version }) => {
    const placement = before.get(artifactKey({ kind, key }));
    return { kind, key, version, title: title || (placement?.title ?? null), before: placement?.version ?? null };
  });
  const listedKeys = new Set(lines.map((line) => artifactKey(line)));
  const unlisted = complete ? placements.filter((placement) => !listedKeys.has(artifactKey(placement))) : [];
  const removed = unlisted.map(({ kind, key, title, version }) => ({
    kind,
    key,
    title,
    version: null,
    before: version,
  }));
  const all = [...listed, ...removed].map((line) => {
    const unknown = allUnknown || unknownIds.has(ids.get(artifactKey(line)));
    return { ...line, unknown, change: changeOf(line, unknown) };
  });
  return [...all.filter(({ change }) => change !== "same"), ...all.filter(({ change }) => change === "same")];
}

async function placementsOf(
  db: Database,
  site: Site,
  environment: Environment,
  asOf: string,
  lines: Pick<ReportLine, "kind" | "key">[],
): Promise<PlacementAsOf[]> {
  const ids = await artifactIds(db, site.id, lines);
  return inBatches([...ids.values()], (batch) =>
    placementsAsOf(db, site.id, environment.id, { asOf }, { ids: batch, removed: true }),
  );
}

function changeOf({ version, before }: Pick<PreviewedLine, "version" | "before">, unknown: boolean): Change {
  if (version === before) return "same";
  if (version === null) return "removed";
  if (before !== null) return "changed";
  return unknown ? "unknown" : "new";
}

export interface DeploymentPosition {
  effective_at: string;
  number: number;
}

export interface DeploymentFilter {
  environment?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  /** Only those that were recorded by this moment. */
  knownAt?: string | undefined;
  before?: DeploymentPosition | undefined;
  limit?: number | undefined;
}

export type Deployment = Awaited<ReturnType<typeof listDeployments>>[number];

/** A site's deployments, newest first by when they took effect. */
export async function listDeployments(
  db: Database,
  siteId: string,
  { environment, since, until, knownAt, before, limit = 50 }: DeploymentFilter = {},
) {
  let query = deployments(db).orderBy("d.effective_at", "desc").orderBy("d.number", "desc").limit(limit);
  // not both conditions: SQLite would then scan all deployments of the site
  query = environment ? query.where("d.environment_id", "=", environment) : query.where("d.site_id", "=", siteId);
  if (since) query = query.where("d.effective_at", ">=", since);
  if (until) query = query.where("d.effective_at", "<=", until);
  if (knownAt)
    query = query.where("d.recorded_at", "<=", knownAt).where("d.effective_at", "<=", latestEffectiveAt(knownAt));
  if (before)
    query = query.where(sql<boolean>`(d.effective_at, d.number) < (${before.effective_at}, ${before.number})`);
  return withFreezes(db, siteId, await query.execute());
}

export async function findDeployment(db: Database, siteId: string, number: number): Promise<Deployment | undefined> {
  const rows = await deployments(db).where("d.site_id", "=", siteId).where("d.number", "=", number).execute();
  return (await withFreezes(db, siteId, rows))[0];
}

/** Adds the freezes, by number, that covered the environment when it took effect. A baseline was there before. */
async function withFreezes<Row extends { environment_id: string; effective_at: string; baseline: number }>(
  db: Database,
  siteId: string,
  rows: Row[],
): Promise<(Row & { freezes: number[] })[]> {
  const moments = rows.map((row) => row.effective_at).sort();
  const [first, last] = [moments[0], moments.at(-1)];
  const freezes = first ? await listFreezes(db, siteId, { startsBefore: `${last}~`, endsAfter: first }) : [];
  return rows.map((row) => {
    const covering = freezes.filter(
      (freeze) => freeze.environment_id === row.environment_id && windowAt(freeze, row.effective_at),
    );
    return { ...row, freezes: row.baseline ? [] : covering.map(({ number }) => number).reverse() };
  });
}

function deployments(db: Database) {
  return db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("people as p", "p.id", "d.person_id")
    .leftJoin("promotions as pr", "pr.id", "d.promotion_id")
    .select(["d.id", "d.number", "d.effective_at", "d.recorded_at", "d.source", "d.note", "d.complete"])
    .select([
      "d.seen_otherwise_at",
      "d.baseline",
      "d.changed",
      "d.unchanged",
      "d.out_of_band",
      "d.promotion_id",
      "pr.number as promotion",
    ])
    .select([
      personThen("p", "d.recorded_at", "d.site_id").as("person"),
      personSince("p", "d.recorded_at", "d.site_id").as("person_now"),
      "p.kind",
    ])
    .select([
      "d.environment_id",
      "e.slug as environment",
      nameThen("e", "d.recorded_at").as("environment_name"),
      "e.tier",
    ])
    .select(nameSince("e", "d.recorded_at").as("environment_now"));
}

export interface PlacementPosition {
  kind: Kind;
  section: string;
  key: string;
}

/** What a deployment changed, with the version before. Includes corrected lines. */
export function listDeploymentPlacements(
  db: Database,
  deploymentId: string,
  { after, limit = 200 }: { after?: PlacementPosition | undefined; limit?: number } = {},
) {
  let lines = db
    .selectFrom("placements as p")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .select(["a.kind", "a.section", "a.key", "p.seq", "p.artifact_id", "p.environment_id", "p.deployment_id"])
    .select(["p.version_id", "p.promotion_id", "p.effective_at", "p.out_of_band"])
    .where("p.deployment_id", "=", deploymentId)
    .where(isNotRedundant("p"))
    .orderBy("a.kind")
    .orderBy("a.section")
    .orderBy("a.key")
    .limit(limit);
  if (after)
    lines = lines.where(sql<boolean>`(a.kind, a.section, a.key) > (${after.kind}, ${after.section}, ${after.key})`);
  // joins only the lines of this page: a deployment may have ten thousand
  return db
    .selectFrom(lines.as("p"))
    .leftJoin("versions as v", "v.id", "p.version_id")
    .leftJoin("promotions as pr", "pr.id", "p.promotion_id")
    .select([
      "p.seq",
      "p.kind",
      "p.key",
      "p.section",
      "v.label as version",
      placementTitle("p").as("title"),
      "v.digest",
      "v.source",
      "v.notes",
    ])
    .select(["p.artifact_id", "p.out_of_band", "p.promotion_id", "pr.number as promotion", "p.effective_at"])
    .select(sql<number>`case when ${isCorrected("p")} then 1 else 0 end`.as("corrected"))
    .select(
      sql<string | null>`(
        select w.label from placements q left join versions w on w.id = q.version_id
        where q.environment_id = p.environment_id and q.artifact_id = p.artifact_id and (q.effective_at, q.seq) < (p.effective_at, p.seq)
          and ${isEffective("q")}
        order by q.effective_at desc, q.seq desc limit 1)`.as("before"),
    )
    .orderBy("p.kind")
    .orderBy("p.section")
    .orderBy("p.key")
    .execute();
}
