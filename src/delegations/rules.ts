import { addDays } from "../time/calendar.ts";
import { longDay } from "../time/format.ts";

export interface NewDelegation {
  role: string;
  substitute: string;
  /** ISO 8601 UTC; `from_at` is the first moment, `until_at` the last. */
  from_at: string;
  until_at: string;
}

interface Member {
  id: string;
  name: string;
  signs_in: boolean;
}

interface Period {
  person_id: string;
  substitute_id: string;
  role: string;
  from_at: string;
  until_at: string;
  person: string;
  substitute: string;
}

/**
 * Why a person cannot name this substitute. `delegations` are those of the site that have not ended. A substitute passes
 * nothing on: nobody is substitute in a role and has one in it at the same time.
 */
export function whyNotDelegate(
  actor: { id: string; kind: "person" | "machine"; roles: string[] },
  request: NewDelegation,
  { substitute, roleName, delegations }: { substitute: Member | undefined; roleName: string; delegations: Period[] },
): { path: string; message: string } | undefined {
  const wrong = (path: string, message: string) => ({ path, message });
  if (actor.kind === "machine") return wrong("role", "A token is never away, so it has no substitute.");
  const during = delegations.filter(
    (other) => other.role === request.role && other.from_at <= request.until_at && request.from_at <= other.until_at,
  );
  const as = during.find((other) => other.substitute_id === actor.id);
  if (as)
    return wrong("role", `You are the substitute of ${as.person} in this role then. A substitute cannot have one.`);
  if (!actor.roles.includes(request.role))
    return wrong("role", "You can only name a substitute in a role of your own.");
  if (!substitute) return wrong("substitute", "Select a person of this site.");
  if (substitute.id === actor.id) return wrong("substitute", "You cannot be your own substitute.");
  if (!substitute.signs_in) return wrong("substitute", `${substitute.name} has not accepted the invitation yet.`);
  const own = during.find((other) => other.person_id === actor.id);
  if (own) return wrong("role", `${own.substitute} is your substitute as ${roleName} in this period. End that first.`);
  const away = during.find((other) => other.person_id === substitute.id);
  if (away)
    return wrong(
      "substitute",
      `${away.person} is away then, with ${away.substitute} as substitute. Select somebody else.`,
    );
}

/** Why a period cannot be one of absence: it has an end, which is to come and at most a year away. */
export function whyNotPeriod({ from_at, until_at }: Pick<NewDelegation, "from_at" | "until_at">, now: string) {
  if (until_at <= now) return "The last day must not be past.";
  if (until_at < from_at) return "The last day must not be before the first.";
  if (until_at.slice(0, 10) > addDays(now.slice(0, 10), 366)) return "The last day can be at most a year away.";
}

/** Why this person cannot end it: it is for who is away, their substitute and administrators. */
export function whyNotEnd(
  delegation: Pick<Period, "person_id" | "substitute_id" | "person" | "until_at">,
  actor: { id: string; administers: boolean },
  { now, zone }: { now: string; zone: string },
): string | undefined {
  if (delegation.until_at < now) return `It ended by itself on ${longDay(delegation.until_at, zone)}.`;
  if (actor.administers || [delegation.person_id, delegation.substitute_id].includes(actor.id)) return;
  return `Only ${delegation.person}, their substitute or an administrator can end it.`;
}
