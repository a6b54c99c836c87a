import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
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
  /** The last placement that it was kept as; nothing where it only confirmed what stood there. */
  seq: number | null;
}

export interface CorrectedDeployment {
  id: string;
  number: number;
  environment: Environment;
  effective_at: string;
  complete: number;
  promotion: number | null;
  lines: CorrectedLine[];
}

/** The deployment, with what it said that is to be corrected. */
export async function findCorrectedLines(
  db: Database,
  site: Site,
  { deployment: number, kind, key }: Pick<CorrectionRequest, "deployment" | "kind" | "key">,
): Promise<CorrectedDeployment> {
  const found = await db
    .selectFrom("deployments as d")
    .leftJoin("promotions as p", "p.id", "d.promotion_id")
    .select(["d.id", "d.number", "d.environment_id", "d.effective_at", "d.complete", "p.number as promotion"])
    .where("d.site_id", "=", site.id)
    .where("d.number", "=", number)
    .executeTakeFirst();
  if (!found) notFound(`deployment ${number}`);
  const environment = site.environments.find((one) => one.id === found.environment_id) ?? notFound("environment");
  if (kind === undefined || key === undefined) return { ...found, environment, lines: await linesOf(db, found) };
  const artifactId = (await artifactIds(db, site.id, [{ kind, key }])).get(artifactKey({ kind, key }));
  const lines = artifactId ? await linesOf(db, found, artifactId) : [];
  if (!lines.length) refuseFields([{ path: "key", message: `Deployment ${number} says nothing of ${key}.` }]);
  return { ...found, environment, lines };
}

/** What it said: each as a placement, or as a confirmation where it never was one. */
async function linesOf(
  db: Database,
  deployment: { id: string; environment_id: string; effective_at: string },
  artifactId?: string,
): Promise<CorrectedLine[]> {
  const said = (table: "placements" | "confirmations") => {
    const query = db
      .selectFrom("artifacts as a")
      .innerJoin(sql<Schema["confirmations"]>`${sql.table(table)}`.as("s"), "s.artifact_id", "a.id")
      .leftJoin("versions as v", "v.id", "s.version_id")
      .select(["a.id as artifact_id", "a.kind", "a.key", "s.version_id", "v.label as version"])
      .where("s.deployment_id", "=", deployment.id);
    if (!artifactId) return query;
    // by when it was so: neither all that the deployment says nor all that was ever said of it is looked through
    return query
      .where("a.id", "=", artifactId)
      .where("s.artifact_id", "=", artifactId)
      .where("s.environment_id", "=", deployment.environment_id)
      .where("s.effective_at", "=", deployment.effective_at);
  };
  const confirmed = (await said("confirmations").execute()).map((one) => ({ ...one, seq: null }));
  const placed = await said("placements").select(sql<number>`s.seq`.as("seq")).execute();
  placed.sort((a, b) => a.seq - b.seq);
  return [...new Map([...confirmed, ...placed].map((one) => [one.artifact_id, one])).values()];
}
