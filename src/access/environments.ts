import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { Refusal } from "../errors.ts";
import type { Tier } from "../schema.ts";
import { type Gate, readGate } from "./gates.ts";

export interface Environment {
  id: string;
  slug: string;
  name: string;
  position: number;
  tier: Tier;
  /** The gate in force; null if no approval is needed. */
  gate: Gate | null;
  servers: { id: string; name: string; base_url: string }[];
  /** From then on nothing is recorded for it; its history stays. */
  retired_at: string | null;
}

export interface Environments {
  /** Those in use, in their order. */
  environments: Environment[];
  retired: Environment[];
}

/** A site's environments with servers and the gates in force. One query, as every page needs it. */
export async function environmentsOf(db: Database, siteId: string): Promise<Environments> {
  const rows = await selectEnvironments(db, siteId);
  const all = [...Map.groupBy(rows, (row) => row.id).values()].map((rows) => {
    const [{ id, slug, name, position, tier, retired_at, gate_id, version, rules }] = rows as [(typeof rows)[number]];
    const gate = readGate(gate_id && version && rules ? { id: gate_id, version, rules } : undefined);
    const servers = rows.flatMap(({ server_id, server, base_url }) =>
      server_id && server && base_url ? [{ id: server_id, name: server, base_url }] : [],
    );
    return { id, slug, name, position, tier, gate, servers, retired_at };
  });
  return { environments: all.filter((one) => !one.retired_at), retired: all.filter((one) => one.retired_at) };
}

const selectEnvironments = precompiled((db, siteId: string) =>
  db
    .selectFrom("environments as e")
    .leftJoin("servers as s", "s.environment_id", "e.id")
    .leftJoin("gates as g", (join) =>
      join.onRef("g.environment_id", "=", "e.id").on("g.version", "=", (eb) =>
        eb
          .selectFrom("gates as n")
          .select((max) => max.fn.max("n.version").as("newest"))
          .whereRef("n.environment_id", "=", "e.id"),
      ),
    )
    .select(["e.id", "e.slug", "e.name", "e.position", "e.tier", "e.retired_at"])
    .select(["s.id as server_id", "s.name as server", "s.base_url"])
    .select(["g.id as gate_id", "g.version", "g.rules"])
    .where("e.site_id", "=", siteId)
    .orderBy("e.position")
    .orderBy("s.name"),
);

/** Throws a Refusal with 409 if the environment is retired. */
export function refuseRetired({ name, retired_at }: Pick<Environment, "name" | "retired_at">): void {
  if (!retired_at) return;
  const sentence = `${name} is retired. Its history can be read, but not added to.`;
  throw new Refusal(409, sentence, { code: "environment_retired" });
}

/** The same inside a transaction, for an environment that was loaded before it. */
export async function refuseRetiredNow(trx: Database, { id, name }: Pick<Environment, "id" | "name">): Promise<void> {
  const [row] = await selectRetired(trx, id);
  refuseRetired({ name, retired_at: row?.retired_at ?? null });
}

const selectRetired = precompiled((db, id: string) =>
  db.selectFrom("environments").select("retired_at").where("id", "=", id),
);

/** The environment before this one; undefined for the first. */
export function environmentBefore(environments: Environment[], environment: Environment): Environment | undefined {
  return environments[environments.findIndex(({ id }) => id === environment.id) - 1];
}
