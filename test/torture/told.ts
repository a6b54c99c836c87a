import type { Write } from "./ledger.ts";
import type { Line } from "./record.ts";

/** One write in a form in which what was said and answered can be held against what the record has. */
export type Facts = { [name: string]: unknown };

/** Its mark; but a completion holds no text. */
export const tornName = (write: Write): string =>
  write.deed === "completion" ? completionOf(write.on, write.by.id) : write.mark;

export const completionOf = (promotion: number | undefined, personId: string) =>
  `${promotion} completed by ${personId}`;

/** What a client wanted recorded and was told that was recorded. What it cannot know is undefined. */
export function told(write: Write): Facts {
  return { deed: write.deed, by: write.by.id, ...wanted(write), ...answered(write) };
}

function wanted(write: Write): Facts {
  switch (write.deed) {
    case "deployment": {
      const { effective_at, complete = false, placements, promotion = null } = write.body;
      return { to: write.to, promotion, complete: Number(complete), effective_at, lines: listed(placements, complete) };
    }
    case "release":
      return { lines: write.body.contents && listed(write.body.contents) };
    case "promotion":
      return { release: write.body.release, to: write.body.to };
    case "decision":
      return { on: write.on, decision: write.body.decision, digest: write.body.digest, role: write.by.role };
    case "completion":
      return { on: write.on, effective_at: write.body.effective_at };
    case "cancellation":
      return { on: write.on };
    case "correction": {
      const { deployment, key, stands = false, instead } = write.body;
      return { deployment, key, stands: Number(stands), right: instead && `${key} ${instead.version}` };
    }
  }
}

function answered({ deed, mark, answer }: Write): Facts {
  if (typeof answer !== "object") return {};
  switch (deed) {
    case "deployment": {
      const { number, changed, unchanged, out_of_band } = answer;
      return { number, changed, unchanged, out_of_band };
    }
    case "release":
      return { number: answer.number, digest: answer.digest, lines: listed(answer.contents) };
    case "promotion":
      return { number: answer.number, digest: answer.digest };
    case "decision": {
      const own = answer.approvals.find((one: { comment: string }) => one.comment === mark);
      return { decided_at: own?.decided_at ?? "never" };
    }
    case "completion": {
      const { completed_at, deployment, effective_at } = answer.completion;
      return { completed_at, deployment, effective_at };
    }
    case "cancellation":
      return { cancelled_at: answer.cancellation.cancelled_at };
    case "correction":
      return { corrected: answer.corrected, instead: answer.instead };
  }
}

/** Lines as one text. A whole inventory has more removals than it names. */
export function listed(lines: Pick<Line, "key" | "version">[], complete = false): string {
  const kept = complete ? lines.filter((one) => one.version !== null) : lines;
  return [...new Set(kept.map(({ key, version }) => `${key} ${version}`))].sort().join("; ");
}
