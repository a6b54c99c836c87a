import { EventEmitter, once } from "node:events";
import type { CorrectionRequest } from "../../src/corrections/rules.ts";
import type { PromotionRequest } from "../../src/promotions/eligibility.ts";
import type { DecisionRequest } from "../../src/promotions/promotions.ts";
import type { DeploymentReport } from "../../src/record/report.ts";
import type { NewRelease } from "../../src/releases/rules.ts";
import type { CastMember } from "./cast.ts";

/** What a client sends. Requests on a promotion have its number in `on`. */
export type WriteRequest =
  | { type: "deployment"; to: string; body: DeploymentReport }
  | { type: "release"; body: NewRelease }
  | { type: "promotion"; body: PromotionRequest }
  | { type: "decision"; on: number; body: DecisionRequest }
  | { type: "completion"; on: number; body: { effective_at?: string } }
  | { type: "cancellation"; on: number; body: { reason: string } }
  | { type: "correction"; body: CorrectionRequest };
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

/** A promotion, as the clients know it. */
export interface KnownPromotion {
  number: number;
  release: number;
  to: string;
  digest: string;
  state: "waiting" | "approved" | "completed" | "closed";
  /** The names of those who have sent something on it, and send nothing more. */
  actors: Set<string>;
}

/** What all clients have sent, with their responses. */
export function newLedger() {
  const writes: Write[] = [];
  const promotions = new Map<number, KnownPromotion>();
  const emitter = new EventEmitter();
  let answers = 0;
  return {
    writes,
    promotions,
    of: (outcome: Write["outcome"]) => writes.filter((write) => write.outcome === outcome),
    begin(request: WriteRequest, mark: string, by: CastMember): Write {
      const write = { ...request, mark, by, lostAnswers: 0 };
      writes.push(write);
      if ("on" in write) promotions.get(write.on)?.actors.add(by.name);
      return write;
    },
    end(write: Write, outcome: Write["outcome"], answer?: unknown): void {
      write.outcome = outcome;
      write.answer = answer;
      if (outcome === "acknowledged") updatePromotions(promotions, write);
      answers += 1;
      emitter.emit("answer");
    },
    /** Resolves when the clients have got this many more responses. */
    async more(count: number): Promise<void> {
      const target = answers + count;
      while (answers < target) await once(emitter, "answer");
    },
  };
}
export type Ledger = ReturnType<typeof newLedger>;

function updatePromotions(promotions: Ledger["promotions"], write: Write): void {
  if (write.type === "promotion") {
    const { number, digest } = write.answer;
    const { release, to } = write.body;
    promotions.set(number, { number, release, to, digest, state: "waiting", actors: new Set() });
  }
  const promotion = "on" in write ? promotions.get(write.on) : undefined;
  if (!promotion) return;
  if (write.type === "decision") promotion.state = write.body.decision === "approve" ? "approved" : "closed";
  else promotion.state = write.type === "completion" ? "completed" : "closed";
}
