import { createHmac } from "node:crypto";
import type { Site } from "../access/sites.ts";
import { plainText } from "../history/plain-text.ts";
import type { HistoryEvent } from "../history/queries.ts";
import { sentence } from "../history/sentences.ts";
import type { WebhookShape } from "./rules.ts";

interface Told {
  type: string;
  site: Site;
  event: HistoryEvent;
  /** The address of the page about it. */
  url: string;
}

/** The body of a delivery. Slack and Teams show a sentence with a link. */
export function payloadOf(shape: WebhookShape, told: Told): string {
  const { type, site, event, url } = told;
  const text = plainText(sentence(event), site.time_zone);
  if (shape === "slack") return JSON.stringify({ text: `*${forSlack(site.name)}*: ${forSlack(text)} <${url}|Open>` });
  if (shape === "teams") return JSON.stringify(cardFor(`${site.name}: ${text}`, url));
  const { seq, recorded_at, action, subject, person, machine, details } = event;
  const data = {
    site: site.slug,
    event: seq,
    recorded_at,
    action,
    subject,
    person: { name: person, kind: machine ? "machine" : "person" },
    text,
    url,
    details,
  };
  return JSON.stringify({ type, timestamp: recorded_at, data });
}

const forSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const cardFor = (text: string, url: string) => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        body: [{ type: "TextBlock", text, wrap: true }],
        actions: [{ type: "Action.OpenUrl", title: "Open", url }],
      },
    },
  ],
});

/** The path of the page about an event, below the site's. */
export function pathOf({ action, details }: Pick<HistoryEvent, "action" | "details">): string {
  if (action === "findings_opened") return `findings?environment=${details.environment as string}`;
  if (action === "findings_settled") return `findings?environment=${details.environment as string}&state=settled`;
  const number = typeof details.number === "number" ? details.number : undefined;
  if (number === undefined) return "history";
  if (/^(promotion|approval)_/.test(action)) return `promotions/${number}`;
  if (action === "deployment_recorded" || action === "placement_corrected") return `deployments/${number}`;
  return action.startsWith("release_") ? `releases/${number}` : "history";
}

/**
 * The headers of Standard Webhooks: the id stays the same when a delivery is repeated, and each secret (`whsec_…`) signs, so
 * that a receiver can change to a new one without a gap.
 */
export function signedHeaders(id: string, body: string, secrets: string[], now: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.parse(now) / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
