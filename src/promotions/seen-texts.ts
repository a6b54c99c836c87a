import type { Environment } from "../access/environments.ts";
import { environmentById, type Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import type { ReleaseContent } from "../record/releases.ts";
import { sightingsOf } from "../sightings/queries.ts";
import { type Sightings, shownOtherwiseSince } from "../sightings/rules.ts";
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
  const servers = [...from.servers, ...to.servers];
  const sightings = keys.length ? await sightingsOf(db, servers, keys) : new Map<string, Sightings>();
  const seenLater = [...sightings].flatMap(([key, seen]) =>
    open && seen.slice(0, from.servers.length).some((one) => one && one.seen_at > asked_at) ? [key] : [],
  );
  const looks = await looksAt(db, from.servers, seenLater);
  const changedAt = (key: string) => {
    const moments = [...(looks.get(key)?.values() ?? [])].map((onServer) => shownOtherwiseSince(onServer, asked_at));
    return moments
      .filter((moment) => moment !== undefined)
      .sort()
      .at(-1);
  };
  return new Map([...sightings.keys()].map((key) => [key, { changedAt: changedAt(key) }]));
}

/** What these servers showed of pages, the oldest first, by path and server. */
async function looksAt(db: Database, servers: { id: string }[], paths: string[]) {
  if (!paths.length) return new Map<string, Map<string, never[]>>();
  const ids = servers.map(({ id }) => id);
  const rows = await inBatches(paths, (batch) =>
    db
      .selectFrom("observations")
      .select(["server_id", "path", "outcome", "text_digest", "seen_at"])
      .where("server_id", "in", ids)
      .where("path", "in", batch)
      .orderBy("id")
      .execute(),
  );
  const byPath = Map.groupBy(rows, ({ path }) => path);
  return new Map([...byPath].map(([path, looks]) => [path, Map.groupBy(looks, ({ server_id }) => server_id)]));
}

/**
 * What servers were seen to show of the pages of a promotion: SHA-256 of the lines `page source target`, with the digests of
 * the texts that visitors read, in order of pages; "-" where nothing is known. Undefined if nothing is known at all.
 */
export async function seenDigest(
  db: Database,
  site: Site,
  number: number,
): Promise<{ pages: number; digest: string } | undefined> {
  if (!(await isVisited(db, site))) return;
  const promotion = db.selectFrom("promotions").select(["release_id", "from_id", "environment_id"]);
  const found = await promotion.where("site_id", "=", site.id).where("number", "=", number).executeTakeFirst();
  if (!found) return;
  const [from, to] = [found.from_id, found.environment_id].map((id) => environmentById(site, id).servers);
  const seen = await textsSeen(db, found.release_id, [...new Set([...(from ?? []), ...(to ?? [])])]);
  const lines = [...seen].map(([key, texts]) => {
    const textOn = (servers: { id: string }[] = []) =>
      [...new Set(servers.map(({ id }) => texts.get(id) ?? "-"))].sort().join("+") || "-";
    return `${key} ${textOn(from)} ${textOn(to)}`;
  });
  return lines.length ? { pages: lines.length, digest: sha256(lines.sort().join("\n")) } : undefined;
}

/** Most approvals are for sites whose servers were never visited. */
async function isVisited(db: Database, { environments }: Site): Promise<boolean> {
  const ids = environments.flatMap(({ servers }) => servers.map(({ id }) => id));
  if (!ids.length) return false;
  const query = db.selectFrom("observed_pages").select("server_id").where("server_id", "in", ids).limit(1);
  return (await query.execute()).length > 0;
}

/** The digests of texts, by page and server: those of the last good looks, if pages could not be observed since. */
async function textsSeen(
  db: Database,
  releaseId: string,
  servers: { id: string }[],
): Promise<Map<string, Map<string, string>>> {
  const pages = await db
    .selectFrom("release_contents as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select("a.key")
    .where("c.release_id", "=", releaseId)
    .where("a.kind", "=", "page")
    .execute();
  const keys = pages.map(({ key }) => key);
  const ids = servers.map(({ id }) => id);
  // in one statement, so that all is of one moment
  const rows = await db
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .leftJoin("observations as t", "t.id", "p.shown_id")
    .select(["p.server_id", "p.path", "o.outcome", "t.text_digest"])
    .where("p.server_id", "in", ids)
    .where("p.path", "in", keys)
    .execute();
  const byPage = new Map<string, Map<string, string>>();
  for (const { server_id, path, outcome, text_digest } of rows)
    byPage.set(path, (byPage.get(path) ?? new Map()).set(server_id, (outcome !== "missing" && text_digest) || "-"));
  return byPage;
}
