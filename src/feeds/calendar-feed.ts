import type { Site } from "../access/sites.ts";
import { coveredBetween, type FreezeOnDay } from "../calendar/days.ts";
import { promotionsPlannedBetween } from "../calendar/queries.ts";
import type { Database } from "../database/connect.ts";
import { listFreezes } from "../freezes/queries.ts";
import { approvalExpiry, promotionExpiry } from "../promotions/expiry-rules.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { compareText, joinWithAnd } from "../text.ts";
import { addMs } from "../time/add.ts";
import type { CalendarEvent } from "./icalendar.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** How much of the past and the future a calendar has. */
const pastMs = 90 * dayMs;
const futureMs = 400 * dayMs;
/** How far ahead a freeze is shown that lasts until somebody ends it. */
const openEndMs = 7 * dayMs;

/** An event with the path of its page instead of the address. */
type Entry = Omit<CalendarEvent, "url"> & { path: string };

/** Freezes, campaigns, planned moments and deadlines of a site, the earliest first. `now` is ISO 8601 UTC. */
export async function calendarEvents(
  db: Database,
  site: Site,
  { now, baseUrl }: { now: string; baseUrl: string },
): Promise<CalendarEvent[]> {
  const [from, until] = [addMs(now, -pastMs), addMs(now, futureMs)];
  const freezes = await listFreezes(db, site.id, { startsBefore: until, endsAfter: from });
  const planned = await promotionsPlannedBetween(db, site.id, from, until);
  const open = await listPromotions(db, site.id, { open: true, limit: 1000 });
  const entries = [
    ...freezes.flatMap((freeze) => coveredBetween(freeze, from, until)).map((freeze) => freezeEntry(freeze, now)),
    ...planned.flatMap((promotion) => [...campaign(promotion), ...plannedMoments(promotion)]),
    ...open.flatMap((promotion) => [...approvalDue(promotion), ...expiries(promotion)]),
  ];
  return entries
    .filter(({ start, end }) => start < until && (end ?? start) >= from)
    .sort((a, b) => compareText(a.start, b.start) || compareText(a.uid, b.uid))
    .map(({ path, ...event }) => ({ ...event, url: `${baseUrl}/sites/${site.slug}${path}` }));
}

function freezeEntry({ window, ...freeze }: FreezeOnDay, now: string): Entry {
  const { id, number, environment_name: environment, reason, person, created_at, ended_at } = freeze;
  const today = `${now.slice(0, 10)}T00:00:00.000Z`;
  const isOpen = window.ends_at === null;
  const later = [created_at, ended_at ?? "", isOpen ? today : ""].sort().at(-1) as string;
  return {
    // one for each window, as a rule on the clock of a time zone is none in UTC
    uid: `freeze-${id}-${window.starts_at.replace(/[-:.]/g, "")}@sitebook`,
    stamp: later < now ? later : created_at,
    sequence: ended_at === null ? 0 : 1,
    start: window.starts_at,
    end: window.ends_at ?? addMs(today > window.starts_at ? today : window.starts_at, openEndMs),
    summary: `${environment} is frozen: ${reason}`,
    description: `Freeze ${number} of ${environment}, set by ${person}: no promotion is completed.${isOpen ? " It lasts until somebody ends it." : ""}`,
    path: "/settings/freezes",
    category: "Freeze",
  };
}

/** What all events of a promotion have. */
const about = ({ id, number, name, environment, state }: Promotion, what: string, category: string) => ({
  uid: `${what}-${id}@sitebook`,
  description: `Promotion ${number}, ${name}, for ${environment.name}: ${state}.`,
  path: `/promotions/${number}`,
  category,
});

/** From when a campaign goes live until it is taken down, if both are planned. */
function campaign(promotion: Promotion): Entry[] {
  const { open, completion, schedule, name, environment } = promotion;
  const start = completion?.effective_at ?? schedule?.go_live_at;
  if (!(open || completion) || !schedule?.take_down_at || !start || start >= schedule.take_down_at) return [];
  const completed = completion?.completed_at ?? "";
  return [
    {
      ...about(promotion, "campaign", "Campaign"),
      stamp: completed > schedule.planned_at ? completed : schedule.planned_at,
      sequence: schedule.seq - 1 + (completion ? 1 : 0),
      start,
      end: schedule.take_down_at,
      summary: `Campaign on ${environment.name}: ${name}`,
    },
  ];
}

/** What is planned and has not happened. */
function plannedMoments(promotion: Promotion): Entry[] {
  const { open, completion, schedule, name, environment } = promotion;
  if (!schedule) return [];
  const at = (what: string, start: string, summary: string): Entry => ({
    ...about(promotion, what, "Plan"),
    stamp: schedule.planned_at,
    sequence: schedule.seq - 1,
    start,
    end: null,
    summary,
  });
  const { go_live_at, take_down_at, taken_down_by } = schedule;
  return [
    ...(open && go_live_at ? [at("go-live", go_live_at, `Planned for ${environment.name}: ${name}`)] : []),
    ...((open || completion) && take_down_at && !taken_down_by
      ? [at("take-down", take_down_at, `Planned take-down on ${environment.name}: ${name}`)]
      : []),
  ];
}

/** The approvals that are missing are due when it is planned to go live. */
function approvalDue(promotion: Promotion): Entry[] {
  const { schedule, state, name, requirements } = promotion;
  if (state !== "waiting" || !schedule?.go_live_at) return [];
  const missing = requirements.filter(({ given, needed }) => given < needed).map((role) => role.name);
  return [
    {
      ...about(promotion, "approval-due", "Deadline"),
      stamp: schedule.planned_at,
      sequence: schedule.seq - 1,
      start: schedule.go_live_at,
      end: null,
      summary: `Approval due from ${joinWithAnd(missing)}: ${name}`,
    },
  ];
}

/** When the promotion and the approvals that it has will expire. */
function expiries(promotion: Promotion): Entry[] {
  const { name, asked_at, approvals } = promotion;
  const deadline = { sequence: 0, end: null };
  const expiry = promotionExpiry(promotion);
  return [
    ...(expiry
      ? [
          {
            ...about(promotion, "expiry", "Deadline"),
            ...deadline,
            stamp: asked_at,
            start: expiry,
            summary: `Expires: ${name}`,
          },
        ]
      : []),
    ...approvals.flatMap((approval) => {
      const start = approvalExpiry(promotion, approval);
      const summary = `Approval by ${approval.person} expires: ${name}`;
      const what = about(promotion, `approval-expiry-${approval.id}`, "Deadline");
      return start ? [{ ...what, ...deadline, stamp: approval.decided_at, start, summary }] : [];
    }),
  ];
}
