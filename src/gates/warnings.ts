import type { GateRules } from "../access/gates.ts";
import type { Holder } from "../access/holders.ts";
import { notAccepted } from "../promotions/approver-rules.ts";
import { countOf, joinWithAnd, nameWithKind } from "../text.ts";
import type { RoleNames } from "./sentences.ts";

/** Who has which role on a site, by the role's slug, and who may request promotions and record deployments. */
export interface Staff {
  roleNames: RoleNames;
  holders: Map<string, Holder[]>;
  requesters: Holder[];
  recorders: Holder[];
}

type Requirement = GateRules["requirements"][number];

/** Which rules of an environment's gate nobody could meet now, each as a sentence that names who could come closest. */
export function gateWarnings(name: string, rules: GateRules, staff: Staff): string[] {
  const approvers = new Map(
    [...staff.holders].map(([role, own]) => [
      role,
      own.filter(({ kind, invited }) => !invited && (rules.machines_may_approve || kind === "person")),
    ]),
  );
  const about: About = { name, rules, approvers, holders: staff.holders, roleNames: staff.roleNames };
  const alone = rules.requirements.filter((requirement) => cannotGive(about, [requirement]));
  const others = rules.requirements.filter((requirement) => !alone.includes(requirement));
  const together = groupsOf(others).find((group) => cannotGive(about, group));
  return [
    ...alone.map((requirement) => tooFew(about, requirement)),
    ...(together ? [tooFewTogether(about, together)] : []),
    ...(together || rules.asker_may_approve ? [] : stuck(about, others, staff.requesters, "requests")),
    ...(together || rules.recorders_may_approve ? [] : stuck(about, others, staff.recorders, "recorded")),
    ...nobodyRollsBack(name, rules, staff),
  ];
}

interface About {
  name: string;
  rules: GateRules;
  /** Who counts as an approver in each role. */
  approvers: Map<string, Holder[]>;
  holders: Map<string, Holder[]>;
  roleNames: RoleNames;
}

const maxGrouped = 10;

/** The groups of requirements, the smallest first; of very many only each alone, and all. */
function groupsOf(requirements: Requirement[]): Requirement[][] {
  if (requirements.length > maxGrouped) return [...requirements.map((requirement) => [requirement]), requirements];
  const groups: Requirement[][] = [[]];
  for (const requirement of requirements) groups.push(...groups.map((group) => [...group, requirement]));
  return groups.filter((group) => group.length).sort((a, b) => a.length - b.length);
}

/**
 * Whether a group of requirements needs more approvals than there are different people to give them. If that is so for no
 * group, all can be met although nobody counts twice (Hall's marriage theorem).
 */
function cannotGive({ approvers }: About, group: Requirement[], without?: Holder): boolean {
  const people = new Set(group.flatMap(({ role }) => approvers.get(role) ?? []).map(({ id }) => id));
  if (without) people.delete(without.id);
  return people.size < group.reduce((sum, { count }) => sum + count, 0);
}

function tooFew(about: About, { role, count }: Requirement): string {
  const { name, rules, roleNames } = about;
  const own = about.approvers.get(role) ?? [];
  const invited = (about.holders.get(role) ?? []).filter((holder) => holder.invited);
  const asked = `it needs ${countOf(count, "approval")} from ${roleNames[role] ?? role}`;
  if (invited.length) return `Nobody can approve for ${name} yet: ${asked}, and ${notAccepted(invited)}.`;
  const nobody = rules.machines_may_approve ? "nobody has" : "no person has";
  const who = own.length ? `only ${joinWithAnd(own.map(nameWithKind))} ${own.length === 1 ? "has" : "have"}` : nobody;
  return `Nobody can approve for ${name}: ${asked}, and ${who} that role.`;
}

function tooFewTogether({ name, approvers, roleNames }: About, group: Requirement[]): string {
  const people = group.flatMap(({ role }) => approvers.get(role) ?? []);
  const names = new Map(people.map((holder) => [holder.id, nameWithKind(holder)]));
  const needed = group.reduce((sum, { count }) => sum + count, 0);
  return `Nobody can approve for ${name}: ${rolesIn(group, roleNames)} have to give ${countOf(needed, "approval")}, each by another person, and only ${joinWithAnd([...names.values()])} can give any.`;
}

const rolesIn = (group: Requirement[], roleNames: RoleNames): string =>
  joinWithAnd(group.map(({ role }) => roleNames[role] ?? role));

/** Whose own requests, or records, nobody could approve, since they may not and too few others can. */
function stuck(about: About, requirements: Requirement[], people: Holder[], what: "requests" | "recorded"): string[] {
  const groups = groupsOf(requirements);
  const reasons = people.flatMap((person) => {
    const group = groups.find((group) => cannotGive(about, group, person));
    return group ? [{ person: nameWithKind(person), roles: group }] : [];
  });
  const byRoles = Map.groupBy(reasons, ({ roles }) => rolesIn(roles, about.roleNames));
  return [...byRoles].map(([roles, stuck]) => {
    const names = joinWithAnd(stuck.map(({ person }) => person));
    const several = (stuck[0]?.roles.length ?? 0) > 1;
    return `Nobody can approve for ${about.name} what ${names} ${what}: too few others have the ${several ? "roles" : "role"} ${roles}.`;
  });
}

function nobodyRollsBack(name: string, { rollback_roles }: GateRules, { holders, roleNames }: Staff): string[] {
  if (!rollback_roles.length || rollback_roles.some((role) => holders.get(role)?.length)) return [];
  const names = joinWithAnd(rollback_roles.map((role) => roleNames[role] ?? role));
  return [`Nobody can roll back on ${name}: nobody has the role ${names}.`];
}
