import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { type Moment, type PlacementAsOf, type PlacementSlice, placementsAsOf } from "../record/as-of.ts";
import { isBeforeApproval } from "../time/before-approval.ts";
import type { Export, ExportRow, Format } from "./serialize.ts";

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
  "before_approval",
  "rollback_of",
  "rollback_in_part",
  "rolled_back_by",
  "rolled_back_in_part",
  "without_gate",
] as const;

/** What was on an environment at a moment, ordered by kind and key, with the fields of the API. */
export function placementsExport(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: Pick<PlacementSlice, "kind" | "text">,
  format: Format,
): Export {
  return { columns, pages: pagesOf(db, site, environment, moment, slice, format) };
}

const batchSize = 1000;

async function* pagesOf(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: PlacementSlice,
  format: Format,
): AsyncGenerator<ExportRow[]> {
  for (let after: PlacementSlice["after"]; ; ) {
    const page = { ...slice, after, limit: batchSize, order: "key" as const };
    const lines = await placementsAsOf(db, site.id, environment.id, moment, page);
    const approvers = await listApprovers(db, lines);
    yield lines.map((line) => rowOf(line, approvers, format));
    after = lines[batchSize - 1];
    if (!after) return;
  }
}

function rowOf(line: PlacementAsOf, approvers: Awaited<ReturnType<typeof listApprovers>>, format: Format): ExportRow {
  const approvals = approvers.get(line.promotion_id ?? "") ?? [];
  const all: ExportRow = {
    ...line,
    approved_by: approvals.map((approval) => approvalOf(approval, format)),
    out_of_band: line.out_of_band === 1,
    baseline: line.baseline === 1,
    before_approval: isBeforeApproval(line, approvals),
    rollback_in_part: line.rollback_in_part === 1,
    rolled_back_in_part: line.rolled_back_in_part === 1,
    without_gate: line.forced > 0,
  };
  return Object.fromEntries(columns.map((column) => [column, all[column]]));
}

/** A cell of CSV reads "Theo, tester, 2026-…", and "Nightly build, machine, tester, 2026-…" for a token. */
export function approvalOf({ person, kind, role, decided_at }: ApprovedBy, format: Format) {
  return format === "csv" && kind === "person" ? { person, role, decided_at } : { person, kind, role, decided_at };
}
