import type { CastMember } from "./cast.ts";
import type { Write, WriteType } from "./writes.ts";

/** A promotion, as the clients know it. */
export interface KnownPromotion {
  number: number;
  release: number;
  to: string;
  digest: string;
  state: "waiting" | "approved" | "completed" | "closed";
  isRollback: boolean;
  /** Somebody planned when it goes live. */
  isPlanned: boolean;
  checklist: string[];
  /** It was completed without its gate, and nobody is known to have reviewed that. */
  isUnreviewed: boolean;
  /** What was sent on it and by whom, as `turnOf` names it. It is not sent again. */
  turns: Set<string>;
}
export type KnownPromotions = Map<number, KnownPromotion>;

const ends: WriteType[] = ["decision", "completion", "cancellation", "break-glass"];

/** A person decides on a promotion, completes it or ends it only once, and does each other thing once. */
export const turnOf = (type: WriteType, { name }: CastMember): string =>
  ends.includes(type) ? name : `${name} ${type}`;

export function takeTurn(promotions: KnownPromotions, write: Write): void {
  if ("on" in write) promotions.get(write.on)?.turns.add(turnOf(write.type, write.by));
}

/** Notes what an acknowledged write has changed. Pages do not tell how many approvals are missing. */
export function updatePromotions(promotions: KnownPromotions, write: Write): void {
  if (write.type === "promotion" || write.type === "rollback") promotions.set(write.answer.number, opened(write));
  const promotion = "on" in write ? promotions.get(write.on) : undefined;
  if (!promotion || write.type === "rollback" || write.type === "comment") return;
  promotion.state = stateAfter(promotion, write);
  if (write.type === "break-glass") promotion.isUnreviewed = true;
  if (write.type === "review") promotion.isUnreviewed = false;
  // who withdrew an approval may approve again
  if (write.type === "withdrawal")
    for (const type of ["withdrawal", "decision"] as const) promotion.turns.delete(turnOf(type, write.by));
}

function opened({ type, answer }: Write): KnownPromotion {
  const { number, release, to, digest, state, checklist, schedule } = answer;
  const lines = checklist.map(({ line }: { line: string }) => line);
  const isRollback = type === "rollback";
  const isPlanned = Boolean(schedule?.go_live_at);
  const known = { number, release, to, digest, state, isRollback, isPlanned, checklist: lines };
  return { ...known, isUnreviewed: false, turns: new Set() };
}

function stateAfter({ state }: KnownPromotion, write: Write): KnownPromotion["state"] {
  const answered = write.answer?.state;
  if (answered) return ["waiting", "approved", "completed"].includes(answered) ? answered : "closed";
  if (write.type === "decision") return write.body.decision === "approve" ? "approved" : "closed";
  if (write.type === "completion") return "completed";
  return write.type === "cancellation" ? "closed" : state;
}
