import type { Environment } from "../access/environments.ts";
import { environmentById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { listContents, type ReleaseContent } from "../record/releases.ts";
import { sightingsOf } from "../sightings/queries.ts";
import type { Sightings } from "../sightings/rules.ts";
import type { Promotion } from "./queries.ts";

type Servers = Pick<Environment, "servers">;

/** A page whose text visits have seen, on the source or the target. */
export interface SeenText {
  /** When the source began to show something else after the promotion was requested, ISO 8601 UTC; undefined if it has not. */
  changedAt: string | undefined;
}

/** Those of the pages whose text can be compared, by key. */
export async function seenTexts(
  db: Database,
  { open, asked_at }: Pick<Promotion, "open" | "asked_at">,
  { from, to }: { from: Servers; to: Servers },
  pages: Pick<ReleaseContent, "kind" | "key">[],
): Promise<Map<string, SeenText>> {
  const keys = pages.filter(({ kind }) => kind === "page").map(({ key }) => key);
  const servers = [...from.servers, ...to.servers].map(({ id }) => id);
  const sightings = keys.length ? await sightingsOf(db, servers, keys) : new Map<string, Sightings>();
  return new Map(
    [...sightings].map(([key, seen]) => {
      const onSource = seen.slice(0, from.servers.length).map((one) => one?.seen_at ?? "");
      const latest = onSource.sort().at(-1) ?? "";
      return [key, { changedAt: open && latest > asked_at ? latest : undefined }];
    }),
  );
}

/**
 * What servers were seen to show of the pages that are approved: SHA-256 of the lines `page source target`, with the digests
 * of the texts that visitors read, in order of pages; "-" where nothing is known. Undefined if nothing is known at all.
 */
export async function seenDigest(
  trx: Database,
  site: Site,
  { from_id, environment_id, release_id }: Pick<Promotion, "from_id" | "environment_id" | "release_id">,
): Promise<{ pages: number; digest: string } | undefined> {
  const [from, to] = [environmentById(site, from_id), environmentById(site, environment_id)];
  const servers = [...from.servers, ...to.servers].map(({ id }) => id);
  if (!(await isVisited(trx, servers))) return;
  const contents = await listContents(trx, release_id);
  const keys = contents.filter(({ kind }) => kind === "page").map(({ key }) => key);
  const sightings = await sightingsOf(trx, servers, keys);
  const textOf = (seen: Sightings) => [...new Set(seen.map((one) => one?.text_digest ?? "-"))].sort().join("+") || "-";
  const lines = [...sightings].map(
    ([key, seen]) => `${key} ${textOf(seen.slice(0, from.servers.length))} ${textOf(seen.slice(from.servers.length))}`,
  );
  return lines.length ? { pages: lines.length, digest: sha256(lines.sort().join("\n")) } : undefined;
}

/** Most approvals are for sites whose servers were never visited. */
async function isVisited(trx: Database, serverIds: string[]): Promise<boolean> {
  if (!serverIds.length) return false;
  const query = trx.selectFrom("observed_pages").select("server_id").where("server_id", "in", serverIds).limit(1);
  return (await query.execute()).length > 0;
}
