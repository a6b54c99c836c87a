import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import { environmentById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { notFound, refuseFields } from "../errors.ts";
import { artifactIds } from "../record/artifacts.ts";
import type { Kind, Schema } from "../schema.ts";
import { artifactKey } from "../text.ts";
import type { CorrectionRequest } from "./rules.ts";

export interface CorrectedLine {
  artifact_id: string;
  kind: Kind;
  key: string;
  version_id: string | null;
  version: string | null;
  /** The sequence number of its latest placement; null if it only confirmed the state. */
  seq: number | null;
}

export interface CorrectedDeployment {
  id: string;
  number: number;
  environment: Environment;
  effective_at: string;
  complete: number;
  baseline: number;
  promotion: number | null;
  lines: CorrectedLine[];
}

/**
 * Finds a deployment, with the one line or, without kind and key, all the lines that are to be corrected. Throws a Refusal
 * with 404 if there is no such deployment, or with 422 if it has no such line.
 */
export async function findCorrectedLines(
  db: Database,
  site: Site,
  { deployment: number, kind, key }: Pick<CorrectionRequest, "deployment" | "kind" | "key">,
): Promise<CorrectedDeployment> {
  const found = await db
    .selectFrom("deployments as d")
    .leftJoin("promotions as p", "p.id", "d.promotion_id")
    .select(["d.id", "d.number", "d.environment_id", "d.effective_at", "d.complete", "d.baseline"])
    .select("p.number as promotion")
    .where("d.site_id", "=", site.id)
    .where("d.number", "=", number)
    .executeTakeFirst();
  if (!found) notFound(`deployment ${number}`);
  const environment = environmentById(site, found.environment_id);
  if (kind === undefined || key === undefined) return { ...found, environment, lines: await linesOf(db, found) };
  const artifactId = (await artifactIds(db, site.id, [{ kind, key }])).get(artifactKey({ kind, key }));
  const lines = artifactId ? await linesOf(db, found, artifactId) : [];
  if (!lines.length) refuseFields([{ path: "key", message: `Deployment ${number} did not record ${key}.` }]);
  return { ...found, environment, lines };
}

/** The lines of a deployment: placements, and confirmations that never were placements. */
async function linesOf(
  db: Database,
  deployment: { id: string; environment_id: string; effective_at: string },
  artifactId?: string,
): Promise<CorrectedLine[]> {
  const linesIn = (table: "placements" | "confirmations") => {
    const query = db
      .selectFrom("artifacts as a")
      .innerJoin(sql<Schema["confirmations"]>`${sql.table(table)}`.as("s"), "s.artifact_id", "a.id")
      .leftJoin("versions as v", "v.id", "s.version_id")
      .select(["a.id as artifact_id", "a.kind", "a.key", "s.version_id", "v.label as version"])
      .where("s.deployment_id", "=", deployment.id);
    if (!artifactId) return query;
    // by the moment too: else all lines of the deployment, or the whole history of the artifact, would be read
    return query
      .where("a.id", "=", artifactId)
      .where("s.artifact_id", "=", artifactId)
      .where("s.environment_id", "=", deployment.environment_id)
      .where("s.effective_at", "=", deployment.effective_at);
  };
  const confirmed = (await linesIn("confirmations").execute()).map((line) => ({ ...line, seq: null }));
  const placed = await linesIn("placements").select(sql<number>`s.seq`.as("seq")).execute();
  placed.sort((a, b) => a.seq - b.seq);
  return [...new Map([...confirmed, ...placed].map((line) => [line.artifact_id, line])).values()];
}
