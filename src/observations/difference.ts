import { diffArrays, diffWordsWithSpace } from "diff";
import { type Filter, noFilter } from "./view.ts";
import { readContent } from "./view-text.ts";

/** A part of a line, and whether the other line has it not. */
export interface LinePart {
  text: string;
  isChanged: boolean;
}

/** A line of one content beside that of the other. `gap`: so many lines that are the same are left out. */
export type DifferenceLine =
  | { kind: "same"; text: string }
  | { kind: "added"; text: string }
  | { kind: "removed"; text: string }
  | { kind: "changed"; before: LinePart[]; after: LinePart[] }
  | { kind: "gap"; lines: number };

export interface Difference {
  /** Undefined: it is the same. */
  title: { before: string; after: string } | undefined;
  lines: DifferenceLine[];
  counts: Record<"added" | "removed" | "changed", number>;
  links: { added: string[]; removed: string[] };
}

/** Texts that have more than this in common with nothing are not aligned, as that takes ever longer. */
const maxEdits = 3000;
const maxWordEdits = 400;

/** How many equal lines are shown around one that differs. */
const contextLines = 2;

/** What a visitor reads differently in two contents of a page, as they are kept, without what the filter leaves out. */
export function differenceOf(before: string, after: string, filter: Filter = noFilter): Difference {
  const [one, other] = [readContent(before, filter), readContent(after, filter)];
  const lines = alignedLines(one.lines, other.lines);
  const count = (kind: DifferenceLine["kind"]) => lines.filter((line) => line.kind === kind).length;
  return {
    title: one.title === other.title ? undefined : { before: one.title, after: other.title },
    lines: withGaps(lines),
    counts: { added: count("added"), removed: count("removed"), changed: count("changed") },
    links: { added: without(other.links, one.links), removed: without(one.links, other.links) },
  };
}

const without = (links: string[], others: string[]): string[] => {
  const known = new Set(others);
  return links.filter((link) => !known.has(link));
};

function alignedLines(before: string[], after: string[]): DifferenceLine[] {
  const changes = diffArrays(before, after, { maxEditLength: maxEdits }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  const lines: DifferenceLine[] = [];
  for (let i = 0; i < changes.length; i++) {
    const [change, next] = [changes[i], changes[i + 1]];
    if (!change) break;
    if (change.removed && next?.added) {
      lines.push(...replacedLines(change.value, next.value));
      i++;
    } else {
      const kind = change.removed ? "removed" : change.added ? "added" : "same";
      lines.push(...change.value.map((text) => ({ kind, text }) as const));
    }
  }
  return lines;
}

/** Lines in place of others: each beside the one that it resembles, in their order. */
function replacedLines(before: string[], after: string[]): DifferenceLine[] {
  const lines: DifferenceLine[] = [];
  const paired = Math.min(before.length, after.length);
  for (let i = 0; i < paired; i++) lines.push(...replacedLine(before[i] as string, after[i] as string));
  lines.push(...before.slice(paired).map((text) => ({ kind: "removed", text }) as const));
  lines.push(...after.slice(paired).map((text) => ({ kind: "added", text }) as const));
  return lines;
}

/** One changed line if the two have words in common; else one that was removed and one that was added. */
function replacedLine(before: string, after: string): DifferenceLine[] {
  const words = diffWordsWithSpace(before, after, { maxEditLength: maxWordEdits });
  const common = words?.some(({ added, removed, value }) => !added && !removed && /[\p{L}\p{N}]/u.test(value));
  if (!words || !common)
    return [
      { kind: "removed", text: before },
      { kind: "added", text: after },
    ];
  const parts = (isOther: "added" | "removed", isOwn: "added" | "removed"): LinePart[] =>
    joined(words.filter((word) => !word[isOther]).map((word) => ({ text: word.value, isChanged: word[isOwn] })));
  return [{ kind: "changed", before: parts("added", "removed"), after: parts("removed", "added") }];
}

/** With the spaces between changed words, so that these are one part. */
function joined(parts: LinePart[]): LinePart[] {
  const list: LinePart[] = [];
  for (const [i, { text, isChanged }] of parts.entries()) {
    const last = list.at(-1);
    const isBetween = !text.trim() && last?.isChanged && parts[i + 1]?.isChanged;
    if (last?.isChanged && (isChanged || isBetween)) last.text += text;
    else list.push({ text, isChanged });
  }
  return list;
}

/** Without the equal lines that are far from any that differs. */
function withGaps(lines: DifferenceLine[]): DifferenceLine[] {
  const differing = new Set(lines.flatMap(({ kind }, i) => (kind === "same" ? [] : [i])));
  const isNear = (i: number) => {
    for (let near = i - contextLines; near <= i + contextLines; near++) if (differing.has(near)) return true;
    return false;
  };
  const shown: DifferenceLine[] = [];
  for (const [i, line] of lines.entries()) {
    const last = shown.at(-1);
    if (isNear(i)) shown.push(line);
    else if (last?.kind === "gap") last.lines++;
    else shown.push({ kind: "gap", lines: 1 });
  }
  return shown;
}
