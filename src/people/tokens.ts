import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId, newSecret, sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { normalName, whyNotName } from "../text.ts";
import { whyNotRoles } from "./rules.ts";

export interface NewToken {
  name: string;
  roles: string[];
  /** ISO 8601 UTC with milliseconds; without it the token works until it is revoked. */
  expires_at?: string | undefined;
}

/**
 * Creates a machine account with a token. The secret is returned here and stored nowhere; its prefix lets scanners of
 * source code recognise one that leaked.
 */
export async function createToken(
  db: Database,
  actor: Actor,
  site: Site,
  token: NewToken,
): Promise<{ id: string; name: string; secret: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  const secret = `sb_${newSecret()}`;
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    refuseFields(await tokenErrors(trx, actor, site, token));
    const id = await insertToken(trx, actor, site, token, sha256(secret));
    return { id, name: normalName(token.name), secret };
  });
}

async function tokenErrors(trx: Database, actor: Actor, site: Site, { name, roles, expires_at }: NewToken) {
  return fieldErrors({
    name: whyNotName(name) ?? (await whyNotTokenName(trx, site, normalName(name))),
    roles: whyNotRoles(roles, await listRoles(trx)),
    expires_at: expires_at && expires_at <= actor.at ? "This date is in the past. Enter a later one." : undefined,
  });
}

/** The history identifies a token by its name alone. This also keeps a form that is sent twice from creating two tokens. */
async function whyNotTokenName(trx: Database, site: Site, name: string): Promise<string | undefined> {
  const other = await trx
    .selectFrom("tokens as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .select("t.id")
    .where("t.site_id", "=", site.id)
    .where("t.revoked_at", "is", null)
    .where("p.name", "=", name)
    .executeTakeFirst();
  return other && `There is already a token ${name} on this site. Revoke it, or enter another name.`;
}

async function insertToken(
  trx: Database,
  actor: Actor,
  site: Site,
  { name, roles, expires_at }: NewToken,
  hash: string,
) {
  const machine = { id: newId(Date.parse(actor.at)), kind: "machine" as const, name: normalName(name), email: null };
  await trx
    .insertInto("people")
    .values({ ...machine, password: null, created_at: actor.at })
    .execute();
  const given = [...new Set(roles)].sort();
  await trx
    .insertInto("memberships")
    .values(given.map((role) => ({ site_id: site.id, person_id: machine.id, role, since: actor.at })))
    .execute();
  const row = {
    id: newId(Date.parse(actor.at)),
    site_id: site.id,
    person_id: machine.id,
    expires_at: expires_at ?? null,
  };
  await trx
    .insertInto("tokens")
    .values({ ...row, hash, created_by: actor.person.id, created_at: actor.at, revoked_at: null })
    .execute();
  await appendEvent(trx, actor, site.id, {
    action: "token_created",
    subject: `token ${machine.name}`,
    subject_id: row.id,
    details: { token: machine.name, machine_id: machine.id, roles: given, expires_at: row.expires_at },
  });
  return row.id;
}

export function revokeToken(db: Database, actor: Actor, site: Site, tokenId: string): Promise<{ name: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const token =
      (await trx
        .selectFrom("tokens as t")
        .innerJoin("people as p", "p.id", "t.person_id")
        .select(["t.id", "t.revoked_at", "p.name"])
        .where("t.id", "=", tokenId)
        .where("t.site_id", "=", site.id)
        .executeTakeFirst()) ?? notFound("token");
    if (token.revoked_at) return { name: token.name };
    await trx.updateTable("tokens").set({ revoked_at: actor.at }).where("id", "=", token.id).execute();
    await appendEvent(trx, actor, site.id, {
      action: "token_revoked",
      subject: `token ${token.name}`,
      subject_id: token.id,
      details: { token: token.name },
    });
    return { name: token.name };
  });
}
