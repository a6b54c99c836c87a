import type { Site } from "../../src/access/sites.ts";
import type { HistoryEvent } from "../../src/history/queries.ts";
import type { SentencePart } from "../../src/history/sentences.ts";
import { formatCount } from "../../src/text.ts";
import { clockTime, longDay } from "../../src/time/format.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, linkButton } from "../parts/button.ts";
import { downloadLinks } from "../parts/download-links.ts";
import { type Choice, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { empty, fold, head } from "../parts/page.ts";
import { nameOfThen } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { pager } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type CheckpointProps, checkpointFold } from "./checkpoint.ts";

/** The filter as it is in the address. */
export type HistoryFields = Partial<
  Record<"person" | "action" | "environment" | "kind" | "key" | "from" | "until", string>
>;

export type HistoryProps = {
  site: Site;
  now: string;
  events: (HistoryEvent & { sentence: SentencePart[] })[];
  fields: HistoryFields;
  /** Messages by the name of their field. */
  errors: Partial<Record<keyof HistoryFields, string>>;
  people: { id: string; name: string }[];
  actions: Choice[];
  isContinued: boolean;
  next?: string | undefined;
  checkpoint: CheckpointProps;
};

export function historyPage(props: HistoryProps): Html {
  const { site, events, fields, isContinued, next } = props;
  const base = `/sites/${site.slug}/history`;
  const filtered = Object.values(fields).some(Boolean);
  const unreadable = Object.keys(props.errors).length > 0;
  return html`${head({ title: "History", under: "Everything recorded or decided, newest first. Nothing here is ever changed or removed." })}
${filters(props, base)}
${events.length ? days(props) : !unreadable && noEvents(base, filtered, isContinued)}
${pager({ previous: isContinued ? pathWithQuery(base, fields) : undefined, previousWord: "Newest", next: next && pathWithQuery(base, { ...fields, before: next }), nextWord: "Older" })}${events.length > 0 && downloadLinks(base, fields)}${checkpointFold(props.checkpoint)}`;
}

const noEvents = (base: string, filtered: boolean, isContinued: boolean): Html =>
  filtered
    ? empty("Nothing matches.", linkButton(base, "Show all"))
    : empty(isContinued ? "There are no older entries." : "Nothing has been recorded yet.");

function filters({ site, fields, errors, people, actions }: HistoryProps, base: string): Html {
  const all = (label: string, choices: Choice[]) => [{ value: "", label }, ...choices];
  const moment = (name: "from" | "until", label: string, empty: string) =>
    momentInput({ name, label, value: fields[name] ?? "", error: errors[name], empty });
  const filtered = Object.values(fields).some(Boolean);
  return html`<form class="sides" action="${base}">
${select({
  name: "person",
  label: "Person",
  value: fields.person,
  choices: all(
    "Anyone",
    people.map(({ id, name }) => ({ value: id, label: name })),
  ),
})}
${select({ name: "action", label: "Activity", value: fields.action, choices: all("All", actions) })}
${select({
  name: "environment",
  label: "Environment",
  value: fields.environment,
  choices: all("All", [
    ...site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
    ...site.retired.map(({ slug, name }) => ({ value: slug, label: `${name} (retired)` })),
  ]),
})}
${input({ name: "key", label: "Page or software", value: fields.key, error: errors.key, more: { placeholder: "/sale/shoes", maxlength: 2000 } })}
${moment("from", "From", "the start")}${moment("until", "Until", "now")}${momentExamples}
${button({ text: "Filter" })}${filtered && linkButton(base, "Show all", "plain")}
</form>`;
}

function days({ site, now, events }: HistoryProps): Html {
  const byDay = [...Map.groupBy(events, (event) => longDay(event.recorded_at, site.time_zone))];
  return each(
    byDay,
    ([day, events]) => html`<h2 class="day">${day}</h2>
<ol class="events">${each(events, (event) => eventItem(site, now, event))}</ol>
`,
  );
}

function eventItem(site: Site, now: string, event: HistoryProps["events"][number]): Html {
  const text = event.details.comment ?? event.details.reason ?? event.details.note;
  const isQuoted = event.sentence.some((part) => typeof part === "object" && "name" in part && part.name === text);
  const quote = isQuoted ? undefined : text;
  const clock = clockTime(event.recorded_at, site.time_zone);
  return html`<li id="entry-${event.seq}"><time datetime="${event.recorded_at}">${clock}</time><div>${each(event.sentence, (part) => sentencePart(site, now, part))}${typeof quote === "string" && html` <span class="quote">${quote}</span>`}${lines(site, event)}</div><span class="end" title="${event.hash}">entry ${formatCount(event.seq)}</span></li>
`;
}

/** A part of a sentence, with its link or its time. */
export function sentencePart(site: Site, now: string, part: SentencePart): Html {
  if (typeof part === "string") return html`${part}`;
  if ("name" in part) return nameOfThen(part.name, part.now);
  if ("at" in part) return time(part.at, site.time_zone, now);
  return html`<a href="/sites/${site.slug}/${part.to}"><bdi>${part.text}</bdi></a>`;
}

type Line = { kind: string; key: string; version: string | null; out_of_band?: number; redirect?: string };

const maxUnfoldedLines = 3;

const maxLines = 20;

/** The lines of a deployment or release: a few are shown, the first of many can be unfolded. */
function lines(site: Site, event: HistoryEvent): Html | false {
  const all = (event.details.placements ?? event.details.contents) as Line[] | undefined;
  if (!all?.length) return false;
  const first = html`<ul class="lines">${each(all.slice(0, maxLines), (line) => lineItem(site, line))}</ul>`;
  if (all.length <= maxUnfoldedLines) return first;
  const rest = all.length - maxLines;
  const more = rest > 0 && html`<p><small>and ${formatCount(rest)} more</small></p>`;
  return fold(`${formatCount(all.length)} lines`, html`${first}${more}`);
}

const lineItem = (site: Site, line: Line): Html =>
  html`<li>${artifactLink(site.slug, line)} ${line.version === null ? statusBadge("removed", "removed") : versionTag(line.version)}${line.redirect && html` <span class="ago">visitors are led to <bdi>${line.redirect}</bdi></span>`}${line.out_of_band === 1 && html` ${statusBadge("band", "out of band")}`}</li>`;
