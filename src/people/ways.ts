import { listProviders, passwordsAreFor } from "../access/identity-providers.ts";
import { permissionsOf } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { joinWithOr } from "../text.ts";

/** How people can sign in, as the sign-in page offers it. */
export async function waysToSignIn(db: Database) {
  const providers = await listProviders(db);
  return {
    providers: providers.map(({ slug, name }) => ({ slug, name })),
    passwords: await passwordsAreFor(db),
  };
}

/** Why a person cannot use a password: administrators can always, as a provider may be down. */
export async function whyNotUsePassword(db: Database, personId: string): Promise<string | undefined> {
  const { providers, passwords } = await waysToSignIn(db);
  if (passwords === "everybody" || (await permissionsOf(db, personId)).has("administer")) return;
  return `Passwords are switched off. Sign in with ${joinWithOr(providers.map(({ name }) => name))}.`;
}
