import type { Promotion } from "../../src/promotions/queries.ts";
import type { PlanForm } from "../../src/promotions/schedule-form.ts";
import { button, hiddenField } from "../parts/button.ts";
import { boxes, checkbox } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
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
  errors: Record<string, string>;
  key: string;
}

/** "Planned for 24 Dec, 22:00, when the deployment happens by itself."; false if nothing is planned, or it has ended. */
export function plannedWords(
  { open, schedule }: Promotion,
  { time_zone }: { time_zone: string },
  now: string,
): Html | false {
  if (!open || !schedule?.go_live_at) return false;
  const at = time(schedule.go_live_at, time_zone, now);
  if (schedule.go_live_at <= now) return html`Planned for ${at}, now due.`;
  return html`Planned for ${at}${schedule.by_itself && ", when the deployment happens by itself"}.`;
}

/** When it is planned to go live, who planned that, why nothing happened then, and the form that changes it. */
export function schedulePanel(props: SchedulePanel): Html | false {
  const { promotion, plan } = props;
  const planned = promotion.open ? plan : undefined;
  if (!planned && !(promotion.open && promotion.schedule?.go_live_at)) return false;
  return panel("schedule", "Schedule", html`${current(props)}${planned && form(props, planned)}`);
}

function current({ promotion, site, now }: SchedulePanel): Html {
  const { schedule } = promotion;
  if (!schedule?.go_live_at) return html`<p><small>No moment is planned.</small></p>`;
  const at = (iso: string) => time(iso, site.time_zone, now);
  const what = schedule.by_itself
    ? `The deployment happens by itself. Sitebook then marks it as ${whereCompleted(promotion)}, if nothing blocks it.`
    : `Somebody has to mark it as ${whereCompleted(promotion)} then.`;
  const badge =
    schedule.go_live_at <= now
      ? statusBadge("blocked", html`due since ${at(schedule.go_live_at)}`, { wrap: true })
      : statusBadge("waiting", html`planned for ${at(schedule.go_live_at)}`, { wrap: true });
  const due = schedule.go_live_due?.reason;
  return html`<p>${badge}</p>${due && html`<p>It was not marked as ${whereCompleted(promotion)} at that moment. ${due}</p>`}<p><small>${what} Planned by ${nameOf(schedule)}, ${at(schedule.planned_at)}.</small></p>`;
}

function form({ site, promotion, errors, key }: SchedulePanel, plan: PlanForm): Html {
  const action = `/sites/${site.slug}/promotions/${promotion.number}/schedule`;
  const wrong = Boolean(errors.go_live_at || errors.by_itself);
  return fold(
    promotion.schedule?.go_live_at ? "Change the plan" : "Plan the moment",
    html`<form class="form" method="post" action="${action}">${hiddenField("key", key)}
${planFields(site, plan, errors)}
<div class="end">${button({ text: "Save plan" })}</div></form>`,
    { open: wrong },
  );
}

/** When it goes live, and whether by itself. */
export const planFields = (
  { time_zone }: { time_zone: string },
  { go_live_at, by_itself }: PlanForm,
  errors: Record<string, string>,
): Html =>
  html`${momentPicker({
    name: "go_live_at",
    label: "Planned for",
    value: go_live_at,
    error: errors.go_live_at,
    hint: `Time zone ${time_zone}. Empty means that no moment is planned.`,
  })}
${boxes(
  html`<span class="sr">Deployment</span>`,
  checkbox({
    name: "by_itself",
    label: "The deployment happens by itself then",
    hint: "Sitebook does not deploy. At that moment it completes the promotion if nothing blocks it, or else reminds those who complete it.",
    checked: by_itself !== "",
  }),
  errors.by_itself,
)}`;
