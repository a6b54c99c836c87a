import { sql } from "kysely";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { Finding } from "../findings/queries.ts";
import { isAboutRecord } from "../record/finding-kinds.ts";
import type { Flag } from "../schema.ts";
import { isListed, newestVisit } from "../sightings/queries.ts";
import { seenWord } from "./last-seen-rules.ts";

/** What a server showed of a page when it was visited last. */
export interface LastSeen {
  environment: Environment;
  server: string;
  /** When it was looked at last. */
  seen_at: string;
  state: "same" | "blocked" | "unknown";
  /** How that compares with the record. */
  word: string;
}

/** What each server of a site showed of a page last. `findings`: those about it that are not settled. */
export async function lastSeenOf(
  db: Database,
  site: Site,
  artifact: { id: string; key: string },
  findings: Finding[],
): Promise<LastSeen[]> {
  const servers = site.environments.flatMap((environment) =>
    environment.servers.map(({ id, name }) => ({ id, name, environment })),
  );
  if (!servers.length) return [];
  const rows = await seenOn(
    db,
    artifact,
    servers.map(({ id }) => id),
  );
  const seen = servers.map(async ({ id, name, environment }): Promise<LastSeen[]> => {
    const row = rows.find(({ server_id }) => server_id === id);
    if (!row) return [];
    const { placement_seq, version } = row;
    const found = findings.find(({ server_id, code }) => server_id === id && isAboutRecord(code));
    const word = found?.word ?? seenWord({ ...row, version: placement_seq === null ? undefined : version });
    const state = found ? "blocked" : word === "as recorded" ? "same" : "unknown";
    const visited = row.is_visited ? await visitedAt(db, id) : undefined;
    const seen_at = [row.seen_at, row.reported_at ?? "", visited ?? ""].sort().at(-1) ?? row.seen_at;
    return [{ environment, server: name, seen_at, state, word }];
  });
  return (await Promise.all(seen)).flat();
}

const seenOn = (db: Database, { id, key }: { id: string; key: string }, serverIds: string[]) =>
  db
    .selectFrom("observed_pages as p")
    .innerJoin("servers as s", "s.id", "p.server_id")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .leftJoin("current_placements as c", (join) =>
      join.on("c.artifact_id", "=", id).onRef("c.environment_id", "=", "s.environment_id"),
    )
    .leftJoin("versions as v", "v.id", "c.version_id")
    .leftJoin("seen_versions as h", (join) =>
      join.onRef("h.version_id", "=", "c.version_id").onRef("h.environment_id", "=", "s.environment_id"),
    )
    .select(["p.server_id", "o.outcome", "o.text_digest", "o.seen_at", "c.placement_seq", "v.label as version"])
    .select(["h.text_digest as here", "p.reported_at"])
    .select(sql<Flag>`case when ${isListed} then 1 else 0 end`.as("is_visited"))
    .where("p.path", "=", key)
    .where("p.server_id", "in", serverIds)
    .execute();

/** When the last visit by Sitebook ended that was not given up: it looked at all listed pages, as no report by others does. */
async function visitedAt(db: Database, serverId: string): Promise<string | undefined> {
  const ended = newestVisit(db, serverId).where("ended_at", "is not", null).where("problem", "is", null);
  // as its index has it
  return (await ended.where(sql<boolean>`reported = 0`).executeTakeFirst())?.ended_at ?? undefined;
}
