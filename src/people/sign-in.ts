import type { Person } from "../access/actor.ts";
import { knownBrowser } from "../access/browsers.ts";
import { type LimitHashing, unlimited } from "../access/password-queue.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { countOf } from "../text.ts";
import { matchesPassword } from "./passwords.ts";
import { normalEmail, passwordLength, whyNotEmail } from "./rules.ts";

export interface SignInAttempt {
  email: string;
  password: string;
  /** The client's address; empty if unknown. */
  address: string;
  userAgent?: string | undefined;
  /** The secret in the cookie of a browser in which somebody signed in before. */
  browser?: string | undefined;
  at: string;
}

export type SignInResult =
  | { person: Person }
  /** Wrong: the number of tries that are left. */
  | { left: number }
  /** Not checked, for there were too many failures: the seconds until the next try. */
  | { wait: number };

const windowMs = 15 * 60_000;
/**
 * For one account from one address or in one known browser; from one address for all accounts; and for one account from
 * everywhere, which stops guesses that come from many addresses.
 */
const maxFailures = { accountWithSource: 5, address: 30, account: 50 };

/**
 * Checks an e-mail address and a password. After too many failures the password is not checked, nothing is written, and
 * the attempt does not wait in the queue. Otherwise the attempt is saved as a failure first and deleted if it succeeds: so
 * simultaneous attempts are counted as well. In a browser in which this person signed in before, only its own failures
 * count: nobody can lock a person out from elsewhere.
 */
export async function tryPassword(
  db: Database,
  { email, password, address, userAgent = "", browser: secret, at }: SignInAttempt,
  hashing: LimitHashing = unlimited,
): Promise<SignInResult> {
  const normalized = normalEmail(email);
  // what is not an e-mail address belongs to no account, and may not be fit to be stored
  const account = whyNotEmail(normalized) ? "" : normalized;
  const browser = await knownBrowser(db, { secret, email: account, at });
  const failure = { id: newId(Date.parse(at)), email: account, address, browser, at };
  const early = await secondsToWait(db, failure);
  const check = () => checkPassword(db, failure, password, userAgent);
  return early ? { wait: early } : hashing(failure, () => countedTry(db, failure, check));
}

/**
 * Checks a code after the password, with limits like those of passwords but counted apart: entering the password again, or a
 * new one, gives no new tries.
 */
export async function tryCode(
  db: Database,
  {
    person,
    address,
    userAgent = "",
    browser: secret,
    at,
  }: Omit<SignInAttempt, "email" | "password"> & { person: Person },
  isRight: () => Promise<boolean>,
): Promise<SignInResult> {
  const browser = await knownBrowser(db, { secret, email: person.email ?? "", at });
  const failure = { id: newId(Date.parse(at)), email: `code of ${person.id}`, address, browser, at };
  const early = await secondsToWait(db, failure);
  if (early) return { wait: early };
  return countedTry(db, failure, async () => {
    if (await isRight()) return person;
    await recordSecurityEvent(db, at, { address, userAgent }, { kind: "code_failed", personId: person.id });
  });
}

/** Saves a try as a failure, which is deleted if it succeeds, and checks it unless there are too many by now. */
async function countedTry(
  db: Database,
  failure: Failure,
  check: () => Promise<Person | undefined>,
): Promise<SignInResult> {
  await saveFailure(db, failure);
  const late = await secondsToWait(db, failure);
  if (late) {
    await db.deleteFrom("sign_in_failures").where("id", "=", failure.id).execute();
    return { wait: late };
  }
  const person = await check();
  if (!person) return { left: await triesLeft(db, failure) };
  await forgetOwnFailures(db, failure);
  return { person };
}

/** The person with this password. That there is none is a security event of the account, or of an unknown one. */
async function checkPassword(
  db: Database,
  { email, address, at }: Failure,
  password: string,
  userAgent: string,
): Promise<Person | undefined> {
  const person = await findByPassword(db, email, password);
  if (person) return person;
  const account = await db.selectFrom("people").select("id").where("email", "=", email).executeTakeFirst();
  const of = account ? { personId: account.id } : { email };
  await recordSecurityEvent(db, at, { address, userAgent }, { kind: "sign_in_failed", ...of });
}

type Failure = Schema["sign_in_failures"];

/** Saves a failure, and deletes those that no longer count. */
async function saveFailure(db: Database, failure: Failure): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("sign_in_failures").where("at", "<=", ago(failure.at, windowMs)).execute();
    await trx.insertInto("sign_in_failures").values(failure).execute();
  });
}

interface Limit {
  /** The failures that count for it. */
  failures: Partial<Failure>;
  max: number;
}

function limitsOn({ email, address, browser }: Failure): Limit[] {
  if (browser) return [{ failures: { email, browser }, max: maxFailures.accountWithSource }];
  const limits = [
    { failures: { email, address, browser }, max: maxFailures.accountWithSource },
    { failures: { email, browser }, max: maxFailures.account },
  ];
  return address ? [...limits, { failures: { address, browser }, max: maxFailures.address }] : limits;
}

/** Seconds until few enough of the other failures are within the window for one more try; 0: now. */
async function secondsToWait(db: Database, failure: Failure): Promise<number> {
  const waits: number[] = [];
  for (const limit of limitsOn(failure)) waits.push(await secondsToWaitFor(db, failure, limit));
  return Math.max(...waits);
}

async function secondsToWaitFor(db: Database, failure: Failure, { failures, max }: Limit): Promise<number> {
  const oldest = await db
    .selectFrom("sign_in_failures")
    .select("at")
    .where((eb) => eb.and(failures))
    .where("at", ">", ago(failure.at, windowMs))
    .where("id", "!=", failure.id)
    .orderBy("at", "desc")
    .limit(1)
    .offset(max - 1)
    .executeTakeFirst();
  return oldest ? Math.max(1, Math.ceil((Date.parse(oldest.at) + windowMs - Date.parse(failure.at)) / 1000)) : 0;
}

async function triesLeft(db: Database, failure: Failure): Promise<number> {
  const left: number[] = [];
  for (const { failures, max } of limitsOn(failure)) {
    const { tries } = await db
      .selectFrom("sign_in_failures")
      .select((eb) => eb.fn.countAll<number>().as("tries"))
      .where((eb) => eb.and(failures))
      .where("at", ">", ago(failure.at, windowMs))
      .executeTakeFirstOrThrow();
    left.push(Math.max(0, max - tries));
  }
  return Math.min(...left);
}

/** Takes as long for an unknown e-mail address as for a wrong password. */
async function findByPassword(db: Database, email: string, password: string): Promise<Person | undefined> {
  const found = await db
    .selectFrom("people")
    .select(["id", "name", "kind", "email", "password"])
    .where("email", "=", email)
    .executeTakeFirst();
  const matches = await matchesPassword(password.slice(0, passwordLength.atMost + 1), found?.password);
  if (!found || !matches) return;
  const { password: _, ...person } = found;
  return person;
}

/** Those from this address or known browser. Others stay, so that signing in gives a guesser elsewhere no new tries. */
async function forgetOwnFailures(db: Database, { email, address, browser }: Failure): Promise<void> {
  const own = browser ? { email, browser } : { email, address, browser };
  await db
    .deleteFrom("sign_in_failures")
    .where((eb) => eb.and(own))
    .execute();
}

/** All failures for an account: its password has been reset. */
export async function forgetFailures(db: Database, email: string): Promise<void> {
  await db.deleteFrom("sign_in_failures").where("email", "=", email).execute();
}

const ago = (at: string, ms: number) => new Date(Date.parse(at) - ms).toISOString();
const counts = ["No", "One", "Two", "Three", "Four"];

interface Mismatch {
  sentence: string;
  path: string;
  status: 401 | 422;
  /** What is said after too many of them, with the time to wait. By default it is about passwords. */
  tooMany?: (wait: string) => string;
}

/** The person, if the password was right. Else throws a Refusal: 429 after too many tries, or as `mismatch` says. */
export function personOrRefusal(result: SignInResult, mismatch: Mismatch): Person {
  if ("person" in result) return result.person;
  const message = triesSentence(mismatch, result);
  const errors = [{ path: mismatch.path, message }];
  if ("wait" in result) throw new Refusal(429, message, { errors, retryAfter: result.wait });
  throw new Refusal(mismatch.status, message, { errors });
}

const tooManyPasswords = (wait: string) =>
  `Too many tries. Try again in ${wait}, or ask an administrator for a password-reset link.`;

function triesSentence(
  { sentence, tooMany = tooManyPasswords }: Mismatch,
  result: { left: number } | { wait: number },
) {
  if ("wait" in result) return tooMany(countOf(Math.ceil(result.wait / 60), "minute"));
  const left = counts[result.left] ?? String(result.left);
  return `${sentence} ${left} more ${result.left === 1 ? "try" : "tries"} in the next 15 minutes.`;
}
