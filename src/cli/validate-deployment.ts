import { Refusal, refuseFields } from "../errors.ts";
import { normalLine, type Report, reportErrors } from "../record/report.ts";

/** One deployment and the line on which it begins, or why what stands on the line is none. */
export type Read = { line: number; report: Report } | { line: number; wrong: string[] };

/** What the server would refuse in any case comes to light here, before anything is sent. */
export function sound(line: number, now: string, told: () => Report): Read {
  try {
    const { placements, ...more } = told();
    const report = { ...more, placements: placements.map(normalLine) };
    refuseFields(reportErrors(report, now));
    return { line, report };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { line, wrong: error.errors.length ? error.errors.map((one) => one.message) : [error.message] };
  }
}
