import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId, newSecret, sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { whyNotPersonName, whyNotRoles } from "./rules.ts";

export interface NewToken {
  name: string;
  roles: string[];
  /** ISO 8601 UTC with milliseconds; without it the token works until it is revoked. */
  expires_at?: string | undefined;
}

/**
 * Makes a machine account with a token of its own. The secret is in this answer and nowhere else; its prefix lets
 * scanners of source code recognise one that leaked.
 */
export async function createToken(
  db: Database,
  by: Actor,
  site: Site,
  token: NewToken,
): Promise<{ id: string; name: string; secret: string }> {
  refuse(whyNotMay(by, "administer"), 403);
  const secret = `sb_${newSecret()}`;
  return siteTransaction(db, withoutReplay(by), site.id, async (trx, by) => {
    refuseFields(await tokenErrors(trx, by, site, token));
    const id = await insertToken(trx, by, site, token, sha256(secret));
    return { id, name: token.name.trim(), secret };
  });
}

async function tokenErrors(trx: Database, by: Actor, site: Site, { name, roles, expires_at }: NewToken) {
  return fieldErrors({
    name: whyNotPersonName(name) ?? (await whyNotUnused(trx, site, name.trim())),
    roles: whyNotRoles(roles, await listRoles(trx)),
    expires_at:
      expires_at && expires_at <= by.at ? "That has passed already; a token expires in the future." : undefined,
  });
}

/** History names a token by its name alone. It also keeps a form that is sent twice from making two. */
async function whyNotUnused(trx: Database, site: Site, name: string): Promise<string | undefined> {
  const other = await trx
    .selectFrom("tokens as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .select("t.id")
    .where("t.site_id", "=", site.id)
    .where("t.revoked_at", "is", null)
    .where("p.name", "=", name)
    .executeTakeFirst();
  return other && `There is already a token ${name} on this site. Revoke that one, or choose another name.`;
}

async function insertToken(trx: Database, by: Actor, site: Site, { name, roles, expires_at }: NewToken, hash: string) {
  const machine = { id: newId(Date.parse(by.at)), kind: "machine" as const, name: name.trim(), email: null };
  await trx
    .insertInto("people")
    .values({ ...machine, password: null, created_at: by.at })
    .execute();
  const held = [...new Set(roles)].sort();
  await trx
    .insertInto("memberships")
    .values(held.map((role) => ({ site_id: site.id, person_id: machine.id, role, since: by.at })))
    .execute();
  const row = { id: newId(Date.parse(by.at)), site_id: site.id, person_id: machine.id, expires_at: expires_at ?? null };
  await trx
    .insertInto("tokens")
    .values({ ...row, hash, created_by: by.person.id, created_at: by.at, revoked_at: null })
    .execute();
  await appendEvent(trx, by, site.id, {
    action: "token_created",
    subject: `token ${machine.name}`,
    subject_id: row.id,
    details: { token: machine.name, machine_id: machine.id, roles: held, expires_at: row.expires_at },
  });
  return row.id;
}

export function revokeToken(db: Database, by: Actor, site: Site, tokenId: string): Promise<{ name: string }> {
  refuse(whyNotMay(by, "administer"), 403);
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const token =
      (await trx
        .selectFrom("tokens as t")
        .innerJoin("people as p", "p.id", "t.person_id")
        .select(["t.id", "t.revoked_at", "p.name"])
        .where("t.id", "=", tokenId)
        .where("t.site_id", "=", site.id)
        .executeTakeFirst()) ?? notFound("token");
    if (token.revoked_at) return { name: token.name };
    await trx.updateTable("tokens").set({ revoked_at: by.at }).where("id", "=", token.id).execute();
    await appendEvent(trx, by, site.id, {
      action: "token_revoked",
      subject: `token ${token.name}`,
      subject_id: token.id,
      details: { token: token.name },
    });
    return { name: token.name };
  });
}
