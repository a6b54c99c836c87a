import { type GateRules, gateDefaults } from "../access/gates.ts";
import type { Database } from "../database/connect.ts";
import { nameSince, nameThen } from "./former-names.ts";

/** A version of an environment's gate, with who set it and when. */
export interface GateVersion {
  version: number;
  rules: GateRules;
  /** Null for the first one if it came with the environment. */
  reason: string | null;
  person: string;
  person_now: string | null;
  kind: "person" | "machine";
  /** ISO 8601 UTC. */
  at: string;
}

type Details = { gate?: ({ version: number } & GateRules) | null; reason?: string };

/** The versions of an environment's gate, newest first. */
export async function gateVersions(
  db: Database,
  siteId: string,
  environmentId: string,
  limit = 100,
): Promise<GateVersion[]> {
  const rows = await db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["e.recorded_at as at", "e.details", "p.kind"])
    .select([nameThen("p", "e.recorded_at").as("person"), nameSince("p", "e.recorded_at").as("person_now")])
    .where("e.site_id", "=", siteId)
    .where("e.action", "in", ["gate_changed", "environment_added"])
    .where("e.environment_id", "=", environmentId)
    .orderBy("e.seq", "desc")
    .limit(limit)
    .execute();
  return rows.flatMap(({ details, ...row }) => {
    const { gate, reason = null } = JSON.parse(details) as Details;
    return gate ? [{ ...row, version: gate.version, rules: { ...gateDefaults, ...gate }, reason }] : [];
  });
}
