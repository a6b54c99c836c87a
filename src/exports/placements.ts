import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { listApprovers } from "../record/approvers.ts";
import { type Moment, type PlacementAsOf, type PlacementSlice, placementsAsOf } from "../record/as-of.ts";
import type { Export, ExportRow } from "./serialize.ts";

const columns = [
  "kind",
  "key",
  "title",
  "version",
  "digest",
  "effective_at",
  "recorded_at",
  "deployment",
  "promotion",
  "approved_by",
  "out_of_band",
  "baseline",
] as const;

/** What was on an environment at a moment, ordered by kind and key, with the fields of the API. */
export function placementsExport(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: Pick<PlacementSlice, "kind" | "text">,
): Export {
  return { columns, pages: pagesOf(db, site, environment, moment, slice) };
}

const batchSize = 1000;

async function* pagesOf(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: PlacementSlice,
): AsyncGenerator<ExportRow[]> {
  for (let after: PlacementSlice["after"]; ; ) {
    const page = { ...slice, after, limit: batchSize, order: "key" as const };
    const lines = await placementsAsOf(db, site.id, environment.id, moment, page);
    const approvers = await listApprovers(
      db,
      lines.map((line) => line.promotion_id),
    );
    yield lines.map((line) => rowOf(line, approvers));
    after = lines[batchSize - 1];
    if (!after) return;
  }
}

function rowOf(line: PlacementAsOf, approvers: Awaited<ReturnType<typeof listApprovers>>): ExportRow {
  const all: ExportRow = {
    ...line,
    approved_by: (approvers.get(line.promotion_id ?? "") ?? []).map((approval) => ({ ...approval })),
    out_of_band: line.out_of_band === 1,
    baseline: line.baseline === 1,
  };
  return Object.fromEntries(columns.map((column) => [column, all[column]]));
}
