import type { Database } from "../database/open.ts";
import type { Permission } from "./roles.ts";

export interface Role {
  slug: string;
  name: string;
  permissions: Permission[];
}

export async function listRoles(db: Database): Promise<Role[]> {
  const rows = await db.selectFrom("roles").selectAll().orderBy("name").execute();
  return rows.map((role) => ({ ...role, permissions: JSON.parse(role.permissions) as Permission[] }));
}
