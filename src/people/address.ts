import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { fieldErrors, Refusal, refuseFields } from "../errors.ts";
import { logError } from "../log.ts";
import { clearBounces } from "../mail/bounced-addresses.ts";
import { sendLetter } from "../mail/letter.ts";
import type { Mailer } from "../mail/mailer.ts";
import { addMs } from "../time/add.ts";
import { dropLinks } from "./links.ts";
import { normalEmail, whyNotEmail } from "./rules.ts";
import { personOrRefusal, tryPassword } from "./sign-in.ts";

const lifetimeMs = 24 * 3_600_000;

interface AddressRequest {
  email: string;
  password: string;
  client: Client;
  browser?: string | undefined;
  at: string;
}

interface AddressMeans {
  mailer: Mailer | undefined;
  baseUrl: string;
  hashing: LimitHashing;
  /** Called once nothing else is wrong: it may use up a code. */
  beforeMail: () => Promise<void>;
}

/**
 * Mails a link to a new address of a person, which changes nothing until it is confirmed. The password is needed, since anybody
 * could use a browser that was left open. That the address belongs to another account is not said here. Throws a Refusal with
 * 422 for a wrong field, and with 409 if the mail server does not take the mail.
 */
export async function requestAddress(
  db: Database,
  person: Person,
  { email, password, client, browser, at }: AddressRequest,
  { mailer, baseUrl, hashing, beforeMail }: AddressMeans,
): Promise<void> {
  const address = normalEmail(email);
  const same = address === person.email ? "This is your address already." : undefined;
  const noMail = mailer ? undefined : "Addresses are confirmed by mail, and no mail server is set up.";
  refuseFields(fieldErrors({ email: noMail ?? whyNotEmail(address) ?? same }));
  const attempt = { email: person.email ?? "", password, ...client, browser, at };
  const result = await tryPassword(db, attempt, hashing);
  personOrRefusal(result, { sentence: "This is not your current password.", path: "email_password", status: 422 });
  await beforeMail();
  const secret = newSecret();
  const row = { hash: sha256(secret), email: address, expires_at: addMs(at, lifetimeMs) };
  await db
    .insertInto("address_changes")
    .values({ person_id: person.id, ...row })
    .onConflict((conflict) => conflict.column("person_id").doUpdateSet(row))
    .execute();
  const letter = {
    to: { name: person.name, address },
    subject: "Confirm your new address",
    lead: `${person.name} wants to sign in to Sitebook with this address from now on.`,
    actions: [{ text: "Confirm", url: `${baseUrl}/address?link=${secret}` }],
    why: "You get this because the address was entered on an account page. If that was not you, ignore this mail.",
  };
  try {
    await sendLetter(mailer as Mailer, baseUrl, letter);
  } catch (error) {
    refuseFields([{ path: "email", message: `The link could not be sent: ${(error as Error).message}` }], 409);
  }
}

/** Drops a change that waits to be confirmed. */
export async function dropAddressChange(trx: Database, personId: string): Promise<void> {
  await trx.deleteFrom("address_changes").where("person_id", "=", personId).execute();
}

/** The change behind a link. Throws a Refusal with 403 if it was confirmed, replaced or has expired. */
export async function findAddressChange(db: Database, link: string, at: string) {
  const row = await db
    .selectFrom("address_changes as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .select(["c.person_id", "c.email", "p.name", "p.email as before"])
    .where("c.hash", "=", sha256(link))
    .where("c.expires_at", ">", at)
    .executeTakeFirst();
  if (!row)
    throw new Refusal(403, "This link has been used or has expired. Enter the new address on your account page again.");
  return row;
}

/** Changes the address, and writes to the old one. Throws a Refusal with 409 if another account has it by now. */
export async function confirmAddress(
  db: Database,
  link: string,
  at: string,
  { client, mailer, baseUrl }: { client: Client; mailer: Mailer | undefined; baseUrl: string },
): Promise<{ email: string }> {
  const change = await db.transaction().execute(async (trx) => {
    const found = await findAddressChange(trx, link, at);
    const other = await trx.selectFrom("people").select("id").where("email", "=", found.email).executeTakeFirst();
    if (other) throw new Refusal(409, "There is another account with this address.");
    await dropAddressChange(trx, found.person_id);
    await trx.updateTable("people").set({ email: found.email }).where("id", "=", found.person_id).execute();
    await clearBounces(trx, [found.before, found.email]);
    await dropLinks(trx, found.person_id);
    await recordSecurityEvent(trx, at, client, { kind: "address_changed", personId: found.person_id });
    return found;
  });
  if (mailer && change.before)
    await sendLetter(mailer, baseUrl, {
      to: { name: change.name, address: change.before },
      subject: "Your address was changed",
      lead: "The address of your account on Sitebook was changed, and this one no longer signs in. If that was not you, tell an administrator of your site at once.",
      actions: [],
      why: "You get this because it was the address of your account.",
    }).catch((error: unknown) => logError("The old address could not be written to:", error));
  return change;
}
