import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import { sha256 } from "../database/ids.ts";
import { loadContent } from "./contents.ts";
import type { Filters } from "./filters.ts";
import { type Digests, readContent } from "./view-text.ts";

/** Digests that were made, by content and filter. */
export type MadeDigests = Map<string, Digests>;

/**
 * Makes the digests of the pages anew with other filters, from their kept contents: those of the last good observations on
 * all servers of the site, and of what was seen of each version. `paths`: only of these.
 */
export async function remakeDigests(
  trx: Database,
  siteId: string,
  filters: Filters,
  { paths, made = new Map() }: { paths?: string[]; made?: MadeDigests } = {},
): Promise<void> {
  const yieldIfDue = eventLoopYielder();
  for (const { content, path, server_id, version_id, environment_id, ...stored } of await storedDigests(
    trx,
    siteId,
    paths,
  )) {
    await yieldIfDue();
    const digests = await digestsOf(trx, content, filters(path), made);
    if (!digests) continue;
    const { text_digest, structure_digest } = digests;
    if (stored.text_digest === text_digest && (stored.structure_digest ?? structure_digest) === structure_digest)
      continue;
    if (server_id !== undefined)
      await updateObserved(trx, { server_id, path, content, before: stored.text_digest }, digests);
    else
      await trx
        .updateTable("seen_versions")
        .set({ text_digest })
        .where("version_id", "=", version_id)
        .where("environment_id", "=", environment_id)
        .execute();
  }
}

/** Those of all states of the page with this content, and of the findings in it, which are accepted as long as it stays. */
async function updateObserved(
  trx: Database,
  { server_id, path, content, before }: { server_id: string; path: string; content: string; before: string | null },
  digests: Digests,
): Promise<void> {
  await trx
    .updateTable("observations")
    .set(digests)
    .where("server_id", "=", server_id)
    .where("path", "=", path)
    .where("content", "=", content)
    .execute();
  await trx
    .updateTable("findings")
    .set({ content: digests.text_digest })
    .where("server_id", "=", server_id)
    .where("path", "=", path)
    .where("content", "=", before)
    .where("settled_at", "is", null)
    .execute();
}

/** The same digests beforehand, outside of a transaction, as a site can have thousands. */
export async function prepareDigests(db: Database, siteId: string, filters: Filters): Promise<MadeDigests> {
  const made: MadeDigests = new Map();
  const yieldIfDue = eventLoopYielder();
  for (const { content, path } of await storedDigests(db, siteId, undefined)) {
    await digestsOf(db, content, filters(path), made);
    await yieldIfDue();
  }
  return made;
}

async function digestsOf(
  db: Database,
  content: string,
  filter: ReturnType<Filters>,
  made: MadeDigests,
): Promise<Digests | undefined> {
  const key = `${content} ${sha256(filter.key)}`;
  const known = made.get(key);
  if (known) return known;
  const kept = await loadContent(db, content);
  if (kept === undefined) return;
  const { text_digest, structure_digest } = readContent(kept, filter);
  made.set(key, { text_digest, structure_digest });
  return made.get(key);
}

type Stored = { content: string; path: string; text_digest: string | null } & (
  | { server_id: string; structure_digest: string | null; version_id?: never; environment_id?: never }
  | { server_id?: never; structure_digest?: never; version_id: string; environment_id: string }
);

async function storedDigests(db: Database, siteId: string, paths: string[] | undefined): Promise<Stored[]> {
  const pages = db
    .selectFrom("environments as e")
    .innerJoin("servers as s", "s.environment_id", "e.id")
    .innerJoin("observed_pages as p", "p.server_id", "s.id")
    .innerJoin("observations as o", "o.id", "p.shown_id")
    .select(["p.server_id", "p.path", "o.content", "o.text_digest", "o.structure_digest"])
    .where("e.site_id", "=", siteId)
    .where("o.content", "is not", null);
  const versions = db
    .selectFrom("artifacts as a")
    .innerJoin("versions as v", "v.artifact_id", "a.id")
    .innerJoin("seen_versions as w", "w.version_id", "v.id")
    .select(["w.version_id", "w.environment_id", "a.key as path", "w.content", "w.text_digest"])
    .where("a.site_id", "=", siteId)
    .where("a.kind", "=", "page")
    .where("w.content", "is not", null);
  const [seen, known] = await Promise.all([
    (paths ? pages.where("p.path", "in", paths) : pages).execute(),
    (paths ? versions.where("a.key", "in", paths) : versions).execute(),
  ]);
  return [...seen, ...known] as Stored[];
}
