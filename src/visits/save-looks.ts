import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import { newId } from "../database/ids.ts";
import { lockSite } from "../database/locks.ts";
import { keepContents, pruneContents } from "../observations/contents.ts";
import { filtersOf } from "../observations/filters.ts";
import { learnNoise } from "../observations/noise.ts";
import { readContent } from "../observations/view-text.ts";
import type { Visit } from "../sightings/queries.ts";
import type { Look, Observation } from "./look.ts";

/** What makes two observations of a page different. Its title is part of its text. */
const compared = [
  "outcome",
  "reason",
  "status",
  "address",
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
    await lockSite(trx, visit.site_id);
    const progress = {
      // pages that links led to may come before
      last_path: last.path > visit.last_path ? last.path : visit.last_path,
      visited: visit.visited + looks.length,
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
    await learnNoise(trx, visit.site_id, looks, now);
    const changed = await saveChanged(trx, visit, looks, now);
    await trx
      .updateTable("visits")
      .set({ changed: visit.changed + changed })
      .where("id", "=", visit.id)
      .execute();
    return { ...visit, ...progress, changed: visit.changed + changed };
  });
}

/** Meanwhile a mask may have been added, or noise been learned on another server. */
async function withStoredFilters(trx: Database, siteId: string, looks: Look[], current: Current): Promise<Look[]> {
  const filters = await filtersOf(trx, siteId, { paths: looks.map(({ path }) => path) });
  return looks.map((look) => {
    const filter = filters(look.path);
    if (look.content === undefined || look.filter === filter.key) return look;
    const before = current.get(look.path);
    const isSame = before?.content === look.observation.content;
    const { text_digest, structure_digest } = isSame ? before : readContent(look.content, filter);
    return { ...look, observation: { ...look.observation, text_digest, structure_digest } };
  });
}

/** Saves what changed, and returns how many pages did. Must be called in a transaction that has locked the site. */
export async function saveChanged(
  trx: Database,
  { site_id, server_id }: Pick<Visit, "site_id" | "server_id">,
  looks: Look[],
  now: string,
): Promise<number> {
  const current = await currentObservations(trx, server_id, looks);
  await saveReviewDates(trx, looks, current);
  const changed = (await withStoredFilters(trx, site_id, looks, current)).filter(
    ({ path, isUnchanged, observation }) => {
      const before = current.get(path);
      return !isUnchanged && compared.some((column) => (before?.[column] ?? null) !== observation[column]);
    },
  );
  await keepContents(
    trx,
    changed.flatMap(({ content }) => content ?? []),
  );
  const yieldIfDue = eventLoopYielder();
  for (const look of changed) {
    await yieldIfDue();
    await saveObservation(trx, server_id, look, now);
    if (current.has(look.path)) await thinObservations(trx, server_id, look.path);
  }
  return changed.length;
}

/** The other date of a page that is otherwise the same is no change: visitors do not read it. */
async function saveReviewDates(trx: Database, looks: Look[], current: Current): Promise<void> {
  for (const { path, isUnchanged, observation } of looks) {
    const before = current.get(path);
    const { outcome, review_at } = observation;
    if (isUnchanged || outcome !== "shown" || !before || before.review_at === review_at) continue;
    await trx.updateTable("observations").set({ review_at }).where("id", "=", before.id).execute();
  }
}

type Current = Awaited<ReturnType<typeof currentObservations>>;

async function currentObservations(trx: Database, serverId: string, looks: Look[]) {
  const rows = await trx
    .selectFrom("observed_pages as p")
    .innerJoin("observations as o", "o.id", "p.observation_id")
    .select(["p.path", "o.id", "o.content", "o.review_at", ...compared.map((column) => `o.${column}` as const)])
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
  const deleted = await trx
    .deleteFrom("observations")
    .where("server_id", "=", serverId)
    .where("path", "=", path)
    .where("id", "<", oldest.id)
    .where("id", "<>", shown_id ?? "")
    .returning("content")
    .execute();
  await pruneContents(trx, deleted);
}
