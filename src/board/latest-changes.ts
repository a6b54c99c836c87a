import { type RawBuilder, sql } from "kysely";
import type { Site } from "../access/sites.ts";
import { inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import { rowsWithPlaces } from "../record/row-conditions.ts";
import { matchesFilter } from "./filter-sql.ts";
import type { BoardFilter, ChangePosition } from "./filters.ts";
import type { RowName } from "./queries.ts";

type ChangedRow = RowName & { changed_at: string };

type Slice = { after: ChangePosition | undefined; limit: number };

const maxStep = 2000;

/**
 * The rows that the filter shows by their latest change in any environment, the newest first, beginning after `after`. The
 * current placements are read by the index of their moments, from one step of changes to the next, until there are enough.
 */
export async function listByChange(
  db: Database,
  site: Site,
  filter: BoardFilter,
  { after, limit }: Slice,
): Promise<ChangedRow[]> {
  const rows: ChangedRow[] = [];
  const yieldIfDue = eventLoopYielder();
  let from = after;
  for (let size = limit; from?.at !== ""; size = Math.min(2 * size, maxStep)) {
    const until = await endOfStep(db, site, from, size);
    rows.push(...(await changedBetween(db, site, filter, from, until)).sort(newestFirst));
    if (rows.length >= limit) return rows.slice(0, limit);
    await yieldIfDue();
    from = until ?? { at: "", id: "" };
  }
  const nowhere = await recordedNowhere(db, site, filter, after?.at === "" ? after.id : undefined);
  return [...rows, ...nowhere.sort(newestFirst)].slice(0, limit);
}

/** Compares bytes, as the database does. */
function newestFirst(a: ChangedRow, b: ChangedRow): number {
  return comparePositions({ at: b.changed_at, id: b.id }, { at: a.changed_at, id: a.id });
}

function comparePositions(a: ChangePosition, b: ChangePosition): number {
  const text = ({ at, id }: ChangePosition) => Buffer.from(`${at} ${id}`);
  return Buffer.compare(text(a), text(b));
}

const before = (position: ChangePosition | undefined) =>
  position ? sql`and (l.effective_at, l.artifact_id) < (${position.at}, ${position.id})` : sql``;

/** How far no environment has more than `size` current placements; undefined if none has as many. */
async function endOfStep(
  db: Database,
  { environments }: Site,
  from: ChangePosition | undefined,
  size: number,
): Promise<ChangePosition | undefined> {
  const ends: ChangePosition[] = [];
  for (const { id } of environments) {
    const { rows } = await sql<ChangePosition>`
      select l.effective_at as at, l.artifact_id as id from current_placements l
      where l.environment_id = ${id} ${before(from)}
      order by l.effective_at desc, l.artifact_id desc limit 1 offset ${size - 1}`.execute(db);
    ends.push(...rows);
  }
  return ends.sort(comparePositions).at(-1);
}

const columns = sql`a.id, a.kind, a.section, a.key, a.title, a.owner_id`;

/** The rows whose latest change is before `from` and not before `until`. */
async function changedBetween(
  db: Database,
  site: Site,
  filter: BoardFilter,
  from: ChangePosition | undefined,
  until: ChangePosition | undefined,
): Promise<ChangedRow[]> {
  const changed: ChangedRow[] = [];
  const end = until ? sql`and (l.effective_at, l.artifact_id) >= (${until.at}, ${until.id})` : sql``;
  for (const { id } of site.environments) {
    // in this order of joins, since SQLite would begin with the site's artifacts
    const { rows } = await sql<ChangedRow>`
      select ${columns}, l.effective_at as changed_at
      from current_placements l cross join ${rowsWithPlaces(site)}
      where l.environment_id = ${id} ${before(from)} ${end} and a.id = l.artifact_id and ${matchesFilter(site, filter)}
        and not exists (${placements(site)} and (n.effective_at, n.environment_id) > (l.effective_at, ${id}))`.execute(
      db,
    );
    changed.push(...rows);
  }
  return changed;
}

/** What was recorded by mistake only. */
async function recordedNowhere(
  db: Database,
  site: Site,
  filter: BoardFilter,
  afterId: string | undefined,
): Promise<ChangedRow[]> {
  const { rows } = await sql<ChangedRow>`
    select ${columns}, '' as changed_at from ${rowsWithPlaces(site)}
    where ${matchesFilter(site, filter)} ${afterId === undefined ? sql`` : sql`and a.id < ${afterId}`}
      and not exists (${placements(site)})`.execute(db);
  return rows;
}

function placements({ environments }: Site): RawBuilder<unknown> {
  const ids = environments.map(({ id }) => id);
  return sql`select 1 from current_placements n where n.artifact_id = a.id and ${inList("n.environment_id", ids)}`;
}
