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
import { deploy } from "../record/deploy.ts";
import { listContents } from "../record/releases.ts";
import { type DeploymentReport, normalizeLine, type ReportLine, reportErrors } from "../record/report.ts";
import { upsertVersions } from "../record/versions.ts";
import { artifactKey } from "../text.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";

export interface RecordedDeployment {
  number: number;
  changed: number;
  unchanged: number;
  out_of_band: number;
}

/** Records what somebody did on a server. A fact is taken even where no gate allowed it; then it is flagged out of band. */
export async function recordDeployment(
  db: Database,
  by: Actor,
  site: Site,
  environment: Environment,
  told: DeploymentReport,
): Promise<RecordedDeployment> {
  refuse(whyNotMay(by, "record"), 403);
  // ten thousand lines take a while to parse, to check and to write: others get a turn in between
  await yieldToEventLoop();
  const report = { ...told, placements: told.placements.map(normalizeLine) };
  refuseFields(reportErrors(report, by.at));
  await yieldToEventLoop();
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const { id: _, ...recorded } = await recordWithin(trx, by, site, environment, report);
    return recorded;
  });
}

/** The same inside the caller's transaction: a report without mistakes, keys in their normal form. */
export async function recordWithin(
  trx: Database,
  by: Actor,
  site: Site,
  environment: Environment,
  report: DeploymentReport & { id?: string | undefined },
) {
  const effectiveAt = parseRfc3339(report.effective_at ?? by.at) as string;
  const { lines, learned } = await resolveLines(trx, by, site, effectiveAt, report.placements);
  const promotion =
    report.promotion === undefined ? undefined : await allowedBy(trx, site, environment, report.promotion);
  return deploy(trx, by, site, environment, {
    id: report.id,
    effectiveAt,
    complete: report.complete ?? false,
    note: report.note?.trim() || null,
    source: report.source?.trim() || null,
    promotion: promotion && { id: promotion.id, number: promotion.number },
    learned,
    lines: lines.map((line) => {
      const allowed = promotion?.allows.has(`${line.artifact_id} ${line.version_id}`) ?? false;
      return {
        ...line,
        promotion_id: allowed ? (promotion?.id ?? null) : null,
        out_of_band: environment.gate && !allowed ? 1 : 0,
      };
    }),
  });
}

async function resolveLines(trx: Database, by: Actor, site: Site, effectiveAt: string, named: ReportLine[]) {
  const { ids: artifacts, ...told } = await upsertArtifacts(trx, by, site, named);
  const { ids: versions, ...more } = await upsertVersions(trx, by, effectiveAt, named, artifacts);
  const lines = named.map((one) => {
    const name = artifactKey(one);
    return {
      kind: one.kind,
      key: one.key,
      version: one.version,
      artifact_id: artifacts.get(name) as string,
      version_id: versions.get(name) ?? null,
    };
  });
  return { lines, learned: { ...told, ...more } };
}

/** What a promotion into this environment allows: its release's contents, once it has been approved. */
async function allowedBy(trx: Database, site: Site, environment: Environment, number: number) {
  const promotion = await findPromotion(trx, site.id, number);
  if (promotion?.environment_id !== environment.id)
    throw new Refusal(422, `There is no promotion ${number} into ${environment.name}.`, {
      errors: [{ path: "promotion", message: `There is no promotion ${number} into ${environment.name}.` }],
    });
  const contents = ["approved", "completed"].includes(promotion.state)
    ? await listContents(trx, promotion.release_id)
    : [];
  return { id: promotion.id, number, allows: new Set(contents.map((one) => `${one.artifact_id} ${one.version_id}`)) };
}
