import { randomInt } from "node:crypto";
import type { Actor } from "../access/actor.ts";
import { findSiteById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newSecret, sha256 } from "../database/ids.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { addMs } from "../time/add.ts";
import { guestIdentity, maxCodes, tooManyCodes, whyNotGuest, whyNotTryCode } from "./rules.ts";

export const codeLifetimeMinutes = 10;
const sessionLifetimeMs = 2 * 3_600_000;

/** What a guest's link or session leads to: one promotion, and nothing else of its site. */
export interface Guest {
  id: string;
  email: string;
  name: string;
  site: Site;
  promotion: Promotion;
  actor: Actor;
}

type Row = Awaited<ReturnType<typeof select>>;

const guests = (db: Database) =>
  db
    .selectFrom("guests as g")
    .innerJoin("people as p", "p.id", "g.person_id")
    .innerJoin("promotions as pr", "pr.id", "g.promotion_id")
    .selectAll("g")
    .select(["p.name", "pr.site_id"]);

const select = (db: Database, column: "g.hash" | "g.session_hash", secret: string) =>
  guests(db).where(column, "=", sha256(secret)).executeTakeFirst();

/** The guest of a link. Throws a Refusal with 404 for an unknown one, and with 403 for one that no longer works. */
export const findGuest = async (db: Database, link: string, now: string): Promise<Guest> =>
  load(db, await select(db, "g.hash", link), now);

/** The guest of a session; undefined if it has ended. */
export async function guestOfSession(db: Database, secret: string, now: string): Promise<Guest | undefined> {
  const row = secret ? await select(db, "g.session_hash", secret) : undefined;
  return row && (row.session_expires_at ?? "") > now && !whyNotGuest(row, now) ? load(db, row, now) : undefined;
}

async function load(db: Database, row: Row, now: string): Promise<Guest> {
  if (!row) return notFound("invitation");
  refuse(whyNotGuest(row, now), 403);
  const site = (await findSiteById(db, row.site_id)) ?? notFound("site");
  const [promotion] = await listPromotions(db, site.id, { ids: [row.promotion_id] });
  const { id, email, name, role, person_id, session_expires_at } = row;
  const person = { id: person_id, name, kind: "person" as const, email: null };
  const signedInAt = session_expires_at ? addMs(session_expires_at, -sessionLifetimeMs) : undefined;
  const actor = {
    person,
    roles: [role],
    permissions: new Set<never>(),
    at: now,
    guest: guestIdentity(email),
    signedInAt,
  };
  return { id, email, name, site, promotion: promotion ?? notFound("promotion"), actor };
}

/** A new code of six digits for the guest of a link, to be sent to them. Earlier ones work no more. Throws a Refusal with 409 after ten. */
export async function newCode(db: Database, link: string, now: string): Promise<{ guest: Guest; code: string }> {
  const guest = await findGuest(db, link, now);
  const code = String(randomInt(1_000_000)).padStart(6, "0");
  const fresh = {
    code_hash: codeHash(guest.id, code),
    code_expires_at: addMs(now, codeLifetimeMinutes * 60_000),
    tries: 0,
  };
  // counted in the same statement, so that codes at the same time count too
  const { numUpdatedRows } = await db
    .updateTable("guests")
    .set((eb) => ({ ...fresh, codes: eb("codes", "+", 1) }))
    .where("id", "=", guest.id)
    .where("codes", "<", maxCodes)
    .executeTakeFirstOrThrow();
  refuse(numUpdatedRows ? undefined : tooManyCodes);
  return { guest, code };
}

/** With the id, so that equal codes of two guests have different hashes. */
const codeHash = (id: string, code: string): string => sha256(`${id} ${code}`);

/**
 * Confirms the code that a guest entered. Returns the secret of a session of two hours. Each try is counted before the code is
 * compared, so that tries at the same time count too. Throws a Refusal with 422 for a wrong code.
 */
export async function confirmCode(db: Database, link: string, entered: string, now: string): Promise<string> {
  const row = await select(db, "g.hash", link);
  const guest = await load(db, row, now);
  const counted = await db
    .updateTable("guests")
    .set((eb) => ({ tries: eb("tries", "+", 1) }))
    .where("id", "=", guest.id)
    .returning(["tries", "code_hash", "code_expires_at", "expires_at", "revoked_at"])
    .executeTakeFirstOrThrow();
  refuseFields(fieldErrors({ code: whyNotTryCode({ ...counted, tries: counted.tries - 1 }, now) }));
  if (counted.code_hash !== codeHash(guest.id, entered.replace(/\s/g, "")))
    refuseFields([{ path: "code", message: "This is not the code that was sent." }]);
  const secret = newSecret();
  const session = { session_hash: sha256(secret), session_expires_at: addMs(now, sessionLifetimeMs) };
  await db
    .updateTable("guests")
    .set({ ...session, code_hash: null, code_expires_at: null })
    .where("id", "=", guest.id)
    .execute();
  return secret;
}
