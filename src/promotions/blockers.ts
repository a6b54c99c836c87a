import type { Holder } from "../access/holders.ts";
import type { Blocker } from "../errors.ts";
import { isInRange } from "../record/version-ranges.ts";
import { countOf, nameWithKind } from "../text.ts";
import { badRelease, movedOnCode, type OpenPromotion, type Requirement, whyClosed, whyNobodyCan } from "./rules.ts";

export interface AssessedContent {
  key: string;
  version_id: string | null;
  version: string | null;
  /** What the source environment has now; undefined if it was never recorded there. */
  inSource?: { version_id: string | null; version: string | null } | undefined;
  /** Who corrected its record in the source environment, and the date as people read it. */
  corrected?: { person: string; person_kind: "person" | "machine"; on: string } | undefined;
}

/** The software that a version needs, and what the target would have after completion. */
export interface VersionNeed {
  key: string;
  version: string;
  software: string;
  range: string;
  /** The version of the software; null if it would not be there. */
  present: string | null;
}

/** Everything that blocks completion, all of it at once, each as a sentence. If empty, it may be completed. */
export function blockersOf(
  promotion: OpenPromotion,
  source: { name: string },
  contents: AssessedContent[],
  needs: VersionNeed[],
): Blocker[] {
  const closed = whyClosed(promotion);
  if (closed) return [{ code: promotion.state, message: closed }];
  return [
    ...badReleaseOf(promotion),
    ...promotion.requirements.flatMap(missingApprovals),
    // a rollback puts back what the target itself had
    ...(promotion.rollback_of_id ? [] : movedOn(source, contents)),
    ...needs.filter((need) => !isMet(need)).map((need) => unmetNeed(need, promotion.environment)),
  ];
}

export const badReleaseOf = ({ release, bad }: Pick<OpenPromotion, "release" | "bad">): Blocker[] =>
  bad && release !== undefined ? [badRelease(release, bad)] : [];

function missingApprovals(requirement: Requirement): Blocker[] {
  const { name, needed, given, people = [] } = requirement;
  if (given >= needed) return [];
  const message =
    needed === 1 ? `${name} has not approved it yet.` : `${name} has given ${given} of ${needed} approvals.`;
  const who = whyNobodyCan(requirement) ?? (people.length ? `${anyOf(people)} can.` : "");
  return [{ code: "approvals_missing", message: `${message} ${who}`.trim() }];
}

const maxNames = 3;

/** "Mara", "Mara or Jon Bell", "Mara, Jon Bell, Priya Shah or 2 others" */
function anyOf(people: Holder[]): string {
  const names = people.slice(0, maxNames).map(nameWithKind);
  const more = people.length - names.length;
  const all = more ? [...names, countOf(more, "other")] : names;
  const last = all.at(-1) as string;
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} or ${last}` : last;
}

/** Whether the source environment has something else by now than what the release froze. */
export function hasMovedOn({ inSource, version_id }: AssessedContent): boolean {
  return !inSource || inSource.version_id !== version_id;
}

/** One blocker for all of them: the first by name, the rest counted. */
export function movedOn(source: { name: string }, contents: AssessedContent[]): Blocker[] {
  const [first, ...rest] = contents.filter(hasMovedOn);
  if (!first) return [];
  const frozen = first.version === null ? `removes ${first.key}` : `has ${first.key} ${first.version}`;
  const more = rest.length ? ` (and ${rest.length} more)` : "";
  const message = `The release ${frozen}, but ${sourceNow(source, first)}${more}.`;
  const correction = first.corrected && correctionOf(source, first, first.corrected);
  return [{ code: movedOnCode, message: correction ? `${message} ${correction}` : message }];
}

function correctionOf(
  source: { name: string },
  { key, version }: AssessedContent,
  { person, person_kind, on }: NonNullable<AssessedContent["corrected"]>,
): string {
  const record = version === null ? `that ${key} was removed from` : `of ${key} ${version} on`;
  return `On ${on} ${nameWithKind({ name: person, kind: person_kind })} corrected the record ${record} ${source.name}.`;
}

function sourceNow({ name }: { name: string }, { inSource }: AssessedContent): string {
  if (!inSource) return `${name} never had it`;
  return inSource.version === null ? `it was removed from ${name}` : `${name} now has ${inSource.version}`;
}

export const isMet = ({ range, present }: Pick<VersionNeed, "range" | "present">): boolean =>
  present !== null && isInRange(present, range);

function unmetNeed({ key, version, software, range, present }: VersionNeed, target: { name: string }): Blocker {
  const would = present === null ? `would have no ${software}` : `would have ${present}`;
  return {
    code: "requirement_unmet",
    message: `${key} ${version} needs ${software} ${range}, but ${target.name} ${would}.`,
  };
}
