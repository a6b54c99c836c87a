import { ago, longTime } from "../../src/time/format.ts";
import { clockToleranceMs } from "../../src/time/recorded-late.ts";
import { pathWithQuery, shortMoment } from "../parts/address.ts";
import { button, hiddenField } from "../parts/button.ts";
import { type Html, html, type Piece } from "../parts/html.ts";
import { momentExamples, momentInput } from "../parts/moment.ts";
import { fold, note } from "../parts/page.ts";
import { fullTime } from "../parts/time.ts";
import { base, type EnvironmentProps, here } from "./address.ts";

/** Choosing a moment, by naming it or by going from change to change. */
export function picker(props: EnvironmentProps): Html {
  const { site, around, at, filter, wrong } = props;
  const zone = site.time_zone;
  const step = (to: string | undefined, text: Piece) =>
    to &&
    html`<a class="button" href="${here(props, { as_of: shortMoment(to), after: undefined })}" title="${longTime(to, zone)}">${text}</a>`;
  return html`<form class="moment" action="${base(props)}">
${momentInput({
  name: "as_of",
  label: "At this moment",
  value: props.typed,
  hint: "Such as 3 March 14:00, yesterday or 2 days ago",
  error: wrong?.message,
})}${momentExamples}
${filter.kind && hiddenField("kind", filter.kind)}${filter.text && hiddenField("text", filter.text)}
${button({ text: "Show" })}
${step(around.previous, html`<span aria-hidden="true">‹</span> Change before`)}${step(at ? around.next : undefined, html`Change after <span aria-hidden="true">›</span>`)}
${fold(
  "As it was known at another moment",
  momentInput({
    name: "known_at",
    label: "As it was known at",
    value: props.typedKnown,
    hint: "Leaves out what was recorded after that moment",
  }),
  { open: props.typedKnown !== "" },
)}</form>`;
}

export function pastNote(props: EnvironmentProps, at: string): Html {
  const { site, environment, around, said, knownAt } = props;
  const known = knownAt
    ? html`as it was known on ${fullTime(knownAt, site.time_zone)}${knownWhen(at, knownAt)}`
    : "as it is known today";
  const many =
    around.since >= 1000
      ? "more than 1,000 things have"
      : around.since === 1
        ? "1 thing has"
        : `${around.since || "no"} things have`;
  const link = shortMoment(at);
  return note(
    html`You are looking at the past, ${known}. Since then ${around.since ? many : "nothing has"} changed here.${said && html` ${said}`}${otherwise(props, at)}`,
    {
      tier: environment.tier,
      actions: html`<a href="${pathWithQuery(`/sites/${site.slug}/compare`, { from: `${environment.slug}@${link}`, to: environment.slug })}">Compare with now</a><a href="${here(props)}">Link to this moment</a><a href="${pathWithQuery(base(props), props.filter)}">Go to now</a>`,
    },
  );
}

/** ", 2 days later" */
function knownWhen(at: string, knownAt: string): string {
  const apart = Math.abs(Date.parse(knownAt) - Date.parse(at));
  if (apart < clockToleranceMs) return ", at that very moment";
  return knownAt > at
    ? `, ${ago(at, knownAt).replace("ago", "later")}`
    : `, ${ago(knownAt, at).replace("ago", "before")}`;
}

/** Where what is known of the moment has changed since: to how it was known then, or is now. */
function otherwise(props: EnvironmentProps, at: string): Html | false {
  const { knownAt, knownOtherwise, site, environment } = props;
  if (!knownOtherwise) return knownAt !== undefined && html` It is known no otherwise today.`;
  const moment = `${environment.slug}@${shortMoment(at)}`;
  const known = shortMoment(knownAt ?? at);
  const differs = pathWithQuery(`/sites/${site.slug}/compare`, { from: moment, to: moment, from_known_at: known });
  const other = knownAt
    ? html`<a href="${here(props, { known_at: undefined })}">as it is known now</a>`
    : html`<a href="${here(props, { known_at: known })}">as it was known then</a>`;
  return html` ${knownAt ? "It is known otherwise today" : "It was known otherwise at the time"}: see it ${other}, or <a href="${differs}">what differs</a>.`;
}
