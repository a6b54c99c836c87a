import { normalEmail, whyNotEmail } from "../people/rules.ts";
import { whyNotText } from "../text.ts";

export const bounceKinds = ["permanent", "temporary", "complaint"] as const;
export type BounceKind = (typeof bounceKinds)[number];

/** What a mail provider says about one mail. */
export interface BounceReport {
  message_id: string;
  address: string;
  kind: BounceKind;
  reason: string;
}

const maxReason = 500;

/** What is wrong with a report, by field. */
export const bounceErrors = ({ address, reason }: BounceReport): Record<string, string | undefined> => ({
  address: whyNotEmail(normalEmail(address)),
  reason: reason ? whyNotText("The reason", reason, maxReason) : "Say why, such as the answer of the receiving server.",
});

/** Whether a report changes a notice: the first one does, and one for good after one that was temporary. */
export const weighsMore = (kind: BounceKind, before: string | null): boolean =>
  before === null || (before === "temporary" && kind !== "temporary");
