import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import { passOnOwned } from "../artifacts/owners.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { endDelegationsOf } from "../delegations/delegations.ts";
import { refuse, refuseFields } from "../errors.ts";
import { revokeFeedsOf } from "../feeds/feeds.ts";
import { changeRolesWithin } from "../people/people.ts";

/**
 * Removes a person from a site: all their roles there, their secret addresses, and substitutes by them and to them. What
 * they own goes to `owner`, the id of another person of the site, or to nobody. Throws a Refusal with 403, with 404 for
 * somebody who has no role there, with 409 for the last administrator, and with 422 for an owner who cannot be one.
 */
export function removePerson(
  db: Database,
  actor: Actor,
  site: Site,
  personId: string,
  owner: string | null,
): Promise<{ name: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  if (owner === personId)
    refuseFields([{ path: "owner", message: "They leave this site. Select somebody else, or nobody." }]);
  return siteTransaction(db, actor, site.id, (trx, actor) => removeWithin(trx, actor, site, personId, owner));
}

/** The same within a transaction that has locked the site, for an actor who may. */
export async function removeWithin(
  trx: Database,
  actor: Actor,
  site: Site,
  personId: string,
  owner: string | null,
): Promise<{ name: string }> {
  const { name } = await changeRolesWithin(trx, actor, site, personId, []);
  await passOnOwned(trx, actor, site, { from: personId, to: owner });
  await endDelegationsOf(trx, actor, site, personId);
  await revokeFeedsOf(trx, actor, site, personId);
  return { name };
}
