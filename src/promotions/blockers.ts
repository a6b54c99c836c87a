import semver from "semver";
import type { Blocker } from "../errors.ts";
import { type OpenPromotion, type Requirement, whyClosed } from "./rules.ts";

export interface AssessedContent {
  key: string;
  version_id: string | null;
  version: string | null;
  /** What the environment before holds now; undefined where it never had it. */
  before?: { version_id: string | null; version: string | null } | undefined;
  /** Who said that it had been recorded there wrongly, and when. */
  corrected?: { person: string; on: string } | undefined;
}

/** One version's need for software, and what the target would have after completion. */
export interface UnmetNeed {
  key: string;
  version: string;
  software: string;
  range: string;
  /** Nothing: removed or never there. */
  present: string | null;
}

/** Everything that still stands in the way, at once, each as a sentence. Empty: it may be completed. */
export function blockersOf(
  promotion: OpenPromotion,
  from: { name: string },
  contents: AssessedContent[],
  needs: UnmetNeed[],
): Blocker[] {
  const closed = whyClosed(promotion);
  if (closed) return [{ code: promotion.state, message: closed }];
  return [
    ...promotion.requirements.flatMap(whyNotApproved),
    ...whyMovedOn(from, contents),
    ...needs.filter((need) => !isMet(need)).map((need) => whyUnmet(need, promotion.environment)),
  ];
}

function whyNotApproved({ name, needed, given }: Requirement): Blocker[] {
  if (given >= needed) return [];
  const message =
    needed === 1 ? `${name} has not approved it yet.` : `${name} has given ${given} of ${needed} approvals.`;
  return [{ code: "approvals_missing", message }];
}

/** Whether the environment before holds something else by now than what the release froze. */
export function hasMovedOn({ before, version_id }: AssessedContent): boolean {
  return !before || before.version_id !== version_id;
}

function whyMovedOn(from: { name: string }, contents: AssessedContent[]): Blocker[] {
  const [first, ...rest] = contents.filter(hasMovedOn);
  if (!first) return [];
  const brings = first.version === null ? `It removes ${first.key}` : `It holds ${first.version} of ${first.key}`;
  const more = rest.length ? ` The same goes for ${rest.length} more.` : "";
  const why = first.corrected && whyMoved(from, first, first.corrected);
  const message = [`${brings}, but ${from.name} ${holdsNow(first)}.${more}`, why].filter(Boolean).join(" ");
  return [{ code: "content_moved_on", message }];
}

function whyMoved(
  from: { name: string },
  { key, version }: AssessedContent,
  { person, on }: { person: string; on: string },
) {
  const what = version === null ? `That ${key} was removed from` : `That ${version} of ${key} stood on`;
  return `${what} ${from.name} was corrected on ${on} by ${person}.`;
}

function holdsNow({ before }: AssessedContent): string {
  if (!before) return "has never had it";
  return before.version === null ? "has removed it" : `now holds ${before.version}`;
}

/** A label of the range's own words meets it; else it must be a version as semver has them, where 3.4 is 3.4.0. */
export function isMet({ range, present }: Pick<UnmetNeed, "range" | "present">): boolean {
  if (present === null) return false;
  if (present === range) return true;
  const short = /^v?\d{1,9}(\.\d{1,9})?$/.test(present);
  const version = short ? semver.coerce(present) : semver.parse(present, { loose: true });
  return version !== null && semver.satisfies(version, range, { loose: true, includePrerelease: true });
}

function whyUnmet({ key, version, software, range, present }: UnmetNeed, environment: { name: string }): Blocker {
  const there = present === null ? `would have no ${software}` : `would have ${present}`;
  return {
    code: "requirement_unmet",
    message: `${key} ${version} needs ${software} ${range}, but ${environment.name} ${there}.`,
  };
}
