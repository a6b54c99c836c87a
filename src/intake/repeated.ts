import { isDeepStrictEqual } from "node:util";
import { artifactKey } from "../text.ts";
import type { ReadLine } from "./lines.ts";
import type { Notices } from "./notices.ts";

/**
 * A deployment can list each page and software item only once: this returns a check for its lines, one after another.
 * A line that lists one otherwise than an earlier line is wrong, as `why` says; one that is the same is undefined, as
 * nothing is lost without it, and is only counted.
 */
export function repeatedLines(
  notices: Notices,
  why: (key: string, earlier: number) => string,
): (read: ReadLine) => ReadLine | undefined {
  const earlier = new Map<string, ReadLine>();
  return (read) => {
    if (!read.line) return read;
    const artifact = artifactKey(read.line);
    const first = earlier.get(artifact);
    if (!first) {
      earlier.set(artifact, read);
      return read;
    }
    if (!isSame(first, read)) return { number: read.number, text: read.text, wrong: why(read.line.key, first.number) };
    notices.passOver(read);
  };
}

const isSame = (a: ReadLine, b: ReadLine): boolean => a.at === b.at && isDeepStrictEqual(a.line, b.line);

/** The lines of one deployment without those that are repeated. */
export function refuseRepeated(lines: ReadLine[], notices: Notices): ReadLine[] {
  const check = repeatedLines(notices, (key, earlier) => `${key} is already listed in line ${earlier}.`);
  return lines.flatMap((read) => check(read) ?? []);
}
