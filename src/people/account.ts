import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import { closeSessionsOf } from "../access/sessions.ts";
import type { Database } from "../database/connect.ts";
import { fieldErrors, Refusal, refuseFields } from "../errors.ts";
import { dropLinks, findLink, useLink } from "./links.ts";
import { hashPassword } from "./passwords.ts";
import { whyNotAgain, whyNotPassword, whyNotPersonName } from "./rules.ts";
import { forgetFailures, personOrRefusal, tryPassword } from "./sign-in.ts";

export const staleLinkSentence =
  "This link has been used, or is too old. Ask an administrator of your site for a new one.";

/** Chooses a password by a link, and answers whose it is. Nobody who was signed in as them stays so. */
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
    const taken = await useLink(trx, purpose, link, at);
    if (!taken?.person_id) throw new Refusal(403, staleLinkSentence);
    await trx.updateTable("people").set({ password: hash }).where("id", "=", taken.person_id).execute();
    await closeSessionsOf(trx, taken.person_id);
    await forgetFailures(trx, found.email ?? "");
    return taken.person_id;
  });
}

function passwordErrors(password: string, again: string, email: string | null) {
  return fieldErrors({ password: whyNotPassword(password, email ?? ""), again: whyNotAgain(password, again) });
}

export async function changeName(db: Database, person: Person, name: string): Promise<void> {
  refuseFields(fieldErrors({ name: whyNotPersonName(name) }));
  await db.updateTable("people").set({ name: name.trim() }).where("id", "=", person.id).execute();
}

/** Asks for the present password: a browser left open is not enough. Closes all sessions and drops links, old keys all. */
export async function changePassword(
  db: Database,
  person: Person,
  {
    current,
    password,
    again,
    address,
    at,
  }: {
    current: string;
    password: string;
    again: string;
    address: string;
    at: string;
  },
  hashing: LimitHashing,
): Promise<void> {
  refuseFields(passwordErrors(password, again, person.email));
  const tried = await tryPassword(db, { email: person.email ?? "", password: current, address, at }, hashing);
  personOrRefusal(tried, { sentence: "That is not your present password.", path: "current", status: 422 });
  const hash = await hashing({ address, email: person.email }, () => hashPassword(password));
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("people").set({ password: hash }).where("id", "=", person.id).execute();
    await closeSessionsOf(trx, person.id);
    await dropLinks(trx, person.id);
  });
}
