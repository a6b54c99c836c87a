import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { Refusal } from "../errors.ts";

const isMarkedWrong = sql<boolean>`exists (
  select 1 from corrections c where c.corrected_id = d.id and c.artifact_id is null and c.stands = 0
    and not exists (select 1 from corrections n where n.correction_id = c.id))`;

/** The ids of those environments for which a deployment other than a baseline is recorded, and not marked as wrong as a whole. */
export async function environmentsInUse(db: Database, environments: Pick<Environment, "id">[]): Promise<Set<string>> {
  const ids = environments.map(({ id }) => id);
  if (!ids.length) return new Set();
  const rows = await db
    .selectFrom("environments as e")
    .select("e.id")
    .where("e.id", "in", ids)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("deployments as d")
          .select("d.id")
          .whereRef("d.environment_id", "=", "e.id")
          .where("d.baseline", "=", 0)
          .where(sql<boolean>`not ${isMarkedWrong}`),
      ),
    )
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** The site's environments for which nothing but baselines, or nothing at all, is recorded. */
export async function unusedEnvironments(db: Database, site: Site): Promise<Environment[]> {
  const inUse = await environmentsInUse(db, site.environments);
  return site.environments.filter(({ id }) => !inUse.has(id));
}

/** Why what is recorded for an environment cannot be a baseline any more. */
export async function whyNotBaseline(db: Database, environment: Environment): Promise<string | undefined> {
  const inUse = await environmentsInUse(db, [environment]);
  if (inUse.size)
    return `${environment.name} already has a deployment that is not a baseline. Record this as a deployment, without the baseline.`;
}

/** Throws a Refusal with 409 if a deployment other than a baseline is recorded for the environment. */
export async function refuseLateBaseline(trx: Database, environment: Environment): Promise<void> {
  const message = await whyNotBaseline(trx, environment);
  if (message) throw new Refusal(409, message, { code: "baseline_too_late", errors: [{ path: "baseline", message }] });
}
