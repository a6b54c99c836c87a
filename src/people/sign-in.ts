import { newId } from "../database/id.ts";
import type { Database } from "../database/open.ts";
import type { Person } from "./by.ts";
import { isPassword } from "./passwords.ts";
import { normalEmail, passwords, whyNotEmail } from "./rules.ts";

export interface Attempt {
  email: string;
  password: string;
  /** Where it comes from; empty where nobody knows. */
  address: string;
  at: string;
}

export type Tried =
  | { person: Person }
  /** How many more tries there are. */
  | { left: number }
  /** Too many: the seconds until the next try is looked at. */
  | { wait: number };

const minute = 60_000;
const span = 15 * minute;
const mostFailures = { email: 5, address: 30 };

/**
 * Looks at an e-mail and a password. The try is written down as a failure first and taken back when it was none: so
 * many tries at the same moment are counted as if they came one after the other. Too many for one e-mail, or from one
 * address, and not even the right password is looked at.
 */
export async function tryPassword(db: Database, { email, password, address, at }: Attempt): Promise<Tried> {
  const known = normalEmail(email);
  // what is no e-mail address is nobody's, and is not fit to be stored
  const failure = { id: newId(Date.parse(at)), email: whyNotEmail(known) ? "" : known, address, at };
  await db.deleteFrom("sign_in_failures").where("at", "<=", ago(at, span)).execute();
  await db.insertInto("sign_in_failures").values(failure).execute();
  const wait = Math.max(await waitFor(db, failure, "email"), address ? await waitFor(db, failure, "address") : 0);
  if (wait > 0) {
    await db.deleteFrom("sign_in_failures").where("id", "=", failure.id).execute();
    return { wait };
  }
  const person = await whose(db, failure.email, password);
  if (!person) return { left: await triesLeft(db, failure) };
  await forgetFailures(db, failure.email);
  return { person };
}

/** Seconds until so many of the others are 15 minutes old that one more may be tried. */
async function waitFor(
  db: Database,
  failure: { id: string; at: string; email: string; address: string },
  of: keyof typeof mostFailures,
) {
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

async function triesLeft(db: Database, { email, address, at }: { email: string; address: string; at: string }) {
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
async function whose(db: Database, email: string, password: string): Promise<Person | undefined> {
  const found = await db
    .selectFrom("people")
    .select(["id", "name", "kind", "email", "password"])
    .where("email", "=", email)
    .executeTakeFirst();
  const right = await isPassword(password.slice(0, passwords.atMost + 1), found?.password);
  if (!found || !right) return;
  const { password: _, ...person } = found;
  return person;
}

export async function forgetFailures(db: Database, email: string): Promise<void> {
  await db.deleteFrom("sign_in_failures").where("email", "=", email).execute();
}

const ago = (at: string, ms: number) => new Date(Date.parse(at) - ms).toISOString();
const counts = ["No", "One", "Two", "Three", "Four"];

/** The sentence after a failed try. */
export function triesSentence(wrong: string, tried: { left: number } | { wait: number }): string {
  if ("wait" in tried) {
    const minutes = Math.ceil(tried.wait / 60);
    return `Too many tries. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}, or ask an administrator for a new password.`;
  }
  const left = counts[tried.left] ?? String(tried.left);
  return `${wrong} ${left} more ${tried.left === 1 ? "try" : "tries"} in the next 15 minutes.`;
}

/**
 * Where a request comes from. A proxy on this machine is believed about who is behind it, so that they do not all
 * share its address; anybody else could write there what they like.
 */
export function addressOf(socket: string | undefined, forwarded: string | null): string {
  const here = socket === "::1" || /^(::ffff:)?127\./.test(socket ?? "");
  const behind = here ? forwarded?.split(",").at(-1)?.trim().slice(0, 100) : undefined;
  return behind || socket || "";
}
