import type { Holder, Substitute } from "../access/holders.ts";
import type { Blocker } from "../errors.ts";
import { isInRange } from "../record/version-ranges.ts";
import { countOf, joinWithAnd, joinWithOr, nameWithKind } from "../text.ts";
import { whyNobodyCan } from "./approver-rules.ts";
import { checklistCode, soakingCode } from "./completion-rules.ts";
import { movedOnCode } from "./need-rules.ts";
import { badRelease } from "./request-rules.ts";
import { type OpenPromotion, type Requirement, whyClosed } from "./rules.ts";

export interface AssessedContent {
  key: string;
  version_id: string | null;
  version: string | null;
  /** What the source environment has now, and since when; undefined if it was never recorded there. */
  inSource?: { version_id: string | null; version: string | null; effective_at?: string } | undefined;
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

/**
 * Everything that blocks completion, all of it at once, each as a sentence. If empty, it may be completed. Of one that has
 * ended only that, unless it has expired: then it can still be completed without its gate, which passes over the rest.
 */
export function blockersOf(
  promotion: OpenPromotion,
  source: { name: string },
  contents: AssessedContent[],
  needs: VersionNeed[],
  now: string,
  frozen: Blocker[] = [],
): Blocker[] {
  const closed = whyClosed(promotion);
  const ended = closed ? [{ code: promotion.state, message: closed }] : [];
  if (closed && promotion.state !== "expired") return ended;
  return [
    ...ended,
    ...badReleaseOf(promotion),
    ...promotion.requirements.flatMap(missingApprovals),
    // a rollback puts back what the target itself had
    ...(promotion.rollback_of_id ? [] : [...movedOn(source, contents), ...soaking(promotion, source, contents, now)]),
    ...openChecklist(promotion),
    ...needs.filter((need) => !isMet(need)).map((need) => unmetNeed(need, promotion.environment)),
    ...frozen,
  ];
}

export const badReleaseOf = ({ release, bad }: Pick<OpenPromotion, "release" | "bad">): Blocker[] =>
  bad && release !== undefined ? [badRelease(release, bad)] : [];

function missingApprovals(requirement: Requirement): Blocker[] {
  const { name, needed, given, people = [], substitutes = [] } = requirement;
  if (given >= needed) return [];
  const message =
    needed === 1 ? `${name} has not approved it yet.` : `${name} has given ${given} of ${needed} approvals.`;
  const who = whyNobodyCan(requirement) ?? (people.length ? `${anyOf([...people, ...substitutes])} can.` : "");
  return [{ code: "approvals_missing", message: `${message} ${who}`.trim() }];
}

const maxNames = 3;

/** "Mara", "Mara or Jon Bell", "Mara or Theo for Mara", "Mara, Jon Bell, Priya Shah or 2 others" */
function anyOf(people: (Holder | Substitute)[]): string {
  const names = people
    .slice(0, maxNames)
    .map((one) => ("for" in one ? `${one.name} for ${one.for}` : nameWithKind(one)));
  const more = people.length - names.length;
  const all = more ? [...names, countOf(more, "other")] : names;
  return joinWithOr(all);
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

const hourMs = 60 * 60 * 1000;

/** One blocker for all that is in the environment before for less time than the gate asks: what arrived last decides. */
function soaking(
  { gate, environment }: OpenPromotion,
  source: { name: string },
  contents: AssessedContent[],
  now: string,
): Blocker[] {
  const arrivedAt = ({ inSource }: AssessedContent) => Date.parse(inSource?.effective_at ?? now);
  const hoursLeft = (content: AssessedContent) =>
    (gate?.soak_hours ?? 0) - (Date.parse(now) - arrivedAt(content)) / hourMs;
  const tooNew = contents.filter((content) => !hasMovedOn(content) && hoursLeft(content) > 0);
  const [last, ...rest] = tooNew.sort((a, b) => arrivedAt(b) - arrivedAt(a));
  if (!last) return [];
  const asked = countOf(gate?.soak_hours ?? 0, "hour");
  const more = rest.length ? ` (and ${rest.length} more)` : "";
  const message = `${last.key}${more} has to be on ${source.name} for ${asked} before it goes to ${environment.name}: ${countOf(Math.ceil(hoursLeft(last)), "more hour")}.`;
  return [{ code: soakingCode, message }];
}

function openChecklist({ checklist }: OpenPromotion): Blocker[] {
  const open = checklist.filter(({ tick }) => !tick).map(({ line }) => `“${line}”`);
  if (!open.length) return [];
  return [{ code: checklistCode, message: `Not ticked on the checklist: ${joinWithAnd(open)}.` }];
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
