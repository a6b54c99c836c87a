import { type GateRules, gateDefaults } from "../access/gates.ts";
import type { Database } from "../database/connect.ts";
import type { Action } from "./events.ts";
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
  const changes = await gateEvents(db, siteId, "gate_changed", environmentId, limit);
  // with both actions in one query, the database would read all events of the environment
  const first = changes.length < limit ? await gateEvents(db, siteId, "environment_added", environmentId, 1) : [];
  return [...changes, ...first].flatMap(({ details, ...row }) => {
    const { gate, reason = null } = JSON.parse(details) as Details;
    return gate ? [{ ...row, version: gate.version, rules: { ...gateDefaults, ...gate }, reason }] : [];
  });
}

function gateEvents(db: Database, siteId: string, action: Action, environmentId: string, limit: number) {
  return db
    .selectFrom("events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .select(["e.recorded_at as at", "e.details", "p.kind"])
    .select([nameThen("p", "e.recorded_at").as("person"), nameSince("p", "e.recorded_at").as("person_now")])
    .where("e.site_id", "=", siteId)
    .where("e.action", "=", action)
    .where("e.environment_id", "=", environmentId)
    .orderBy("e.seq", "desc")
    .limit(limit)
    .execute();
}
