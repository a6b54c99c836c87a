import type { Person } from "../access/actor.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { lockRequest } from "../database/locks.ts";
import { fieldErrors, notFound, Refusal, refuse, refuseFields } from "../errors.ts";
import { normalName, whyNotName } from "../text.ts";
import { takeChallenge } from "./passkey-challenges.ts";
import { type RelyingParty, whyNotAddPasskey, whyNotChangePasskeys, whyNotRemovePasskey } from "./passkey-rules.ts";
import { whyNotUse, whyNotUsePassword } from "./ways.ts";
import { credentialIdIn, verifyCreation, verifySignature } from "./webauthn.ts";

/** The passkeys of a person, the oldest first. */
export const listPasskeys = (db: Database, personId: string) =>
  db.selectFrom("passkeys").selectAll().where("person_id", "=", personId).orderBy("created_at").orderBy("id").execute();

/** Whether anybody has a passkey: before that, the sign-in page does not offer them. */
export async function somebodyHasPasskey(db: Database): Promise<boolean> {
  return (await db.selectFrom("passkeys").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** A browser's answer to a challenge, and how it is checked. */
interface Answer {
  /** As JSON. */
  credential: string;
  /** Of the browser that was asked. */
  secret: string;
  party: RelyingParty;
  client: Client;
  at: string;
}

/** Who changes their passkeys, and from where. */
interface Change {
  client: Client;
  at: string;
  signedInAt: string | undefined;
}

/**
 * Adds a passkey that a browser created. Throws a Refusal with 403 where passkeys are switched off, 409 if they signed in too
 * long ago or have too many, and 422 if it or its name is not valid.
 */
export async function addPasskey(
  db: Database,
  person: Person,
  { credential, secret, party, client, at, signedInAt, name }: Answer & Change & { name: string },
): Promise<{ name: string }> {
  await refuseUnlessAddable(db, person.id, signedInAt, at);
  refuseFields(fieldErrors({ name: whyNotName(name) }));
  const challenge = await takeChallenge(db, secret, { personId: person.id, at, status: 422 });
  const created = await verifyCreation(credential, party, challenge);
  if (!created) throw new Refusal(422, "The new passkey could not be checked. Try again.");
  const passkey = { id: newId(Date.parse(at)), person_id: person.id, name: normalName(name), created_at: at };
  await db.transaction().execute(async (trx) => {
    const { numInsertedOrUpdatedRows: rows } = await trx
      .insertInto("passkeys")
      .values({ ...passkey, ...created, used_at: null })
      .onConflict((conflict) => conflict.column("credential_id").doNothing())
      .executeTakeFirstOrThrow();
    if (!rows) throw new Refusal(409, "This passkey has been added already.");
    await recordSecurityEvent(trx, at, client, { kind: "passkey_added", personId: person.id, detail: passkey.name });
  });
  return passkey;
}

export async function refuseUnlessAddable(
  db: Database,
  personId: string,
  signedInAt: string | undefined,
  at: string,
): Promise<void> {
  refuse(await whyNotUse(db, personId, "Passkeys"), 403);
  refuse(whyNotChangePasskeys(signedInAt, at));
  refuse(whyNotAddPasskey((await listPasskeys(db, personId)).length));
}

/** Removes a passkey of a person. Throws a Refusal with 404, or 409 for their only way to sign in. */
export async function removePasskey(
  db: Database,
  person: Person,
  id: string,
  { client, at, signedInAt }: Change,
): Promise<{ name: string }> {
  refuse(whyNotChangePasskeys(signedInAt, at));
  return db.transaction().execute(async (trx) => {
    // one after the other, so that two requests do not remove the last two
    await lockRequest(trx, person.id, "passkeys");
    const passkeys = await listPasskeys(trx, person.id);
    const passkey = passkeys.find((one) => one.id === id) ?? notFound("passkey");
    refuse(await whyNotRemove(trx, person.id, passkeys.length));
    await trx.deleteFrom("passkeys").where("id", "=", id).execute();
    await recordSecurityEvent(trx, at, client, { kind: "passkey_removed", personId: person.id, detail: passkey.name });
    return passkey;
  });
}

/** Why a person who has that many cannot remove one. */
export async function whyNotRemove(db: Database, personId: string, passkeys: number): Promise<string | undefined> {
  const person = await db.selectFrom("people").select("password").where("id", "=", personId).executeTakeFirst();
  const identities = db.selectFrom("identities").select("provider_id").where("person_id", "=", personId);
  return whyNotRemovePasskey({
    passkeys,
    isLocal: (await whyNotUsePassword(db, personId)) === undefined,
    hasPassword: Boolean(person?.password),
    hasProvider: (await identities.limit(1).executeTakeFirst()) !== undefined,
  });
}

/**
 * The person whose passkey a browser used. Throws a Refusal with 401, or 403 where passkeys are switched off. What is wrong
 * with a passkey that is known is a security event of its owner.
 */
export async function usePasskey(
  db: Database,
  { credential, secret, party, client, at }: Answer,
): Promise<{ personId: string; name: string }> {
  const challenge = await takeChallenge(db, secret, { at, status: 401 });
  const passkey = await db
    .selectFrom("passkeys")
    .selectAll()
    .where("credential_id", "=", credentialIdIn(credential) ?? "")
    .executeTakeFirst();
  if (!passkey) throw new Refusal(401, "This passkey is not known here, or was removed. Delete it on your device.");
  const { person_id: personId, name } = passkey;
  const counter = await verifySignature(credential, passkey, party, challenge);
  const why = counter === undefined ? "not valid" : await whyNotCounted(db, passkey.id, counter, at);
  if (why) {
    await recordSecurityEvent(db, at, client, { kind: "passkey_refused", personId, detail: `${name}, ${why}` });
    throw new Refusal(401, sentences[why]);
  }
  refuse(await whyNotUse(db, personId, "Passkeys"), 403);
  return { personId, name };
}

const sentences = {
  "not valid": "The passkey could not be checked. Try again.",
  "possibly copied":
    "This passkey was used less often, by its own count, than Sitebook knows of: there may be a copy of it. Sign in another way, and remove it under Account.",
};

/** Stores how often a passkey was used, unless that shows a copy of it. Devices that do not count always say 0 (WebAuthn, 7.2). */
async function whyNotCounted(
  db: Database,
  id: string,
  counter: number,
  at: string,
): Promise<"possibly copied" | undefined> {
  const { numUpdatedRows } = await db
    .updateTable("passkeys")
    .set({ counter, used_at: at })
    .where("id", "=", id)
    .where("counter", counter === 0 ? "=" : "<", counter)
    .executeTakeFirst();
  return numUpdatedRows > 0n ? undefined : "possibly copied";
}
