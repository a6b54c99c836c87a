import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { recordWithin } from "../deployments/record.ts";
import { refuse, refuseFields } from "../errors.ts";
import { environmentsInUse } from "../record/baseline.ts";
import { type Correction, latestCorrections } from "../record/corrections.ts";
import { appendEvent } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { normalizeLine, reportErrors } from "../record/report.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";
import { applyCorrection } from "./apply-correction.ts";
import { type CorrectedDeployment, type CorrectedLine, findCorrectedLines } from "./corrected-lines.ts";
import { type CorrectionRequest, correctionErrors, type Instead, whyNotCorrect, whyNotInstead } from "./rules.ts";

export interface Corrected {
  /** The number of the corrected deployment, and of its lines that were corrected. */
  deployment: number;
  corrected: number;
  /** The number of the deployment that records what is right. */
  instead: number | null;
}

/**
 * Marks a deployment, or its line for one page or software item, as wrong and records what is right, if that is known; or
 * (`stands`) undoes the latest correction. From now on the record is as if the wrong lines had never been recorded; what
 * was known before stays. Throws a Refusal with 403, 404, 422 or, if the latest correction does not allow it, 409.
 */
export function correct(db: Database, actor: Actor, site: Site, given: CorrectionRequest): Promise<Corrected> {
  refuse(whyNotMay(actor, "correct"), 403);
  const request = { ...given, ...(given.kind && given.key !== undefined && { key: normalKey(given.kind, given.key) }) };
  refuseFields(correctionErrors(request));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const wrong = await findCorrectedLines(trx, site, request);
    const rows = correctionRows(actor, request, wrong, await latestCorrections(trx, wrong.id));
    const right = request.instead && (await reportInstead(trx, actor, site, wrong, request, request.instead));
    const root = { ...(rows[0] as Row), deployment_id: right?.id ?? null };
    const consequences = await applyCorrection(trx, actor, site, wrong, [root, ...rows.slice(1)]);
    await appendEvent(trx, actor, site.id, {
      action: "placement_corrected",
      subject: `deployment ${wrong.number}`,
      subject_id: root.id,
      environment_id: wrong.environment.id,
      details: {
        ...root,
        number: wrong.number,
        environment: wrong.environment.slug,
        ...(request.key !== undefined && lineDetails(wrong.lines[0])),
        instead: right && { ...right.instead, number: right.number },
        corrections: rows.map(({ id, whole_id, artifact_id, placement_seq, correction_id, reason }) => ({
          id,
          whole_id,
          artifact_id,
          placement_seq,
          correction_id,
          reason,
        })),
        ...consequences,
      },
    });
    const instead =
      right && (await recordWithin(trx, actor, site, right.environment, { ...right.report, id: right.id }));
    return {
      deployment: wrong.number,
      corrected: rows.filter((row) => row.artifact_id).length,
      instead: instead?.number ?? null,
    };
  });
}

const lineDetails = (line: CorrectedLine | undefined) => ({ kind: line?.kind, key: line?.key, version: line?.version });

type Row = ReturnType<typeof correctionRows>[number];

/** One row for a line; for a whole deployment the root, whose reason applies to all, and a row for each corrected line. */
function correctionRows(
  actor: Actor,
  { deployment, key, reason, stands = false }: CorrectionRequest,
  wrong: CorrectedDeployment,
  latest: Correction[],
) {
  const latestOf = new Map(latest.map((correction) => [correction.artifact_id, correction]));
  const previous = latestOf.get(key === undefined ? null : (wrong.lines[0]?.artifact_id ?? null));
  const subject = key === undefined ? `Deployment ${deployment}` : `${key} in deployment ${deployment}`;
  refuse(whyNotCorrect(subject, previous, stands), 409, stands ? "not_corrected" : "already_corrected");
  const common = { corrected_id: wrong.id, stands: stands ? (1 as const) : (0 as const) };
  const row = (artifact_id: string | null, placement_seq: number | null) => ({
    id: newId(Date.parse(actor.at)),
    whole_id: null as string | null,
    artifact_id,
    placement_seq,
    correction_id: latestOf.get(artifact_id)?.id ?? null,
    deployment_id: null as string | null,
    recorded_at: actor.at,
    person_id: actor.person.id,
    reason: reason.trim() as string | null,
    ...common,
  });
  if (key !== undefined) return wrong.lines.map((line) => row(line.artifact_id, line.seq));
  const root = row(null, null);
  const parts = wrong.lines.filter(({ artifact_id }) => {
    const own = latestOf.get(artifact_id);
    return stands ? own?.whole_id === previous?.id : own?.stands !== 0;
  });
  return [root, ...parts.map((line) => ({ ...row(line.artifact_id, line.seq), whole_id: root.id, reason: null }))];
}

/** The report that records what is right. It keeps the promotion of the wrong line, which allows the right one if it contains it. */
async function reportInstead(
  trx: Database,
  actor: Actor,
  site: Site,
  wrong: CorrectedDeployment,
  { key = "" }: CorrectionRequest,
  right: Instead,
) {
  const line = wrong.lines[0] as CorrectedLine;
  const environment = right.environment ? environmentInstead(site, right.environment) : wrong.environment;
  const inUse = await environmentsInUse(trx, [environment]);
  const report = {
    effective_at: right.effective_at ?? wrong.effective_at,
    note: `Corrects ${key.slice(0, 500)} in deployment ${wrong.number}`,
    source: `correction of deployment ${wrong.number}`,
    promotion: environment.id === wrong.environment.id ? (wrong.promotion ?? undefined) : undefined,
    // what is right instead of a line of a baseline was there as well when the book was opened
    baseline: wrong.baseline === 1 && (environment.id === wrong.environment.id || !inUse.has(environment.id)),
    placements: [normalizeLine({ kind: line.kind, key: line.key, version: right.version })],
  };
  refuseFields(reportErrors(report, actor.at).map(({ path, message }) => ({ path: insteadPath(path), message })));
  const effective_at = parseRfc3339(report.effective_at) as string;
  const instead = { environment: environment.slug, effective_at, version: right.version };
  const same = whyNotInstead({ ...wrong, ...line, environment: wrong.environment.slug }, instead);
  if (same) refuseFields([{ path: "instead", message: same }]);
  const { number } = await trx
    .selectFrom("sites")
    .select((eb) => eb("deployments", "+", 1).as("number"))
    .where("id", "=", site.id)
    .executeTakeFirstOrThrow();
  return { id: newId(Date.parse(actor.at)), number, environment, instead, report };
}

const insteadPath = (path: string): string => `instead.${path.replace(/^placements\.0\./, "")}`;

function environmentInstead(site: Site, slug: string): Environment {
  const environment = site.environments.find((environment) => environment.slug === slug);
  if (!environment)
    refuseFields([{ path: "instead.environment", message: `There is no environment ${slug.slice(0, 60)}.` }]);
  return environment as Environment;
}
