import type { Promotion } from "../../src/promotions/queries.ts";
import type { PlanForm } from "../../src/promotions/schedule-form.ts";
import type { TakeDownLine } from "../../src/promotions/take-down-rules.ts";
import { countOf } from "../../src/text.ts";
import { artifactLink, path, versionTag } from "../parts/artifact.ts";
import { button, hiddenField } from "../parts/button.ts";
import { boxes, checkbox, input, select } from "../parts/field.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { momentPicker } from "../parts/moment.ts";
import { fold, panel } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";
import { whereCompleted } from "./words.ts";

interface SchedulePanel {
  site: { slug: string; time_zone: string };
  promotion: Promotion;
  now: string;
  /** The form's fields for people who may plan; undefined for all others. */
  plan: PlanForm | undefined;
  /** What the take-down does; empty if none was prepared. */
  takeDown: TakeDownLine[];
  /** Why the take-down, prepared some time ago, would not restore what is there now. */
  outdated: string | undefined;
  errors: Record<string, string>;
  key: string;
}

type Zoned = { time_zone: string };

/**
 * "Planned for 24 Dec, 22:00, when the deployment happens by itself. Planned to be taken down 2 Jan 2027, 08:00: its
 * pages are removed."; false if nothing is planned, or no longer.
 */
export function plannedWords(promotion: Promotion, site: Zoned, now: string): Html | false {
  const words = [goLiveWords(promotion, site, now), takeDownWords(promotion, site, now)].filter(
    (part) => part !== false,
  );
  return words.length > 0 && html`${each(words, (part, i) => html`${i > 0 && " "}${part}`)}`;
}

function goLiveWords({ open, schedule }: Promotion, { time_zone }: Zoned, now: string): Html | false {
  if (!open || !schedule?.go_live_at) return false;
  const at = time(schedule.go_live_at, time_zone, now);
  if (schedule.go_live_at <= now) return html`Planned for ${at}, now due.`;
  return html`Planned for ${at}${schedule.by_itself && ", when the deployment happens by itself"}.`;
}

function takeDownWords({ open, completion, schedule }: Promotion, { time_zone }: Zoned, now: string): Html | false {
  if (!schedule?.take_down_at || schedule.taken_down_by || !(open || completion)) return false;
  const what = schedule.take_down === "remove" ? "its pages are removed" : "what was there before is restored";
  const how =
    schedule.take_down_at <= now ? ", now due" : `${schedule.take_down_by_itself ? ", by itself" : ""}: ${what}`;
  return html`Planned to be taken down ${time(schedule.take_down_at, time_zone, now)}${how}.`;
}

/** When it is planned to go live and to be taken down, who planned that, what came of it, and the form that changes it. */
export function schedulePanel(props: SchedulePanel): Html | false {
  const { promotion, plan } = props;
  const { open, schedule } = promotion;
  const isPlanned = (open && schedule?.go_live_at) || ((open || promotion.completion) && schedule?.take_down_at);
  if (!plan && !isPlanned) return false;
  const moments = [open && goLive(props), takeDown(props)].filter((item) => item !== false);
  return panel(
    "schedule",
    "Schedule",
    html`${moments.length > 0 ? html`<ul class="steps">${moments}</ul>` : html`<p><small>Nothing is planned.</small></p>`}${isPlanned && takeDownFold(props)}${plan && form(props, plan)}`,
  );
}

function goLive(props: SchedulePanel): Html | false {
  const { promotion, now } = props;
  const { schedule } = promotion;
  if (!schedule?.go_live_at) return false;
  const where = whereCompleted(promotion);
  const byItself = `The deployment happens by itself. Sitebook then marks it as ${where}, if nothing blocks it.`;
  const planned = schedule.by_itself ? byItself : `Somebody has to mark it as ${where} then.`;
  const because = schedule.go_live_due?.reason;
  const due = because
    ? `It was not marked as ${where} at that moment. ${because}`
    : `Somebody has to mark it as ${where}.`;
  return moment(props, schedule.go_live_at, "go-live", schedule.go_live_at <= now ? due : planned);
}

function takeDown(props: SchedulePanel): Html | false {
  const { promotion, site, now } = props;
  const { schedule } = promotion;
  if (!schedule?.take_down_at || !(promotion.open || promotion.completion)) return false;
  if (schedule.taken_down_by)
    return html`<li>Taken down by <a href="/sites/${site.slug}/promotions/${schedule.taken_down_by}">promotion ${schedule.taken_down_by}</a><small>planned for ${time(schedule.take_down_at, site.time_zone, now)}</small></li>`;
  const because = schedule.take_down_due?.reason ?? "";
  const planned = schedule.take_down_by_itself
    ? "It happens by itself, and Sitebook then records it if nothing blocks it."
    : "Sitebook then requests it, and somebody has to complete it.";
  const due = `It was not taken down at that moment. ${because}`;
  return moment(props, schedule.take_down_at, "take-down", schedule.take_down_at <= now ? due : planned);
}

/** A planned moment, with who planned it. */
function moment({ promotion, site, now }: SchedulePanel, at: string, words: string, more: string): Html {
  const when = html`${words} ${time(at, site.time_zone, now)}`;
  const badge =
    at <= now ? statusBadge("blocked", html`${when}, now due`, { wrap: true }) : statusBadge("waiting", when);
  const { schedule } = promotion;
  return html`<li>${badge}<small>${more}${schedule && html` Planned by ${nameOf(schedule)}, ${time(schedule.planned_at, site.time_zone, now)}.`}</small></li>`;
}

function takeDownFold({ promotion, site, takeDown: lines, outdated }: SchedulePanel): Html | false {
  const { schedule, environment } = promotion;
  if (!schedule?.take_down_at || schedule.taken_down_by) return false;
  const list = html`<p><small>The approvals of this promotion cover it.</small></p><ul class="steps">${each(lines, (line) => takeDownLine(site, line))}</ul>`;
  return html`${outdated && html`<p>${statusBadge("blocked", outdated, { wrap: true })}</p>`}${fold(`What the take-down does on ${environment.name}`, list, { small: countOf(lines.length, "line") })}`;
}

const takeDownLine = (site: { slug: string }, { version, ...line }: TakeDownLine): Html =>
  html`<li>${artifactLink(site.slug, { ...line, title: null })} <small>${version === null ? html`removed${line.redirect && html`; visitors are led to ${path(line.redirect)}`}` : html`restored: ${versionTag(version)}`}</small></li>`;

function form({ site, promotion, errors, key }: SchedulePanel, plan: PlanForm): Html {
  const action = `/sites/${site.slug}/promotions/${promotion.number}/schedule`;
  const { schedule } = promotion;
  return fold(
    schedule?.go_live_at || schedule?.take_down_at ? "Change the plan" : "Plan go-live and take-down",
    html`<form class="form" method="post" action="${action}">${hiddenField("key", key)}
${promotion.open ? goLiveFields(site, plan, errors) : ""}${!promotion.rollback_of_id && takeDownFields(site, plan, errors)}
<div class="end">${button({ text: "Save plan" })}</div></form>`,
    { open: isWrong(plan, errors) },
  );
}

const isWrong = (plan: PlanForm, errors: Record<string, string>): boolean =>
  Object.keys(plan).some((field) => errors[field]);

/** When a promotion that is being requested goes live, and is taken down. */
export const planFold = (site: Zoned, plan: PlanForm, errors: Record<string, string>): Html =>
  fold(
    "Plan go-live and take-down",
    html`<div class="form">${goLiveFields(site, plan, errors)}${takeDownFields(site, plan, errors)}</div>`,
    {
      open: Boolean(plan.go_live_at || plan.take_down_at) || isWrong(plan, errors),
    },
  );

/** A box, with what is wrong with it. */
const box = (name: string, label: string, hint: Piece, value: string, error: string | undefined): Html =>
  boxes(html`<span class="sr">${label}</span>`, checkbox({ name, label, hint, checked: value !== "" }), {
    name,
    error,
  });

const goLiveFields = ({ time_zone }: Zoned, plan: PlanForm, errors: Record<string, string>): Html =>
  html`${momentPicker({
    name: "go_live_at",
    label: "Go-live",
    value: plan.go_live_at,
    error: errors.go_live_at,
    hint: `Time zone ${time_zone}. Empty means that nothing is planned.`,
  })}
${box(
  "by_itself",
  "The deployment happens by itself then",
  "Sitebook does not deploy. At that moment it completes the promotion if nothing blocks it, or else reminds those who complete it.",
  plan.by_itself,
  errors.by_itself,
)}
`;

const takeDownFields = ({ time_zone }: Zoned, plan: PlanForm, errors: Record<string, string>): Html =>
  html`${momentPicker({
    name: "take_down_at",
    label: "Take-down",
    value: plan.take_down_at,
    error: errors.take_down_at,
    hint: `Time zone ${time_zone}. Empty means that it stays.`,
  })}
${select({
  name: "take_down",
  label: "What the take-down does",
  value: plan.take_down,
  error: errors.take_down,
  hint: "Approvals of the promotion cover it, so it is fixed once somebody has approved.",
  choices: [
    { value: "", label: "nothing is selected" },
    { value: "remove", label: "removes the pages that are added or changed" },
    { value: "restore", label: "restores what was there before" },
  ],
})}
${input({
  name: "take_down_redirect",
  label: "Where visitors of removed pages are led",
  value: plan.take_down_redirect,
  error: errors.take_down_redirect,
  hint: "A path such as /sale, or a web address. Empty means nowhere.",
})}
${box("take_down_by_itself", "The take-down happens by itself then", "Sitebook then records it if nothing blocks it, or else requests it and reminds those who complete it.", plan.take_down_by_itself, errors.take_down_by_itself)}
`;
