import { addDays, weekdayOf } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { momentOnClock } from "../time/parse-moment.ts";
import type { Delivery } from "./rules.ts";

export type DigestDelivery = Exclude<Delivery, "now">;

const digestHour = "08:00";
const monday = 1;

/** When the next digest is sent: at 8 in the morning in this time zone, the weekly one on Mondays. ISO 8601 UTC. */
export function nextDigestAt(delivery: DigestDelivery, zone: string, now: string): string {
  const today = localInput(now, zone).slice(0, 10);
  for (let days = 0; days < 9; days++) {
    const date = addDays(today, days);
    const at = momentOnClock(`${date}T${digestHour}`, zone);
    if (at && at > now && (delivery === "daily" || weekdayOf(date) === monday)) return at;
  }
  throw new Error(`no digest within a week of ${now} in ${zone}`);
}
