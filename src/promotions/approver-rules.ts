import type { Holder, Substitute } from "../access/holders.ts";
import { countOf, joinWithAnd, nameWithKind } from "../text.ts";
import { type ApprovalFacts, counts, type OpenPromotion, type Requirement } from "./rules.ts";

/**
 * The same with those who can still approve: who has the role now, without those who have approved in any role, and
 * without the requester unless the gate allows that; and those who can for one of them who is away.
 */
export function withApprovers(
  {
    requirements,
    requester_id,
    gate,
    recorders,
    approvals,
  }: Pick<OpenPromotion, "requirements" | "requester_id" | "gate" | "recorders"> & {
    approvals: Pick<ApprovalFacts, "person_id" | "decision" | "withdrawn_at" | "for_id">[];
  },
  holders: Map<string, Holder[]>,
  standIns: Substitute[] = [],
): Requirement[] {
  const done = new Set(approvals.filter(counts).flatMap(({ person_id, for_id }) => [person_id, for_id ?? person_id]));
  const isRequester = ({ id }: { id: string }) => id === requester_id && !gate?.asker_may_approve;
  const isExcluded = ({ id, kind }: Pick<Holder, "id" | "kind">) =>
    recorders.includes(id) || (kind === "machine" && gate?.machines_may_approve === false);
  const may = (holder: Pick<Holder, "id" | "kind">) =>
    !done.has(holder.id) && !isRequester(holder) && !isExcluded(holder);
  return requirements.map((requirement) => {
    const own = holders.get(requirement.role) ?? [];
    const others = own.filter(may);
    const [people, invited] = [others.filter((holder) => !holder.invited), others.filter((holder) => holder.invited)];
    const substitutes = standIns.filter(
      ({ role, id, for_id }) =>
        role === requirement.role &&
        own.every((holder) => holder.id !== id) &&
        [id, for_id].every((one) => may({ id: one, kind: "person" })),
    );
    return { ...requirement, people, substitutes, invited, requesterHasRole: own.some(isRequester) };
  });
}

/** Why the approvals that a role still has to give cannot be given by anyone now; undefined if they can. */
export function whyNobodyCan({
  name,
  needed,
  given,
  people,
  invited = [],
  requesterHasRole,
}: Requirement): string | undefined {
  if (!people || people.length >= needed - given) return;
  const missing = countOf(needed - given, given ? "more approval" : "approval");
  if (invited.length) return `${missing} from ${name} cannot be given yet: ${notAccepted(invited)}.`;
  const who = people.length
    ? `only ${joinWithAnd(people.map(nameWithKind))} can give one`
    : `nobody ${requesterHasRole ? "else " : ""}has that role`;
  return `${missing} from ${name} cannot be given: ${who}. Ask an administrator to give somebody the role.`;
}

/** "Mara has not accepted the invitation" */
export const notAccepted = (invited: Holder[]): string =>
  `${joinWithAnd(invited.map((holder) => holder.name))} ${invited.length === 1 ? "has" : "have"} not accepted the invitation`;
