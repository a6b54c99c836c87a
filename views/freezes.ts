import type { Permitted } from "../src/access/permissions.ts";
import type { Site } from "../src/access/sites.ts";
import type { FreezeForm } from "../src/freezes/form.ts";
import type { Freeze } from "../src/freezes/queries.ts";
import type { Window } from "../src/freezes/recurrence.ts";
import { countOf } from "../src/text.ts";
import { recurrenceWords, weekdays } from "../src/time/recurrence-words.ts";
import { button, confirmButton, hiddenField } from "./parts/button.ts";
import { env } from "./parts/environment.ts";
import { area, boxes, checkbox, input, select } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { momentPicker } from "./parts/moment.ts";
import { empty, note, panel, split } from "./parts/page.ts";
import { nameOf } from "./parts/people.ts";
import { cell, pager, row, rowHead, table } from "./parts/table.ts";
import { time } from "./parts/time.ts";
import { settingsHead } from "./settings/site.ts";

/** With the window that covers this moment, or the next one. */
type Current = Freeze & { window: Window };

type RefusedEnd = { number: number; reason: string; error: string | undefined } | undefined;

type Props = {
  site: Site;
  may: Permitted;
  now: string;
  active: Current[];
  planned: Current[];
  /** Those that are over or were ended, newest first. */
  past: Freeze[];
  /** The number with which the next page of past ones begins before. */
  older: number | undefined;
  form: FreezeForm;
  errors: Record<string, string>;
  end: RefusedEnd;
};

export function freezesPage(props: Props): Html {
  const { site, may, active, planned, past, older, end } = props;
  const hasForm = [...active, ...planned].some(({ number }) => number === end?.number);
  const lists = html`${list(props, "Frozen now", active, "No environment is frozen.")}
${list(props, "Planned", planned, "No freeze is planned.")}
${past.length > 0 && pastTable(props)}
${pager({ of: "Past", next: older ? `/sites/${site.slug}/settings/freezes?before=${older}` : undefined, nextWord: "Older" })}`;
  const calendar = html`While an environment is frozen, no promotion to it can be completed. See also the <a href="/sites/${site.slug}/calendar">calendar</a>.`;
  return html`${end?.error && !hasForm && note(end.error, { kind: "bad" })}${settingsHead(site, "/freezes", "Freezes", { under: calendar, may })}
${may.freeze ? split(lists, panel("new-freeze", "New freeze", freezeForm(props))) : lists}`;
}

const list = (props: Props, heading: string, freezes: Current[], none: string): Html =>
  freezes.length === 0
    ? html`<h2>${heading}</h2>${empty(none)}`
    : html`<h2>${heading}</h2>${table({
        caption: countOf(freezes.length, "freeze"),
        columns: ["Freeze", "Environment", "When", "Reason", "Set by", ...(props.may.freeze ? ["Action"] : [])],
        body: each(freezes, (freeze) =>
          row(
            html`${cells(props, freeze, freeze.window)}${props.may.freeze && cell("Action", endForm(props.site, freeze, props.end))}`,
          ),
        ),
      })}`;

function cells({ site, now }: Props, freeze: Freeze, { starts_at, ends_at }: Window): Html {
  const at = (iso: string) => time(iso, site.time_zone, now);
  const when = html`${at(starts_at)} until ${ends_at ? at(ends_at) : "somebody ends it"}${freeze.recurrence && html`<br><small>${recurring(freeze.recurrence)}</small>`}`;
  const place = { name: freeze.environment_name, tier: freeze.tier };
  return html`${rowHead(`Freeze ${freeze.number}`)}${cell("Environment", env(place))}${cell("When", when)}${cell("Reason", html`<bdi>${freeze.reason}</bdi>`)}${cell("Set by", html`${nameOf(freeze)}, ${at(freeze.created_at)}`)}`;
}

/** A rule that the form cannot make is shown as it is. */
const recurring = (rule: string): Html => {
  const words = recurrenceWords(rule);
  return words === undefined ? html`recurs by <code>${rule}</code>` : html`${words}`;
};

function pastTable(props: Props): Html {
  const { site, now, past } = props;
  const ended = (freeze: Freeze) =>
    freeze.ended_at && freeze.ended_by && freeze.ended_by_kind
      ? html`by ${nameOf({ person: freeze.ended_by, kind: freeze.ended_by_kind })}, ${time(freeze.ended_at, site.time_zone, now)}: <span class="quote">${freeze.end_reason}</span>`
      : html`<span class="none">as planned</span>`;
  const list = table({
    caption: "Newest first",
    columns: ["Freeze", "Environment", "When", "Reason", "Set by", "Ended"],
    body: each(past, (freeze) => row(html`${cells(props, freeze, freeze)}${cell("Ended", ended(freeze))}`)),
  });
  return html`<h2>Past</h2>${list}`;
}

/** Ending a freeze asks for a reason. `fromPage`: the page to go back to, if it is not the list of freezes. */
export const endForm = (
  site: { slug: string },
  { number, environment_name }: Pick<Freeze, "number" | "environment_name">,
  refused?: RefusedEnd,
  fromPage?: "environment",
): Html => {
  const own = refused?.number === number ? refused : undefined;
  return confirmButton(
    html`End<span class="sr"> freeze ${number}</span>`,
    `${environment_name} takes promotions again, unless another freeze covers it.`,
    {
      action: `/sites/${site.slug}/settings/freezes/${number}/end`,
      text: html`End freeze ${number}`,
      open: own !== undefined,
      content: html`${fromPage && hiddenField("from_page", fromPage)}${area({ name: "reason", id: `end-${number}`, label: "Reason", rows: 2, value: own?.reason, error: own?.error })}`,
    },
  );
};

/** One button: from now on, until somebody ends it. */
export const stopTheLine = (site: { slug: string }, environment: { slug: string; name: string }, key: string): Html =>
  confirmButton(
    "Stop the line",
    `No promotion to ${environment.name} can be completed until somebody ends the freeze.`,
    {
      action: `/sites/${site.slug}/settings/freezes`,
      text: `Freeze ${environment.name} now`,
      look: "danger",
      content: html`${hiddenField("environment", environment.slug)}${hiddenField("key", key)}${hiddenField("from_page", "environment")}${area({ name: "reason", id: "stop-reason", label: "Reason", rows: 2 })}`,
    },
  );

const frequencies = [
  ["", "does not recur"],
  ["DAILY", "every day"],
  ["WEEKLY", "every week"],
  ["MONTHLY", "every month, on the same day"],
  ["YEARLY", "every year, on the same day"],
] as const;

function freezeForm({ site, form, errors }: Props): Html {
  const zone = `Time zone ${site.time_zone}.`;
  const environments = site.environments.map(({ slug, name }) => ({ value: slug, label: name }));
  const days = each(weekdays, ([value, label]) =>
    checkbox({ name: "days", value, label, checked: form.days.includes(value) }),
  );
  return html`<form class="form" method="post" action="/sites/${site.slug}/settings/freezes">${hiddenField("key", form.key)}
${select({ name: "environment", label: "Environment", value: form.environment, choices: environments, error: errors.environment })}
${momentPicker({ name: "from", label: "From", value: form.from, error: errors.from, hint: `${zone} Empty means now.` })}
${momentPicker({ name: "until", label: "Until", value: form.until, error: errors.until, hint: `${zone} Empty means until somebody ends it.` })}
${area({ name: "reason", label: "Reason", rows: 2, value: form.reason, error: errors.reason, required: true })}
${select({ name: "repeats", label: "Recurs", value: form.repeats, choices: frequencies.map(([value, label]) => ({ value, label })), error: errors.recurrence, hint: "From and Until are its first window." })}
${boxes("Days, if it recurs every week", days)}
${input({ name: "last", type: "date", label: "Recurs until", value: form.last, error: errors.last, hint: "The last day on which it may start." })}
<div class="end">${button({ text: "Set freeze", look: "primary" })}</div></form>`;
}
