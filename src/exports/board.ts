import type { Site } from "../access/sites.ts";
import { boardBatches } from "../board/board.ts";
import type { BoardCell, BoardRow } from "../board/cells.ts";
import type { BoardFilter } from "../board/filters.ts";
import type { SiteSummary } from "../board/site-summary.ts";
import type { Database } from "../database/connect.ts";
import { approvalOf } from "./placements.ts";
import type { Export, ExportRow, Format } from "./serialize.ts";

const cellColumns = [
  "version",
  "state",
  "compared_with_next",
  "effective_at",
  "approved_by",
  "out_of_band",
  "baseline",
  "before_approval",
  "rollback_of",
  "rollback_in_part",
  "without_gate",
] as const;

/** The rows that the board shows with this filter, in its order, with the columns of each environment in turn. */
export function boardExport(
  db: Database,
  site: Site,
  summary: SiteSummary,
  filter: BoardFilter,
  format: Format,
): Export {
  const columns = site.environments.flatMap(({ slug }) => cellColumns.map((column) => `${slug}_${column}`));
  return { columns: ["kind", "key", "title", "owner", ...columns], pages: pagesOf(db, site, summary, filter, format) };
}

async function* pagesOf(
  db: Database,
  site: Site,
  summary: SiteSummary,
  filter: BoardFilter,
  format: Format,
): AsyncGenerator<ExportRow[]> {
  const owners = new Map(summary.owners.map(({ id, name }) => [id, name]));
  for await (const rows of boardBatches(db, site, summary, filter))
    yield rows.map((row) => ({ ...rowOf(row, owners), ...cellsOf(site, row, format) }));
}

const rowOf = ({ kind, key, title, owner_id }: BoardRow, owners: Map<string, string>): ExportRow => ({
  kind,
  key,
  title,
  owner: owners.get(owner_id ?? "") ?? null,
});

function cellsOf(site: Site, row: BoardRow, format: Format): ExportRow {
  const fields = row.cells.flatMap((cell, i) => {
    const values = cellFields(cell, format);
    return cellColumns.map((column) => [`${site.environments[i]?.slug}_${column}`, values[column]] as const);
  });
  return Object.fromEntries(fields);
}

function cellFields(
  { recorded, unknown, comparison, out_of_band, baselineBy, before_approval }: BoardCell,
  format: Format,
): Record<string, ExportRow[string]> {
  return {
    version: recorded?.version ?? null,
    state: recorded ? (recorded.version === null ? "removed" : "deployed") : unknown ? "unknown" : "not deployed",
    compared_with_next: comparison ?? null,
    effective_at: recorded?.effective_at ?? null,
    approved_by: recorded?.approvedBy.map((approval) => approvalOf(approval, format)) ?? [],
    out_of_band,
    baseline: baselineBy !== undefined,
    before_approval,
    rollback_of: recorded?.rollback_of ?? null,
    rollback_in_part: recorded?.rollback_in_part ?? false,
    without_gate: recorded?.forced ?? false,
  };
}
