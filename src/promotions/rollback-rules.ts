import type { Actor } from "../access/actor.ts";
import type { Gate } from "../access/gates.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Kind } from "../schema.ts";
import { artifactKey, joinWithAnd, whyNotText } from "../text.ts";
import { mayRollBack } from "./completion-rules.ts";
import { type PromotionState, whyClosed } from "./rules.ts";

/** Why this person may not roll back on an environment: its gate names the roles, or else it needs the permission to promote. */
export function whyNotMayRollBack(
  { name, gate }: { name: string; gate: Pick<Gate, "rollback_roles"> | null },
  actor: Pick<Actor, "roles" | "permissions">,
  roleNames: Record<string, string>,
): string | undefined {
  if (mayRollBack(gate, actor)) return;
  const roles = gate?.rollback_roles ?? [];
  if (!roles.length) return whyNotMay(actor, "promote");
  return `Only ${joinWithAnd(roles.map((role) => roleNames[role] ?? role))} may roll back on ${name}. You have no such role on this site.`;
}

/** Why this person may not complete or cancel a promotion. */
export function whyNotMayComplete(
  {
    rollback_of_id,
    environment,
    gate,
  }: { rollback_of_id: string | null; environment: { name: string }; gate: Gate | null },
  actor: Pick<Actor, "roles" | "permissions">,
  roleNames: Record<string, string>,
): string | undefined {
  if (!rollback_of_id) return whyNotMay(actor, "promote");
  return whyNotMayRollBack({ name: environment.name, gate }, actor, roleNames);
}

/** Why a promotion has nothing that could be put back: it did not end by being completed. */
export function whyNotRollBack(promotion: { number: number; state: PromotionState }): string | undefined {
  if (promotion.state === "completed") return;
  const state = whyClosed(promotion) ?? `Promotion ${promotion.number} is not completed yet.`;
  return `${state} Only a completed promotion can be rolled back.`;
}

export function whyNotRollbackReason(reason: string | undefined): string | undefined {
  if (!reason?.trim()) return "A rollback needs a reason.";
  return whyNotText("A reason", reason, 10_000);
}

/** A line that a completed promotion changed in its target. */
export interface ReplacedLine {
  kind: Kind;
  key: string;
  /** What it replaced: null if nothing was there, so that a rollback removes the line again. */
  version: string | null;
  version_id: string | null;
  /** What the target has now; undefined if it was never recorded there. */
  current: { version_id: string | null } | undefined;
  /** Whether the record of the change was corrected: it never happened. */
  corrected: boolean;
}

/** Whether a rollback would change this line. */
export const isRestorable = ({ corrected, current, version_id }: ReplacedLine): boolean =>
  !corrected && (current?.version_id ?? null) !== version_id;

/** Why nothing is left to restore. */
export function whyNothingToRestore(
  { number, environment }: { number: number; environment: { name: string } },
  lines: ReplacedLine[],
): string | undefined {
  if (lines.some(isRestorable)) return;
  if (!lines.length)
    return `Nothing to restore: promotion ${number} changed nothing on ${environment.name} when it was completed.`;
  if (lines.every(({ corrected }) => corrected))
    return `Nothing to restore: what promotion ${number} recorded on ${environment.name} was corrected, so it was never there.`;
  return `Nothing to restore: ${environment.name} already is as it was before promotion ${number}.`;
}

/** A line that is to be put back; `version` is what the client was shown, undefined if it does not say. */
export interface RequestedLine {
  kind: Kind;
  key: string;
  version?: string | null | undefined;
}

/** Why this line cannot be put back: it is not in the promotion, or restores something else than was shown. */
export function whyNotRestore(
  { number, environment }: { number: number; environment: { name: string } },
  request: RequestedLine,
  lines: Map<string, ReplacedLine>,
): string | undefined {
  const line = lines.get(artifactKey(request));
  if (!line) return `Promotion ${number} did not change ${request.key} on ${environment.name}.`;
  if (line.corrected) return `The record of ${request.key} in promotion ${number} was corrected: it was never there.`;
  if (!isRestorable(line))
    return `${request.key} on ${environment.name} already is as it was before promotion ${number}.`;
  if (request.version !== undefined && request.version !== line.version)
    return `A rollback would ${line.version === null ? `remove ${line.key}` : `restore ${line.key} ${line.version}`}, which is not what you were shown. Review it again.`;
}
