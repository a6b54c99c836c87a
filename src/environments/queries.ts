import type { Database } from "../database/open.ts";
import type { Tier } from "../schema.ts";

export interface Environment {
  id: string;
  slug: string;
  name: string;
  position: number;
  tier: Tier;
  /** The gate in force: its id and what it asks, or nothing where anybody with the right may record. */
  gate: Gate | null;
  servers: { id: string; name: string; base_url: string }[];
}

export interface Gate {
  id: string;
  version: number;
  requirements: { role: string; count: number }[];
  asker_may_approve: boolean;
}

/** A site's environments in the order things travel, with servers and the gates in force. */
export async function environmentsOf(db: Database, siteId: string): Promise<Environment[]> {
  const places = await db
    .selectFrom("environments")
    .select(["id", "slug", "name", "position", "tier"])
    .where("site_id", "=", siteId)
    .orderBy("position")
    .execute();
  if (!places.length) return [];
  const ids = places.map((place) => place.id);
  const servers = await db
    .selectFrom("servers")
    .selectAll()
    .where("environment_id", "in", ids)
    .orderBy("name")
    .execute();
  const gates = await db
    .selectFrom("gates")
    .selectAll()
    .where("environment_id", "in", ids)
    .orderBy("version")
    .execute();
  return places.map((place) => ({
    ...place,
    gate: readGate(gates.findLast((gate) => gate.environment_id === place.id)),
    servers: servers
      .filter((server) => server.environment_id === place.id)
      .map(({ id, name, base_url }) => ({ id, name, base_url })),
  }));
}

export function readGate(row: { id: string; version: number; rules: string } | undefined): Gate | null {
  if (!row) return null;
  const rules = JSON.parse(row.rules) as Pick<Gate, "requirements" | "asker_may_approve">;
  return { id: row.id, version: row.version, ...rules };
}

/** The environment just before it on the way; nothing for the first. */
export function before(environments: Environment[], environment: Environment): Environment | undefined {
  return environments[environments.findIndex((one) => one.id === environment.id) - 1];
}
