import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/open.ts";
import { afterSection } from "../environments/as-of.ts";
import { all, narrowed, type Places } from "./conditions.ts";
import type { After, Filter } from "./filters.ts";

/** Artifacts in a piece: SQLite takes some milliseconds to look at so many. */
const size = 2000;

/**
 * Cuts the artifacts (`a`) that a filter looks among into pieces, in the order of the board, each as a condition: what
 * has to look at all of them does not keep everybody else waiting. `after` begins further on.
 */
export async function* pieces(
  db: Database,
  site: Places,
  { kind, section }: Filter,
  after?: After,
): AsyncGenerator<RawBuilder<boolean>> {
  for (let from = after; ; ) {
    const began = from ? [afterSection(from)] : [];
    const among = all([...narrowed(site, { kind, section }), ...began]);
    const { rows } = await sql<After>`
      select a.kind, a.section, a.key from artifacts a where ${among}
      order by a.kind, a.section, a.key limit 1 offset ${size - 1}`.execute(db);
    const [last] = rows;
    yield all([...began, ...(last ? [upTo(last)] : [])]);
    if (!last) return;
    from = last;
  }
}

function upTo({ kind, section, key }: After) {
  return sql<boolean>`(a.kind, a.section, a.key) <= (${kind}, ${section}, ${key})`;
}
