import { readGate } from "../access/gates.ts";
import { listProviders } from "../access/identity-providers.ts";
import { listRoles } from "../access/roles.ts";
import type { Database } from "../database/connect.ts";
import { listMembers } from "../people/queries.ts";
import type { RoleUse } from "./rules.ts";

/** How many people and tokens have each role, on all sites, by the role's slug. */
export async function holderCounts(db: Database): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom("memberships")
    .select(({ fn }) => ["role", fn.count<number>("person_id").distinct().as("people")])
    .groupBy("role")
    .execute();
  return new Map(rows.map(({ role, people }) => [role, Number(people)]));
}

/** What keeps a role from being removed. */
export async function roleUse(db: Database, slug: string): Promise<RoleUse> {
  const providers = (await listProviders(db)).filter(({ role_rules }) =>
    (JSON.parse(role_rules) as { role: string }[]).some(({ role }) => role === slug),
  );
  return {
    holders: (await holderCounts(db)).get(slug) ?? 0,
    gates: await gatesWith(db, slug),
    inRecord: await isInRecord(db, slug),
    providers: providers.map(({ name }) => name),
  };
}

async function isInRecord(db: Database, slug: string): Promise<boolean> {
  for (const table of ["approvals", "delegations", "guests"] as const)
    if (await db.selectFrom(table).select("id").where("role", "=", slug).limit(1).executeTakeFirst()) return true;
  return false;
}

/** The gates in force, and those of open promotions, that name the role: as "demo on Fennel & Co". */
async function gatesWith(db: Database, slug: string): Promise<string[]> {
  const current = db
    .selectFrom("environments as e")
    .innerJoin("sites as s", "s.id", "e.site_id")
    .innerJoin("gates as g", (join) =>
      join.onRef("g.environment_id", "=", "e.id").on("g.version", "=", (newest) =>
        newest
          .selectFrom("gates as n")
          .select(({ fn }) => fn.max("n.version").as("newest"))
          .whereRef("n.environment_id", "=", "e.id"),
      ),
    )
    .where("e.retired_at", "is", null);
  const open = db
    .selectFrom("open_promotions as o")
    .innerJoin("promotions as p", "p.id", "o.promotion_id")
    .innerJoin("gates as g", "g.id", "p.gate_id")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("sites as s", "s.id", "e.site_id");
  const columns = ["g.id", "g.version", "g.rules", "e.name as environment", "s.name as site"] as const;
  const rows = [...(await current.select(columns).execute()), ...(await open.select(columns).execute())];
  const naming = rows.filter((row) => {
    const gate = readGate(row);
    const roles = [...(gate?.requirements ?? []).map(({ role }) => role), ...(gate?.rollback_roles ?? [])];
    return [...roles, ...(gate?.guest_roles ?? [])].includes(slug);
  });
  return [...new Set(naming.map(({ environment, site }) => `${environment} on ${site}`))].sort();
}

/** The names of the sites on which only people with this role who can sign in may change the settings. */
export async function sitesAdministeredOnlyBy(db: Database, slug: string): Promise<string[]> {
  const administering = (await listRoles(db)).filter(({ permissions }) => permissions.includes("administer"));
  const others = new Set(administering.map((role) => role.slug).filter((other) => other !== slug));
  const sites = await db
    .selectFrom("sites as s")
    .select(["s.id", "s.name"])
    .where("s.id", "in", (eb) => eb.selectFrom("memberships").select("site_id").where("role", "=", slug))
    .orderBy("s.name")
    .execute();
  const without: string[] = [];
  for (const { id, name } of sites) {
    const able = (await listMembers(db, id)).filter((member) => member.signs_in);
    const has = (wanted: (role: string) => boolean) => able.some(({ roles }) => roles.some((one) => wanted(one.slug)));
    if (has((role) => role === slug) && !has((role) => others.has(role))) without.push(name);
  }
  return without;
}
