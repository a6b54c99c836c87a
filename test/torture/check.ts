import { commandLine } from "../support/command-line.ts";
import { onTortureDatabase } from "./cast.ts";
import { expectedFacts, type Facts, writeName } from "./expected.ts";
import { whyNotExpired } from "./expired.ts";
import { whyNotMet } from "./gates-met.ts";
import { sitebookId, whyNotGoneLive } from "./gone-live.ts";
import type { Ledger } from "./ledger.ts";
import { readNotices, whyNotMailed } from "./mailed.ts";
import { type Record, readRecord } from "./record.ts";
import { recordedFacts } from "./recorded.ts";
import { readVisits, whyNotVisited } from "./visits.ts";
import { type ReceivedWebhooks, readDeliveries, whyNotDelivered } from "./webhook.ts";
import { whyNotWhole } from "./whole.ts";
import type { Write } from "./writes.ts";

/** The ids of the notices whose mails arrived, and the requests that the webhook got, each as often as it arrived. */
interface Arrived {
  mails: string[];
  webhooks: ReceivedWebhooks;
}

/**
 * Compares the record with the responses that the clients got, while nothing is being written, and runs `verify`. What was
 * due until `dueUntil` (ISO 8601 UTC) must have expired, gone live or been noticed.
 */
export async function check(url: string, ledger: Ledger, dueUntil: string, { mails, webhooks }: Arrived) {
  const record = await onTortureDatabase(url, readRecord);
  const outbox = await onTortureDatabase(url, (db) => readNotices(db, dueUntil));
  const deliveries = await onTortureDatabase(url, readDeliveries);
  const visits = await onTortureDatabase(url, readVisits);
  const { code, out, err } = await verifyAll(url);
  const wrong = [
    ...findDifferences(record, ledger),
    ...whyNotWhole(record),
    ...whyNotMet(record),
    ...whyNotExpired(record, dueUntil),
    ...whyNotGoneLive(record, dueUntil),
    ...whyNotMailed(outbox, mails),
    ...whyNotDelivered(record, deliveries, webhooks, dueUntil),
    ...whyNotVisited(visits),
    ...(code ? [out + err] : []),
  ];
  const done = record.jobs.filter((job) => job.done_at);
  const accepted = webhooks.received.filter((one) => one.accepted).map(({ headers }) => headers["webhook-id"]);
  return {
    events: record.events.length,
    jobs: done.length,
    /** Those that were taken again after their server was killed or was slower than its lease, or their receiver did not accept. */
    repeatedJobs: done.filter((job) => job.attempts > 1).length,
    forced: record.forced.length,
    /** Those that Sitebook completed at their planned moment, and those of which it recorded that somebody has to. */
    goneLive: record.completions.filter(({ person_id }) => person_id === sitebookId).length,
    due: record.dueMoments.length,
    /** Mails that arrived, and those among them that a kill repeated. */
    mails: mails.length,
    repeatedMails: mails.length - new Set(mails).size,
    /** The same of what the webhook's receiver accepted. */
    deliveries: accepted.length,
    repeatedDeliveries: accepted.length - new Set(accepted).size,
    visits: visits.visits.length,
    verified: code === 0,
    wrong,
  };
}

export const verifyAll = (url: string) => commandLine({ env: { DATABASE_URL: url } })(["verify"]);

/** Every acknowledged write must be in the record, once and as it was acknowledged, and nothing else may be. */
function* findDifferences(record: Record, { writes }: Ledger): Generator<string> {
  const recorded = Map.groupBy(recordedFacts(record), ([name]) => name);
  const storedAnswers = new Set(record.intents.map((intent) => `${intent.key} of ${intent.person_id}`));
  for (const write of writes) {
    const facts = (recorded.get(writeName(write)) ?? []).map(([, fact]) => fact);
    recorded.delete(writeName(write));
    const isStored = storedAnswers.has(`${write.mark} of ${write.by.id}`);
    const problem = changedNothing(write, facts)
      ? undefined
      : (whyNotOnce(write, facts) ?? whyNotEqual(write, facts[0]) ?? whyNotAnswer(write, facts, isStored));
    if (problem)
      yield `${writeName(write)}, a ${write.type} that was ${write.outcome} to ${write.by.name}, ${problem}.`;
  }
  for (const name of recorded.keys()) yield `${name} is recorded, and no client sent it.`;
}

/** Ticking what somebody else has ticked meanwhile is acknowledged, and records nothing. */
const changedNothing = ({ type, outcome }: Write, { length }: Facts[]): boolean =>
  type === "tick" && outcome !== "refused" && length === 0;

/** A write without a response may be recorded or not, but not in part. */
function whyNotOnce(write: Write, { length }: Facts[]): string | undefined {
  const { outcome } = write;
  if (length > 1 && !isRenewable(write)) return `is recorded ${length} times`;
  if (outcome === "acknowledged" && !length) return "is not recorded";
  if (outcome === "refused" && length) return "is recorded";
}

/** A form has no key: a decision of which the answer was lost may have expired before it was sent again. */
const isRenewable = ({ type, by, lostAnswers }: Write): boolean =>
  type === "decision" && "session" in by.credentials && lostAnswers > 0;

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
