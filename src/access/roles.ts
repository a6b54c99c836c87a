import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { joinWithAnd } from "../text.ts";
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

/** Why no role has this slug. `known` are all roles that exist. */
export function whyNoRole(slug: string, known: { slug: string }[]): string | undefined {
  if (known.some((role) => role.slug === slug)) return;
  return `There is no role "${slug.slice(0, 60)}". The roles are ${joinWithAnd(known.map((role) => role.slug))}.`;
}
