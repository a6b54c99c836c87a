import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { currentByEnvironment } from "./current.ts";
import { isUnknown } from "./unknown.ts";

/**
 * Of these artifacts, the ids of those of which is unknown, by `isUnknown`, whether the environment has them now. `known`
 * are the ids of the environments for which anything was ever recorded.
 */
export async function unknownIn(
  db: Database,
  site: Site,
  environment: Environment,
  known: Set<string>,
  ids: string[],
): Promise<Set<string>> {
  if (!known.has(environment.id)) return new Set(ids);
  const at = site.environments.findIndex(({ id }) => id === environment.id);
  if (at < 0) return new Set();
  const rows = Map.groupBy(await currentByEnvironment(db, ids), (row) => row.artifact_id);
  const unknown = ids.filter((id) => {
    const states = site.environments.map((one) => ({
      environmentKnown: known.has(one.id),
      recorded: rows.get(id)?.find((row) => row.environment === one.slug),
    }));
    return isUnknown(states, at);
  });
  return new Set(unknown);
}
