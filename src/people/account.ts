import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import { closeSessionsOf } from "../access/sessions.ts";
import type { Database } from "../database/connect.ts";
import { fieldErrors, Refusal, refuseFields } from "../errors.ts";
import { normalName } from "../text.ts";
import { dropLinks, findLink, useLink } from "./links.ts";
import { hashPassword } from "./passwords.ts";
import { whyNotAgain, whyNotPassword, whyNotPersonName } from "./rules.ts";
import { forgetFailures, personOrRefusal, tryPassword } from "./sign-in.ts";

export const staleLinkSentence =
  "This link has been used or has expired. Ask an administrator of your site for a new one.";

/**
 * Sets a password with the secret of a link, and ends all sessions of its person. Returns the person's id. Throws a
 * Refusal with 403 if the link was used or has expired.
 */
export async function choosePassword(
  db: Database,
  {
    purpose,
    link,
    password,
    again,
    address,
    at,
  }: {
    purpose: "invitation" | "reset";
    link: string;
    password: string;
    again: string;
    address: string;
    at: string;
  },
  hashing: LimitHashing,
): Promise<string> {
  const found = await findLink(db, purpose, link, at);
  if (!found?.person_id) throw new Refusal(403, staleLinkSentence);
  refuseFields(passwordErrors(password, again, found.email));
  const hash = await hashing({ address }, () => hashPassword(password));
  return db.transaction().execute(async (trx) => {
    const used = await useLink(trx, purpose, link, at);
    if (!used?.person_id) throw new Refusal(403, staleLinkSentence);
    await trx.updateTable("people").set({ password: hash }).where("id", "=", used.person_id).execute();
    await closeSessionsOf(trx, used.person_id);
    await forgetFailures(trx, found.email ?? "");
    return used.person_id;
  });
}

function passwordErrors(password: string, again: string, email: string | null) {
  return fieldErrors({ password: whyNotPassword(password, email ?? ""), again: whyNotAgain(password, again) });
}

export async function changeName(db: Database, person: Person, name: string): Promise<void> {
  refuseFields(fieldErrors({ name: whyNotPersonName(name) }));
  await db
    .updateTable("people")
    .set({ name: normalName(name) })
    .where("id", "=", person.id)
    .execute();
}

/**
 * Changes a password. The current one is needed, since anybody could use a browser that was left open. Ends all sessions
 * and drops unused links, which would give access, too.
 */
export async function changePassword(
  db: Database,
  person: Person,
  {
    current,
    password,
    again,
    address,
    browser,
    at,
  }: {
    current: string;
    password: string;
    again: string;
    address: string;
    browser?: string | undefined;
    at: string;
  },
  hashing: LimitHashing,
): Promise<void> {
  refuseFields(passwordErrors(password, again, person.email));
  const result = await tryPassword(db, { email: person.email ?? "", password: current, address, browser, at }, hashing);
  personOrRefusal(result, { sentence: "This is not your current password.", path: "current", status: 422 });
  const hash = await hashing({ address, email: person.email }, () => hashPassword(password));
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("people").set({ password: hash }).where("id", "=", person.id).execute();
    await closeSessionsOf(trx, person.id);
    await dropLinks(trx, person.id);
  });
}
