import type { ActingPerson } from "../access/actor.ts";
import { administersEverySite } from "../access/administrators.ts";
import type { LimitHashing } from "../access/password-queue.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import { closeSessionsOf } from "../access/sessions.ts";
import { findSiteById, type Site, siteIdsOf } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { lockSites } from "../database/locks.ts";
import { notFound, Refusal, refuse, refuseFields } from "../errors.ts";
import { clearBounces } from "../mail/bounced-addresses.ts";
import { dropLinks } from "../people/links.ts";
import { personOrRefusal, tryPassword } from "../people/sign-in.ts";
import { afterLastEvents, appendEvent } from "../record/events.ts";
import { joinWithAnd } from "../text.ts";
import { removeWithin } from "./departures.ts";
import { whyNotClose, whyNotFreshlySignedIn } from "./rules.ts";

/** An account that can be closed; undefined for machines, guests, and accounts that are closed. */
export async function findAccount(db: Database, id: string) {
  return db
    .selectFrom("people")
    .select(["id", "name", "email", "password"])
    .where("id", "=", id)
    .where("kind", "=", "person")
    .where("email", "is not", null)
    .executeTakeFirst();
}

/** The sites on which a person has a role, in the order of their ids, in which they are locked. */
export async function sitesWithRole(db: Database, personId: string): Promise<Site[]> {
  const sites = await Promise.all((await siteIdsOf(db, personId)).map((id) => findSiteById(db, id)));
  return sites.filter((site) => site !== undefined);
}

/**
 * Closes a person's own account. Throws a Refusal with 422 for a wrong password, with 429 after too many, with 409 as
 * `closeAccount` does, and, for people without a password, if they signed in too long ago.
 */
export async function closeOwnAccount(
  db: Database,
  by: ActingPerson,
  proof: { password: string; signedInAt: string | undefined; browser: string | undefined },
  hashing: LimitHashing,
): Promise<void> {
  const account = (await findAccount(db, by.person.id)) ?? notFound("account");
  if (account.password === null) refuse(whyNotFreshlySignedIn(proof.signedInAt, by.at));
  else {
    const { password, browser } = proof;
    const attempt = { email: account.email ?? "", password, ...by.client, browser, at: by.at };
    const result = await tryPassword(db, attempt, hashing);
    personOrRefusal(result, { sentence: "This is not your password.", path: "password", status: 422 });
  }
  await closeAccount(db, by, account.id);
}

/**
 * Closes an account: all roles on all sites, with events there; every way to sign in, and all sessions and links; and the
 * e-mail address, which is erased. The name stays in the record, and tokens stay those of their sites. Throws a Refusal
 * with 403, with 404 if there is no such account, and with 409 for the last administrator of a site.
 */
export async function closeAccount(db: Database, by: ActingPerson, personId: string): Promise<{ name: string }> {
  const isOwn = by.person.id === personId;
  refuse(whyNotClose(isOwn, await administersEverySite(db, by.person.id)), 403);
  return db.transaction().execute(async (trx) => {
    const account = (await findAccount(trx, personId)) ?? notFound("account");
    const sites = await sitesWithRole(trx, personId);
    await lockSites(trx, sites);
    const details = { personId, ...(!isOwn && { byId: by.person.id }) };
    // while they have a role, so that the administrators of those sites see it
    await recordSecurityEvent(trx, by.at, by.client, { kind: "account_closed", ...details });
    await leaveSites(trx, { ...by, at: await afterLastEvents(trx, sites, by.at) }, account, sites);
    await eraseAccount(trx, account);
    return { name: account.name };
  });
}

async function leaveSites(trx: Database, by: ActingPerson, account: { id: string; name: string }, sites: Site[]) {
  const actor = { ...by, roles: [], permissions: new Set<never>() };
  const last: string[] = [];
  for (const site of sites) {
    try {
      await removeWithin(trx, actor, site, account.id, null);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      last.push(site.name);
      continue;
    }
    await appendEvent(trx, actor, site.id, {
      action: "account_closed",
      subject: `person ${account.name}`,
      subject_id: account.id,
      details: { member: account.name },
    });
  }
  if (last.length)
    refuseFields(
      [
        {
          path: "account",
          message: `${account.name} is the last administrator of ${joinWithAnd(last)} who can sign in. Make somebody else an administrator there first.`,
        },
      ],
      409,
    );
}

async function eraseAccount(trx: Database, { id, email }: { id: string; email: string | null }): Promise<void> {
  await trx.updateTable("people").set({ password: null, email: null }).where("id", "=", id).execute();
  await closeSessionsOf(trx, id);
  await dropLinks(trx, id);
  await clearBounces(trx, [email]);
  for (const table of [
    "identities",
    "known_browsers",
    "kept_forms",
    "subscriptions",
    "notice_choices",
    "address_changes",
    "two_factor",
    "recovery_codes",
    "half_sign_ins",
    "passkeys",
    "passkey_challenges",
  ] as const)
    await trx.deleteFrom(table).where("person_id", "=", id).execute();
  await trx
    .deleteFrom("sign_in_failures")
    .where("email", "=", email ?? "")
    .execute();
}
