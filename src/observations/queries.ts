import type { Database } from "../database/connect.ts";
import { type FindingCode, findingKinds } from "./finding-rules.ts";

export interface Finding {
  id: string;
  environment: string;
  environment_name: string;
  server: string;
  base_url: string;
  path: string;
  code: FindingCode;
  sentence: string;
  opened_at: string;
  word: string;
  advice: string;
}

/** The open findings of a site, newest first. `before`: the id of the last one listed. */
export async function listFindings(
  db: Database,
  siteId: string,
  {
    environmentId,
    code,
    before,
    limit,
  }: {
    environmentId?: string | undefined;
    code?: FindingCode | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<Finding[]> {
  let query = db
    .selectFrom("findings as f")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .innerJoin("servers as s", "s.id", "f.server_id")
    .select(["f.id", "e.slug as environment", "e.name as environment_name", "s.name as server", "s.base_url"])
    .select(["f.path", "f.code", "f.sentence", "f.opened_at"])
    .where("f.settled_at", "is", null)
    .orderBy("f.id", "desc")
    .limit(limit);
  query = environmentId ? query.where("f.environment_id", "=", environmentId) : query.where("f.site_id", "=", siteId);
  if (code) query = query.where("f.code", "=", code);
  if (before) query = query.where("f.id", "<", before);
  return (await query.execute()).map((row) => {
    const known = row.code as FindingCode;
    return { ...row, code: known, ...findingKinds[known] };
  });
}

/** How many findings are open in an environment, by their codes. */
export async function countFindings(
  db: Database,
  environmentId: string,
): Promise<{ code: FindingCode; count: number }[]> {
  const rows = await db
    .selectFrom("findings")
    .select(["code", (eb) => eb.fn.countAll<number>().as("count")])
    .where("environment_id", "=", environmentId)
    .where("settled_at", "is", null)
    .groupBy("code")
    .orderBy("code")
    .execute();
  return rows.map(({ code, count }) => ({ code: code as FindingCode, count: Number(count) }));
}
