import { randomBytes } from "node:crypto";
import type { Person } from "../access/actor.ts";
import { administersEverySite } from "../access/administrators.ts";
import type { Secrets } from "../access/secrets.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { Refusal, refuse, refuseFields } from "../errors.ts";
import { base32, matchingStep } from "./totp.ts";

const recoveryCodes = 10;

const contextOf = (personId: string) => `two_factor ${personId}`;

/** Whether a person has two-factor sign-in, and how many recovery codes are left. */
export async function twoFactorOf(db: Database, personId: string) {
  const row = await rowOf(db, personId);
  const { count } = await db
    .selectFrom("recovery_codes")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("person_id", "=", personId)
    .executeTakeFirstOrThrow();
  return { isOn: Boolean(row?.confirmed_at), isPending: row?.confirmed_at === null, recoveryCodes: Number(count) };
}

const rowOf = (db: Database, personId: string) =>
  db.selectFrom("two_factor").selectAll().where("person_id", "=", personId).executeTakeFirst();

/** Creates a secret, which is not asked for until it is confirmed. Throws a Refusal with 409 if two-factor sign-in is on. */
export async function beginTwoFactor(db: Database, secrets: Secrets, personId: string): Promise<void> {
  const sealed_secret = secrets.seal(randomBytes(20).toString("hex"), contextOf(personId));
  const { numInsertedOrUpdatedRows: rows } = await db
    .insertInto("two_factor")
    .values({ person_id: personId, sealed_secret, last_step: 0, confirmed_at: null })
    .onConflict((conflict) =>
      conflict.column("person_id").doUpdateSet({ sealed_secret }).where("two_factor.confirmed_at", "is", null),
    )
    .executeTakeFirstOrThrow();
  if (!rows) throw new Refusal(409, "Two-factor sign-in is on already.");
}

/** The secret that waits to be confirmed, in base32. */
export async function pendingSecret(db: Database, secrets: Secrets, personId: string): Promise<string | undefined> {
  const row = await rowOf(db, personId);
  const secret = row && !row.confirmed_at ? opened(secrets, row) : undefined;
  return secret && base32(secret);
}

function opened(secrets: Secrets, row: { person_id: string; sealed_secret: string }): Buffer | undefined {
  const hex = secrets.unseal(row.sealed_secret, contextOf(row.person_id));
  return hex ? Buffer.from(hex, "hex") : undefined;
}

interface Change {
  client: Client;
  at: string;
}

/** Switches two-factor sign-in on. Returns the recovery codes. Throws a Refusal with 422 for a wrong code. */
export function confirmTwoFactor(
  db: Database,
  secrets: Secrets,
  personId: string,
  { code, client, at }: Change & { code: string },
): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    const row = await rowOf(trx, personId);
    if (!row || row.confirmed_at) throw new Refusal(409, "Set up two-factor sign-in first.");
    const step = stepOf(secrets, row, code, at);
    if (step === undefined) refuseFields([{ path: "code", message: "This is not the code of now. Check the clock." }]);
    await trx
      .updateTable("two_factor")
      .set({ confirmed_at: at, last_step: step as number })
      .where("person_id", "=", personId)
      .execute();
    await recordSecurityEvent(trx, at, client, { kind: "two_factor_on", personId });
    return insertRecoveryCodes(trx, personId);
  });
}

function stepOf(secrets: Secrets, row: { person_id: string; sealed_secret: string }, code: string, at: string) {
  const digits = code.replace(/\s/g, "");
  const secret = /^[0-9]{6}$/.test(digits) ? opened(secrets, row) : undefined;
  return secret && matchingStep(secret, digits, at);
}

async function insertRecoveryCodes(trx: Database, personId: string): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodes }, () => base32(randomBytes(15)).toLowerCase());
  await trx.deleteFrom("recovery_codes").where("person_id", "=", personId).execute();
  await trx
    .insertInto("recovery_codes")
    .values(codes.map((code) => ({ person_id: personId, hash: sha256(code) })))
    .execute();
  return codes.map((code) => (code.match(/.{4}/g) ?? []).join("-"));
}

/** Uses up a code, or a recovery code. Returns whether it was right, and not used before. */
export async function useCode(
  db: Database,
  secrets: Secrets,
  personId: string,
  { code, client, at }: Change & { code: string },
): Promise<boolean> {
  const row = await rowOf(db, personId);
  if (!row?.confirmed_at) return false;
  const step = stepOf(secrets, row, code, at);
  if (step !== undefined) {
    const { numUpdatedRows } = await db
      .updateTable("two_factor")
      .set({ last_step: step })
      .where("person_id", "=", personId)
      .where("last_step", "<", step)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
  const hash = sha256(code.replace(/[\s-]/g, "").toLowerCase());
  return db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx
      .deleteFrom("recovery_codes")
      .where("person_id", "=", personId)
      .where("hash", "=", hash)
      .executeTakeFirst();
    if (!numDeletedRows) return false;
    await recordSecurityEvent(trx, at, client, { kind: "recovery_code_used", personId });
    return true;
  });
}

/** Replaces the recovery codes of a person. Returns the new ones. */
export function renewRecoveryCodes(db: Database, personId: string, { client, at }: Change): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    await recordSecurityEvent(trx, at, client, { kind: "recovery_codes_created", personId });
    return insertRecoveryCodes(trx, personId);
  });
}

/** Switches two-factor sign-in off. `byId`: the administrator who did it, if it was not the person. */
export function endTwoFactor(
  db: Database,
  personId: string,
  { client, at, byId }: Change & { byId?: string },
): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom("recovery_codes").where("person_id", "=", personId).execute();
    const { numDeletedRows } = await trx.deleteFrom("two_factor").where("person_id", "=", personId).executeTakeFirst();
    if (numDeletedRows) await recordSecurityEvent(trx, at, client, { kind: "two_factor_off", personId, byId });
  });
}

/** Why an administrator cannot switch off the two-factor sign-in of a person. */
export async function whyNotEndOf(db: Database, administrator: Person, personId: string): Promise<string | undefined> {
  if (administrator.id === personId) return "Switch off your own under Account.";
  if (!(await administersEverySite(db, administrator.id)))
    return "Only an administrator of every site can switch it off.";
}

/** As `endTwoFactor`, by an administrator of every site. Throws a Refusal with 403 for others. */
export async function endTwoFactorOf(db: Database, administrator: Person, personId: string, change: Change) {
  refuse(await whyNotEndOf(db, administrator, personId), 403);
  await endTwoFactor(db, personId, { ...change, byId: administrator.id });
}
