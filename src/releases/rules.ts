import type { FieldError } from "../errors.ts";
import type { Kind } from "../schema.ts";
import { artifactKey, formatCount, whyNotName, whyNotText } from "../text.ts";

export const maxContents = 10_000;

export interface ReleaseLine {
  kind: Kind;
  key: string;
  /** Nothing: its removal. */
  version: string | null;
}

export interface NewRelease {
  name: string;
  notes?: string | undefined;
  /** Slug of the environment in which the contents stand; the first one where missing. */
  from?: string | undefined;
  contents?: ReleaseLine[] | undefined;
  /** Instead of contents: all that differs between two environments. */
  differences?: { from: string; to: string } | undefined;
}

export function releaseErrors(release: NewRelease): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note("name", whyNotName(release.name));
  note("notes", whyNotText("Notes", release.notes, 10_000));
  if (!release.contents === !release.differences)
    note("contents", "Say either what is in it, or between which environments to take the differences.");
  if (release.contents) note("contents", whyNotContents(release.contents));
  return errors;
}

function whyNotContents(contents: ReleaseLine[]): string | undefined {
  if (!contents.length) return "A release needs at least one page or piece of software.";
  if (contents.length > maxContents)
    return `A release can have at most 10,000 lines; this one has ${formatCount(contents.length)}.`;
  const seen = new Set<string>();
  for (const { kind, key } of contents) {
    if (seen.has(artifactKey({ kind, key }))) return `${key} is named twice.`;
    seen.add(artifactKey({ kind, key }));
  }
}

/** Why a line cannot be frozen: a release holds exactly what stands in the environment at this moment. */
export function whyNotCurrent(
  chosen: ReleaseLine,
  stands: { version: string | null } | undefined,
  environment: { name: string },
): string | undefined {
  if (!stands) return `${chosen.key} was never recorded on ${environment.name}.`;
  if (stands.version === chosen.version) return;
  const there = stands.version === null ? "was removed there" : `is at ${stands.version} there`;
  const wanted = chosen.version === null ? "its removal" : chosen.version;
  return `${environment.name} does not hold ${wanted} of ${chosen.key}: it ${there}.`;
}

/** A line as forms write it: `page /sale v33`, and without a version its removal. Keys have no spaces in them. */
export function parseReleaseLine(line: string): ReleaseLine {
  const [kind = "", key = "", ...version] = line.split(" ");
  return { kind: kind === "software" ? "software" : "page", key, version: version.join(" ") || null };
}
