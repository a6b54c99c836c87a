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
