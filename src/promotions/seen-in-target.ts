import type { Database } from "../database/connect.ts";
import { currentPlacements } from "../record/current.ts";
import type { ReleaseContent } from "../record/releases.ts";
import { digestsOf, sightingsOf } from "../sightings/queries.ts";
import { isSeenLabel, seenAsExpected } from "../sightings/rules.ts";
import type { Promotion } from "./queries.ts";

/**
 * Since when these servers are seen to show all pages of a promotion as its source showed them when it had these versions,
 * ISO 8601 UTC; undefined if they do not, or if that cannot be known: a version that reads the same as the one before it
 * cannot be told from it.
 */
export async function seenInTarget(
  db: Database,
  { from_id, environment_id }: Pick<Promotion, "from_id" | "environment_id">,
  contents: ReleaseContent[],
  servers: { id: string }[],
): Promise<string | undefined> {
  const pages = contents.filter(({ kind }) => kind === "page");
  if (!pages.length || !servers.length) return;
  const keys = pages.map(({ key }) => key);
  const sightings = await sightingsOf(db, servers, keys);
  // most promotions are to servers that were never visited
  if (sightings.size < keys.length) return;
  const versionIds = pages.flatMap(({ version_id }) => version_id ?? []);
  const digests = await digestsOf(db, versionIds, from_id);
  const before = await digestsBefore(db, environment_id, pages);
  return seenAsExpected(
    pages.map(({ artifact_id, key, version, version_id, digest }) => {
      const own = isSeenLabel(version) && digest ? [digest] : [];
      const expected = [...(digests.get(version_id ?? "") ?? []), ...own];
      const earlier = before.get(artifact_id) ?? [];
      return {
        version_id,
        digests: expected.filter((one) => !earlier.includes(one)),
        sightings: sightings.get(key) ?? [],
      };
    }),
  );
}

/** By which digests the other versions are known that the target has of these pages, by artifact id. */
async function digestsBefore(
  db: Database,
  environmentId: string,
  pages: ReleaseContent[],
): Promise<Map<string, string[]>> {
  const ids = pages.map(({ artifact_id }) => artifact_id);
  const current = await currentPlacements(db, environmentId, ids);
  const others = pages.flatMap(({ artifact_id, version_id }) => {
    const now = current.get(artifact_id)?.version_id;
    return now && now !== version_id ? [{ artifact_id, version_id: now }] : [];
  });
  const digests = await digestsOf(
    db,
    others.map(({ version_id }) => version_id),
  );
  return new Map(others.map(({ artifact_id, version_id }) => [artifact_id, digests.get(version_id) ?? []]));
}
