import semver from "semver";
import { whyNotLabel } from "./keys.ts";

/**
 * Why a text cannot say which versions of software are required: it is neither a range, such as >=3.2 <4 or
 * >=3.4.0.12, nor the label of one version, which may have any form, such as a commit or a date.
 */
export function whyNotRange(range: string, software: string): string | undefined {
  const invalid = `"${range.slice(0, 60)}" is not a range of versions of ${software}. Write one like >=3.2 <4, or the exact version.`;
  if (range.length > 200) return invalid;
  if (semverRange(range) !== undefined)
    return semver.minVersion(range, { loose: true })
      ? undefined
      : `No version of ${software} matches ${range}. Correct the range.`;
  if (!partRanges(range) && (hasOperator(range) || whyNotLabel(range))) return invalid;
}

const hasOperator = (range: string) => /[<>=~^|*]| - /.test(range);

/**
 * Whether a version is one of those required. The label itself always is; any other has to be a version as semver.org
 * defines them, where 3.4 counts as 3.4.0, or numbers with dots, which are compared part by part.
 */
export function isInRange(label: string, range: string): boolean {
  if (label.normalize("NFC") === range.normalize("NFC")) return true;
  const short = /^v?\d{1,9}(\.\d{1,9})?$/.test(label);
  const version = short ? semver.coerce(label) : semver.parse(label, { loose: true });
  if (version && semverRange(range) !== undefined)
    return semver.satisfies(version, range, { loose: true, includePrerelease: true });
  const parts = parseParts(label);
  const alternatives = partRanges(range);
  if (!parts || !alternatives) return false;
  return alternatives.some((comparators) => comparators.every((comparator) => isMet(parts, comparator)));
}

/** 3.4.0.12-rc.1 */
interface Parts {
  numbers: number[];
  prerelease: string;
}

interface Comparator {
  operator: string;
  bound: Parts;
}

function parseParts(text: string): Parts | undefined {
  // 2026-11-29 is a date, and not a version 2026 before its release
  const [, numbers, prerelease = ""] =
    /^v?(\d{1,9}(?:\.\d{1,9}){0,7})(?:(?<=\..*\..*)-([\w.-]+))?(?:\+[\w.-]+)?$/i.exec(text) ?? [];
  return numbers === undefined ? undefined : { numbers: numbers.split(".").map(Number), prerelease };
}

const tokens = (part: string): string[] =>
  part
    .trim()
    .replace(/([<>=~^])\s+/g, "$1")
    .split(/\s+/);

/** The range in semver's plain form. Undefined if it is not one in all its parts: semver would leave out what it cannot read. */
function semverRange(range: string): string | undefined {
  const options = { loose: true, includePrerelease: true };
  const known = range
    .split("||")
    .every((part) => tokens(part).every((token) => token === "-" || semver.validRange(token, options) !== null));
  return known ? (semver.validRange(range, options) ?? undefined) : undefined;
}

/** The alternatives of a range, each as comparators that all have to be met; undefined if it is not a range. */
function partRanges(range: string): Comparator[][] | undefined {
  // what semver can read may have x, ~ and - in it: it comes back as plain comparators
  const alternatives = (semverRange(range) ?? range)
    .split("||")
    .map((part) => tokens(part).map((text) => (text === "*" ? [] : parseComparator(text))));
  const isRange = alternatives.every((comparators) => comparators.every((parsed) => parsed !== undefined));
  return isRange ? alternatives.map((comparators) => comparators.flatMap((parsed) => parsed ?? [])) : undefined;
}

/** ">=3.4.0.12" is one comparator, "^3.4.0.12" two. */
function parseComparator(text: string): Comparator[] | undefined {
  const [, operator = "", rest = ""] = /^(>=|<=|>|<|=|\^|~)?(\S+)$/.exec(text) ?? [];
  const bound = parseParts(rest);
  if (!bound) return;
  if (operator !== "^" && operator !== "~") return [{ operator, bound }];
  const [major = 0, minor = 0] = bound.numbers;
  const next = operator === "^" && major > 0 ? [major + 1] : [major, minor + 1];
  return [
    { operator: ">=", bound },
    { operator: "<", bound: { numbers: next, prerelease: "0" } },
  ];
}

function isMet(version: Parts, { operator, bound }: Comparator): boolean {
  const order = compareParts(version, bound);
  if (operator === ">=") return order >= 0;
  if (operator === "<=") return order <= 0;
  if (operator === ">") return order > 0;
  return operator === "<" ? order < 0 : order === 0;
}

function compareParts(a: Parts, b: Parts): number {
  for (let i = 0; i < Math.max(a.numbers.length, b.numbers.length); i++) {
    const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
    if (difference) return difference;
  }
  if (!a.prerelease || !b.prerelease) return Number(!a.prerelease) - Number(!b.prerelease);
  return semver.compare(`0.0.0-${a.prerelease}`, `0.0.0-${b.prerelease}`, { loose: true });
}
