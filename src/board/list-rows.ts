import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { BoardFilter, BoardPosition } from "./filters.ts";
import { listByChange } from "./latest-changes.ts";
import { listByName, type RowName, type RowSlice } from "./queries.ts";

/** The rows that the filter shows, in its order. `sections`: see listByName. */
export function listRows(db: Database, site: Site, filter: BoardFilter, slice: RowSlice): Promise<RowName[]> {
  const { after } = slice;
  if (filter.order)
    return listByChange(db, site, filter, { ...slice, after: after && "at" in after ? after : undefined });
  return listByName(db, site, filter, { ...slice, after: after && !("at" in after) ? after : undefined });
}

/** The position of a row in the order of the filter. */
export const positionOf = ({ order }: BoardFilter, row: RowName): BoardPosition =>
  order ? { at: row.changed_at ?? "", id: row.id } : row;
