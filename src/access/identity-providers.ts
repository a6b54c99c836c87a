import type { Database } from "../database/connect.ts";
import type { Schema } from "../schema.ts";

/** A provider of OpenID Connect with which people sign in. */
export type IdentityProvider = Schema["identity_providers"];

/** By name. */
export function listProviders(db: Database): Promise<IdentityProvider[]> {
  return db.selectFrom("identity_providers").selectAll().orderBy("name").orderBy("slug").execute();
}

export function findProvider(db: Database, slug: string): Promise<IdentityProvider | undefined> {
  return db.selectFrom("identity_providers").selectAll().where("slug", "=", slug).executeTakeFirst();
}

/** Whether everybody may sign in with a password, or only administrators of a site. */
export async function passwordsAreFor(db: Database): Promise<"everybody" | "administrators"> {
  const row = await db.selectFrom("settings").select("value").where("name", "=", "passwords").executeTakeFirst();
  return row?.value === "administrators" ? "administrators" : "everybody";
}
