import { canSignIn } from "../access/can-sign-in.ts";
import { listRoles } from "../access/roles.ts";
import type { Database } from "../database/connect.ts";
import { personThen } from "../record/former-names.ts";

export interface Member {
  id: string;
  name: string;
  email: string | null;
  /** Has a password, or an account at an identity provider. */
  signs_in: boolean;
  has_password: boolean;
  roles: { slug: string; name: string }[];
  /** When the earliest of these roles was given, ISO 8601 UTC. */
  since: string;
}

export async function findMember(db: Database, siteId: string, personId: string): Promise<Member | undefined> {
  const [member] = await listMembers(db, siteId, personId);
  return member;
}

/** The people with a role on a site, or only this one, by name, without its tokens. */
export async function listMembers(db: Database, siteId: string, personId?: string): Promise<Member[]> {
  const rows = await db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select([
      "p.id",
      "p.name",
      "p.email",
      "p.password",
      canSignIn("p").as("signs_in"),
      "r.slug",
      "r.name as role",
      "m.since",
    ])
    .where("m.site_id", "=", siteId)
    .where("p.kind", "=", "person")
    .$if(personId !== undefined, (query) => query.where("p.id", "=", personId as string))
    .orderBy("p.name")
    .orderBy("p.id")
    .orderBy("r.name")
    .execute();
  return [...Map.groupBy(rows, (row) => row.id).values()].map((own) => {
    const { id, name, email, password, signs_in } = own[0] as (typeof rows)[number];
    const roles = own.map((row) => ({ slug: row.slug, name: row.role }));
    const since = own.map((row) => row.since).sort()[0] as string;
    return { id, name, email, signs_in: Boolean(signs_in), has_password: password !== null, roles, since };
  });
}

/** Whether a person has a role on another site that `administratorId` does not administer. */
export async function belongsElsewhere(
  db: Database,
  site: { id: string },
  administratorId: string,
  personId: string,
): Promise<boolean> {
  const roles = await listRoles(db);
  const administering = roles.filter((role) => role.permissions.includes("administer")).map((role) => role.slug);
  const administered = db
    .selectFrom("memberships")
    .select("site_id")
    .where("person_id", "=", administratorId)
    .where("role", "in", administering);
  const other = await db
    .selectFrom("memberships")
    .select("site_id")
    .where("person_id", "=", personId)
    .where("site_id", "!=", site.id)
    .where("site_id", "not in", administered)
    .executeTakeFirst();
  return other !== undefined;
}

export type TokenRow = Awaited<ReturnType<typeof listTokens>>[number];

/** The tokens of a site, newest first. */
export async function listTokens(db: Database, siteId: string) {
  const tokens = await db
    .selectFrom("tokens as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .innerJoin("people as c", "c.id", "t.created_by")
    .select([
      "t.id",
      "p.name",
      "t.person_id",
      "t.created_at",
      personThen("c", "t.created_at", "t.site_id").as("created_by"),
      "t.expires_at",
      "t.revoked_at",
    ])
    .where("t.site_id", "=", siteId)
    .orderBy("t.created_at", "desc")
    .orderBy("t.id", "desc")
    .execute();
  const roles = await db
    .selectFrom("memberships as m")
    .innerJoin("roles as r", "r.slug", "m.role")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["m.person_id", "r.name"])
    .where("m.site_id", "=", siteId)
    .where("p.kind", "=", "machine")
    .orderBy("r.name")
    .execute();
  return tokens.map(({ person_id, ...token }) => ({
    ...token,
    roles: roles.filter((role) => role.person_id === person_id).map(({ name }) => name),
  }));
}
