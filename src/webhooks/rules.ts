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

export const webhookTypes: string[] = [
  ...new Set([...Object.values(typeOfAction), "promotion.approved", "promotion.rolled_back"]),
].sort();

/** The types of an event: an approval that was the last missing one, and a completed rollback, have two. */
export function typesOf(action: string, { approved, rollback }: { approved: boolean; rollback: boolean }): string[] {
  const type = typeOfAction[action];
  if (!type) return [];
  if (action === "promotion_approved" && approved) return [type, "promotion.approved"];
  if (action === "promotion_completed" && rollback) return [type, "promotion.rolled_back"];
  return [type];
}

/** Which of these a webhook is told of; `*` stands for all. */
export const wants = (types: string, type: string): boolean => types === "*" || types.split(" ").includes(type);

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
