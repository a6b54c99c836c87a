import type { Database } from "../database/connect.ts";
import { isDiskFull } from "../database/errors.ts";
import type { Person } from "./actor.ts";
import { type Client, recordSecurityEvent } from "./security-events.ts";

interface UsedToken {
  id: string;
  person: Person;
  site_id: string;
}

const maxKnown = 10_000;

/** Returns a function that records a security event when a token is used from an address for the first time. */
export function tokenAddressWatch() {
  // known for a day, so that an address in use does not become too old in the database
  const known = new Set<string>();
  return async (db: Database, token: UsedToken, client: Client, at: string): Promise<void> => {
    const use = `${at.slice(0, 10)} ${token.id} ${client.address}`;
    if (!client.address || known.has(use)) return;
    try {
      if (await isNew(db, token, client.address, at))
        await recordSecurityEvent(db, at, client, {
          kind: "token_address",
          personId: token.person.id,
          siteId: token.site_id,
        });
    } catch (error) {
      // what a token reads is answered on a full disk as well
      if (!isDiskFull(error)) throw error;
      return;
    }
    if (known.size >= maxKnown) known.clear();
    known.add(use);
  };
}

/** Saves when the token was used from this address. Of two requests at the same moment, it is new for one. */
async function isNew(db: Database, { id }: UsedToken, address: string, at: string): Promise<boolean> {
  const seen = { token_id: id, address, seen_at: at };
  const inserted = await db
    .insertInto("token_addresses")
    .values(seen)
    .onConflict((conflict) => conflict.doNothing())
    .returning("token_id")
    .executeTakeFirst();
  if (inserted) return true;
  await db
    .updateTable("token_addresses")
    .set({ seen_at: at })
    .where("token_id", "=", id)
    .where("address", "=", address)
    .execute();
  return false;
}
