import type { Database } from "../database/connect.ts";
import { canSignIn } from "./can-sign-in.ts";
import { personName } from "./person-name.ts";
import { canBeUsed } from "./tokens.ts";

/** A person, or a machine with a valid token, that has a role on a site. */
export interface Holder {
  id: string;
  name: string;
  kind: "person" | "machine";
  /** They have not accepted their invitation yet, so that they cannot sign in. */
  invited?: true;
}

/** Somebody who may decide in a role for a person who has it and is away. */
export interface Substitute {
  role: string;
  id: string;
  name: string;
  for_id: string;
  for: string;
}

/** Who has each of these roles on a site now, by the role's slug: people first, by name. `now` is ISO 8601 UTC. */
export async function holdersOf(
  db: Database,
  siteId: string,
  roles: string[],
  now: string,
): Promise<Map<string, Holder[]>> {
  if (!roles.length) return new Map();
  const rows = await db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(["m.role", "p.id", personName("p", "m.site_id").as("name"), "p.kind", canSignIn("p").as("signs_in")])
    .where("m.site_id", "=", siteId)
    .where("m.role", "in", roles)
    .where((eb) =>
      eb.or([
        eb("p.kind", "=", "person"),
        eb(
          "p.id",
          "in",
          eb.selectFrom("tokens as t").select("t.person_id").where("t.site_id", "=", siteId).where(canBeUsed(now)),
        ),
      ]),
    )
    .execute();
  const order = ({ kind, name, id }: Holder) => `${kind === "person" ? 0 : 1}${name} ${id}`;
  const holders = rows.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const byRole = Map.groupBy(holders, (row) => row.role);
  return new Map(
    roles.map((role) => [
      role,
      (byRole.get(role) ?? []).map(({ id, name, kind, signs_in }) => ({
        id,
        name,
        kind,
        ...(kind === "person" && !signs_in && { invited: true as const }),
      })),
    ]),
  );
}
