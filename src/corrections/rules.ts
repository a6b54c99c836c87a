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
