import { Refusal, refuseFields } from "../errors.ts";
import { type DeploymentReport, normalizeLine, reportErrors } from "../record/report.ts";

/** One deployment and the line on which it begins, or why what stands on the line is none. */
export type ReadDeployment = { line: number; report: DeploymentReport } | { line: number; wrong: string[] };

/** What the server would refuse in any case comes to light here, before anything is sent. */
export function validateDeployment(line: number, now: string, told: () => DeploymentReport): ReadDeployment {
  try {
    const { placements, ...more } = told();
    const report = { ...more, placements: placements.map(normalizeLine) };
    refuseFields(reportErrors(report, now));
    return { line, report };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { line, wrong: error.errors.length ? error.errors.map((one) => one.message) : [error.message] };
  }
}
