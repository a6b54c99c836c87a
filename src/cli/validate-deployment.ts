import { Refusal, refuseFields } from "../errors.ts";
import { type DeploymentReport, normalizeLine, reportErrors } from "../record/report.ts";

/** A deployment and the line on which it begins, or what is wrong with that line. */
export type ReadDeployment = { line: number; report: DeploymentReport } | { line: number; wrong: string[] };

/** Checks a deployment as the server does, before anything is sent. */
export function validateDeployment(line: number, now: string, read: () => DeploymentReport): ReadDeployment {
  try {
    const { placements, ...more } = read();
    const report = { ...more, placements: placements.map(normalizeLine) };
    refuseFields(reportErrors(report, now));
    return { line, report };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { line, wrong: error.errors.length ? error.errors.map(({ message }) => message) : [error.message] };
  }
}
