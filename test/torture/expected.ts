import type { Line } from "./record.ts";
import type { Write } from "./writes.ts";

/** A write in a form in which its request and response can be compared with the record. */
export type Facts = { [name: string]: unknown };

/** Its mark; or, of what has no text that could contain one, what it did. */
export function writeName({ by, mark, ...write }: Write): string {
  if (write.type === "completion") return completionName(write.on, by.id);
  if (write.type === "tick") return tickName(write.on, by.id, write.body);
  if (write.type === "delegation") return delegationName(by.id, write.body.until);
  return mark;
}

export const completionName = (promotion: number | undefined, personId: string) =>
  `${promotion} completed by ${personId}`;

export const tickName = (
  promotion: number | undefined,
  personId: string,
  { line, ticked }: { line: string; ticked: boolean },
) => `${promotion} ${ticked ? "ticked" : "unticked"} by ${personId}: ${line}`;

/** `until`: the last day, such as 2026-12-31. */
export const delegationName = (personId: string, until: string) => `delegation of ${personId} until ${until}`;

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
      return { release: write.body.release, to: write.body.to, go_live_at: write.body.go_live_at ?? null };
    case "decision":
      return { on: write.on, decision: write.body.decision, digest: write.body.digest, role: write.body.role };
    case "completion":
      return { on: write.on, effective_at: write.body.effective_at };
    case "correction": {
      const { deployment, key, stands = false, instead } = write.body;
      return { deployment, key, stands: Number(stands), right: instead && `${key} ${instead.version}` };
    }
    case "rollback":
      return { rollback_of: write.on };
    case "gate":
      return { to: write.to, rules: gateText(write.body) };
    case "freeze":
      return { to: write.body.environment, until: write.body.until ?? null };
    case "freeze-end":
      return { freeze: write.freeze };
    case "mark":
    case "lift":
      return { release: write.release };
    case "delegation":
      return { role: write.body.role, substitute: write.body.substitute };
    case "cancellation":
    case "withdrawal":
    case "tick":
    case "comment":
    case "break-glass":
    case "review":
      return { on: write.on };
  }
}

/** The rules of a gate that the torture sets, as one text. */
export const gateText = ({ requirements, checklist = [] }: { [rule: string]: unknown }) =>
  JSON.stringify([requirements, checklist]);

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
    case "rollback":
      return { number: answer.number, digest: answer.digest, release: answer.release };
    case "freeze":
      return { number: answer.number };
    case "gate":
      return { version: answer.version };
    case "comment":
      return { commented_at: answer.commented_at };
    case "decision": {
      const own = answer.approvals.find(({ comment }: { comment: string }) => comment === mark);
      return { decided_at: own?.decided_at ?? "never" };
    }
    case "completion":
    case "break-glass": {
      const { completed_at, deployment, effective_at, freeze_override } = answer.completion;
      return { completed_at, deployment, effective_at, freeze_override };
    }
    case "cancellation":
      return { cancelled_at: answer.cancellation.cancelled_at };
    case "correction":
      return { corrected: answer.corrected, instead: answer.instead };
    case "withdrawal": {
      const own = answer.approvals.find((row: { withdrawal_reason: string }) => row.withdrawal_reason === mark);
      return { withdrawn_at: own?.withdrawn_at ?? "never" };
    }
    case "tick":
    case "review":
    case "freeze-end":
    case "mark":
    case "lift":
    case "delegation":
      return {};
  }
}

/** Lines as one text. Removals are left out of a complete list, which has more of them than it names. */
export function linesText(lines: Pick<Line, "key" | "version">[], complete = false): string {
  const compared = complete ? lines.filter(({ version }) => version !== null) : lines;
  return [...new Set(compared.map(({ key, version }) => `${key} ${version}`))].sort().join("; ");
}
