import type { Gate } from "../access/gates.ts";
import type { Holder, Substitute } from "../access/holders.ts";
import type { BadMark } from "../record/release-marks.ts";
import { whyNotText } from "../text.ts";

export type PromotionState = "waiting" | "approved" | "completed" | "rejected" | "cancelled" | "superseded" | "expired";

export type Decision = "approve" | "reject";

export interface Requirement {
  role: string;
  /** The role's name as people read it. */
  name: string;
  needed: number;
  given: number;
  /** Who can give the approvals that are missing; undefined if that was not looked up. */
  people?: Holder[];
  /** Who can for somebody of `people` who is away; the two of them count as one. */
  substitutes?: Substitute[];
  /** Who could, once they have accepted their invitation. */
  invited?: Holder[];
  /** Whether the requester has the role, too, but may not approve. */
  requesterHasRole?: boolean;
}

export interface ApprovalFacts {
  person_id: string;
  role: string;
  decision: Decision;
  digest: string;
  decided_at: string;
  withdrawn_at: string | null;
  /** The person for whom a substitute decided, and how the substitute is called. */
  for_id?: string | null;
  substitute?: string;
}

export interface PromotionFacts {
  digest: string;
  gate: Gate | null;
  /** The promotion that it rolls back; null or undefined if it is no rollback. */
  rollback_of_id?: string | null | undefined;
  /** Whether it is the take-down of that promotion. It has a gate only if the approvals of that one do not cover it. */
  is_take_down?: boolean;
  approvals: ApprovalFacts[];
  completion: { completed_at: string; effective_at: string } | null;
  cancellation: { superseded_by: number | null; cancelled_at: string; expired_at: string | null } | null;
}

/** Derived from the recorded rows and stored nowhere, so it cannot disagree with them. */
export function stateOf(promotion: PromotionFacts): PromotionState {
  if (promotion.completion) return "completed";
  if (promotion.approvals.some((approval) => approval.decision === "reject")) return "rejected";
  if (promotion.cancellation?.expired_at) return "expired";
  if (promotion.cancellation) return promotion.cancellation.superseded_by === null ? "cancelled" : "superseded";
  return requirementsOf(promotion, {}).every(({ needed, given }) => given >= needed) ? "approved" : "waiting";
}

/** Whether it is an approval that was not withdrawn. */
export const counts = ({ decision, withdrawn_at }: Pick<ApprovalFacts, "decision" | "withdrawn_at">): boolean =>
  decision === "approve" && !withdrawn_at;

/** The approvals that the gate needs, and how many were given for exactly this digest. A person counts once in each role. */
export function requirementsOf(
  { gate, approvals, digest, rollback_of_id, is_take_down }: PromotionFacts,
  roleNames: Record<string, string>,
): Requirement[] {
  if (rollback_of_id && !is_take_down && !gate?.rollback_needs_approval) return [];
  return (gate?.requirements ?? []).map(({ role, count }) => {
    const given = approvals.filter((one) => counts(one) && one.role === role && one.digest === digest);
    return {
      role,
      name: roleNames[role] ?? role,
      needed: count,
      given: new Set(given.map((approval) => approval.person_id)).size,
    };
  });
}

export function isOpen(state: PromotionState): boolean {
  return state === "waiting" || state === "approved";
}

/** When it was completed, rejected, cancelled or superseded; undefined while it is open. */
export function endedAt({ approvals, completion, cancellation }: PromotionFacts): string | undefined {
  const rejection = approvals.find((approval) => approval.decision === "reject");
  return completion?.completed_at ?? rejection?.decided_at ?? cancellation?.cancelled_at;
}

export interface OpenPromotion {
  number: number;
  state: PromotionState;
  requester_id: string;
  gate: Gate | null;
  requirements: Requirement[];
  approvals?: Pick<ApprovalFacts, "person_id" | "decision" | "withdrawn_at" | "for_id" | "substitute">[];
  environment: { name: string };
  rollback_of_id?: string | null | undefined;
  /** The release's number, and its mark as bad if it has one that was not lifted. */
  release?: number;
  bad?: BadMark | null;
  /** Who recorded any of the contents, if the gate says that they may not approve; else empty. */
  recorders: string[];
  /** The lines of the gate's checklist, each with its tick, if it has one. */
  checklist: { line: string; tick: object | null }[];
}

export function whyClosed({ number, state }: Pick<OpenPromotion, "number" | "state">): string | undefined {
  const endings: Partial<Record<PromotionState, string>> = {
    completed: "has been completed.",
    rejected: "was rejected. To try again, request a new promotion.",
    cancelled: "was cancelled.",
    superseded: "was replaced by a newer one.",
    expired: "has expired.",
  };
  const ending = endings[state];
  return ending && `Promotion ${number} ${ending}`;
}

/** `what` needs the reason, such as "A cancellation". */
export function whyNotReason(what: string, reason: string | undefined): string | undefined {
  if (!reason?.trim()) return `${what} needs a reason.`;
  return whyNotText("A reason", reason, 10_000);
}
