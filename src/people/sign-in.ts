import type { Person } from "../access/actor.ts";
import { type LimitHashing, unlimited } from "../access/password-queue.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { matchesPassword } from "./passwords.ts";
import { normalEmail, passwordLength, whyNotEmail } from "./rules.ts";

export interface SignInAttempt {
  email: string;
  password: string;
  /** Where it comes from; empty where nobody knows. */
  address: string;
  at: string;
}

export type SignInResult =
  | { person: Person }
  /** How many more tries there are. */
  | { left: number }
  /** Too many: the seconds until the next try is looked at. */
  | { wait: number };

const minute = 60_000;
const span = 15 * minute;
const mostFailures = { email: 5, address: 30 };

/**
 * Checks an e-mail and a password. After too many failures for one e-mail, or from one address, not even the right
 * password is checked, nor is anything written, and the attempt does not wait in the queue with the others. Otherwise
 * the attempt is saved as a failure first and removed when it succeeds: so many attempts at the same moment count as
 * if they came one after the other.
 */
export async function tryPassword(
  db: Database,
  { email, password, address, at }: SignInAttempt,
  hashing: LimitHashing = unlimited,
): Promise<SignInResult> {
  const known = normalEmail(email);
  // what is no e-mail address is nobody's, and is not fit to be stored
  const failure = { id: newId(Date.parse(at)), email: whyNotEmail(known) ? "" : known, address, at };
  const early = await secondsToWait(db, failure);
  return early ? { wait: early } : hashing(failure, () => checkPassword(db, failure, password));
}

async function checkPassword(db: Database, failure: Failure, password: string): Promise<SignInResult> {
  await saveFailure(db, failure);
  const late = await secondsToWait(db, failure);
  if (late) {
    await db.deleteFrom("sign_in_failures").where("id", "=", failure.id).execute();
    return { wait: late };
  }
  const person = await findByPassword(db, failure.email, password);
  if (!person) return { left: await triesLeft(db, failure) };
  await forgetFailures(db, failure.email);
  return { person };
}

type Failure = Schema["sign_in_failures"];

/** Those that count no more are cleared on the way. */
async function saveFailure(db: Database, failure: Failure): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("sign_in_failures").where("at", "<=", ago(failure.at, span)).execute();
    await trx.insertInto("sign_in_failures").values(failure).execute();
  });
}

/** Seconds until so many of the others are 15 minutes old that one more may be tried. */
async function secondsToWait(db: Database, failure: Failure): Promise<number> {
  const email = await waitForOne(db, failure, "email");
  return failure.address ? Math.max(email, await waitForOne(db, failure, "address")) : email;
}

async function waitForOne(db: Database, failure: Failure, of: keyof typeof mostFailures): Promise<number> {
  const oldest = await db
    .selectFrom("sign_in_failures")
    .select("at")
    .where(of, "=", failure[of])
    .where("at", ">", ago(failure.at, span))
    .where("id", "!=", failure.id)
    .orderBy("at", "desc")
    .limit(1)
    .offset(mostFailures[of] - 1)
    .executeTakeFirst();
  return oldest ? Math.max(1, Math.ceil((Date.parse(oldest.at) + span - Date.parse(failure.at)) / 1000)) : 0;
}

async function triesLeft(db: Database, { email, address, at }: Failure): Promise<number> {
  const count = async (of: keyof typeof mostFailures, value: string) => {
    const { tries } = await db
      .selectFrom("sign_in_failures")
      .select((eb) => eb.fn.countAll<number>().as("tries"))
      .where(of, "=", value)
      .where("at", ">", ago(at, span))
      .executeTakeFirstOrThrow();
    return Math.max(0, mostFailures[of] - tries);
  };
  return Math.min(await count("email", email), address ? await count("address", address) : Infinity);
}

/** Takes as long for an address that nobody has as for a wrong password. */
async function findByPassword(db: Database, email: string, password: string): Promise<Person | undefined> {
  const found = await db
    .selectFrom("people")
    .select(["id", "name", "kind", "email", "password"])
    .where("email", "=", email)
    .executeTakeFirst();
  const right = await matchesPassword(password.slice(0, passwordLength.atMost + 1), found?.password);
  if (!found || !right) return;
  const { password: _, ...person } = found;
  return person;
}

export async function forgetFailures(db: Database, email: string): Promise<void> {
  await db.deleteFrom("sign_in_failures").where("email", "=", email).execute();
}

const ago = (at: string, ms: number) => new Date(Date.parse(at) - ms).toISOString();
const counts = ["No", "One", "Two", "Three", "Four"];

/** Whose password it was; throws what to say beside the field, and for how long to wait, where it was nobody's. */
export function personOrRefusal(
  tried: SignInResult,
  wrong: { sentence: string; path: string; status: 401 | 422 },
): Person {
  if ("person" in tried) return tried.person;
  const message = triesSentence(wrong.sentence, tried);
  const errors = [{ path: wrong.path, message }];
  if ("wait" in tried) throw new Refusal(429, message, { errors, retryAfter: tried.wait });
  throw new Refusal(wrong.status, message, { errors });
}

function triesSentence(wrong: string, tried: { left: number } | { wait: number }): string {
  if ("wait" in tried) {
    const minutes = Math.ceil(tried.wait / 60);
    return `Too many tries. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}, or ask an administrator for a new password.`;
  }
  const left = counts[tried.left] ?? String(tried.left);
  return `${wrong} ${left} more ${tried.left === 1 ? "try" : "tries"} in the next 15 minutes.`;
}
