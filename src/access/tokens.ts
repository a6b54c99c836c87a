import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Person } from "./actor.ts";

/** Whose token it is, and for which site; nothing for one that is unknown, revoked or expired. */
export async function findToken(
  db: Database,
  secret: string,
  at: string,
): Promise<{ person: Person; site_id: string } | undefined> {
  const [found] = await valid(db, sha256(secret), at);
  if (!found) return;
  const { site_id, ...person } = found;
  return { person, site_id };
}

const valid = precompiled((db, hash: string, at: string) =>
  db
    .selectFrom("tokens as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .select(["p.id", "p.name", "p.kind", "p.email", "t.site_id"])
    .where("t.hash", "=", hash)
    .where("t.revoked_at", "is", null)
    .where((eb) => eb.or([eb("t.expires_at", "is", null), eb("t.expires_at", ">", at)])),
);
