import type { ActingPerson, Person } from "../access/actor.ts";
import { administersEverySite } from "../access/administrators.ts";
import { findProvider, type IdentityProvider, listProviders, passwordsAreFor } from "../access/identity-providers.ts";
import { listRoles } from "../access/roles.ts";
import type { Secrets } from "../access/secrets.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { normalName } from "../text.ts";
import { peopleByProvider, signsInWithout } from "./queries.ts";
import {
  domainsOf,
  type ProviderForm,
  providerErrors,
  readRules,
  whyNotAdministerSignIn,
  whyNotRemoveProvider,
  whyNotSwitchOff,
} from "./rules.ts";

/** The context of a provider's client secret: in another row it cannot be opened. */
export const secretContext = (providerId: string): string => `identity provider ${providerId}`;

/**
 * Adds a provider, or changes the one with this short name. Throws a Refusal with 403 for a person who does not administer
 * every site, with 422 for wrong fields, and with 409 if no secret can be stored here.
 */
export async function saveProvider(
  db: Database,
  secrets: Secrets,
  administrator: ActingPerson,
  form: ProviderForm,
  slug?: string,
): Promise<IdentityProvider> {
  const { person, at, client } = administrator;
  refuse(whyNotAdministerSignIn(await administersEverySite(db, person.id)), 403);
  const before = slug === undefined ? undefined : ((await findProvider(db, slug)) ?? notFound("provider"));
  const others = (await listProviders(db)).filter(({ id }) => id !== before?.id);
  const sites = await db.selectFrom("sites").select("slug").execute();
  const saved = before && { issuer: before.issuer, people: (await peopleByProvider(db)).get(before.id) ?? 0 };
  const known = { sites, roles: await listRoles(db), taken: others.map((other) => other.slug), before: saved };
  refuseFields(providerErrors(form, known));
  if (form.secret) refuseFields(fieldErrors({ secret: secrets.whyNotSeal() }), 409);
  const id = before?.id ?? newId(Date.parse(at));
  const provider: IdentityProvider = {
    id,
    slug: form.slug,
    name: normalName(form.name),
    issuer: form.issuer.trim(),
    client_id: form.client_id.trim(),
    sealed_secret: form.secret ? secrets.seal(form.secret, secretContext(id)) : (before?.sealed_secret ?? null),
    scopes: form.scopes.trim(),
    domains: domainsOf(form.domains).join(" "),
    trusts_email: form.trusts_email ? 1 : 0,
    sign_up: form.sign_up ? 1 : 0,
    roles_claim: form.roles_claim.trim() || null,
    role_rules: JSON.stringify(readRules(form.roles)),
    changed_at: at,
  };
  await db.transaction().execute(async (trx) => {
    if (before) await trx.updateTable("identity_providers").set(provider).where("id", "=", id).execute();
    else await trx.insertInto("identity_providers").values(provider).execute();
    await recordSecurityEvent(trx, at, client, {
      kind: "provider_saved",
      personId: person.id,
      detail: provider.name,
    });
  });
  return provider;
}

/** Why this person cannot remove a provider. */
export const whyNotRemove = async (db: Database, person: Person, provider: IdentityProvider) =>
  whyNotRemoveProvider({
    providers: (await listProviders(db)).length,
    passwords: await passwordsAreFor(db),
    keepsOwn: await signsInWithout(db, person.id, provider.id),
  });

/** Removes a provider. People who only signed in with it need a password or another one then. */
export async function removeProvider(
  db: Database,
  { person, at, client }: ActingPerson,
  slug: string,
): Promise<IdentityProvider> {
  refuse(whyNotAdministerSignIn(await administersEverySite(db, person.id)), 403);
  return db.transaction().execute(async (trx) => {
    const provider = (await findProvider(trx, slug)) ?? notFound("provider");
    refuse(await whyNotRemove(trx, person, provider));
    await trx.deleteFrom("identities").where("provider_id", "=", provider.id).execute();
    await trx.deleteFrom("identity_providers").where("id", "=", provider.id).execute();
    await recordSecurityEvent(trx, at, client, {
      kind: "provider_removed",
      personId: person.id,
      detail: provider.name,
    });
    return provider;
  });
}

/** Lets everybody sign in with a password, or only administrators. */
export async function switchPasswords(
  db: Database,
  { person, at, client }: ActingPerson,
  passwords: "everybody" | "administrators",
): Promise<void> {
  refuse(whyNotAdministerSignIn(await administersEverySite(db, person.id)), 403);
  await db.transaction().execute(async (trx) => {
    if (passwords === "administrators") refuse(whyNotSwitchOff((await listProviders(trx)).length));
    await trx
      .insertInto("settings")
      .values({ name: "passwords", value: passwords })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: passwords }))
      .execute();
    const detail = passwords === "everybody" ? "on" : "off for all but administrators";
    await recordSecurityEvent(trx, at, client, { kind: "passwords_switched", personId: person.id, detail });
  });
}
