import { commandLine } from "../support/command-line.ts";
import { onTortureDatabase } from "./cast.ts";
import { expectedFacts, type Facts, writeName } from "./expected.ts";
import type { Ledger, Write } from "./ledger.ts";
import { type Record, readRecord } from "./record.ts";
import { recordedFacts } from "./recorded.ts";
import { whyNotWhole } from "./whole.ts";

/** Compares the record with the responses that the clients got, while nothing is being written, and runs `verify`. */
export async function check(url: string, ledger: Ledger) {
  const record = await onTortureDatabase(url, readRecord);
  const { code, out, err } = await commandLine({ env: { DATABASE_URL: url } })(["verify"]);
  const wrong = [...findDifferences(record, ledger), ...whyNotWhole(record), ...(code ? [out + err] : [])];
  return { events: record.events.length, verified: code === 0, wrong };
}

/** Every acknowledged write must be in the record, once and as it was acknowledged, and nothing else may be. */
function* findDifferences(record: Record, { writes }: Ledger): Generator<string> {
  const recorded = Map.groupBy(recordedFacts(record), ([name]) => name);
  const storedAnswers = new Set(record.intents.map((intent) => `${intent.key} of ${intent.person_id}`));
  for (const write of writes) {
    const facts = (recorded.get(writeName(write)) ?? []).map(([, fact]) => fact);
    recorded.delete(writeName(write));
    const isStored = storedAnswers.has(`${write.mark} of ${write.by.id}`);
    const problem = whyNotOnce(write, facts) ?? whyNotEqual(write, facts[0]) ?? whyNotAnswer(write, facts, isStored);
    if (problem)
      yield `${writeName(write)}, a ${write.type} that was ${write.outcome} to ${write.by.name}, ${problem}.`;
  }
  for (const name of recorded.keys()) yield `${name} is recorded, and no client sent it.`;
}

/** A write without a response may be recorded or not, but not in part. */
function whyNotOnce({ outcome }: Write, { length }: Facts[]): string | undefined {
  if (length > 1) return `is recorded ${length} times`;
  if (outcome === "acknowledged" && !length) return "is not recorded";
  if (outcome === "refused" && length) return "is recorded";
}

function whyNotEqual(write: Write, recorded: Facts | undefined): string | undefined {
  if (!recorded) return;
  for (const [name, value] of Object.entries(expectedFacts(write)))
    if (value !== undefined && value !== recorded[name])
      return `is recorded with ${name} ${JSON.stringify(recorded[name])} in place of ${JSON.stringify(value)}`;
}

/** The answer of a write is stored with it, to be returned again; and never without it. */
function whyNotAnswer({ by }: Write, { length }: Facts[], isStored: boolean): string | undefined {
  if ("token" in by.credentials && isStored !== (length === 1))
    return `is recorded ${length} times, and its answer ${Number(isStored)} times`;
}
