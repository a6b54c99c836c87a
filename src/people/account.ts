import type { Person } from "../access/actor.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import { closeSessionsOf } from "../access/sessions.ts";
import type { Database } from "../database/connect.ts";
import { lockSites } from "../database/locks.ts";
import { fieldErrors, Refusal, refuse, refuseFields } from "../errors.ts";
import { afterLastEvents, appendEvent } from "../record/events.ts";
import { keepFormerName } from "../record/former-names.ts";
import { normalName, whyNotName } from "../text.ts";
import { dropAddressChange } from "./address.ts";
import { commonPasswords } from "./common-passwords.ts";
import { dropLinks, findLink, useLink } from "./links.ts";
import { hashPassword } from "./passwords.ts";
import { whyNotAgain, whyNotPassword } from "./rules.ts";
import { forgetFailures, personOrRefusal, tryPassword } from "./sign-in.ts";
import { whyNotUsePassword } from "./ways.ts";

export const staleLinkSentence =
  "This link has been used or has expired. Ask an administrator of your site for a new one.";

/**
 * Sets a password with the secret of a link, and ends all sessions of its person, and a change of their address that was not
 * confirmed. Returns the person's id. Throws a Refusal with 403 if the link was used or has expired.
 */
export async function choosePassword(
  db: Database,
  {
    purpose,
    link,
    password,
    again,
    client,
    at,
  }: {
    purpose: "invitation" | "reset";
    link: string;
    password: string;
    again: string;
    client: Client;
    at: string;
  },
  hashing: LimitHashing,
): Promise<string> {
  const found = await findLink(db, purpose, link, at);
  if (!found?.person_id) throw new Refusal(403, staleLinkSentence);
  refuse(await whyNotUsePassword(db, found.person_id), 403);
  refuseFields(passwordErrors(password, again, found.email));
  const hash = await hashing(client, () => hashPassword(password));
  return db.transaction().execute(async (trx) => {
    const used = await useLink(trx, purpose, link, at);
    if (!used?.person_id) throw new Refusal(403, staleLinkSentence);
    await trx.updateTable("people").set({ password: hash }).where("id", "=", used.person_id).execute();
    await closeSessionsOf(trx, used.person_id);
    await dropAddressChange(trx, used.person_id);
    await forgetFailures(trx, found.email ?? "");
    const detail = purpose === "reset" ? "with a password-reset link" : "with an invitation";
    await recordSecurityEvent(trx, at, client, { kind: "password_set", personId: used.person_id, detail });
    return used.person_id;
  });
}

function passwordErrors(password: string, again: string, email: string | null) {
  return fieldErrors({
    password: whyNotPassword(password, email ?? "", commonPasswords()),
    again: whyNotAgain(password, again),
  });
}

/**
 * Renames a person, with an event in each site in which they have a role or did something. Throws a Refusal with 422 for a
 * wrong name.
 */
export async function changeName(db: Database, person: Person, name: string, at: string): Promise<void> {
  refuseFields(fieldErrors({ name: whyNotName(name) }));
  await db.transaction().execute(async (trx) => {
    const sites = await sitesOf(trx, person.id);
    await lockSites(trx, sites);
    const { name: before } = await trx
      .selectFrom("people")
      .select("name")
      .where("id", "=", person.id)
      .executeTakeFirstOrThrow();
    const now = normalName(name);
    if (now === before) return;
    await trx.updateTable("people").set({ name: now }).where("id", "=", person.id).execute();
    const until = await afterLastEvents(trx, sites, at);
    for (const site of sites) {
      const seq = await appendEvent(trx, { person, at: until }, site.id, {
        action: "person_renamed",
        subject: `person ${now}`,
        subject_id: person.id,
        details: { name: now, before },
      });
      await keepFormerName(trx, { of_id: person.id, until, site_id: site.id, seq, name: before });
    }
  });
}

/** In the order of their ids, in which they are locked, so that two people do not wait for each other. */
const sitesOf = (trx: Database, personId: string) =>
  trx
    .selectFrom("sites as s")
    .select("s.id")
    .where((eb) =>
      eb.or([
        eb.exists(
          eb
            .selectFrom("memberships as m")
            .whereRef("m.site_id", "=", "s.id")
            .where("m.person_id", "=", personId)
            .select("m.role"),
        ),
        eb.exists(
          eb
            .selectFrom("events as e")
            .whereRef("e.site_id", "=", "s.id")
            .where("e.person_id", "=", personId)
            .select("e.seq"),
        ),
      ]),
    )
    .orderBy("s.id")
    .execute();

/**
 * Changes a password. The current one is needed, since anybody could use a browser that was left open. Ends all sessions,
 * and drops unused links and a new address that waits to be confirmed, which would give access, too.
 */
export async function changePassword(
  db: Database,
  person: Person,
  {
    current,
    password,
    again,
    client,
    browser,
    at,
  }: {
    current: string;
    password: string;
    again: string;
    client: Client;
    browser?: string | undefined;
    at: string;
  },
  hashing: LimitHashing,
): Promise<void> {
  refuse(await whyNotUsePassword(db, person.id), 403);
  refuseFields(passwordErrors(password, again, person.email));
  const result = await tryPassword(
    db,
    { email: person.email ?? "", password: current, ...client, browser, at },
    hashing,
  );
  personOrRefusal(result, { sentence: "This is not your current password.", path: "current", status: 422 });
  const hash = await hashing({ address: client.address, email: person.email }, () => hashPassword(password));
  await db.transaction().execute(async (trx) => {
    await trx.updateTable("people").set({ password: hash }).where("id", "=", person.id).execute();
    await closeSessionsOf(trx, person.id);
    await dropLinks(trx, person.id);
    await dropAddressChange(trx, person.id);
    await recordSecurityEvent(trx, at, client, { kind: "password_changed", personId: person.id });
  });
}
