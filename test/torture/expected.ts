import type { Write } from "./ledger.ts";
import type { Line } from "./record.ts";

/** A write in a form in which its request and response can be compared with the record. */
export type Facts = { [name: string]: unknown };

/** Its mark; a completion has no text that could contain one. */
export const writeName = (write: Write): string =>
  write.type === "completion" ? completionName(write.on, write.by.id) : write.mark;

export const completionName = (promotion: number | undefined, personId: string) =>
  `${promotion} completed by ${personId}`;

/** What the record must have according to a client's request and its response. What it cannot know is undefined. */
export function expectedFacts(write: Write): Facts {
  return { type: write.type, by: write.by.id, ...requestedFacts(write), ...answeredFacts(write) };
}

function requestedFacts(write: Write): Facts {
  switch (write.type) {
    case "deployment": {
      const { effective_at, complete = false, placements, promotion = null } = write.body;
      return {
        to: write.to,
        promotion,
        complete: Number(complete),
        effective_at,
        lines: linesText(placements, complete),
      };
    }
    case "release":
      return { lines: write.body.contents && linesText(write.body.contents) };
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

function answeredFacts({ type, mark, answer }: Write): Facts {
  if (typeof answer !== "object") return {};
  switch (type) {
    case "deployment": {
      const { number, changed, unchanged, out_of_band } = answer;
      return { number, changed, unchanged, out_of_band };
    }
    case "release":
      return { number: answer.number, digest: answer.digest, lines: linesText(answer.contents) };
    case "promotion":
      return { number: answer.number, digest: answer.digest };
    case "decision": {
      const own = answer.approvals.find(({ comment }: { comment: string }) => comment === mark);
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

/** Lines as one text. Removals are left out of a complete list, which has more of them than it names. */
export function linesText(lines: Pick<Line, "key" | "version">[], complete = false): string {
  const compared = complete ? lines.filter(({ version }) => version !== null) : lines;
  return [...new Set(compared.map(({ key, version }) => `${key} ${version}`))].sort().join("; ");
}
