import type { FieldError } from "../errors.ts";
import type { Kind } from "../schema.ts";
import { whyNotText } from "../text.ts";

/** A request to correct a whole deployment or, with kind and key, its line for one page or software item. */
export interface CorrectionRequest {
  /** The number of the deployment. */
  deployment: number;
  kind?: Kind | undefined;
  key?: string | undefined;
  reason: string;
  /** Undoes the latest correction: the record was right after all. */
  stands?: boolean | undefined;
  instead?: Instead | undefined;
}

/** What is right. A version of null means that it was removed; environment and moment are those of the wrong line unless given. */
export interface Instead {
  version: string | null;
  environment?: string | undefined;
  effective_at?: string | undefined;
}

export const maxReasonLength = 10_000;

/** The errors in a request's fields, by path; an empty list if there are none. */
export function correctionErrors({ kind, key, reason, stands, instead }: CorrectionRequest): FieldError[] {
  const errors: FieldError[] = [];
  const note = (path: string, message: string | undefined) => message && errors.push({ path, message });
  note(
    "reason",
    reason.trim()
      ? whyNotText("A reason", reason, maxReasonLength)
      : "Enter a reason: what was wrong, and how do you know?",
  );
  if ((kind === undefined) !== (key === undefined))
    note(
      kind ? "key" : "kind",
      "Give both kind and key to correct one line, or neither to correct the whole deployment.",
    );
  if (instead && stands) note("instead", "Leave this out to undo a correction: the record is then right as it is.");
  else if (instead && key === undefined)
    note(
      "instead",
      "What is right can be recorded only for one page or software item at a time. Give its kind and key.",
    );
  return errors;
}

/** The latest correction of a line or deployment; `stands` is 0 if it marked that as wrong, 1 if it undid that. */
export interface LatestCorrection {
  stands: number;
  person: string;
  reason: string;
}

/** Why something cannot be corrected, or its correction cannot be undone. `subject` names it at the start of a sentence. */
export function whyNotCorrect(
  subject: string,
  latest: LatestCorrection | undefined,
  undo: boolean,
): string | undefined {
  const wrong = latest?.stands === 0;
  if (wrong && !undo) return `${subject} has already been corrected by ${latest.person}: “${latest.reason}”`;
  if (!wrong && undo)
    return `${subject} is not marked as wrong: ${latest ? "its correction has already been undone" : "it has not been corrected"}.`;
}

/** Why a line cannot replace another: it is the same. */
export function whyNotInstead(
  wrong: { version: string | null; environment: string; effective_at: string },
  right: { version: string | null; environment: string; effective_at: string },
): string | undefined {
  if (
    wrong.version === right.version &&
    wrong.environment === right.environment &&
    wrong.effective_at === right.effective_at
  )
    return "This is the same as what was recorded. Enter what is right instead, or leave it out.";
}
