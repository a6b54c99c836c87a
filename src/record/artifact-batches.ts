import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import type { Kind } from "../schema.ts";
import { sortKey } from "./keys.ts";

/** A position in a list of artifacts, in an `ArtifactOrder`. */
export interface ArtifactPosition {
  kind: Kind;
  section: string;
  key: string;
}

/** "section" groups pages by section, as on the board, and sorts numbers as numbers; "key" is (kind, key). */
export type ArtifactOrder = "section" | "key";

/** The columns of each order, to sort by. */
export const orderColumns = { section: sql`a.kind, a.section, a.sort_key, a.key`, key: sql`a.kind, a.key` };

/** The condition for artifacts (`a`) after a position. */
export const beyond = (order: ArtifactOrder, at: ArtifactPosition) =>
  sql<boolean>`(${orderColumns[order]}) > ${values(order, at)}`;

const values = (order: ArtifactOrder, { kind, section, key }: ArtifactPosition) =>
  order === "key" ? sql`(${kind}, ${key})` : sql`(${kind}, ${section}, ${sortKey(key)}, ${key})`;

/** SQLite takes some milliseconds for a query on this many artifacts. */
const maxBatchSize = 2000;

interface BatchScope {
  kind?: Kind | undefined;
  section?: string | undefined;
  after?: ArtifactPosition | undefined;
  order?: ArtifactOrder | undefined;
  /** How many rows the caller needs: the first batch is four times as large, since not every artifact gives a row. */
  limit?: number | undefined;
}

/**
 * Yields a site's artifacts (`a`) in batches, in their order, each as a condition. Between batches it yields to the event
 * loop, so that a query on all of them does not block other requests. Begins after the position `after`.
 */
export async function* artifactBatches(
  db: Database,
  siteId: string,
  { kind, section, after, order = "section", limit = maxBatchSize }: BatchScope,
): AsyncGenerator<RawBuilder<boolean>> {
  const scope = [
    sql`a.site_id = ${siteId}`,
    ...(kind ? [sql`a.kind = ${kind}`] : []),
    ...(section === undefined ? [] : [sql`a.kind = 'page' and a.section = ${section}`]),
  ];
  const yieldIfDue = eventLoopYielder();
  for (let from = after, size = Math.min(4 * limit, maxBatchSize); ; size = maxBatchSize) {
    const remaining = [...scope, ...(from ? [beyond(order, from)] : [])];
    const last = await findLastOfBatch(db, remaining, order, size);
    const batch = last ? [...remaining, sql`(${orderColumns[order]}) <= ${values(order, last)}`] : remaining;
    yield sql<boolean>`${sql.join(batch, sql` and `)}`;
    if (!last) return;
    await yieldIfDue();
    from = last;
  }
}

/** Returns undefined if fewer than `size` artifacts remain. */
async function findLastOfBatch(
  db: Database,
  remaining: RawBuilder<unknown>[],
  order: ArtifactOrder,
  size: number,
): Promise<ArtifactPosition | undefined> {
  const { rows } = await sql<ArtifactPosition>`
    select a.kind, a.section, a.key from artifacts a where ${sql.join(remaining, sql` and `)}
    order by ${orderColumns[order]}
    limit 1 offset ${size - 1}`.execute(db);
  return rows[0];
}
