import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { notFound } from "../errors.ts";
import { whyNotSlug } from "../text.ts";
import { type Environment, type Environments, environmentsOf, refuseRetired } from "./environments.ts";
import { type Permission, type Permitted, permitted } from "./permissions.ts";

export interface Site extends Environments {
  id: string;
  slug: string;
  name: string;
  time_zone: string;
}

export interface Access {
  site: Site;
  roles: string[];
  permissions: Set<Permission>;
  may: Permitted;
}

/** The sites that this person may see, ordered by name. */
export const listSitesOf = precompiled((db, personId: string) =>
  db
    .selectFrom("sites")
    .select(["slug", "name"])
    .where("id", "in", db.selectFrom("memberships").select("site_id").where("person_id", "=", personId))
    .orderBy("name"),
);

/** The ids of the sites on which a person has a role, in the order in which they are locked. */
export async function siteIdsOf(db: Database, personId: string): Promise<string[]> {
  const memberships = db.selectFrom("memberships").select("site_id").distinct();
  const rows = await memberships.where("person_id", "=", personId).orderBy("site_id").execute();
  return rows.map(({ site_id }) => site_id);
}

/** The sites of this person, with the names of their roles. */
export async function rolesBySite(db: Database, personId: string) {
  const memberships = await db
    .selectFrom("memberships as m")
    .innerJoin("sites as s", "s.id", "m.site_id")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select(["s.slug", "s.name", "r.name as role"])
    .where("m.person_id", "=", personId)
    .orderBy("s.name")
    .orderBy("s.slug")
    .orderBy("r.name")
    .execute();
  return [...Map.groupBy(memberships, (row) => row.slug)].map(([slug, rows]) => ({
    slug,
    name: rows[0]?.name as string,
    roles: rows.map((row) => row.role),
  }));
}

/** The sites that this person may see, ordered by slug; `after` is the last slug of the previous page. */
export function listSites(
  db: Database,
  personId: string,
  { after, limit = 100 }: { after?: string | undefined; limit?: number } = {},
): Promise<{ slug: string; name: string; time_zone: string }[]> {
  const query = db
    .selectFrom("sites")
    .select(["slug", "name", "time_zone"])
    .where("id", "in", db.selectFrom("memberships").select("site_id").where("person_id", "=", personId))
    .orderBy("slug")
    .limit(limit);
  return (after === undefined ? query : query.where("slug", ">", after)).execute();
}

/** The site and the person's rights on it; undefined without a role, so that nobody learns that a site exists. */
export async function findAccess(db: Database, personId: string, slug: string): Promise<Access | undefined> {
  if (whyNotSlug(slug)) return;
  const memberships = await membershipsIn(db, personId, slug);
  const [first] = memberships;
  if (!first) return;
  const permissions = new Set(memberships.flatMap((row) => JSON.parse(row.permissions) as Permission[]));
  return {
    site: {
      id: first.id,
      slug: first.slug,
      name: first.name,
      time_zone: first.time_zone,
      ...(await environmentsOf(db, first.id)),
    },
    roles: memberships.map(({ role }) => role),
    permissions,
    may: permitted(permissions),
  };
}

const membershipsIn = precompiled((db, personId: string, slug: string) =>
  db
    .selectFrom("memberships as m")
    .innerJoin("sites as s", "s.id", "m.site_id")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select(["s.id", "s.slug", "s.name", "s.time_zone", "m.role", "r.permissions"])
    .where("m.person_id", "=", personId)
    .where("s.slug", "=", slug),
);

export const findSite = (db: Database, slug: string): Promise<Site | undefined> => siteBy(db, "slug", slug);

export const findSiteById = (db: Database, id: string): Promise<Site | undefined> => siteBy(db, "id", id);

async function siteBy(db: Database, column: "id" | "slug", value: string): Promise<Site | undefined> {
  const site = await db
    .selectFrom("sites")
    .select(["id", "slug", "name", "time_zone"])
    .where(column, "=", value)
    .executeTakeFirst();
  return site && { ...site, ...(await environmentsOf(db, site.id)) };
}

export async function hasSites(db: Database): Promise<boolean> {
  return (await db.selectFrom("sites").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** The permissions that a person has on at least one site. */
export async function permissionsOf(db: Database, personId: string): Promise<Set<Permission>> {
  const memberships = await db
    .selectFrom("memberships as m")
    .innerJoin("roles as r", "r.slug", "m.role")
    .select("r.permissions")
    .distinct()
    .where("m.person_id", "=", personId)
    .execute();
  return new Set(memberships.flatMap((row) => JSON.parse(row.permissions) as Permission[]));
}

/** An environment in use. Throws a Refusal with 404 if there is none, and with 409 if it is retired. */
export function findEnvironment(site: Site, slug: string): Environment {
  const environment = findAnyEnvironment(site, slug);
  refuseRetired(environment);
  return environment;
}

/** The same, or a retired one: what was on it can still be read. */
export function findAnyEnvironment({ environments, retired }: Site, slug: string): Environment {
  return [...environments, ...retired].find((environment) => environment.slug === slug) ?? notFound("environment");
}

/** The same by its id. */
export function environmentById({ environments, retired }: Site, id: string): Environment {
  return [...environments, ...retired].find((environment) => environment.id === id) ?? notFound("environment");
}

/** The addresses of all servers of the site. */
export const baseUrlsOf = ({ environments }: Pick<Site, "environments">): string[] =>
  environments.flatMap(({ servers }) => servers.map(({ base_url }) => base_url));
