import type { Actor } from "../access/actor.ts";
import { canSignIn } from "../access/can-sign-in.ts";
import type { Substitute } from "../access/holders.ts";
import { personName } from "../access/person-name.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { roleThen } from "../record/role-names.ts";
import { compareText } from "../text.ts";

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
    .select([roleThen("r", "d.until_at").as("role_name"), "e.ended_at"])
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
    .select(["p.id", personName("p", "s.id").as("name"), canSignIn("p").as("signs_in")])
    .where("p.kind", "=", "person")
    .where("p.id", "in", (eb) => eb.selectFrom("memberships").select("person_id").where("site_id", "=", siteId))
    .orderBy("p.name")
    .execute();
  return rows.map(({ id, name, signs_in }) => ({ id, name, signs_in: Boolean(signs_in) }));
}

/** Who may decide for somebody at this moment (ISO 8601 UTC) in these roles, by name. Who lost their place on the site cannot. */
export async function substitutesAt(db: Database, siteId: string, roles: string[], at: string): Promise<Substitute[]> {
  if (!roles.length) return [];
  const rows = await activeDelegations(db, siteId, at, at);
  return rows.filter(({ role }) => roles.includes(role)).toSorted((a, b) => compareText(a.name, b.name));
}

const activeDelegations = precompiled((db, siteId: string, at: string, atAgain: string) =>
  db
    .selectFrom("delegations as d")
    .innerJoin("people as p", "p.id", "d.person_id")
    .innerJoin("people as s", "s.id", "d.substitute_id")
    .innerJoin("memberships as m", (join) =>
      join.onRef("m.site_id", "=", "d.site_id").onRef("m.person_id", "=", "d.person_id").onRef("m.role", "=", "d.role"),
    )
    .leftJoin("delegation_ends as e", "e.delegation_id", "d.id")
    .select(["d.role", "d.substitute_id as id", "d.person_id as for_id"])
    .select([personName("s", "d.site_id").as("name"), personName("p", "d.site_id").as("for")])
    .where("d.site_id", "=", siteId)
    .where("d.until_at", ">=", at)
    .where("d.from_at", "<=", atAgain)
    .where("e.delegation_id", "is", null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("memberships as sm")
          .select("sm.person_id")
          .whereRef("sm.site_id", "=", "d.site_id")
          .whereRef("sm.person_id", "=", "d.substitute_id"),
      ),
    ),
);

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
