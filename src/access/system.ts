import type { Database } from "../database/connect.ts";
import type { Actor, Person } from "./actor.ts";

const sitebook: Person = { id: "sitebook", name: "Sitebook", kind: "machine", email: null };

/** Sitebook itself, as the actor of what happens when its time has come. It has no token, so nobody can act as it. */
export async function systemActor(trx: Database, at: string): Promise<Actor> {
  await trx
    .insertInto("people")
    .values({ ...sitebook, password: null, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { person: sitebook, roles: [], permissions: new Set(), at };
}
