import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { approversOf } from "../record/approvers.ts";
import { type Moment, type Slice, type Standing, standing } from "../record/as-of.ts";
import type { Export, Row } from "./serialize.ts";

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
] as const;

/** What stood in an environment at a moment, in the order of kind and key, as the API says it. */
export function placementsExport(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: Pick<Slice, "kind" | "text">,
): Export {
  return { columns, pages: pagesOf(db, site, environment, moment, slice) };
}

const size = 1000;

async function* pagesOf(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
  slice: Slice,
): AsyncGenerator<Row[]> {
  for (let after: Slice["after"]; ; ) {
    const page = { ...slice, after, limit: size, order: "key" as const };
    const lines = await standing(db, site.id, environment.id, moment, page);
    const approvers = await approversOf(
      db,
      lines.map((line) => line.promotion_id),
    );
    yield lines.map((line) => rowOf(line, approvers));
    after = lines[size - 1];
    if (!after) return;
  }
}

function rowOf(line: Standing, approvers: Awaited<ReturnType<typeof approversOf>>): Row {
  const all: Row = {
    ...line,
    approved_by: (approvers.get(line.promotion_id ?? "") ?? []).map((one) => ({ ...one })),
    out_of_band: line.out_of_band === 1,
  };
  return Object.fromEntries(columns.map((column) => [column, all[column]]));
}
