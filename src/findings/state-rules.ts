import { type FindingCode, isAboutRecord } from "../record/finding-kinds.ts";
import { whyNotText } from "../text.ts";

/** How far a finding is. */
export interface FindingLife {
  code: FindingCode;
  accepted_at: string | null;
  settled_at: string | null;
}

export const findingStates = ["open", "accepted", "settled"] as const;
export type FindingState = (typeof findingStates)[number];

export const stateOf = ({ accepted_at, settled_at }: Omit<FindingLife, "code">): FindingState =>
  settled_at ? "settled" : accepted_at ? "accepted" : "open";

const settled = "This finding is settled: there is nothing to do about it any more.";

export function whyNotAccept(finding: FindingLife): string | undefined {
  if (finding.settled_at) return settled;
  if (finding.accepted_at) return "This finding is accepted already. Undo that first to give another reason.";
}

export function whyNotUndo(finding: FindingLife): string | undefined {
  if (finding.settled_at) return settled;
  if (!finding.accepted_at) return "This finding is not accepted.";
}

export function whyNotReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "Enter a reason. It is kept in the history.";
  return whyNotText("A reason", reason, 10_000);
}

/** Why what was found cannot be recorded as a deployment. */
export function whyNotRecord(finding: FindingLife): string | undefined {
  if (finding.settled_at) return settled;
  if (!isRecordable(finding.code))
    return "Recording a deployment does not settle this finding: the server has to be changed.";
}

export const isRecordable = (code: FindingCode): boolean => isAboutRecord(code) || code === "wrong_software";

export const whyNotSameVersion = (version: string | null, recorded: string | null | undefined): string | undefined =>
  version !== null && version === recorded
    ? `${version} is what is recorded already, and the server shows something else. Enter another version.`
    : undefined;

/** What a page showed from a moment on. */
interface State {
  outcome: string;
  text_digest: string | null;
  seen_at: string;
}

/** Since when a page has been seen as it is now. `states`: the newest first. */
export function firstSeenAt(states: State[]): string | undefined {
  const [newest] = states;
  const other = states.findIndex(
    ({ outcome, text_digest }) => outcome !== newest?.outcome || text_digest !== newest.text_digest,
  );
  return states.at(other === -1 ? states.length - 1 : other - 1)?.seen_at;
}

/**
 * From when on what was found counts: since it was first seen; but after what is recorded, which it follows. A server that
 * still shows what was there before was seen so by the visit that opened the finding.
 */
export function effectiveAt(
  { seen, opened, now }: { seen: string | undefined; opened: string; now: string },
  placedAt: string | undefined,
): string {
  const moments = [seen ?? opened, opened];
  return moments.find((at) => at <= now && (placedAt === undefined || at > placedAt)) ?? now;
}
