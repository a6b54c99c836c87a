import { type Gate, readGate } from "../access/gates.ts";
import { type Holder, holdersOf } from "../access/holders.ts";
import type { Permission } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import type { Database } from "../database/connect.ts";
import type { Staff } from "./warnings.ts";

/** Who could meet the gates of a site now (ISO 8601 UTC). */
export async function staffOf(db: Database, siteId: string, now: string): Promise<Staff> {
  const roles = await listRoles(db);
  const slugs = roles.map(({ slug }) => slug);
  const holders = await holdersOf(db, siteId, slugs, now);
  const who = (permission: Permission): Holder[] => {
    const may = roles.filter(({ permissions }) => permissions.includes(permission));
    const people = may.flatMap(({ slug }) => holders.get(slug) ?? []);
    return [...new Map(people.map((holder) => [holder.id, holder])).values()];
  };
  const roleNames = Object.fromEntries(roles.map(({ slug, name }) => [slug, name]));
  return { roleNames, holders, requesters: who("promote"), recorders: who("record") };
}

/** The gate that an environment had at a past moment; null if it had none. */
export async function gateAsOf(db: Database, environmentId: string, at: string): Promise<Gate | null> {
  const row = await db
    .selectFrom("gates")
    .select(["id", "version", "rules"])
    .where("environment_id", "=", environmentId)
    .where("since", "<=", at)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return readGate(row);
}
