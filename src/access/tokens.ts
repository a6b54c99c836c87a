import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { sha256 } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Person } from "./actor.ts";

/** The machine and the site of a token; undefined if it is unknown, revoked or expired. */
export async function findToken(
  db: Database,
  secret: string,
  at: string,
): Promise<{ id: string; person: Person; site_id: string } | undefined> {
  const [token] = await selectValidToken(db, sha256(secret), at);
  if (!token) return;
  const { token_id, site_id, ...person } = token;
  return { id: token_id, person, site_id };
}

/** Whether a token `t` can be used at this moment: not revoked, and not expired, for which its last moment counts. */
export const canBeUsed = (at: string) =>
  sql<boolean>`t.revoked_at is null and (t.expires_at is null or t.expires_at >= ${at})`;

const selectValidToken = precompiled((db, hash: string, at: string) =>
  db
    .selectFrom("tokens as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .select(["p.id", "p.name", "p.kind", "p.email", "t.id as token_id", "t.site_id"])
    .where("t.hash", "=", hash)
    .where(canBeUsed(at)),
);
