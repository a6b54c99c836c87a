import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import type { FieldError } from "../errors.ts";
import { badInWords } from "../record/release-marks.ts";
import type { Release } from "../record/releases.ts";
import type { Kind } from "../schema.ts";
import { artifactKey, formatCount, whyNotName, whyNotText } from "../text.ts";

export const maxContents = 10_000;

export interface ReleaseLine {
  kind: Kind;
  key: string;
  /** null: the removal of the artifact. */
  version: string | null;
  /** Of a page that is removed: where visitors are to be led, a path of the site or a web address; empty: nowhere. */
  redirect?: string | null | undefined;
}

export interface NewRelease {
  name: string;
  notes?: string | undefined;
  /** Slug of the environment that has these contents; the first one if undefined. */
  from?: string | undefined;
  contents?: ReleaseLine[] | undefined;
  /** Instead of contents: everything that differs between two environments, by their slugs. */
  differences?: { from: string; to: string } | undefined;
  /** The number of the release from which it is made, if it is a newer state of it. */
  made_from?: number | undefined;
}

export function releaseErrors(release: NewRelease): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, message: string | undefined) => message && errors.push({ path, message });
  check("name", whyNotName(release.name));
  check("notes", whyNotText("Notes", release.notes, 10_000));
  if (!release.contents === !release.differences)
    check("contents", "Give either the contents, or the two environments whose differences to include.");
  if (release.contents) check("contents", whyNotContents(release.contents));
  return errors;
}

function whyNotContents(contents: ReleaseLine[]): string | undefined {
  if (!contents.length) return "Select at least one page or software item.";
  if (contents.length > maxContents)
    return `A release can have at most ${formatCount(maxContents)} lines; this one has ${formatCount(contents.length)}.`;
  const seen = new Set<string>();
  for (const { kind, key } of contents) {
    if (seen.has(artifactKey({ kind, key }))) return `${key} is listed twice.`;
    seen.add(artifactKey({ kind, key }));
  }
}

/** Why a line cannot be frozen: a release contains exactly what the environment has at this moment. */
export function whyNotCurrent(
  { key, version }: ReleaseLine,
  current: { version: string | null } | undefined,
  { name }: { name: string },
): string | undefined {
  if (!current) return `${key} was never recorded on ${name}.`;
  if (current.version === version) return;
  if (current.version === null) return `${name} does not have ${key} ${version}: it was removed.`;
  if (version === null) return `${key} has not been removed from ${name}: it is at ${current.version}.`;
  return `${name} has ${key} ${current.version}, not ${version}.`;
}

/** One environment has nothing that differs from the other; it may also have nothing at all. */
export const nothingToRelease = (from: { name: string }, to: { name: string }): string =>
  `Nothing to release: ${from.name} has nothing that is not already on ${to.name}.`;

/** What a release made from another one is called: "Sale (2)" after "Sale", "Sale (3)" after that. */
export function nextName(name: string): string {
  const [, base = name, number = "1"] = /^(.*) \((\d{1,4})\)$/s.exec(name) ?? [];
  const ending = ` (${Number(number) + 1})`;
  return `${base.slice(0, 200 - ending.length)}${ending}`;
}

/** Why this person may neither mark a release as bad nor lift the mark: approvers of the site may, and those who promote or administer it. */
export function whyNotMayMark(
  { environments }: { environments: { gate: Gate | null }[] },
  { roles, permissions }: Pick<Actor, "roles" | "permissions">,
): string | undefined {
  if (permissions.has("promote") || permissions.has("administer")) return;
  const approving = environments.flatMap(({ gate }) => (gate?.requirements ?? []).map(({ role }) => role));
  if (approving.some((role) => roles.includes(role))) return;
  return "You may not mark releases as bad on this site. Approvers, administrators and people who request promotions can.";
}

type MarkedRelease = Pick<Release, "number" | "bad">;

export const whyNotMark = ({ number, bad }: MarkedRelease): string | undefined =>
  bad ? `${badInWords(number, bad)} It cannot be marked twice.` : undefined;

export const whyNotLiftMark = ({ number, bad }: MarkedRelease): string | undefined =>
  bad ? undefined : `Release ${number} is not marked as bad.`;

export function whyNotMarkReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "Enter a reason. Approvers and the people who want to promote it read it.";
  return whyNotText("A reason", reason, 10_000);
}
