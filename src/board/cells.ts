import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { Promotion } from "../promotions/queries.ts";
import { isRecordedLate } from "../time/recorded-late.ts";
import { approvingRoles, type Cell, currentCells, promotedVersions, type RowName } from "./queries.ts";
import { type CellState, type Comparison, compareWithNext, isUnknown } from "./rules.ts";
import type { SiteSummary } from "./site-summary.ts";

/** One row in one environment, as it is shown. */
export interface BoardCell {
  /** Nothing recorded there; else what, or (null) that it was removed. */
  recorded: { version: string | null; effective_at: string; late: string | undefined } | undefined;
  unknown: boolean;
  stand: Comparison | undefined;
  out_of_band: boolean;
  waiting: CellWaiting[];
  /** Roles that approved what brought it; only in the last environment, where nothing is to the right. */
  approved: string[];
}

export interface CellWaiting {
  promotion: number;
  to: string;
  /** Whose approval it waits for; nobody's where it is approved and only to be completed. */
  roles: string[];
  /** What it would bring, where that is not what stands here any more. */
  other: { version: string | null } | undefined;
}

export type BoardRow = RowName & { cells: BoardCell[] };

/** These rows with their cells, environment by environment. Costs what is shown. */
export async function boardRows(db: Database, site: Site, tallies: SiteSummary, rows: RowName[]): Promise<BoardRow[]> {
  const ids = rows.map((row) => row.id);
  const last = site.environments.at(-1)?.id;
  const recorded = await currentCells(db, ids);
  const byPlace = new Map(recorded.map((cell) => [`${cell.artifact_id} ${cell.environment_id}`, cell]));
  const travelling = Map.groupBy(await promotedVersions(db, site, ids), (one) => one.artifact_id);
  const brought = recorded.filter((cell) => cell.environment_id === last).map((cell) => cell.promotion_id);
  const approvals = await approvingRoles(
    db,
    brought.filter((id) => id !== null),
  );
  const open = new Map(tallies.open.map((promotion) => [promotion.id, promotion]));
  return rows.map((row) => {
    const squares = site.environments.map((environment, i) => ({
      told: tallies.places[i]?.changed_at !== null,
      recorded: byPlace.get(`${row.id} ${environment.id}`),
    }));
    const waiting = (travelling.get(row.id) ?? []).flatMap((one) => {
      const promotion = open.get(one.promotion_id);
      return promotion ? [{ promotion, version_id: one.version_id, version: one.version }] : [];
    });
    return { ...row, cells: squares.map((_, i) => cellOf(site, squares, i, waiting, approvals)) };
  });
}

type PromotedVersion = { promotion: Promotion; version_id: string | null; version: string | null };

function cellOf(
  site: Site,
  squares: (CellState & { recorded: Cell | undefined })[],
  i: number,
  travelling: PromotedVersion[],
  approvals: Map<string, string[]>,
): BoardCell {
  const cell = squares[i]?.recorded;
  const from = travelling.filter((one) => one.promotion.from_id === site.environments[i]?.id);
  return {
    recorded: cell && {
      version: cell.version,
      effective_at: cell.effective_at,
      late: isRecordedLate(cell) ? cell.recorded_at : undefined,
    },
    unknown: isUnknown(squares, i),
    stand: compareWithNext(squares, i),
    out_of_band: cell?.out_of_band === 1,
    waiting: from.map((one) => waitingFor(one, cell)),
    approved: (i === squares.length - 1 && cell?.promotion_id && approvals.get(cell.promotion_id)) || [],
  };
}

function waitingFor({ promotion, version_id, version }: PromotedVersion, cell: Cell | undefined): CellWaiting {
  return {
    promotion: promotion.number,
    to: promotion.environment.name,
    roles: promotion.requirements.filter((one) => one.given < one.needed).map((one) => one.name),
    other: cell?.version_id === version_id ? undefined : { version },
  };
}
