/** What people are told of. The order is by weight: of several about one thing, a person gets the first. */
export const noticeKinds = [
  "approval_needed",
  "completion_needed",
  "without_gate",
  "request_blocked",
  "request_decided",
  "mentioned",
  "page_changed",
  "subscribed",
  "findings",
  "webhook_disabled",
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** For the pages on which they are chosen. */
export const noticeNames: Record<NoticeKind, string> = {
  approval_needed: "Approval needed",
  completion_needed: "Promotion ready to complete",
  without_gate: "Completed without its approvals",
  request_blocked: "Own request blocked",
  request_decided: "Own request approved, rejected or ended",
  mentioned: "Mentioned in a comment",
  page_changed: "Own page changed",
  subscribed: "Change to something followed",
  findings: "Findings on the servers",
  webhook_disabled: "Webhook disabled",
};

/** Why the receiver gets a notice, for the end of a mail. */
export const noticeReasons: Record<NoticeKind, string> = {
  approval_needed: "because your role approves it",
  completion_needed: "because your role completes promotions",
  without_gate: "because your role approves promotions to this environment",
  request_blocked: "because you requested this promotion",
  request_decided: "because you requested this promotion",
  mentioned: "because a comment mentions you",
  page_changed: "because you own a page that changed",
  subscribed: "because you follow it",
  findings: "because you chose to be told of findings",
  webhook_disabled: "because you are an administrator",
};

/** `required`: each person chooses how often, but gets them. `off`: nobody gets them. */
export type NoticeRule = "required" | "optional" | "off";
export type Delivery = "now" | "daily" | "weekly";
export type Choice = Delivery | "off";

/** Those that somebody gets by their role are required, unless the site's administrator decides otherwise. */
export const defaultRule = (kind: NoticeKind): NoticeRule => (byRole.includes(kind) ? "required" : "optional");

const byRole: NoticeKind[] = ["approval_needed", "completion_needed", "without_gate"];

/** Owners see on their pages what changes; all changes of a day fit into one mail. */
const defaultDelivery = (kind: NoticeKind): Delivery => (kind === "page_changed" ? "daily" : "now");

/** What applies to a person who has chosen nothing: of findings only those are told who want to be. */
const defaultChoice = (kind: NoticeKind): Choice => (kind === "findings" ? "off" : defaultDelivery(kind));

/** When a person is sent notices of a kind, from the site's rule and the person's choice; undefined: never. */
export function deliveryOf(
  kind: NoticeKind,
  rule: NoticeRule = defaultRule(kind),
  choice: Choice = defaultChoice(kind),
): Delivery | undefined {
  if (rule === "off") return;
  if (choice !== "off") return choice;
  return rule === "required" ? defaultDelivery(kind) : undefined;
}

/** Why a person cannot make this choice. */
export function whyNotChoose(rule: NoticeRule, choice: string): string | undefined {
  if (!["now", "daily", "weekly", "off"].includes(choice)) return "Select how often.";
  if (rule === "required" && choice === "off") return "An administrator of the site requires these notices.";
}

export interface Occasion {
  /** Who caused it; nobody is told what they did themselves. */
  actor_id: string;
  /** The people for whom it is, by kind. */
  receivers: Partial<Record<NoticeKind, string[]>>;
}

/** Who gets which notice: each person the one of most weight, and the actor none. */
export function noticesFor({ actor_id, receivers }: Occasion): { person_id: string; kind: NoticeKind }[] {
  const notices = new Map<string, NoticeKind>();
  for (const kind of noticeKinds)
    for (const person_id of receivers[kind] ?? [])
      if (person_id !== actor_id && !notices.has(person_id)) notices.set(person_id, kind);
  return [...notices].map(([person_id, kind]) => ({ person_id, kind }));
}

export type SubscriptionSubject = "environment" | "section" | "page" | "campaign";

export interface Subscription {
  person_id: string;
  subject: SubscriptionSubject;
  ref: string;
  environment_id: string | null;
}

/** What a deployment put or removed in an environment. */
export interface Arrival {
  environment_id: string;
  release_id: string | null;
  sections: string[];
  artifact_ids: string[];
}

/** Whether a person follows something of what arrived. */
export function follows({ subject, ref, environment_id }: Omit<Subscription, "person_id">, arrival: Arrival): boolean {
  if (environment_id !== null && environment_id !== arrival.environment_id) return false;
  if (subject === "environment") return ref === arrival.environment_id;
  if (subject === "section") return arrival.sections.includes(ref);
  if (subject === "page") return arrival.artifact_ids.includes(ref);
  return ref === arrival.release_id;
}
