import { commandLine } from "../support/command-line.ts";
import { onTortureDatabase } from "./cast.ts";
import type { Ledger, Write } from "./ledger.ts";
import { type Record, readRecord } from "./record.ts";
import { standing } from "./stands.ts";
import { type Facts, told, tornName } from "./told.ts";
import { whyNotWhole } from "./whole.ts";

/** Holds the record against what the clients were answered, while nobody writes. Answers all that is wrong, and whether `verify` finds nothing. */
export async function check(url: string, ledger: Ledger) {
  const record = await onTortureDatabase(url, readRecord);
  const { code, out, err } = await commandLine({ env: { DATABASE_URL: url } })(["verify"]);
  const wrong = [...whyNotKept(record, ledger), ...whyNotWhole(record), ...(code ? [out + err] : [])];
  return { events: record.events.length, verified: code === 0, wrong };
}

/** Whether what was acknowledged is there, once and as it was answered, and nothing else is. */
function* whyNotKept(record: Record, { writes }: Ledger): Generator<string> {
  const there = Map.groupBy(standing(record), ([name]) => name);
  const answers = new Set(record.intents.map((one) => `${one.key} of ${one.person_id}`));
  for (const write of writes) {
    const facts = (there.get(tornName(write)) ?? []).map(([, one]) => one);
    there.delete(tornName(write));
    const kept = answers.has(`${write.mark} of ${write.by.id}`);
    const what = whyNotOnce(write, facts) ?? whyNotAsTold(write, facts[0]) ?? whyNotAnswer(write, facts, kept);
    if (what) yield `${tornName(write)}, a ${write.deed} that was ${write.outcome} to ${write.by.name}, ${what}.`;
  }
  for (const name of there.keys()) yield `${name} is there, and nobody said it.`;
}

/** What nobody was answered may be there or not; but half of it may not. */
function whyNotOnce({ outcome }: Write, { length }: Facts[]): string | undefined {
  if (length > 1) return `is there ${length} times`;
  if (outcome === "acknowledged" && !length) return "is not there";
  if (outcome === "refused" && length) return "is there";
}

function whyNotAsTold(write: Write, there: Facts | undefined): string | undefined {
  if (!there) return;
  for (const [name, value] of Object.entries(told(write)))
    if (value !== undefined && value !== there[name])
      return `has ${name} ${JSON.stringify(there[name])} and was told with ${JSON.stringify(value)}`;
}

/** With a write its answer is kept, to be given again; and never without it. */
function whyNotAnswer({ by }: Write, { length }: Facts[], kept: boolean): string | undefined {
  if ("token" in by.by && kept !== (length === 1))
    return `is there ${length} times, and its answer ${Number(kept)} times`;
}
