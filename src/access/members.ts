import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Actor } from "./actor.ts";
import { canSignIn } from "./can-sign-in.ts";
import type { Permission } from "./permissions.ts";
import { personName } from "./person-name.ts";

/** A person who can sign in and has roles on a site, with the rights that follow. */
export type SignedUpMember = Pick<Actor, "person" | "roles" | "permissions">;

/** The people of a site who can sign in, or this one of them: not machines, nor those who have not accepted their invitation. */
export async function signedUpMembers(db: Database, siteId: string, personId?: string): Promise<SignedUpMember[]> {
  let query = db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select(["p.id", "p.email", "r.slug", "r.permissions", personName("p", "m.site_id").as("name")])
    .where("m.site_id", "=", siteId)
    .where("p.kind", "=", "person")
    .where(sql<boolean>`${canSignIn("p")}`);
  if (personId !== undefined) query = query.where("m.person_id", "=", personId);
  const people = Map.groupBy(await query.execute(), ({ id }) => id);
  return [...people].map(([id, rows]) => ({
    person: { id, name: rows[0]?.name as string, email: rows[0]?.email ?? null, kind: "person" },
    roles: rows.map(({ slug }) => slug),
    permissions: new Set(rows.flatMap(({ permissions }) => JSON.parse(permissions) as Permission[])),
  }));
}
