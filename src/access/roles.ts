import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Permission } from "./permissions.ts";

export interface Role {
  slug: string;
  name: string;
  permissions: Permission[];
}

export async function listRoles(db: Database): Promise<Role[]> {
  const rows = await db.selectFrom("roles").selectAll().orderBy("name").execute();
  return rows.map((role) => ({ ...role, permissions: JSON.parse(role.permissions) as Permission[] }));
}

export async function roleNames(db: Database): Promise<Record<string, string>> {
  return Object.fromEntries((await selectRoleNames(db)).map((row) => [row.slug, row.name]));
}

const selectRoleNames = precompiled((db) => db.selectFrom("roles").select(["slug", "name"]));
