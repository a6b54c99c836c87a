import type { Site } from "../access/sites.ts";
import { boardBatches } from "../board/board.ts";
import type { BoardCell, BoardRow } from "../board/cells.ts";
import type { BoardFilter } from "../board/filters.ts";
import type { SiteSummary } from "../board/site-summary.ts";
import type { Database } from "../database/connect.ts";
import type { Export, ExportRow } from "./serialize.ts";

const cellColumns = [
  "version",
  "state",
  "compared_with_next",
  "effective_at",
  "approved_by",
  "out_of_band",
  "baseline",
  "before_approval",
] as const;

/** The rows that the board shows with this filter, in its order, with the columns of each environment in turn. */
export function boardExport(db: Database, site: Site, summary: SiteSummary, filter: BoardFilter): Export {
  const columns = site.environments.flatMap(({ slug }) => cellColumns.map((column) => `${slug}_${column}`));
  return { columns: ["kind", "key", "title", "owner", ...columns], pages: pagesOf(db, site, summary, filter) };
}

async function* pagesOf(
  db: Database,
  site: Site,
  summary: SiteSummary,
  filter: BoardFilter,
): AsyncGenerator<ExportRow[]> {
  const owners = new Map(summary.owners.map(({ id, name }) => [id, name]));
  for await (const rows of boardBatches(db, site, summary, filter))
    yield rows.map((row) => ({ ...rowOf(row, owners), ...cellsOf(site, row) }));
}

const rowOf = ({ kind, key, title, owner_id }: BoardRow, owners: Map<string, string>): ExportRow => ({
  kind,
  key,
  title,
  owner: owners.get(owner_id ?? "") ?? null,
});

function cellsOf(site: Site, row: BoardRow): ExportRow {
  const fields = row.cells.flatMap((cell, i) => {
    const values = cellFields(cell);
    return cellColumns.map((column) => [`${site.environments[i]?.slug}_${column}`, values[column]] as const);
  });
  return Object.fromEntries(fields);
}

function cellFields({
  recorded,
  unknown,
  comparison,
  out_of_band,
  baselineBy,
  before_approval,
}: BoardCell): Record<string, ExportRow[string]> {
  return {
    version: recorded?.version ?? null,
    state: recorded ? (recorded.version === null ? "removed" : "deployed") : unknown ? "unknown" : "not deployed",
    compared_with_next: comparison ?? null,
    effective_at: recorded?.effective_at ?? null,
    approved_by: recorded?.approvedBy.map((approval) => ({ ...approval })) ?? [],
    out_of_band,
    baseline: baselineBy !== undefined,
    before_approval,
  };
}
