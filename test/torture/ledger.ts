import { EventEmitter, once } from "node:events";
import type { CastMember } from "./cast.ts";
import { type KnownPromotions, takeTurn, updatePromotions } from "./known-promotions.ts";
import type { Write, WriteRequest } from "./writes.ts";

/** What all clients have sent, with their responses. */
export function newLedger() {
  const writes: Write[] = [];
  const promotions: KnownPromotions = new Map();
  /** The numbers of the freezes that nobody has ended, and of the releases that are marked as bad. */
  const [frozen, bad] = [new Set<number>(), new Set<number>()];
  const emitter = new EventEmitter();
  let answers = 0;
  return {
    writes,
    promotions,
    frozen,
    bad,
    of: (outcome: Write["outcome"]) => writes.filter((write) => write.outcome === outcome),
    begin(request: WriteRequest, mark: string, by: CastMember): Write {
      const write = { ...request, mark, by, lostAnswers: 0 };
      writes.push(write);
      takeTurn(promotions, write);
      return write;
    },
    end(write: Write, outcome: Write["outcome"], answer?: unknown): void {
      write.outcome = outcome;
      write.answer = answer;
      // a refused one was over already
      if (write.type === "freeze-end" && outcome !== "given up") frozen.delete(write.freeze);
      if (outcome === "acknowledged") {
        updatePromotions(promotions, write);
        if (write.type === "freeze") frozen.add(write.answer.number);
        if (write.type === "mark") bad.add(write.release);
        if (write.type === "lift") bad.delete(write.release);
      }
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
