import { recordedLater } from "../../src/time/format.ts";
import { each, type Html, html } from "./html.ts";
import { statusBadge } from "./status-badge.ts";
import { time } from "./time.ts";

/** The heading under which a page or software stands. */
export const sectionHeading = ({ kind, section }: { kind: string; section: string }): string =>
  kind === "software" ? "Software" : section ? `/${section}` : "Top level";

type Clocks = { effective_at: string; recorded_at: string };

/** How much later it was told than it was so, and when; nothing where the two clocks agree. */
function late(one: Clocks, zone: string, now: string): Html | false {
  const later = recordedLater(one);
  return (
    later !== undefined && statusBadge("late", html`${later}, ${time(one.recorded_at, zone, now)}`, { wrap: true })
  );
}

/** When it was so, and when it was told where that was later. */
export const since = (one: Clocks, zone: string, now: string): Html =>
  html`${time(one.effective_at, zone, now)} ${late(one, zone, now)}`;

/** What brought a placement: a promotion, or a deployment; out of band is said. */
export function cameBy(site: string, one: { deployment: number; promotion: number | null; out_of_band: number }): Html {
  if (one.promotion) return html`<a href="/sites/${site}/promotions/${one.promotion}">Promotion ${one.promotion}</a>`;
  const href = `/sites/${site}/deployments/${one.deployment}`;
  if (one.out_of_band)
    return statusBadge("band", html`out of band<span class="sr">, deployment ${one.deployment}</span>`, { href });
  return html`<a href="${href}">Deployment ${one.deployment}</a>`;
}

type Approval = { person: string; role: string; decided_at: string };

/** Who said yes, in which role, when; where nobody did, whether anybody was asked. */
export function approvedByCell(
  list: Approval[],
  place: { gate: object | null },
  { zone, now }: { zone: string; now: string },
): Html {
  if (!list.length) return html`<span class="none">${place.gate ? "nobody" : "no gate"}</span>`;
  return each(
    list,
    ({ person, role, decided_at }) =>
      html`<span class="by">${statusBadge("approved", html`${person}<span class="sr">, ${role.replaceAll("-", " ")},</span>`)} <span class="ago">${time(decided_at, zone, now)}</span></span> `,
  );
}
