import type { ListedNotice } from "../../src/notices/queries.ts";
import { type Html, html } from "../parts/html.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";

/** What came of a notice, with the reason if it was not sent. */
export function outcome(
  { state, bounce, outcome, error, failed, delivery, ended_at }: ListedNotice,
  { time_zone }: { time_zone: string },
  now: string,
): Html {
  const at = ended_at && html` ${time(ended_at, time_zone, now)}`;
  if (bounce)
    return html`${statusBadge("rejected", bounce === "complaint" ? "marked as spam" : "bounced")} <small>${outcome}</small>`;
  if (state === "sent") return html`${statusBadge("approved", "sent")}${at}`;
  if (state === "refused")
    return html`${statusBadge("rejected", "refused by the mail server")} <small>${outcome}</small>`;
  if (state === "stopped") return html`${statusBadge("same", "not sent")} <small>${outcome}</small>`;
  if (failed) return html`${statusBadge("rejected", "failed")} <small>${error}</small>`;
  if (error) return html`${statusBadge("blocked", "will be tried again")} <small>${error}</small>`;
  return statusBadge("waiting", delivery === "now" ? "waiting" : `waits for the ${delivery} mail`);
}
