import type { Put } from "../deployments/later.ts";
import { changes, never, type State } from "../deployments/settle.ts";
import type { FieldError } from "../errors.ts";
import type { Kind } from "../schema.ts";
import { whyNotText } from "../text.ts";

/** What somebody says was recorded wrongly: all that a deployment said, or what it said of one page or software. */
export interface CorrectionRequest {
  /** Its number. */
  deployment: number;
  kind?: Kind | undefined;
  key?: string | undefined;
  reason: string;
  /** The correction made before was wrong: it stands as it was recorded. */
  stands?: boolean | undefined;
  instead?: Instead | undefined;
}

/** What is right; null: it was removed. Where and since when, where that was wrong too. */
export interface Instead {
  version: string | null;
  environment?: string | undefined;
  effective_at?: string | undefined;
}

export const maxReasonLength = 10_000;

export function correctionErrors({ kind, key, reason, stands, instead }: CorrectionRequest): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note(
    "reason",
    reason.trim()
      ? whyNotText("A reason", reason, maxReasonLength)
      : "Say what was wrong: a correction needs a reason.",
  );
  if ((kind === undefined) !== (key === undefined))
    note(kind ? "key" : "kind", "Name the kind and the key of what is corrected, or neither for the whole deployment.");
  if (instead && stands) note("instead", "Where it stands as it was recorded, nothing else is right instead.");
  else if (instead && key === undefined)
    note("instead", "Say what is right instead for one page or piece of software at a time.");
  return errors;
}

/** The latest correction of something, and whether it says that it was wrong. */
export interface LatestCorrection {
  stands: number;
  person: string;
  reason: string;
}

/** Why what a deployment said cannot be corrected, or cannot be said to stand. `of` is "Deployment 12" or what it said. */
export function whyNotCorrect(of: string, head: LatestCorrection | undefined, stands: boolean): string | undefined {
  const wrong = head?.stands === 0;
  if (wrong && !stands) return `${of} has been corrected already, by ${head.person}: “${head.reason}”`;
  if (!wrong && stands)
    return `${of} stands as it was recorded: ${head ? "the correction was taken back already" : "nobody has corrected it"}.`;
}

export function whyNotInstead(
  wrong: { version: string | null; environment: string; effective_at: string },
  right: { version: string | null; environment: string; effective_at: string },
): string | undefined {
  if (
    wrong.version === right.version &&
    wrong.environment === right.environment &&
    wrong.effective_at === right.effective_at
  )
    return "That is what was recorded. Say what is right instead of it, or leave this out.";
}

/** What one deployment said of an artifact, in the order of telling by its number, and the placements of it that count while it is right. */
export interface Word extends Pick<Put, "version_id" | "promotion_id" | "out_of_band"> {
  number: number;
  effective_at: string;
  wrong: boolean;
  seqs: number[];
}

/**
 * What has to be written so that the placements are those that telling the right words in order would have made:
 * words that are changes and have no placement, and placements that change nothing. Of the words of one moment the
 * last told holds.
 */
export function settled<W extends Word>(before: State = never, words: W[]): { returned: W[]; repeated: [W, number][] } {
  const returned: W[] = [];
  const repeated: [W, number][] = [];
  let state = before;
  const right = words.filter((word) => !word.wrong);
  const moments = [...Map.groupBy(right, (word) => word.effective_at)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, said] of moments) {
    const last = said.reduce((a, b) => (a.number > b.number ? a : b));
    const placed = said.flatMap((word) => word.seqs.map((seq): [W, number] => [word, seq])).sort((a, b) => a[1] - b[1]);
    const change = changes(state, last);
    if (!change) repeated.push(...placed);
    else if (placed.at(-1)?.[0] !== last) {
      repeated.push(...placed.filter(([word]) => word === last));
      returned.push(last);
    }
    if (change) state = last;
  }
  return { returned, repeated };
}
