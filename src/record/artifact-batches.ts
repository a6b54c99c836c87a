import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import type { Kind } from "../schema.ts";

/** Where in a list of artifacts, in the order of `Order`, something ended. */
export interface ArtifactPosition {
  kind: Kind;
  section: string;
  key: string;
}

/** "section" groups pages as the pages of Sitebook do; "key" is plain (kind, key). */
export type ArtifactOrder = "section" | "key";

const columns = { section: sql`(a.kind, a.section, a.key)`, key: sql`(a.kind, a.key)` };

/** Artifacts (`a`) beyond a position. */
export const beyond = (order: ArtifactOrder, at: ArtifactPosition) =>
  sql<boolean>`${columns[order]} > ${values(order, at)}`;

const values = (order: ArtifactOrder, { kind, section, key }: ArtifactPosition) =>
  order === "key" ? sql`(${kind}, ${key})` : sql`(${kind}, ${section}, ${key})`;

/** Artifacts in a piece: SQLite takes some milliseconds to look at so many. */
const most = 2000;

interface Among {
  kind?: Kind | undefined;
  section?: string | undefined;
  after?: ArtifactPosition | undefined;
  order?: ArtifactOrder | undefined;
  /** How many are wanted: more often than not a few times as many hold them. */
  limit?: number | undefined;
}

/**
 * Cuts a site's artifacts (`a`) into pieces, in their order, each as a condition: what has to look at all of them does
 * not keep everybody else waiting. `after` begins further on.
 */
export async function* artifactBatches(
  db: Database,
  siteId: string,
  { kind, section, after, order = "section", limit = most }: Among,
): AsyncGenerator<RawBuilder<boolean>> {
  const within = [
    sql`a.site_id = ${siteId}`,
    ...(kind ? [sql`a.kind = ${kind}`] : []),
    ...(section === undefined ? [] : [sql`a.kind = 'page' and a.section = ${section}`]),
  ];
  const yieldIfDue = eventLoopYielder();
  for (let from = after, size = Math.min(4 * limit, most); ; size = most) {
    const began = [...within, ...(from ? [beyond(order, from)] : [])];
    const last = await end(db, began, order, size);
    const whole = last ? [...began, sql`${columns[order]} <= ${values(order, last)}`] : began;
    yield sql<boolean>`${sql.join(whole, sql` and `)}`;
    if (!last) return;
    await yieldIfDue();
    from = last;
  }
}

async function end(
  db: Database,
  began: RawBuilder<unknown>[],
  order: ArtifactOrder,
  size: number,
): Promise<ArtifactPosition | undefined> {
  const { rows } = await sql<ArtifactPosition>`
    select a.kind, a.section, a.key from artifacts a where ${sql.join(began, sql` and `)}
    order by ${order === "key" ? sql`a.kind, a.key` : sql`a.kind, a.section, a.key`}
    limit 1 offset ${size - 1}`.execute(db);
  return rows[0];
}
