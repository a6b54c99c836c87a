import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { yieldToEventLoop } from "../database/event-loop.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { Refusal, refuse, refuseFields } from "../errors.ts";
import { findPromotion } from "../promotions/queries.ts";
import { upsertArtifacts } from "../record/artifacts.ts";
import { refuseLateBaseline } from "../record/baseline.ts";
import { deploy } from "../record/deploy.ts";
import { listContents } from "../record/releases.ts";
import { type DeploymentReport, normalizeLine, type ReportLine, reportErrors } from "../record/report.ts";
import { type SimilarKey, similarKeys } from "../record/similar-keys.ts";
import { upsertVersions } from "../record/versions.ts";
import { artifactKey } from "../text.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";

export interface RecordedDeployment {
  number: number;
  changed: number;
  unchanged: number;
  removed: number;
  out_of_band: number;
  /** How many versions keep another title than the one in the report, if any do. */
  titles_kept?: number;
  /** New keys that a reader could take for a known one, if there are any. */
  similar_keys?: SimilarKey[];
}

/**
 * Records a deployment. If its environment has a gate, lines that no approved promotion allowed are recorded too, flagged
 * out of band. Throws a Refusal with 403 if the actor may not record, with 422 if the report has errors, and with 409 for a
 * baseline of an environment that has other deployments.
 */
export async function recordDeployment(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  sent: DeploymentReport,
): Promise<RecordedDeployment> {
  refuse(whyNotMay(actor, "record"), 403);
  // parsing, checking and writing ten thousand lines takes a while: other requests run in between
  await yieldToEventLoop();
  const report = { ...sent, placements: sent.placements.map(normalizeLine) };
  refuseFields(reportErrors(report, actor.at));
  await yieldToEventLoop();
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    if (report.baseline) await refuseLateBaseline(trx, environment);
    const { id: _, ...recorded } = await recordWithin(trx, actor, site, environment, report);
    return recorded;
  });
}

/** The same inside the caller's transaction. Expects a report without errors, with keys in their normal form. */
export async function recordWithin(
  trx: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  report: DeploymentReport & { id?: string | undefined; seen_otherwise_at?: string | undefined },
) {
  const effectiveAt = parseRfc3339(report.effective_at ?? actor.at) as string;
  const { lines, newFacts, titlesKept } = await resolveLines(
    trx,
    actor,
    site,
    environment,
    effectiveAt,
    report.placements,
  );
  const promotion =
    report.promotion === undefined ? undefined : await allowedBy(trx, site, environment, report.promotion);
  const deployed = await deploy(trx, actor, site, environment, {
    id: report.id,
    effectiveAt,
    complete: report.complete ?? false,
    baseline: report.baseline,
    allowRemovals: report.allow_removals,
    note: report.note?.trim() || null,
    source: report.source?.trim() || null,
    seenOtherwiseAt: report.seen_otherwise_at,
    promotion: promotion && { id: promotion.id, number: promotion.number },
    newFacts,
    lines: lines.map((line) => {
      const allowed = promotion?.allows.has(`${line.artifact_id} ${line.version_id}`) ?? false;
      return {
        ...line,
        promotion_id: allowed ? (promotion?.id ?? null) : null,
        out_of_band: environment.gate && !allowed && !report.baseline ? 1 : 0,
      };
    }),
  });
  const similar = await similarKeys(trx, site.id, newFacts.artifacts);
  return {
    ...deployed,
    ...(titlesKept > 0 && { titles_kept: titlesKept }),
    ...(similar.length > 0 && { similar_keys: similar }),
  };
}

async function resolveLines(
  trx: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  effectiveAt: string,
  reported: ReportLine[],
) {
  const { ids: artifacts, ...newArtifacts } = await upsertArtifacts(trx, actor, site, reported);
  const at = { environmentId: environment.id, effectiveAt };
  const { ids: versions, titlesKept, ...newVersions } = await upsertVersions(trx, actor, at, reported, artifacts);
  const lines = reported.map(({ kind, key, version }) => {
    const artifact = artifactKey({ kind, key });
    return {
      kind,
      key,
      version,
      artifact_id: artifacts.get(artifact) as string,
      version_id: versions.get(artifact) ?? null,
    };
  });
  return { lines, titlesKept, newFacts: { ...newArtifacts, ...newVersions } };
}

/**
 * What a promotion into this environment allows: the contents of its release if it is approved, otherwise nothing. Throws
 * a Refusal with 422 if there is no such promotion.
 */
async function allowedBy(trx: Database, site: Site, environment: Environment, number: number) {
  const promotion = await findPromotion(trx, site.id, number);
  if (promotion?.environment_id !== environment.id)
    throw new Refusal(422, `There is no promotion ${number} to ${environment.name}.`, {
      errors: [{ path: "promotion", message: `There is no promotion ${number} to ${environment.name}.` }],
    });
  const contents = ["approved", "completed"].includes(promotion.state)
    ? await listContents(trx, promotion.release_id)
    : [];
  return {
    id: promotion.id,
    number,
    allows: new Set(contents.map((content) => `${content.artifact_id} ${content.version_id}`)),
  };
}
