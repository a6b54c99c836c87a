import { type GateRules, storedRules } from "../access/gates.ts";
import { whyNoRole } from "../access/roles.ts";
import type { FieldError } from "../errors.ts";
import { compareText, foldText, formatCount, whyNotText, whyNotVisible } from "../text.ts";

/** The largest values of rules that are numbers, and the smallest. */
const ranges = {
  count: [1, 99],
  soak_hours: [0, 8760],
  approval_days: [0, 3650],
  promotion_days: [0, 3650],
} as const;

export const checklistLimits = { lines: 20, characters: 300 };

export const maxReason = 10_000;

export const carryOvers: GateRules["carry_over"][] = ["never", "page", "release"];

/** Why a gate cannot have these rules, by field: `requirements.0.count`, `checklist.3`. `known` are all roles. */
export function gateErrors(rules: GateRules, known: { slug: string }[]): FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, message: string | undefined) => message && errors.push({ path, message });
  // of more roles than there are, one of the first is unknown or repeated
  rules.requirements.slice(0, known.length + 1).forEach(({ role, count }, i) => {
    const repeated = rules.requirements.findIndex((other) => other.role === role) < i;
    check(`requirements.${i}.role`, whyNoRole(role, known) ?? (repeated ? `${role} is listed twice.` : undefined));
    check(`requirements.${i}.count`, whyNotWhole("The number of approvals", count, ranges.count));
  });
  check("soak_hours", whyNotWhole("The number of hours", rules.soak_hours, ranges.soak_hours));
  check("approval_days", whyNotWhole("The number of days", rules.approval_days, ranges.approval_days));
  check("promotion_days", whyNotWhole("The number of days", rules.promotion_days, ranges.promotion_days));
  if (!carryOvers.includes(rules.carry_over))
    check("carry_over", "Select how approvals carry over: never, page or release.");
  for (const field of ["rollback_roles", "guest_roles"] as const)
    for (const role of [...new Set(rules[field])].slice(0, known.length + 1))
      check(`${field}.${rules[field].indexOf(role)}`, whyNoRole(role, known));
  return [...errors, ...checklistErrors(rules.checklist)];
}

function whyNotWhole(name: string, value: number, [least, most]: readonly [number, number]): string | undefined {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  return `${name} must be a whole number from ${least} to ${formatCount(most)}.`;
}

function checklistErrors(lines: string[]): FieldError[] {
  const { lines: maxLines, characters } = checklistLimits;
  if (lines.length > maxLines)
    return [
      {
        path: "checklist",
        message: `A checklist can have at most ${maxLines} lines; this one has ${formatCount(lines.length)}.`,
      },
    ];
  const folded = lines.map((line) => foldText(line.trim()));
  return lines.flatMap((line, i) => {
    const name = `Line ${i + 1} of the checklist`;
    const first = folded.indexOf(folded[i] ?? "");
    const repeated = first < i ? `${name} is the same as line ${first + 1}.` : undefined;
    const empty = line.trim() ? undefined : `${name} is empty.`;
    const message = empty ?? whyNotText(name, line, characters) ?? whyNotVisible(name, line) ?? repeated;
    return message ? [{ path: `checklist.${i}`, message }] : [];
  });
}

export function whyNotGateReason(reason: string): string | undefined {
  if (!reason.trim()) return "A change of a gate needs a reason.";
  return whyNotText("A reason", reason, maxReason);
}

/** The rules as they are kept: lines trimmed and in Unicode NFC, each role once. */
export function normalRules(rules: GateRules): GateRules {
  return {
    ...rules,
    requirements: rules.requirements.map(({ role, count }) => ({ role, count })),
    checklist: rules.checklist.map((line) => line.trim().normalize("NFC")),
    rollback_roles: [...new Set(rules.rollback_roles)],
    guest_roles: [...new Set(rules.guest_roles)],
  };
}

/** Whether two gates ask the same. The order of roles does not matter; that of a checklist does. */
export function isSameGate(a: GateRules | null, b: GateRules): boolean {
  return a !== null && orderedText(a) === orderedText(b);
}

/** The rules as a text that is the same for gates that ask the same. */
export function orderedText(rules: GateRules): string {
  const requirements = rules.requirements.map(({ role, count }) => `${role} ${count}`).sort();
  const sorted = { rollback_roles: rules.rollback_roles.toSorted(), guest_roles: rules.guest_roles.toSorted() };
  const stored = storedRules({ ...rules, ...sorted });
  const options = Object.entries(stored).sort(([a], [b]) => compareText(a, b));
  return JSON.stringify([requirements, options.filter(([name]) => name !== "requirements")]);
}

/** Why an environment cannot have a gate at all; `first` is the site's first environment. */
export function whyNoGate(environment: { id: string; name: string }, first: { id: string } | undefined) {
  if (environment.id !== first?.id) return;
  return `${environment.name} is the first environment. Nothing can be promoted to it, so it has no gate.`;
}

/** Why a change that was based on this version is refused; 0: there was no gate. `seen` is undefined if the client does not say. */
export function whyNotVersion(name: string, newest: number, seen: number | undefined): string | undefined {
  if (seen === undefined || seen === newest) return;
  return `The gate of ${name} was changed in the meantime: you saw version ${seen}, and it is now version ${newest}. Review it, and then change it again.`;
}
