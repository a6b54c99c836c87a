import type { Site } from "../../src/access/sites.ts";
import type { HistoryEvent } from "../../src/history/queries.ts";
import type { Words } from "../../src/history/sentences.ts";
import { formatCount } from "../../src/text.ts";
import { longDay, shortTime } from "../../src/time/format.ts";
import { pathWithQuery } from "../parts/address.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, linkButton } from "../parts/button.ts";
import { downloadLinks } from "../parts/download-links.ts";
import { type Choice, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { empty, fold, head } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { pager } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type CheckpointProps, checkpointFold } from "./checkpoint.ts";

/** The filter as it stands in the address. */
export type HistoryFields = Partial<
  Record<"person" | "action" | "environment" | "kind" | "key" | "from" | "until", string>
>;

export type HistoryProps = {
  site: Site;
  now: string;
  events: (HistoryEvent & { words: Words[] })[];
  told: HistoryFields;
  /** Messages for fields, by name. */
  wrong: Partial<Record<keyof HistoryFields, string>>;
  people: { id: string; name: string }[];
  actions: Choice[];
  continued: boolean;
  next?: string | undefined;
  checkpoint: CheckpointProps;
};

export function historyPage(props: HistoryProps): Html {
  const { site, events, told, continued, next } = props;
  const base = `/sites/${site.slug}/history`;
  const filtered = Object.values(told).some(Boolean);
  const unread = Object.keys(props.wrong).length > 0;
  return html`${head({ title: "History", under: "Everything that was told or decided, newest first. Nothing here is ever changed or removed." })}
${filters(props, base)}
${events.length ? days(props) : !unread && nothing(base, filtered, continued)}
${pager({ previous: continued ? pathWithQuery(base, told) : undefined, previousWord: "Newest", next: next && pathWithQuery(base, { ...told, before: next }), nextWord: "Older" })}${events.length > 0 && downloadLinks(base, told)}${checkpointFold(props.checkpoint)}`;
}

const nothing = (base: string, filtered: boolean, continued: boolean): Html =>
  filtered
    ? empty("Nothing like that has happened.", linkButton(base, "Show everything"))
    : empty(continued ? "That was the beginning." : "Nothing has happened yet.");

function filters({ site, told, wrong, people, actions }: HistoryProps, base: string): Html {
  const all = (label: string, choices: Choice[]) => [{ value: "", label }, ...choices];
  const moment = (name: "from" | "until", label: string, empty: string) =>
    momentInput({ name, label, value: told[name] ?? "", error: wrong[name], empty });
  const filtered = Object.values(told).some(Boolean);
  return html`<form class="sides" action="${base}">
${select({
  name: "person",
  label: "Who",
  value: told.person,
  choices: all(
    "Anybody",
    people.map(({ id, name }) => ({ value: id, label: name })),
  ),
})}
${select({ name: "action", label: "What", value: told.action, choices: all("Anything", actions) })}
${select({
  name: "environment",
  label: "Where",
  value: told.environment,
  choices: all(
    "Anywhere",
    site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
  ),
})}
${input({ name: "key", label: "Page or software", value: told.key, error: wrong.key, more: { placeholder: "/sale/shoes", maxlength: 2000 } })}
${moment("from", "From", "the beginning")}${moment("until", "Until", "now")}${momentExamples}
${button({ text: "Filter" })}${filtered && linkButton(base, "Show everything", "plain")}
</form>`;
}

function days({ site, now, events }: HistoryProps): Html {
  const byDay = [...Map.groupBy(events, (event) => longDay(event.recorded_at, site.time_zone))];
  return each(
    byDay,
    ([day, some]) => html`<h2 class="day">${day}</h2>
<ol class="events">${each(some, (event) => happened(site, now, event))}</ol>
`,
  );
}

function happened(site: Site, now: string, event: HistoryProps["events"][number]): Html {
  const quote = event.details.comment ?? event.details.reason ?? event.details.note;
  const clock = shortTime(event.recorded_at, site.time_zone, now).slice(-5);
  return html`<li id="entry-${event.seq}"><time datetime="${event.recorded_at}">${clock}</time><div>${each(event.words, (piece) => historySentence(site, now, piece))}${typeof quote === "string" && html` <span class="quote">${quote}</span>`}${lines(site, event)}</div><span class="end" title="${event.hash}">entry ${formatCount(event.seq)}</span></li>
`;
}

/** A piece of a sentence, with its link or its time. */
export function historySentence(site: Site, now: string, piece: Words): Html {
  if (typeof piece === "string") return html`${piece}`;
  if ("at" in piece) return time(piece.at, site.time_zone, now);
  return html`<a href="/sites/${site.slug}/${piece.to}">${piece.text}</a>`;
}

type Line = { kind: string; key: string; version: string | null; out_of_band?: number };

const few = 3;

const most = 20;

/** What a deployment or release holds: a few lines at once, the first of many to be unfolded. */
function lines(site: Site, event: HistoryEvent): Html | false {
  const held = (event.details.placements ?? event.details.contents) as Line[] | undefined;
  if (!held?.length) return false;
  if (held.length <= few) return html`<ul class="held">${each(held, (one) => line(site, one))}</ul>`;
  const rest = held.length - most;
  const first = html`<ul class="held">${each(held.slice(0, most), (one) => line(site, one))}</ul>`;
  const more = rest > 0 && html`<p><small>and ${formatCount(rest)} more</small></p>`;
  return fold(`${formatCount(held.length)} lines`, html`${first}${more}`);
}

const line = (site: Site, one: Line): Html =>
  html`<li>${artifactLink(site.slug, one)} ${one.version === null ? statusBadge("removed", "removed") : versionTag(one.version)}${one.out_of_band === 1 && html` ${statusBadge("band", "out of band")}`}</li>`;
