import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { Promotion } from "../promotions/queries.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { isUnknown } from "../record/unknown.ts";
import { isBeforeApproval } from "../time/before-approval.ts";
import { isRecordedLate } from "../time/recorded-late.ts";
import { type FindingMark, findingMarks, markKey } from "./finding-marks.ts";
import { type Cell, currentCells, promotedVersions, type RowName } from "./queries.ts";
import { type CellState, type Comparison, compareWithNext } from "./rules.ts";
import type { SiteSummary } from "./site-summary.ts";

/** A row in one environment, as the board shows it. */
export interface BoardCell {
  /** The current version, null if it was removed; undefined if nothing was recorded. `late` is when, if recorded late. */
  recorded: RecordedVersion | undefined;
  unknown: boolean;
  comparison: Comparison | undefined;
  out_of_band: boolean;
  /** Who recorded the baseline that it was in; undefined if it was in none. */
  baselineBy: { person: string; person_kind: "person" | "machine" } | undefined;
  /** Whether it was there before its gate's last approval. */
  before_approval: boolean;
  waiting: CellWaiting[];
  /** What visits found about it. */
  findings: FindingMark | undefined;
}

interface RecordedVersion {
  version: string | null;
  /** The version's title if it is not the row's. */
  title: string | undefined;
  effective_at: string;
  late: string | undefined;
  /** What brought it: the number of its deployment, and of its promotion with who approved that. */
  deployment: number;
  promotion: number | null;
  /** The promotion that its promotion rolled back. */
  rollback_of: number | null;
  rollback_in_part: boolean;
  /** Whether its promotion was completed without its gate. */
  forced: boolean;
  approvedBy: ApprovedBy[];
}

export interface CellWaiting {
  promotion: number;
  to: string;
  /** Roles whose approval is missing; empty if it is approved but not completed. */
  roles: string[];
  /** The version in the promotion, if the environment has another one by now. */
  frozen: { version: string | null } | undefined;
  /** Whether it cannot go on as it is: neither approved nor completed. */
  blocked: boolean;
  /** When it is planned to be completed, ISO 8601 UTC; null: no moment is planned. */
  planned: string | null;
}

export type BoardRow = RowName & { cells: BoardCell[] };

/** These rows with their cells, one for each environment in order. It reads no rows but these. */
export async function boardRows(db: Database, site: Site, summary: SiteSummary, rows: RowName[]): Promise<BoardRow[]> {
  const ids = rows.map((row) => row.id);
  const recorded = await currentCells(db, ids);
  const byEnvironment = new Map(recorded.map((cell) => [`${cell.artifact_id} ${cell.environment_id}`, cell]));
  const promoted = Map.groupBy(await promotedVersions(db, site, ids), (version) => version.artifact_id);
  const approvals = await listApprovers(db, recorded);
  const findings = await findingMarks(db, site, rows);
  const open = new Map(
    summary.open.map((promotion) => [promotion.id, { ...promotion, blocked: summary.blockers.has(promotion.id) }]),
  );
  return rows.map((row) => {
    const states = site.environments.map((environment, i) => ({
      environmentKnown: summary.environments[i]?.changed_at !== null,
      recorded: byEnvironment.get(`${row.id} ${environment.id}`),
    }));
    const waiting = (promoted.get(row.id) ?? []).flatMap(({ promotion_id, version_id, version }) => {
      const promotion = open.get(promotion_id);
      return promotion ? [{ promotion, version_id, version }] : [];
    });
    const title = rowTitle(row, states);
    const cells = site.environments.map(({ id }, i) => ({
      ...cellOf(site, states, i, waiting, approvals, title),
      findings: findings.get(markKey(row.key, id)),
    }));
    return { ...row, title, cells };
  });
}

/** The title of the version in the last environment that has one with a title, like `currentTitle`. */
const rowTitle = (row: RowName, states: { recorded: Cell | undefined }[]): string | null =>
  states.findLast(({ recorded }) => recorded?.title)?.recorded?.title ?? row.title;

type PromotedVersion = {
  promotion: Promotion & { blocked: boolean };
  version_id: string | null;
  version: string | null;
};

function cellOf(
  site: Site,
  states: (CellState & { recorded: Cell | undefined })[],
  i: number,
  promoted: PromotedVersion[],
  approvers: Map<string, ApprovedBy[]>,
  title: string | null,
): Omit<BoardCell, "findings"> {
  const cell = states[i]?.recorded;
  const approvals = approvers.get(cell?.promotion_id ?? "") ?? [];
  const fromHere = promoted.filter(({ promotion }) => promotion.from_id === site.environments[i]?.id);
  return {
    recorded: cell && {
      version: cell.version,
      title: cell.title && cell.title !== title ? cell.title : undefined,
      effective_at: cell.effective_at,
      late: isRecordedLate(cell) ? cell.recorded_at : undefined,
      deployment: cell.deployment,
      promotion: cell.promotion,
      rollback_of: cell.rollback_of,
      rollback_in_part: cell.rollback_in_part === 1,
      forced: cell.forced > 0,
      approvedBy: approvals,
    },
    unknown: isUnknown(states, i),
    comparison: compareWithNext(states, i),
    out_of_band: cell?.out_of_band === 1,
    baselineBy: cell?.baseline ? { person: cell.person, person_kind: cell.person_kind } : undefined,
    waiting: fromHere.map((version) => waitingFor(version, cell)),
    before_approval: cell !== undefined && isBeforeApproval(cell, approvals),
  };
}

function waitingFor({ promotion, version_id, version }: PromotedVersion, cell: Cell | undefined): CellWaiting {
  return {
    promotion: promotion.number,
    to: promotion.environment.name,
    roles: promotion.requirements.filter(({ given, needed }) => given < needed).map((role) => role.name),
    frozen: cell?.version_id === version_id ? undefined : { version },
    blocked: promotion.blocked,
    planned: promotion.schedule?.go_live_at ?? null,
  };
}
