/** What is measured, with its aim, and what came of it on one engine. */
export interface Line {
  work: string;
  aim: string;
  /** With its unit. */
  measured: string;
  isMet: boolean;
  value: number;
}

/** A line whose value should not be greater than `max`. */
export const atMost = (work: string, max: number, value: number, unit: string): Line => ({
  work,
  aim: `≤ ${amount(max, unit)}`,
  measured: amount(value, unit),
  isMet: value <= max,
  value,
});

/** A line whose value should not be less than `min`. */
export const atLeast = (work: string, min: number, value: number, unit: string): Line => ({
  work,
  aim: `≥ ${amount(min, unit)}`,
  measured: amount(value, unit),
  isMet: value >= min,
  value,
});

const amount = (value: number, unit: string): string => `${short(value)}${unit && ` ${unit}`}`;

/** A number with three significant digits. */
function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(3)));
}

/** The median, or another quantile `at`. */
export const median = (list: number[], at = 0.5): number => {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * at)] ?? Number.NaN;
};

/** The lines as a table in Markdown, with a column for each engine; what misses its aim is marked. */
export function tableOf(linesOf: Record<string, Line[]>): string {
  const engines = Object.keys(linesOf);
  const works = [...new Set(engines.flatMap((engine) => (linesOf[engine] ?? []).map(({ work }) => work)))];
  const rows = works.map((work) => {
    const lines = engines.map((engine) => linesOf[engine]?.find((line) => line.work === work));
    const aim = lines.find((line) => line)?.aim ?? "";
    return [work, aim, ...lines.map((line) => (line ? `${line.measured}${line.isMet ? "" : " (missed)"}` : ""))];
  });
  const names: Record<string, string> = { sqlite: "SQLite", postgres: "PostgreSQL" };
  const head = ["work", "aim", ...engines.map((engine) => names[engine] ?? engine)];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
