import type { IdentityProvider } from "../access/identity-providers.ts";
import { type Client, recordSecurityEvent } from "../access/security-events.ts";
import { findSite } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { Refusal } from "../errors.ts";
import { setGovernedRoles } from "../people/people.ts";
import { normalEmail } from "../people/rules.ts";
import { normalName, whyNotName } from "../text.ts";
import { type Claims, type RoleRule, whyNotLink } from "./rules.ts";

interface SignIn {
  provider: IdentityProvider;
  claims: Claims;
  client: Client;
  at: string;
}

/**
 * The person that a provider names, with the roles that it gives them. At their first sign-in they are the person with the
 * same verified e-mail address, or a new one where the provider may create accounts. Throws a Refusal with 403 if neither.
 */
export async function personOf(db: Database, signIn: SignIn): Promise<{ id: string; name: string }> {
  const person = await identify(db, signIn);
  await syncRoles(db, signIn, person);
  return person;
}

async function identify(db: Database, signIn: SignIn): Promise<{ id: string; name: string }> {
  const { provider, claims, client, at } = signIn;
  const result = await db.transaction().execute(async (trx) => {
    const known = await knownPerson(trx, signIn);
    if (known) return { person: known };
    const email = normalEmail(claims.email ?? "");
    const account = await accountWith(trx, provider, email);
    const refused = whyNotLink(provider, claims, account);
    // recorded below, as this transaction is undone by a refusal
    if (refused) return { refused, email };
    const person = account ?? (await insertPerson(trx, signIn, email));
    const identity = { provider_id: provider.id, subject: claims.subject, person_id: person.id };
    await trx
      .insertInto("identities")
      .values({ ...identity, linked_at: at, seen_at: at })
      .execute();
    const created = account === undefined;
    await recordSecurityEvent(trx, at, client, {
      kind: created ? "account_created" : "provider_linked",
      personId: person.id,
      detail: created ? `by signing in with ${provider.name}` : provider.name,
    });
    return { person };
  });
  if (result.person) return result.person;
  const event = { kind: "sign_in_refused" as const, email: result.email, detail: result.refused };
  await recordSecurityEvent(db, at, client, event);
  throw new Refusal(403, result.refused);
}

/** The person who signed in as this subject before. */
async function knownPerson(trx: Database, { provider, claims, at }: SignIn) {
  const person = await trx
    .selectFrom("identities as i")
    .innerJoin("people as p", "p.id", "i.person_id")
    .select(["p.id", "p.name"])
    .where("i.provider_id", "=", provider.id)
    .where("i.subject", "=", claims.subject)
    .executeTakeFirst();
  if (person)
    await trx
      .updateTable("identities")
      .set({ seen_at: at })
      .where("provider_id", "=", provider.id)
      .where("subject", "=", claims.subject)
      .execute();
  return person;
}

/** The person with an e-mail address, and whether they are already somebody at this provider. */
async function accountWith(trx: Database, provider: IdentityProvider, email: string) {
  const person = await trx
    .selectFrom("people as p")
    .leftJoin("identities as i", (join) => join.onRef("i.person_id", "=", "p.id").on("i.provider_id", "=", provider.id))
    .select(["p.id", "p.name", "i.subject"])
    .where("p.email", "=", email)
    .where("p.kind", "=", "person")
    .executeTakeFirst();
  return person && { id: person.id, name: person.name, linked: person.subject !== null };
}

/** Named as the provider says, or by their e-mail address. */
async function insertPerson(trx: Database, { claims, at }: SignIn, email: string) {
  const name = claims.name && !whyNotName(claims.name) ? normalName(claims.name) : email;
  const person = { id: newId(Date.parse(at)), kind: "person" as const, name, email };
  await trx
    .insertInto("people")
    .values({ ...person, password: null, created_at: at })
    .execute();
  return person;
}

/** Gives and removes the roles that the provider's rules name, and no others. Does nothing without a claim for roles. */
async function syncRoles(
  db: Database,
  { provider, claims, client, at }: SignIn,
  person: { id: string; name: string },
): Promise<void> {
  if (provider.roles_claim === null) return;
  const rules = JSON.parse(provider.role_rules) as RoleRule[];
  for (const [slug, own] of Map.groupBy(rules, ({ site }) => site)) {
    const site = await findSite(db, slug);
    if (!site) continue;
    const governed = new Set(own.map(({ role }) => role));
    const wanted = new Set(own.filter(({ value }) => claims.groups.includes(value)).map(({ role }) => role));
    await setGovernedRoles(db, site, person, { governed, wanted }, { client, at });
  }
}
