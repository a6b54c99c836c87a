import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { recordWithin } from "../deployments/record.ts";
import { Refusal, refuse, refuseFields } from "../errors.ts";
import { type Correction, latestCorrections } from "../record/corrections.ts";
import { appendEvent } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { normalizeLine, reportErrors } from "../record/report.ts";
import { parseRfc3339 } from "../time/rfc3339.ts";
import { applyCorrection } from "./apply-correction.ts";
import { type CorrectionRequest, correctionErrors, type Instead, whyNotCorrect, whyNotInstead } from "./rules.ts";
import { type CorrectedDeployment, type CorrectedLine, findCorrectedLines } from "./said.ts";

export interface Corrected {
  /** The deployment that said it, and how much of what it said was corrected. */
  deployment: number;
  corrected: number;
  /** The deployment that tells what is right. */
  instead: number | null;
}

/**
 * Says that a deployment, or what it said of one page or software, was recorded wrongly, and where it is known what is
 * right; or (`stands`) that the correction made before was wrong. The record becomes what telling everything but the
 * wrong words would have made of it, from now on; until now it was known otherwise.
 */
export function correct(db: Database, by: Actor, site: Site, told: CorrectionRequest): Promise<Corrected> {
  refuse(whyNotMay(by, "correct"), 403);
  const wish = { ...told, ...(told.kind && told.key !== undefined && { key: normalKey(told.kind, told.key) }) };
  refuseFields(correctionErrors(wish));
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const wrong = await findCorrectedLines(trx, site, wish);
    const rows = rowsOf(by, wish, wrong, await latestCorrections(trx, wrong.id));
    const right = wish.instead && (await report(trx, by, site, wrong, wish, wish.instead));
    const root = { ...(rows[0] as Row), deployment_id: right?.id ?? null };
    const following = await applyCorrection(trx, by, site, wrong, [root, ...rows.slice(1)]);
    await appendEvent(trx, by, site.id, {
      action: "placement_corrected",
      subject: `deployment ${wrong.number}`,
      subject_id: root.id,
      environment_id: wrong.environment.id,
      details: {
        ...root,
        number: wrong.number,
        environment: wrong.environment.slug,
        ...(wish.key !== undefined && named(wrong.lines[0])),
        instead: right && { ...right.instead, number: right.number },
        corrections: rows.map(({ id, whole_id, artifact_id, placement_seq, correction_id, reason }) => ({
          id,
          whole_id,
          artifact_id,
          placement_seq,
          correction_id,
          reason,
        })),
        ...following,
      },
    });
    const instead = right && (await recordWithin(trx, by, site, right.environment, { ...right.report, id: right.id }));
    return {
      deployment: wrong.number,
      corrected: rows.filter((row) => row.artifact_id).length,
      instead: instead?.number ?? null,
    };
  });
}

const named = (line: CorrectedLine | undefined) => ({ kind: line?.kind, key: line?.key, version: line?.version });

type Row = ReturnType<typeof rowsOf>[number];

/** The correction that answers for all (its reason is theirs), and those that are parts of it. */
function rowsOf(
  by: Actor,
  { deployment, key, reason, stands = false }: CorrectionRequest,
  wrong: CorrectedDeployment,
  latest: Correction[],
) {
  const heads = new Map(latest.map((one) => [one.artifact_id, one]));
  const head = heads.get(key === undefined ? null : (wrong.lines[0]?.artifact_id ?? null));
  const what = key === undefined ? `Deployment ${deployment}` : `What deployment ${deployment} said of ${key}`;
  const why = whyNotCorrect(what, head, stands);
  if (why) throw new Refusal(409, why, { code: stands ? "not_corrected" : "already_corrected" });
  const common = { corrected_id: wrong.id, stands: stands ? (1 as const) : (0 as const) };
  const row = (artifact_id: string | null, placement_seq: number | null) => ({
    id: newId(Date.parse(by.at)),
    whole_id: null as string | null,
    artifact_id,
    placement_seq,
    correction_id: heads.get(artifact_id)?.id ?? null,
    deployment_id: null as string | null,
    recorded_at: by.at,
    person_id: by.person.id,
    reason: reason.trim() as string | null,
    ...common,
  });
  if (key !== undefined) return wrong.lines.map((line) => row(line.artifact_id, line.seq));
  const root = row(null, null);
  const parts = wrong.lines.filter(({ artifact_id }) => {
    const of = heads.get(artifact_id);
    return stands ? of?.whole_id === head?.id : of?.stands !== 0;
  });
  return [root, ...parts.map((line) => ({ ...row(line.artifact_id, line.seq), whole_id: root.id, reason: null }))];
}

/** What is right instead, as a report of its own. A promotion that allowed the wrong line allows the right one, if it holds it. */
async function report(
  trx: Database,
  by: Actor,
  site: Site,
  wrong: CorrectedDeployment,
  { key = "" }: CorrectionRequest,
  right: Instead,
) {
  const line = wrong.lines[0] as CorrectedLine;
  const environment = right.environment ? inSite(site, right.environment) : wrong.environment;
  const told = {
    effective_at: right.effective_at ?? wrong.effective_at,
    note: `Right instead of what deployment ${wrong.number} said of ${key.slice(0, 500)}`,
    source: `correction of deployment ${wrong.number}`,
    promotion: environment.id === wrong.environment.id ? (wrong.promotion ?? undefined) : undefined,
    placements: [normalizeLine({ kind: line.kind, key: line.key, version: right.version })],
  };
  refuseFields(reportErrors(told, by.at).map(({ path, message }) => ({ path: insteadPath(path), message })));
  const effective_at = parseRfc3339(told.effective_at) as string;
  const instead = { environment: environment.slug, effective_at, version: right.version };
  const same = whyNotInstead({ ...wrong, ...line, environment: wrong.environment.slug }, instead);
  if (same) refuseFields([{ path: "instead", message: same }]);
  const { number } = await trx
    .selectFrom("sites")
    .select((eb) => eb("deployments", "+", 1).as("number"))
    .where("id", "=", site.id)
    .executeTakeFirstOrThrow();
  return { id: newId(Date.parse(by.at)), number, environment, instead, report: told };
}

const insteadPath = (path: string): string => `instead.${path.replace(/^placements\.0\./, "")}`;

function inSite(site: Site, slug: string): Environment {
  const found = site.environments.find((one) => one.slug === slug);
  if (!found) refuseFields([{ path: "instead.environment", message: `There is no environment ${slug.slice(0, 60)}.` }]);
  return found as Environment;
}
