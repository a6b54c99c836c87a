import type { Database } from "../database/connect.ts";
import { listRoles } from "./roles.ts";

/**
 * Whether a person administers all sites that there are. Only they may change what holds for all of them: who can decide
 * how people sign in could sign in as anybody.
 */
export async function administersEverySite(db: Database, personId: string): Promise<boolean> {
  const roles = (await listRoles(db)).filter(({ permissions }) => permissions.includes("administer"));
  const administered = db
    .selectFrom("memberships")
    .select("site_id")
    .where("person_id", "=", personId)
    .where(
      "role",
      "in",
      roles.map(({ slug }) => slug),
    );
  if (!(await administered.limit(1).executeTakeFirst())) return false;
  const other = await db
    .selectFrom("sites")
    .select("id")
    .where("id", "not in", administered)
    .limit(1)
    .executeTakeFirst();
  return !other;
}

/** The people who administer all sites that there are, by name. */
export async function administratorsOfEverySite(db: Database): Promise<{ id: string; name: string }[]> {
  const roles = (await listRoles(db)).filter(({ permissions }) => permissions.includes("administer"));
  return db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["p.id", "p.name"])
    .where("p.kind", "=", "person")
    .where(
      "m.role",
      "in",
      roles.map(({ slug }) => slug),
    )
    .groupBy(["p.id", "p.name"])
    .having(
      ({ fn }) => fn.count("m.site_id").distinct(),
      "=",
      (eb) => eb.selectFrom("sites").select(({ fn }) => fn.countAll().as("sites")),
    )
    .orderBy("p.name")
    .orderBy("p.id")
    .execute();
}
