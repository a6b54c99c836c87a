import { ago, longTime } from "../../src/time/format.ts";
import { clockToleranceMs } from "../../src/time/recorded-late.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { button, hiddenField } from "../parts/button.ts";
import { type Html, html, type Piece } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { fold, note } from "../parts/page.ts";
import { fullTime } from "../parts/time.ts";
import { base, type EnvironmentProps, pageHref } from "./address.ts";

/** Selects a moment: by a date and time, or by stepping from change to change. */
export function picker(props: EnvironmentProps): Html {
  const { site, around, at, filter, wrong } = props;
  const zone = site.time_zone;
  const step = (to: string | undefined, text: Piece) =>
    to &&
    html`<a class="button" href="${pageHref(props, { as_of: shortMoment(to), after: undefined })}" title="${longTime(to, zone)}">${text}</a>`;
  return html`<form class="moment" action="${base(props)}">
${momentInput({
  name: "as_of",
  label: "As of",
  value: props.asOfText,
  hint: "For example 3 March 14:00, yesterday or 2 days ago",
  error: wrong?.message,
})}${momentExamples}
${filter.kind && hiddenField("kind", filter.kind)}${filter.text && hiddenField("text", filter.text)}
${button({ text: "Show" })}
${step(around.previous, html`<span aria-hidden="true">‹</span> Previous change`)}${step(at ? around.next : undefined, html`Next change <span aria-hidden="true">›</span>`)}
${fold(
  "Recorded by (what we knew then)",
  momentInput({
    name: "known_at",
    label: "Recorded by",
    value: props.knownAtText,
    hint: "Leaves out what was recorded after that moment",
  }),
  { open: props.knownAtText !== "" },
)}</form>`;
}

export function pastNote(props: EnvironmentProps, at: string): Html {
  const { site, environment, around, momentNote, knownAt } = props;
  const known = knownAt ? knownWords(props, at, knownAt) : "as it is known today";
  const changed =
    around.since >= 1000
      ? "more than 1,000 items have"
      : around.since === 1
        ? "1 item has"
        : `${around.since} items have`;
  const moment = shortMoment(at);
  return note(
    html`You are viewing the past, ${known}. Since then ${around.since ? changed : "nothing has"} changed here.${momentNote && html` ${momentNote}`}${recordDifference(props, at)}`,
    {
      tier: environment.tier,
      actions: html`<a href="${pathWithQuery(`/sites/${site.slug}/compare`, { from: `${environment.slug}@${moment}`, to: environment.slug })}">Compare with now</a><a href="${pageHref(props)}">Link to this moment</a><a href="${pathWithQuery(base(props), props.filter)}">Back to now</a>`,
    },
  );
}

/** "as it was known on 3 March 2026, 14:00, 2 days later" */
function knownWords({ site }: EnvironmentProps, at: string, knownAt: string): Piece {
  if (Math.abs(Date.parse(knownAt) - Date.parse(at)) < clockToleranceMs) return "as it was known at that moment";
  const distance = knownAt > at ? ago(at, knownAt).replace("ago", "later") : ago(knownAt, at).replace("ago", "earlier");
  return html`as it was known on ${fullTime(knownAt, site.time_zone)}, ${distance}`;
}

/** If the record of the moment has changed since, links to the other view of it and to the differences. */
function recordDifference(props: EnvironmentProps, at: string): Html | false {
  const { knownAt, recordDiffers, site, environment } = props;
  if (!recordDiffers) return knownAt !== undefined && html` The record is the same today.`;
  const moment = `${environment.slug}@${shortMoment(at)}`;
  const known = shortMoment(knownAt ?? at);
  const differs = pathWithQuery(`/sites/${site.slug}/compare`, { from: moment, to: moment, from_known_at: known });
  const other = knownAt
    ? html`<a href="${pageHref(props, { known_at: undefined })}">as it is known now</a>`
    : html`<a href="${pageHref(props, { known_at: known })}">as it was known then</a>`;
  return html` ${knownAt ? "The record is different today" : "The record was different at the time"}: see it ${other}, or see <a href="${differs}">what differs</a>.`;
}
