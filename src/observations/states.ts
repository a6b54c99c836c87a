import type { Selectable } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Schema } from "../schema.ts";
import { loadContent } from "./contents.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { filtersOf } from "./filters.ts";

/** What a server showed of a page from a moment on. */
export type PageState = Pick<
  Selectable<Schema["observations"]>,
  "id" | "seen_at" | "outcome" | "reason" | "status" | "title" | "content" | "bytes"
>;

/** As many as are kept of a page, and the last one of the page itself. */
const maxStates = 21;

/** The last states of a page on a server, newest first. */
export const pageStates = (db: Database, serverId: string, path: string): Promise<PageState[]> =>
  db
    .selectFrom("observations")
    .select(["id", "seen_at", "outcome", "reason", "status", "title", "content", "bytes"])
    .where("server_id", "=", serverId)
    .where("path", "=", path)
    .orderBy("id", "desc")
    .limit(maxStates)
    .execute();

/** The states of a page on these servers, newest first; `before`: the id of the last one that was listed. */
export async function listStates(
  db: Database,
  serverIds: string[],
  { path, before, limit }: { path: string; before: string | undefined; limit: number },
) {
  const states = serverIds.map((serverId) => {
    const query = db
      .selectFrom("observations")
      .select(["id", "server_id", "path", "seen_at", "outcome", "reason", "status", "address", "title", "language"])
      .select(["canonical", "robots", "text_digest", "structure_digest", "bytes"])
      .where("server_id", "=", serverId)
      .where("path", "=", path)
      .orderBy("id", "desc")
      .limit(limit);
    return (before === undefined ? query : query.where("id", "<", before)).execute();
  });
  const all = (await Promise.all(states)).flat();
  return all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
}

/** What a server shows of a page, and since when. */
export interface ShownPage {
  /** See `differenceOf`; undefined: the server does not have the page any more. */
  content: string | undefined;
  seen_at: string;
}

/** As it was seen last, but for looks that could not observe it; undefined if it was not, or that is not kept. */
export async function contentOf(db: Database, serverId: string, path: string): Promise<ShownPage | undefined> {
  const seen = await db
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .innerJoin("observations as s", "s.id", "p.shown_id")
    .select(["o.outcome", "o.seen_at as looked_at", "s.content", "s.seen_at"])
    .where("p.server_id", "=", serverId)
    .where("p.path", "=", path)
    .executeTakeFirst();
  if (seen?.outcome === "missing") return { content: undefined, seen_at: seen.looked_at };
  const content = await loadContent(db, seen?.content);
  return seen && content !== undefined ? { content, seen_at: seen.seen_at } : undefined;
}

/** Two of the states to compare: those with the ids, or else the newest that was shown and the one before it. */
export function statesToCompare(
  states: PageState[],
  { from, to }: { from?: string | undefined; to?: string | undefined },
): { before: PageState; after: PageState } | undefined {
  const shown = states.filter(({ outcome }) => outcome === "shown");
  const after = shown.find(({ id }) => id === to) ?? shown[0];
  const before = shown.find(({ id }) => id === from) ?? shown.find(({ id }) => after && id < after.id);
  return before && after && { before, after };
}

/** What differs between two states, without what is noise by now; undefined if the content of one is not kept. */
export async function differenceBetween(
  db: Database,
  { siteId, path }: { siteId: string; path: string },
  before: PageState,
  after: PageState,
): Promise<Difference | undefined> {
  const [one, other] = await Promise.all([loadContent(db, before.content), loadContent(db, after.content)]);
  if (one === undefined || other === undefined) return;
  const filters = await filtersOf(db, siteId, { paths: [path] });
  return differenceOf(one, other, filters(path));
}
