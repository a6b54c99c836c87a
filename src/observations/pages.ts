import type { Selectable } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import type { Flag, Schema } from "../schema.ts";
import type { Look, Observation } from "./look.ts";

export type Visit = Selectable<Schema["visits"]>;

/** Writes which pages of a server are to be looked at: those of the record, with its removals, and those of its sitemaps. */
export async function planPages(
  db: Database,
  visit: Visit,
  { paths, note = null }: { paths: Set<string>; note: string | null | undefined },
): Promise<Visit> {
  const { server_id } = visit;
  const recorded = await db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select("a.key")
    .where("c.environment_id", "=", visit.environment_id)
    .where("a.kind", "=", "page")
    .execute();
  const inRecord = new Set(recorded.map(({ key }) => key));
  const known = await db
    .selectFrom("observed_pages")
    .select(["path", "in_record", "in_sitemap", "link_depth"])
    .where("server_id", "=", server_id)
    .execute();
  const before = new Map(known.map((page) => [page.path, page]));
  const flag = (is: boolean): Flag => (is ? 1 : 0);
  const wanted = [...new Set([...before.keys(), ...inRecord, ...paths])].map((path) => ({
    server_id,
    path,
    in_record: flag(inRecord.has(path)),
    // of a sitemap that could not be read, what it had before counts
    in_sitemap: flag(paths.has(path) || (note !== null && before.get(path)?.in_sitemap === 1)),
  }));
  const isNew = (page: (typeof wanted)[number]) => {
    const was = before.get(page.path);
    return was?.in_record !== page.in_record || was.in_sitemap !== page.in_sitemap;
  };
  const isLinked = (path: string) => (before.get(path)?.link_depth ?? null) !== null;
  const pages = wanted.filter(({ path, ...listed }) => listed.in_record || listed.in_sitemap || isLinked(path)).length;
  return db.transaction().execute(async (trx) => {
    await inBatches(wanted.filter(isNew), (rows) =>
      trx
        .insertInto("observed_pages")
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(["server_id", "path"]).doUpdateSet((eb) => ({
            in_record: eb.ref("excluded.in_record"),
            in_sitemap: eb.ref("excluded.in_sitemap"),
          })),
        )
        .execute(),
    );
    await trx.updateTable("visits").set({ pages, note }).where("id", "=", visit.id).execute();
    return { ...visit, pages, note };
  });
}

/**
 * The next pages to look at, in order of paths, with what to send so that the server says if they are unchanged. `links`: with
 * those to which links led since, wherever they are in that order.
 */
export async function nextPages(
  db: Database,
  { server_id, last_path }: Visit,
  { limit, links }: { limit: number; links: boolean },
) {
  const rows = await db
    .selectFrom("observed_pages")
    .select(["path", "etag", "last_modified", "observation_id", "shown_id", "link_depth"])
    .where("server_id", "=", server_id)
    .where((eb) => {
      const isNext = eb("path", ">", last_path);
      return links
        ? eb.or([isNext, eb.and([eb("observation_id", "is", null), eb("link_depth", "is not", null)])])
        : isNext;
    })
    .where((eb) => eb.or([eb("in_record", "=", 1), eb("in_sitemap", "=", 1), eb("link_depth", "is not", null)]))
    .orderBy("path")
    .limit(limit)
    .execute();
  return rows.map(({ path, link_depth, etag, last_modified, observation_id, shown_id }) => ({
    path,
    link_depth,
    ...(observation_id === shown_id ? { etag, last_modified } : { etag: null, last_modified: null }),
  }));
}

/** What makes two observations of a page different. */
const compared = [
  "outcome",
  "reason",
  "status",
  "address",
  "title",
  "language",
  "canonical",
  "robots",
  "text_digest",
  "structure_digest",
] as const satisfies (keyof Observation)[];

/**
 * Saves what changed, and how far the visit is. Returns the visit as it is then; undefined if another server has gone on
 * with it meanwhile.
 */
export function saveLooks(db: Database, visit: Visit, looks: Look[], now: string): Promise<Visit | undefined> {
  const last = looks.at(-1);
  if (!last) return Promise.resolve(visit);
  return db.transaction().execute(async (trx) => {
    const current = await currentObservations(trx, visit.server_id, looks);
    const isChanged = ({ path, isUnchanged, observation }: Look) => {
      const before = current.get(path);
      return !isUnchanged && compared.some((column) => (before?.[column] ?? null) !== observation[column]);
    };
    const changed = looks.filter(isChanged);
    const progress = {
      // pages that links led to may come before
      last_path: last.path > visit.last_path ? last.path : visit.last_path,
      visited: visit.visited + looks.length,
      changed: visit.changed + changed.length,
    };
    const { numUpdatedRows } = await trx
      .updateTable("visits")
      .set(progress)
      .where("id", "=", visit.id)
      .where("last_path", "=", visit.last_path)
      .where("visited", "=", visit.visited)
      .where("ended_at", "is", null)
      .executeTakeFirstOrThrow();
    if (!numUpdatedRows) return;
    for (const look of changed) {
      await saveObservation(trx, visit.server_id, look, now);
      if (current.has(look.path)) await thinObservations(trx, visit.server_id, look.path);
    }
    return { ...visit, ...progress };
  });
}

async function currentObservations(trx: Database, serverId: string, looks: Look[]) {
  const rows = await trx
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .select(["p.path", ...compared.map((column) => `o.${column}` as const)])
    .where("p.server_id", "=", serverId)
    .where(
      "p.path",
      "in",
      looks.map(({ path }) => path),
    )
    .execute();
  return new Map(rows.map((row) => [row.path, row]));
}

async function saveObservation(trx: Database, server_id: string, look: Look, now: string): Promise<void> {
  const { path, observation, etag, last_modified } = look;
  const id = newId(Date.parse(now));
  await trx
    .insertInto("observations")
    .values({ id, server_id, path, seen_at: now, ...observation })
    .execute();
  const shown = observation.outcome === "shown" ? { shown_id: id, etag, last_modified } : {};
  await trx
    .updateTable("observed_pages")
    .set({ observation_id: id, ...shown })
    .where("server_id", "=", server_id)
    .where("path", "=", path)
    .execute();
}

/** A page that changes all the time would fill the database. */
const keptStates = 20;

/** Deletes all but the last observations of a page, and the last one of the page itself. */
async function thinObservations(trx: Database, serverId: string, path: string): Promise<void> {
  const states = trx.selectFrom("observations").select("id").where("server_id", "=", serverId).where("path", "=", path);
  const kept = await states.orderBy("id", "desc").limit(keptStates).execute();
  const oldest = kept[keptStates - 1];
  if (!oldest) return;
  const page = trx.selectFrom("observed_pages").where("server_id", "=", serverId).where("path", "=", path);
  const { shown_id } = await page.select("shown_id").executeTakeFirstOrThrow();
  await trx
    .deleteFrom("observations")
    .where("server_id", "=", serverId)
    .where("path", "=", path)
    .where("id", "<", oldest.id)
    .where("id", "<>", shown_id ?? "")
    .execute();
}
