import type { GateRules } from "../../src/access/gates.ts";
import type { CorrectionRequest } from "../../src/corrections/rules.ts";
import type { PromotionRequest } from "../../src/promotions/eligibility.ts";
import type { CompletionRequest, DecisionRequest } from "../../src/promotions/promotions.ts";
import type { DeploymentReport } from "../../src/record/report.ts";
import type { NewRelease } from "../../src/releases/rules.ts";
import type { CastMember, CastRole } from "./cast.ts";

/** What a client sends. Requests on a promotion have its number in `on`. */
export type WriteRequest =
  | { type: "deployment"; to: string; body: DeploymentReport }
  | { type: "release"; body: NewRelease }
  | { type: "promotion"; body: Omit<PromotionRequest, "plan"> & { go_live_at?: string; by_itself?: boolean } }
  | { type: "decision"; on: number; body: DecisionRequest & { role: string } }
  | { type: "completion"; on: number; body: CompletionRequest }
  | { type: "cancellation"; on: number; body: { reason: string } }
  | { type: "correction"; body: CorrectionRequest }
  | { type: "withdrawal" | "rollback" | "break-glass"; on: number; body: { reason: string } }
  | { type: "tick"; on: number; body: { line: string; ticked: boolean } }
  | { type: "comment"; on: number; body: { comment: string } }
  | { type: "review"; on: number; body: { review: string } }
  | { type: "gate"; to: string; body: Pick<GateRules, "requirements" | "checklist"> & { [rule: string]: unknown } }
  | { type: "freeze"; body: { environment: string; until?: string; reason: string } }
  | { type: "freeze-end"; freeze: number; body: { reason: string } }
  | { type: "mark" | "lift"; release: number; body: { reason: string } }
  | { type: "delegation"; body: { role: CastRole; substitute: string; from: ""; until: string } };
export type WriteType = WriteRequest["type"];

export type Write = WriteRequest & {
  /** Its Idempotency-Key. It is also in a text of the record, by which the write is found. */
  mark: string;
  by: CastMember;
  /** How often it was sent without getting a response. */
  lostAnswers: number;
  /** Undefined until there is a response; "given up": its client stopped asking, so that it is unknown. */
  outcome?: "acknowledged" | "refused" | "given up";
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of the API; undefined for pages
  answer?: any;
};
