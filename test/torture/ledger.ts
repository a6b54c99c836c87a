import { EventEmitter, once } from "node:events";
import type { CorrectionRequest as Wrong } from "../../src/corrections/rules.ts";
import type { PromotionRequest } from "../../src/promotions/eligibility.ts";
import type { DecisionRequest } from "../../src/promotions/promotions.ts";
import type { DeploymentReport } from "../../src/record/report.ts";
import type { NewRelease } from "../../src/releases/rules.ts";
import type { CastMember } from "./cast.ts";

/** What somebody wants recorded. Those that are about a promotion name it by its number. */
export type Wanted =
  | { deed: "deployment"; to: string; body: DeploymentReport }
  | { deed: "release"; body: NewRelease }
  | { deed: "promotion"; body: PromotionRequest }
  | { deed: "decision"; on: number; body: DecisionRequest }
  | { deed: "completion"; on: number; body: { effective_at?: string } }
  | { deed: "cancellation"; on: number; body: { reason: string } }
  | { deed: "correction"; body: Wrong };
export type Deed = Wanted["deed"];

export type Write = Wanted & {
  /** Its Idempotency-Key. It stands, too, in a text that is kept, by which the write is found again. */
  mark: string;
  by: CastMember;
  /** How often it was said without an answer. */
  lost: number;
  /** Nothing while nobody answered; "given up": its client is dead, so that nobody knows. */
  outcome?: "acknowledged" | "refused" | "given up";
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers; a page answers nothing
  answer?: any;
};

/** A promotion, as far as the clients know. */
export interface Known {
  number: number;
  release: number;
  to: string;
  digest: string;
  state: "waiting" | "approved" | "completed" | "closed";
  /** Who has said something about it, and says no more. */
  heard: Set<string>;
}

/** What the clients said and were answered, all together. */
export function newLedger() {
  const writes: Write[] = [];
  const promotions = new Map<number, Known>();
  const heard = new EventEmitter();
  let answers = 0;
  return {
    writes,
    promotions,
    of: (outcome: Write["outcome"]) => writes.filter((one) => one.outcome === outcome),
    begin(wanted: Wanted, mark: string, by: CastMember): Write {
      const write = { ...wanted, mark, by, lost: 0 };
      writes.push(write);
      if ("on" in write) promotions.get(write.on)?.heard.add(by.name);
      return write;
    },
    end(write: Write, outcome: Write["outcome"], answer?: unknown): void {
      write.outcome = outcome;
      write.answer = answer;
      if (outcome === "acknowledged") learn(promotions, write);
      answers += 1;
      heard.emit("answer");
    },
    /** As soon as the clients have been answered this many times more. */
    async more(count: number): Promise<void> {
      const enough = answers + count;
      while (answers < enough) await once(heard, "answer");
    },
  };
}
export type Ledger = ReturnType<typeof newLedger>;

function learn(promotions: Ledger["promotions"], write: Write): void {
  if (write.deed === "promotion") {
    const { number, digest } = write.answer;
    const { release, to } = write.body;
    promotions.set(number, { number, release, to, digest, state: "waiting", heard: new Set() });
  }
  const about = "on" in write ? promotions.get(write.on) : undefined;
  if (!about) return;
  if (write.deed === "decision") about.state = write.body.decision === "approve" ? "approved" : "closed";
  else about.state = write.deed === "completion" ? "completed" : "closed";
}
