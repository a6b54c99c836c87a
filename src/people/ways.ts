import { listProviders, passwordsAreFor } from "../access/identity-providers.ts";
import { permissionsOf } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { Mailer } from "../mail/mailer.ts";
import { joinWithOr } from "../text.ts";
import { whyNoPassword } from "./rules.ts";

/** How people can sign in, as the sign-in page offers it. */
export async function waysToSignIn(db: Database) {
  const providers = await listProviders(db);
  return {
    providers: providers.map(({ slug, name }) => ({ slug, name })),
    passwords: await passwordsAreFor(db),
  };
}

/**
 * Why a person cannot use what they have here instead of a provider: administrators can always, as a provider may be down.
 * Where passwords are switched off so are passkeys, since the provider is to decide who may still sign in.
 */
export async function whyNotUse(
  db: Database,
  personId: string,
  what: "Passwords" | "Passkeys",
): Promise<string | undefined> {
  const { providers, passwords } = await waysToSignIn(db);
  if (passwords === "everybody" || (await permissionsOf(db, personId)).has("administer")) return;
  return `${what} are switched off. Sign in with ${joinWithOr(providers.map(({ name }) => name))}.`;
}

/** Why a person cannot prove by their password that it is them: they have none. */
export async function whyNotProve(
  db: Database,
  personId: string,
  mailer: Mailer | undefined,
): Promise<string | undefined> {
  const person = await db.selectFrom("people").select("password").where("id", "=", personId).executeTakeFirst();
  if (person?.password) return;
  return (await whyNotUsePassword(db, personId)) ?? whyNoPassword(mailer !== undefined);
}

export const whyNotUsePassword = (db: Database, personId: string): Promise<string | undefined> =>
  whyNotUse(db, personId, "Passwords");
