import { privateSentence } from "../network/rules.ts";
import { whyNotName } from "../text.ts";

/** `standard`: by Standard Webhooks. The others are the incoming webhooks of these chat programs. */
const webhookShapes = ["standard", "slack", "teams"] as const;
export type WebhookShape = (typeof webhookShapes)[number];

/** What a webhook is told of, by the action of the event. People, tokens and settings are told to no machine. */
const typeOfAction: Record<string, string> = {
  deployment_recorded: "deployment.recorded",
  placement_corrected: "deployment.corrected",
  release_made: "release.created",
  release_marked_bad: "release.marked_bad",
  promotion_asked: "promotion.requested",
  promotion_scheduled: "promotion.scheduled",
  promotion_due: "promotion.due",
  promotion_approved: "approval.given",
  approval_withdrawn: "approval.revoked",
  approval_expired: "approval.expired",
  promotion_rejected: "promotion.rejected",
  promotion_cancelled: "promotion.cancelled",
  promotion_superseded: "promotion.superseded",
  promotion_expired: "promotion.expired",
  promotion_completed: "promotion.applied",
  promotion_commented: "promotion.commented",
  freeze_set: "freeze.created",
  freeze_ended: "freeze.ended",
  gate_changed: "gate.changed",
  findings_opened: "findings.opened",
  findings_settled: "findings.settled",
};

/** What else an event may be, which it is told as besides. */
export interface EventFacts {
  /** Whether the requested promotion needs approvals, or needs one anew by now. */
  needsApproval?: boolean;
  /** Whether the promotion has all its approvals by now. */
  approved?: boolean;
  /** Whether some of an approval was taken over from an earlier one. */
  carriedOver?: boolean;
  /** Whether the promotion is a rollback. */
  rollback?: boolean;
  /** Whether the promotion was completed in spite of a freeze. */
  unfrozen?: boolean;
  /** Whether the deployment removed something. */
  removes?: boolean;
  /** Whether some of the findings are drift. */
  drift?: boolean;
}

const furtherTypes: [action: string, fact: keyof EventFacts, type: string][] = [
  ["promotion_asked", "needsApproval", "approval.requested"],
  ["approval_withdrawn", "needsApproval", "approval.requested"],
  ["approval_expired", "needsApproval", "approval.requested"],
  ["promotion_approved", "approved", "promotion.approved"],
  ["promotion_approved", "carriedOver", "approval.carried_over"],
  ["promotion_completed", "rollback", "promotion.rolled_back"],
  ["promotion_completed", "unfrozen", "freeze.overridden"],
  ["deployment_recorded", "removes", "deployment.removed"],
  ["findings_opened", "drift", "drift.detected"],
  ["findings_settled", "drift", "drift.resolved"],
];

export const webhookTypes: string[] = [
  ...new Set([...Object.values(typeOfAction), ...furtherTypes.map(([, , type]) => type)]),
].sort();

/** The types of an event: a request that needs approvals, the last approval that was missing, or a completed rollback, has two. */
export function typesOf(action: string, facts: EventFacts): string[] {
  const type = typeOfAction[action];
  if (!type) return [];
  return [type, ...furtherTypes.flatMap(([of, fact, more]) => (of === action && facts[fact] ? [more] : []))];
}

/** Which of these a webhook is told of; `*` stands for all. A channel reads one sentence about an event, whatever its types. */
export const typesFor = (webhook: { shape: WebhookShape; types: string }, types: string[]): string[] => {
  const wanted = types.filter((type) => wants(webhook.types, type));
  return webhook.shape === "standard" ? wanted : wanted.slice(0, 1);
};

const wants = (types: string, type: string): boolean => types === "*" || types.split(" ").includes(type);

/** As they are stored; none stands for all. */
export const storedTypes = (types: string[]): string => (types.length ? types.toSorted().join(" ") : "*");

export interface WebhookRequest {
  name: string;
  shape: string;
  url: string;
  types: string[];
}

/** Why a webhook cannot be created, by field. `isAllowed` says whether a host may be called, as far as its name alone tells. */
export function webhookErrors(
  { name, shape, url, types }: WebhookRequest,
  isAllowed: (address: string) => boolean,
): Record<string, string | undefined> {
  return {
    name: whyNotName(name),
    shape: webhookShapes.some((one) => one === shape) ? undefined : "Select what it is.",
    url: whyNotUrl(url, isAllowed),
    types: types.every((type) => webhookTypes.includes(type)) ? undefined : "Select events from the list.",
  };
}

function whyNotUrl(text: string, isAllowed: (address: string) => boolean): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || text.length > 2000)
    return "Enter a web address, like https://ci.example.com/hooks/sitebook.";
  if (url.username || url.password) return "Enter the address without a user name and password.";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!isAllowed(host)) return privateSentence(host);
}
