import { recordedLater } from "../../src/time/format.ts";
import { each, type Html, html } from "./html.ts";
import { statusBadge } from "./status-badge.ts";
import { time } from "./time.ts";

/** The heading of the section to which a page or software belongs. */
export const sectionHeading = ({ kind, section }: { kind: string; section: string }): string =>
  kind === "software" ? "Software" : section ? `/${section}` : "Top level";

type Clocks = { effective_at: string; recorded_at: string };

/** How much later it was recorded than it happened, and when; false if it was recorded at once. */
function late(placement: Clocks, zone: string, now: string): Html | false {
  const later = recordedLater(placement);
  return (
    later !== undefined &&
    statusBadge("late", html`${later}, ${time(placement.recorded_at, zone, now)}`, { wrap: true })
  );
}

/** Since when it is there, and when that was recorded if it was later. */
export const since = (placement: Clocks, zone: string, now: string): Html =>
  html`${time(placement.effective_at, zone, now)} ${late(placement, zone, now)}`;

/** The source of a placement: its promotion, or its deployment, which may be out of band. */
export function cameBy(
  site: string,
  { deployment, promotion, out_of_band }: { deployment: number; promotion: number | null; out_of_band: number },
): Html {
  if (promotion) return html`<a href="/sites/${site}/promotions/${promotion}">Promotion ${promotion}</a>`;
  const href = `/sites/${site}/deployments/${deployment}`;
  if (out_of_band)
    return statusBadge("band", html`out of band<span class="sr">, deployment ${deployment}</span>`, { href });
  return html`<a href="${href}">Deployment ${deployment}</a>`;
}

type Approval = { person: string; role: string; decided_at: string };

/** Who approved it, in which role and when; if nobody did, whether an approval was needed. */
export function approvedByCell(
  list: Approval[],
  environment: { gate: object | null },
  { zone, now }: { zone: string; now: string },
): Html {
  if (!list.length) return html`<span class="none">${environment.gate ? "nobody" : "no gate"}</span>`;
  return each(
    list,
    ({ person, role, decided_at }) =>
      html`<span class="by">${statusBadge("approved", html`${person}<span class="sr">, ${role.replaceAll("-", " ")},</span>`)} <span class="ago">${time(decided_at, zone, now)}</span></span> `,
  );
}
