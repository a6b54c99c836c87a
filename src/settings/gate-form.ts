import type { GateForm } from "../../views/settings/gate.ts";
import { type Gate, type GateRules, gateDefaults } from "../access/gates.ts";
import { newId } from "../database/ids.ts";
import { emptyRules } from "../gates/sentences.ts";
import type { SiteContext } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";

/** The rules that are boxes. */
const flags = [
  "asker_may_approve",
  "machines_may_approve",
  "recorders_may_approve",
  "all_reviewed",
  "check_requirements",
  "fresh_sign_in",
  "rollback_needs_approval",
  "completed_by_observation",
] as const;

/** The form of a gate; of null that of an environment without one. */
export function formOfGate(gate: Gate | null): GateForm {
  const rules: GateRules = gate ?? { ...gateDefaults, ...emptyRules };
  return {
    counts: Object.fromEntries(rules.requirements.map(({ role, count }) => [role, String(count)])),
    ticked: flags.filter((name) => rules[name]),
    soak_hours: String(rules.soak_hours),
    approval_days: String(rules.approval_days),
    promotion_days: String(rules.promotion_days),
    checklist: rules.checklist.join("\n"),
    carry_over: rules.carry_over,
    rollback_roles: rules.rollback_roles,
    guest_roles: rules.guest_roles,
    reason: "",
    version: String(gate?.version ?? 0),
    previewed: "",
    key: newId(),
  };
}

/** The same for one person who has all roles: nobody counts twice, so that there can be only one approval. */
export function formForOne(gate: Gate | null): GateForm {
  const form = formOfGate(gate);
  const [first] = gate?.requirements ?? [];
  return {
    ...form,
    counts: first ? { [first.role]: "1" } : {},
    ticked: [...new Set([...form.ticked, "asker_may_approve", "recorders_may_approve"])],
    rollback_roles: [],
  };
}

/** The form as it was sent. */
export async function readGateForm(c: SiteContext, roles: { slug: string }[]): Promise<GateForm> {
  const names = roles.map(({ slug }) => `count_${slug}` as const);
  const counts = await formFields(c, ...names);
  const texts = await formFields(c, "soak_hours", "approval_days", "promotion_days", "checklist", "carry_over");
  const about = await formFields(c, "reason", "version", "previewed", "key");
  return {
    ...texts,
    ...about,
    counts: Object.fromEntries(roles.map(({ slug }) => [slug, counts[`count_${slug}`] ?? ""])),
    ticked: await checkedValues(c, "ticked"),
    rollback_roles: await checkedValues(c, "rollback_roles"),
    guest_roles: await checkedValues(c, "guest_roles"),
  };
}

/** The rules of a form. What is not a number becomes NaN, which the rules of gates refuse. */
export function rulesOfForm(form: GateForm): GateRules {
  const requirements = Object.entries(form.counts).map(([role, count]) => ({ role, count: numberOf(count) }));
  return {
    requirements: requirements.filter(({ count }) => count !== 0),
    ...(Object.fromEntries(flags.map((name) => [name, form.ticked.includes(name)])) as Pick<
      GateRules,
      (typeof flags)[number]
    >),
    soak_hours: numberOf(form.soak_hours),
    approval_days: numberOf(form.approval_days),
    promotion_days: numberOf(form.promotion_days),
    checklist: form.checklist.split(/\r\n?|\n/).filter((line) => line.trim()),
    carry_over: form.carry_over as GateRules["carry_over"],
    rollback_roles: form.rollback_roles,
    guest_roles: form.guest_roles,
  };
}

/** Empty is 0. */
const numberOf = (text: string): number => (/^\s*[-+]?\d*\s*$/.test(text) ? Number(text) : Number.NaN);

/** Errors by the fields of the form: `requirements.0.count` becomes that of the role, `checklist.3` the checklist. */
export function formErrors(errors: Record<string, string>, rules: GateRules): Record<string, string> {
  const named = Object.entries(errors).map(([path, message]) => {
    const [, index] = /^requirements\.(\d+)\./.exec(path) ?? [];
    const role = rules.requirements[Number(index)]?.role;
    return [role === undefined ? path.replace(/\.\d+$/, "") : `count_${role}`, message] as const;
  });
  // the first of several errors of a field
  return Object.fromEntries(named.reverse());
}
