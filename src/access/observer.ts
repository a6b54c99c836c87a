import type { Database } from "../database/connect.ts";
import type { Actor, Person } from "./actor.ts";

export const observerId = (siteId: string): string => `observer-${siteId}`;

/**
 * Sitebook as it records what it saw itself: a machine account of the site, created on first use. It has no token and no
 * password, so nobody can act as it.
 */
export async function observerActor(trx: Database, siteId: string, at: string): Promise<Actor> {
  const person: Person = { id: observerId(siteId), name: "Observer", kind: "machine", email: null };
  await trx
    .insertInto("people")
    .values({ ...person, password: null, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { person, roles: [], permissions: new Set(["record", "promote"]), at };
}
