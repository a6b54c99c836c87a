import type { Json } from "../database/canonical-json.ts";

/** What an environment asks of promotions into it. */
export interface GateRules {
  /** How many approvals of each role. */
  requirements: { role: string; count: number }[];
  /** Whether who requested a promotion may approve it; pages and the API say "requester". */
  asker_may_approve: boolean;
  machines_may_approve: boolean;
  /** Whether people may approve what they recorded themselves in the environment before. */
  recorders_may_approve: boolean;
  /** For how many hours the contents must have been in the environment before. */
  soak_hours: number;
  /** After how many days an approval no longer counts; 0: it always counts. */
  approval_days: number;
  /** After how many days a promotion that was not completed expires; 0: never. */
  promotion_days: number;
  /** Whether approving needs all pages to be ticked as reviewed. */
  all_reviewed: boolean;
  /** Whether the target must have what the versions require. */
  check_requirements: boolean;
  /** What has to be ticked before completion, one sentence each. */
  checklist: string[];
  /** Whether approving needs a password that was entered a short time ago. */
  fresh_sign_in: boolean;
  /** Which approvals of an earlier release may be carried over to one that was made from it. */
  carry_over: CarryOver;
  /** Whether a rollback needs the same approvals. */
  rollback_needs_approval: boolean;
  /** The roles that may roll back; empty: everyone who may complete promotions. */
  rollback_roles: string[];
  /** The roles in which guests, who have no account, can be invited to decide on one promotion. */
  guest_roles: string[];
  /** Whether a promotion is completed by itself once all of its pages are seen in the target as they were approved. */
  completed_by_observation: boolean;
}

/** `page`: for the pages that are the same; `release`: only if all others are the same and were approved. */
type CarryOver = "never" | "page" | "release";

export interface Gate extends GateRules {
  id: string;
  /** 1 for the environment's first. */
  version: number;
  /** The rules as they were stored, without those that did not exist yet or have their default: they are part of a promotion's digest. */
  stored: { [rule: string]: Json };
}

/** What holds for a rule that is not stored, as in every gate from before the rule existed. */
export const gateDefaults: Omit<GateRules, "requirements" | "asker_may_approve"> = {
  machines_may_approve: true,
  recorders_may_approve: true,
  soak_hours: 0,
  approval_days: 0,
  promotion_days: 0,
  all_reviewed: false,
  check_requirements: true,
  checklist: [],
  fresh_sign_in: false,
  carry_over: "never",
  rollback_needs_approval: true,
  rollback_roles: [],
  guest_roles: [],
  completed_by_observation: false,
};

export function readGate(row: { id: string; version: number; rules: string } | undefined): Gate | null {
  if (!row) return null;
  const stored = JSON.parse(row.rules) as Pick<GateRules, "requirements" | "asker_may_approve">;
  return { ...gateDefaults, ...stored, id: row.id, version: row.version, stored: stored as unknown as Gate["stored"] };
}

/** The rules as they are stored: without those that have their default. */
export function storedRules({ requirements, asker_may_approve, ...rules }: GateRules): Gate["stored"] {
  const isDefault = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) === JSON.stringify(gateDefaults[name as keyof typeof gateDefaults]);
  const options = Object.entries(rules).filter(([name]) => Object.hasOwn(gateDefaults, name));
  const changed = Object.fromEntries(options.filter((option) => !isDefault(option)));
  return { requirements, asker_may_approve, ...changed } as Gate["stored"];
}
