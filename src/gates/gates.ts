import type { Actor } from "../access/actor.ts";
import { type Environment, environmentsOf, refuseRetired } from "../access/environments.ts";
import { type Gate, type GateRules, gateDefaults, storedRules } from "../access/gates.ts";
import { whyNotMay } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { staffOf } from "./queries.ts";
import { gateErrors, isSameGate, normalRules, whyNoGate, whyNotGateReason, whyNotVersion } from "./rules.ts";
import { emptyRules } from "./sentences.ts";
import { gateWarnings } from "./warnings.ts";

export interface GateChange {
  rules: GateRules;
  reason: string;
  /** The version on which the change is based; 0: there was no gate; undefined: whatever it is now. */
  expectedVersion?: number | undefined;
}

/** A gate with what nobody could meet of it. */
export interface CheckedGate {
  /** 0: the environment has no gate. */
  version: number;
  rules: GateRules;
  warnings: string[];
}

/**
 * Gives an environment a new version of its gate; rules that are the same change nothing. Open promotions keep the gate under
 * which they were requested. Throws a Refusal with 422 for wrong rules, and with 409 for the first or a retired environment,
 * or if somebody else has changed the gate since `expectedVersion`.
 */
export function changeGate(
  db: Database,
  actor: Actor,
  site: Site,
  { id }: Pick<Environment, "id">,
  { rules, reason, expectedVersion }: GateChange,
): Promise<CheckedGate> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const { environments, retired } = await environmentsOf(trx, site.id);
    const environment = [...environments, ...retired].find((one) => one.id === id) ?? notFound("environment");
    refuseRetired(environment);
    refuse(whyNoGate(environment, environments[0]));
    const version = environment.gate?.version ?? 0;
    refuse(whyNotVersion(environment.name, version, expectedVersion));
    refuseFields([...gateErrors(rules, await listRoles(trx)), ...fieldErrors({ reason: whyNotGateReason(reason) })]);
    if (isSameGate(environment.gate, rules)) return checkedGate(trx, site, environment, actor.at);
    const gate = await insertGate(trx, actor, site, environment, normalRules(rules), reason.trim());
    return checkedGate(trx, site, { ...environment, gate }, actor.at);
  });
}

async function insertGate(
  trx: Database,
  actor: Actor,
  site: Site,
  { id: environment_id, slug, gate: before }: Environment,
  rules: GateRules,
  reason: string,
): Promise<Gate> {
  const id = newId(Date.parse(actor.at));
  const version = (before?.version ?? 0) + 1;
  const stored = storedRules(rules);
  const row = { id, environment_id, version, rules: JSON.stringify(stored), since: actor.at };
  await trx.insertInto("gates").values(row).execute();
  await appendEvent(trx, actor, site.id, {
    action: "gate_changed",
    subject: `gate of ${slug}`,
    subject_id: id,
    environment_id,
    details: {
      environment: slug,
      gate: { id, version, ...stored },
      before: before && { id: before.id, version: before.version, ...before.stored },
      reason,
    },
  });
  return { ...rules, id, version, stored };
}

/** An environment's gate with what nobody could meet of it now (ISO 8601 UTC). */
export async function checkedGate(
  db: Database,
  site: Pick<Site, "id">,
  { name, gate }: Pick<Environment, "name" | "gate">,
  now: string,
): Promise<CheckedGate> {
  if (!gate) return { version: 0, rules: { ...gateDefaults, ...emptyRules }, warnings: [] };
  const { id: _id, version, stored: _stored, ...rules } = gate;
  return { version, rules, warnings: gateWarnings(name, gate, await staffOf(db, site.id, now)) };
}
