import type { Gate, GateRules } from "../access/gates.ts";
import { countOf, joinWithAnd } from "../text.ts";

/** The names of roles by their slugs. */
export type RoleNames = Record<string, string>;

/** A gate that needs nothing: what a change from no gate is compared with. */
export const emptyRules = { requirements: [], asker_may_approve: false };

/** "Needs 2 approvals from Tester and 1 from Marketing; …": what the gate asks, as a text. */
export function gateSentence(gate: GateRules | null, roles: RoleNames = {}): string {
  if (!gate) return "No approval needed: anyone who may record deployments can record them here.";
  return gateSentences(gate, roles).join(" ");
}

/** The same, one sentence for each rule. Rules that have their default ask nothing, and are left out. */
export function gateSentences(gate: GateRules, roles: RoleNames): string[] {
  return [
    approvalSentence(gate, roles),
    !gate.machines_may_approve && "Machines may not approve.",
    !gate.recorders_may_approve && "People may not approve what they recorded themselves.",
    gate.all_reviewed && "All pages must be marked as reviewed before approving.",
    gate.fresh_sign_in && "Approving needs a fresh sign-in.",
    gate.soak_hours > 0 &&
      `The contents must have been on the previous environment for ${countOf(gate.soak_hours, "hour")}.`,
    gate.approval_days > 0 && `An approval expires after ${countOf(gate.approval_days, "day")}.`,
    gate.promotion_days > 0 &&
      `A promotion expires if it is not completed within ${countOf(gate.promotion_days, "day")}.`,
    !gate.check_requirements && "Whether the target has the software that versions require is not checked.",
    gate.checklist.length > 0 && `To tick before completion: ${quoted(gate.checklist)}.`,
    carryOverSentences[gate.carry_over],
    gate.completed_by_observation &&
      "A promotion is completed by itself once all of its pages are seen there as they were approved.",
    !gate.rollback_needs_approval && "A rollback needs no approval.",
    gate.rollback_roles.length > 0 && `Only ${namesOf(gate.rollback_roles, roles)} may roll back.`,
    gate.guest_roles.length > 0 && `Guests can be invited to approve as ${namesOf(gate.guest_roles, roles)}.`,
  ].filter((sentence) => typeof sentence === "string");
}

function approvalSentence({ requirements, asker_may_approve }: GateRules, roles: RoleNames): string {
  if (!requirements.length) return "Promotions need no approval.";
  const requester = asker_may_approve
    ? "the requester may approve, too"
    : "the requester’s own approval does not count";
  return `Needs ${approvalsInWords(requirements, roles)}; ${requester}.`;
}

/** "2 approvals from Tester and 1 from Marketing" */
function approvalsInWords(requirements: GateRules["requirements"], roles: RoleNames): string {
  const approvals = requirements.map(({ role, count }, i) => {
    return `${i ? count : countOf(count, "approval")} from ${nameOf(role, roles)}`;
  });
  return joinWithAnd(approvals) || "no approval";
}

const carryOverSentences: Record<GateRules["carry_over"], string | undefined> = {
  never: undefined,
  page: "Approvals of pages that stay the same carry over to a release based on an earlier one.",
  release:
    "Approvals carry over to a release based on an earlier one only if all pages that stay the same were approved.",
};

/** What differs between two gates, such as "approvals: 1 from Tester → 2 from Tester"; `null`: there was no gate. */
export function gateDifferences(before: GateRules | null, after: GateRules, roles: RoleNames): string[] {
  const old = before ?? { ...after, ...emptyRules };
  const inWords = Object.entries(ruleWords) as [string, (rules: GateRules, roles: RoleNames) => string][];
  return inWords.flatMap(([label, words]) => {
    const [from, to] = [words(old, roles), words(after, roles)];
    return from === to ? [] : `${label}: ${from} → ${to}`;
  });
}

const yes = (flag: boolean): string => (flag ? "yes" : "no");

/** Each rule by its label, with its value in words. */
const ruleWords: Record<string, (rules: GateRules, roles: RoleNames) => string> = {
  approvals: ({ requirements }, roles) =>
    joinWithAnd(requirements.map(({ role, count }) => `${count} from ${nameOf(role, roles)}`)) || "none",
  "requester may approve": (rules) => yes(rules.asker_may_approve),
  "machines may approve": (rules) => yes(rules.machines_may_approve),
  "people may approve what they recorded": (rules) => yes(rules.recorders_may_approve),
  "all pages must be reviewed": (rules) => yes(rules.all_reviewed),
  "fresh sign-in needed": (rules) => yes(rules.fresh_sign_in),
  "time on the previous environment": ({ soak_hours }) => (soak_hours ? countOf(soak_hours, "hour") : "none"),
  "approvals expire": ({ approval_days }) => (approval_days ? `after ${countOf(approval_days, "day")}` : "never"),
  "promotions expire": ({ promotion_days }) => (promotion_days ? `after ${countOf(promotion_days, "day")}` : "never"),
  "required software is checked": (rules) => yes(rules.check_requirements),
  checklist: ({ checklist }) => quoted(checklist) || "none",
  "approvals carry over": ({ carry_over }) => carryOverWords[carry_over],
  "completed by observation": (rules) => yes(rules.completed_by_observation),
  "a rollback needs approval": (rules) => yes(rules.rollback_needs_approval),
  "guests may approve as": ({ guest_roles }, roles) => namesOf(guest_roles, roles) || "none",
  "may roll back": ({ rollback_roles }, roles) => namesOf(rollback_roles, roles) || "all who may complete promotions",
};

export const carryOverWords: Record<GateRules["carry_over"], string> = {
  never: "never",
  page: "page by page",
  release: "all or none",
};

const nameOf = (role: string, roles: RoleNames): string => roles[role] ?? role;

const namesOf = (slugs: string[], roles: RoleNames): string => joinWithAnd(slugs.map((slug) => nameOf(slug, roles)));

const quoted = (lines: string[]): string => lines.map((line) => `“${line}”`).join(", ");

interface OpenPromotion {
  number: number;
  name: string;
  gate: Pick<Gate, "version"> | null;
  requirements: { needed: number; given: number }[];
  approvals: unknown[];
}

/** How a waiting promotion would be affected by a new gate: it keeps its own. */
export function promotionSentence(promotion: OpenPromotion, rules: GateRules, roles: RoleNames): string {
  const { number, name, gate, requirements, approvals } = promotion;
  const needed = requirements.reduce((sum, requirement) => sum + requirement.needed, 0);
  const given = requirements.reduce((sum, requirement) => sum + Math.min(requirement.given, requirement.needed), 0);
  const own = gate ? `the gate it was requested under (version ${gate.version})` : "having no gate";
  const lost = approvals.length ? " Decisions made so far would not count." : "";
  return `Promotion ${number}, ${name}, keeps ${own}: ${given} of ${countOf(needed, "approval")} given. Requested again under this gate, it would need ${approvalsInWords(rules.requirements, roles)}.${lost}`;
}
