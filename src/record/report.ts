import type { FieldError } from "../errors.ts";
import type { Kind } from "../schema.ts";
import { artifactKey, formatCount, whyDamaged, whyNotText } from "../text.ts";
import { whyNotWhen } from "../time/rfc3339.ts";
import { lengthLimits, normalKey, whyNotKey, whyNotLabel } from "./keys.ts";
import { whyNotRange } from "./version-ranges.ts";

/** One line of a report: this version is there now, or (null) the page or software item was removed. */
export interface ReportLine {
  kind: Kind;
  key: string;
  version: string | null;
  digest?: string | undefined;
  title?: string | undefined;
  source?: string | undefined;
  notes?: string | undefined;
  /** Software name → range of versions, or one exact label. */
  requires?: Record<string, string> | undefined;
}

export interface DeploymentReport {
  /** RFC 3339; now if it is undefined. */
  effective_at?: string | undefined;
  note?: string | undefined;
  source?: string | undefined;
  /** The number of the promotion that allowed it. */
  promotion?: number | undefined;
  /** A complete inventory: anything not listed was not there. */
  complete?: boolean | undefined;
  /** How many pages and software items the complete inventory may remove by not listing them, at most. */
  allow_removals?: number | undefined;
  /** It records what was already there when the book was opened. */
  baseline?: boolean | undefined;
  placements: ReportLine[];
}

export const maxPlacements = 10_000;

/** The line as it is stored: its key and version in their normal form. */
export function normalizeLine(line: ReportLine): ReportLine {
  return { ...line, key: normalKey(line.kind, line.key), version: line.version?.normalize("NFC") ?? null };
}

/** All errors of a report, each with its field. Expects lines in their normal form. */
export function reportErrors(report: DeploymentReport, now: string): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note("effective_at", whyNotWhen(report.effective_at, now));
  note("note", whyNotText("A note", report.note, lengthLimits.note));
  note("source", whyNotText("A source", report.source, lengthLimits.source));
  note("promotion", whyNotPromotion(report));
  note("placements", whyNotCount(report));
  if (report.placements.length > maxPlacements) return errors;
  const seen = new Map<string, number>();
  report.placements.forEach((line, i) => {
    const [path, message] = whyNotLine(line) ?? [];
    if (path) note(`placements.${i}.${path}`, message);
    const artifact = artifactKey(line);
    const first = seen.get(artifact);
    if (first !== undefined) note(`placements.${i}.key`, `${line.key} is listed twice, first in line ${first + 1}.`);
    else seen.set(artifact, i);
  });
  return errors;
}

function whyNotPromotion({ baseline, promotion }: DeploymentReport): string | undefined {
  if (baseline && promotion !== undefined)
    return "A baseline records what was already there, so no promotion brought it. Leave out one of the two.";
}

function whyNotCount({ placements, complete }: DeploymentReport): string | undefined {
  if (!placements.length && !complete) return "List at least one page or software item.";
  if (placements.length > maxPlacements)
    return `A deployment can have at most ${formatCount(maxPlacements)} lines; this one has ${formatCount(placements.length)}. Record it in parts.`;
}

/** The first field of a line that is wrong, and why; undefined if none is. */
export function whyNotLine(line: ReportLine): [field: string, sentence: string] | undefined {
  return (
    wrong("key", whyNotKey(line.kind, line.key)) ??
    wrong("version", line.version === null ? undefined : whyNotLabel(line.version)) ??
    wrong("title", whyNotText("A title", line.title, lengthLimits.title) ?? whyDamaged("A title", line.title ?? "")) ??
    wrong("digest", whyNotText("A digest", line.digest, lengthLimits.digest)) ??
    wrong("source", whyNotText("A source", line.source, lengthLimits.source)) ??
    wrong("notes", whyNotText("Notes", line.notes, lengthLimits.note)) ??
    wrong("requires", whyNotRequires(line.requires))
  );
}

function wrong(field: string, sentence: string | undefined): [string, string] | undefined {
  return sentence === undefined ? undefined : [field, sentence];
}

function whyNotRequires(requires: Record<string, string> | undefined): string | undefined {
  if (!requires) return;
  const entries = Object.entries(requires);
  if (entries.length > lengthLimits.requires)
    return `A version can require at most ${lengthLimits.requires} software items.`;
  for (const [name, range] of entries) {
    const wrongName = whyNotKey("software", normalKey("software", name));
    if (wrongName) return wrongName;
    const wrongRange = whyNotRange(range, name);
    if (wrongRange) return wrongRange;
  }
}
