import type { Actor } from "../access/actor.ts";
import { personName } from "../access/person-name.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

export type Delegation = Awaited<ReturnType<typeof listDelegations>>[number];

/** All delegations of a site, the latest first. */
export function listDelegations(db: Database, siteId: string) {
  return db
    .selectFrom("delegations as d")
    .innerJoin("people as p", "p.id", "d.person_id")
    .innerJoin("people as s", "s.id", "d.substitute_id")
    .innerJoin("roles as r", "r.slug", "d.role")
    .leftJoin("delegation_ends as e", "e.delegation_id", "d.id")
    .select(["d.id", "d.person_id", "d.substitute_id", "d.role", "d.from_at", "d.until_at", "d.created_at"])
    .select(["r.name as role_name", "e.ended_at"])
    .select([personName("p", "d.site_id").as("person"), personName("s", "d.site_id").as("substitute")])
    .where("d.site_id", "=", siteId)
    .orderBy("d.id", "desc")
    .execute();
}

/** The people who can be named as substitutes. */
export async function possibleSubstitutes(db: Database, siteId: string) {
  const rows = await db
    .selectFrom("people as p")
    .innerJoin("sites as s", (join) => join.on("s.id", "=", siteId))
    .select(["p.id", personName("p", "s.id").as("name"), "p.password"])
    .where("p.kind", "=", "person")
    .where("p.id", "in", (eb) => eb.selectFrom("memberships").select("person_id").where("site_id", "=", siteId))
    .orderBy("p.name")
    .execute();
  return rows.map(({ id, name, password }) => ({ id, name, signs_in: password !== null }));
}

/**
 * The same actor with those for whom they may decide at this moment. A delegation holds while its person has the role
 * themselves, so it cannot be passed on.
 */
export async function withDelegations(db: Database, siteId: string, actor: Actor): Promise<Actor> {
  const standsInFor = await delegationsTo(db, siteId, actor.person.id, actor.at, actor.at);
  return { ...actor, standsInFor };
}

const delegationsTo = precompiled((db, siteId: string, substituteId: string, now: string, nowAgain: string) =>
  db
    .selectFrom("delegations as d")
    .innerJoin("people as p", "p.id", "d.person_id")
    .innerJoin("memberships as m", (join) =>
      join.onRef("m.site_id", "=", "d.site_id").onRef("m.person_id", "=", "d.person_id").onRef("m.role", "=", "d.role"),
    )
    .leftJoin("delegation_ends as e", "e.delegation_id", "d.id")
    .select(["d.person_id", "d.role", "d.until_at", personName("p", "d.site_id").as("person")])
    .where("d.site_id", "=", siteId)
    .where("d.substitute_id", "=", substituteId)
    .where("d.until_at", ">=", now)
    .where("d.from_at", "<=", nowAgain)
    .where("e.delegation_id", "is", null),
);
