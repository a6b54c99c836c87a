import type { Site } from "../src/access/sites.ts";
import type { Difference, DifferenceCounts } from "../src/compare/queries.ts";
import type { DifferenceKind, ListedChange } from "../src/compare/rules.ts";
import type { EnvironmentAtMoment } from "../src/record/references.ts";
import type { Kind } from "../src/schema.ts";
import { formatCount, joinWithAnd } from "../src/text.ts";
import { ago, longTime } from "../src/time/format.ts";
import { pathWithQuery, shortMoment } from "./parts/address.ts";
import { artifactLink, serverAddress, versionTag } from "./parts/artifact.ts";
import { button, linkButton } from "./parts/button.ts";
import { env } from "./parts/environment.ts";
import { select } from "./parts/field.ts";
import { attr, each, type Html, html } from "./parts/html.ts";
import { momentExamples, momentInput } from "./parts/moment.ts";
import { chips, empty, fold, head, note } from "./parts/page.ts";
import { sectionHeading } from "./parts/placement.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { cell, group, pager, row, rowHead, table } from "./parts/table.ts";
import { fullTime, time } from "./parts/time.ts";

/** The form's fields for one side, and what is wrong with them. */
export type SideFields = { slug: string; moment: string; knownAt: string; error?: string | undefined };

export type Compared = {
  from: EnvironmentAtMoment;
  to: EnvironmentAtMoment;
  /** Sides for which nothing had been recorded at their moment, with the moment of their first record, if any. */
  unknown: { side: EnvironmentAtMoment; first: string | undefined }[];
  /** Whether it is read as what a promotion would change. */
  promotes: boolean;
  changes: ListedChange[];
  /** The side whose environment is the earlier one. */
  earlier: EnvironmentAtMoment;
  /** `change`: the name of a listed change. */
  filter: { kind?: Kind | undefined; change?: ListedChange["name"] | undefined };
  continued: boolean;
  counts: Record<Kind, DifferenceCounts>;
  lines: Difference[];
  next?: string | undefined;
};

export type CompareProps = {
  site: Site;
  now: string;
  fields: { from: SideFields; to: SideFields };
  /** Undefined if a side could not be read. */
  compared?: Compared | undefined;
};

export function comparePage(props: CompareProps): Html {
  const { compared } = props;
  return html`${head({ title: compared ? comparisonTitle(compared, props.site) : "Compare", under: compared && html`${summary(compared)}${renamed(compared)}` })}
${sides(props)}${compared && quick(props, compared)}
${compared && differences(props, compared)}`;
}

/** "What differs: demo and live"; with its moment, if one of the sides has one. */
export function comparisonTitle({ from, to }: Pick<Compared, "from" | "to">, site: Site): Html {
  const past = [from, to].some((side) => side.at ?? side.knownAt);
  const name = ({ environment, at, knownAt }: EnvironmentAtMoment) => {
    const moment = at ? ` on ${longTime(at, site.time_zone)}` : past ? " now" : "";
    return html`<bdi>${environment.name}</bdi>${moment}${knownAt && `, as known on ${longTime(knownAt, site.time_zone)}`}`;
  };
  return html`What differs: ${name(from)}${from.knownAt && ","} and ${name(to)}`;
}

/** "new on live", "not on demo"; as in "2 new on live". */
function changeWords({ from, to, promotes, earlier }: Compared, { name }: ListedChange): string {
  const target = to.environment.name;
  if (name === "unknown") return `unknown on ${earlier.environment.name}`;
  if (name === "missing") return `not on ${target}`;
  if (!promotes || from.environment.id === to.environment.id) return name;
  return name === "removed" ? `removed from ${target}` : `${name} on ${target}`;
}

const countOfChange = (counts: DifferenceCounts, { kinds }: ListedChange): number =>
  kinds.reduce((sum, kind) => sum + counts[kind], 0);

/** "4 new on live, 2 changed on live and 1 removed from live; 51 are the same." */
function summary(compared: Compared): string {
  const { counts, unknown, promotes } = compared;
  if (unknown.length) return "What differs is unknown.";
  const all = total(counts);
  const parts = compared.changes
    .map((change) => [countOfChange(all, change), changeWords(compared, change)] as const)
    .filter(([count]) => count)
    .map(([count, words]) => `${formatCount(count)} ${words}`);
  const same = `${formatCount(all.same)} ${all.same === 1 ? "is" : "are"} the same`;
  if (!parts.length) return `Nothing differs; ${same}.`;
  const by = promotes ? "If promoted: " : "";
  return `${by}${joinWithAnd(parts)}; ${same}.`;
}

/** " demo is now called Staging." */
const renamed = ({ from, to }: Compared): Html =>
  each(
    [from, to],
    ({ environment, nameNow }) =>
      html`${nameNow && html` <bdi>${environment.name}</bdi> is now called <bdi>${nameNow}</bdi>.`}`,
  );

function total({ page, software }: Record<Kind, DifferenceCounts>, kind?: Kind): DifferenceCounts {
  const count = (name: keyof DifferenceCounts) =>
    (kind === "software" ? 0 : page[name]) + (kind === "page" ? 0 : software[name]);
  return {
    added: count("added"),
    changed: count("changed"),
    removed: count("removed"),
    missing: count("missing"),
    unknown: count("unknown"),
    same: count("same"),
  };
}

/** The two sides: an environment each, now or at a moment. */
function sides(props: CompareProps): Html {
  const { site, fields, compared } = props;
  const swapped =
    compared && pathWithQuery(`/sites/${site.slug}/compare`, sidesInAddress({ from: compared.to, to: compared.from }));
  return html`<form class="sides" action="/sites/${site.slug}/compare">
${side(props, "from", "From", fields.from)}
${side(props, "to", "To", fields.to)}${momentExamples}
${button({ text: "Compare", look: "primary" })}${swapped && linkButton(swapped, "Swap", "plain")}${compared && [compared.from, compared.to].some((end) => end.at || end.knownAt) && linkButton(pageHref(props, compared), "Link to this", "plain")}
${knownFields(fields)}</form>`;
}

/** Rarely needed, so folded away. */
function knownFields({ from, to }: CompareProps["fields"]): Html {
  const field = (name: string, label: string, { knownAt }: SideFields) =>
    momentInput({ name, label, value: knownAt, hint: "Leaves out what was recorded after that moment" });
  return fold(
    "Recorded by (what we knew then)",
    html`<div class="moment">${field("from_known_at", "From, recorded by", from)}${field("to_known_at", "To, recorded by", to)}</div>`,
    { open: from.knownAt !== "" || to.knownAt !== "" },
  );
}

function side({ site }: CompareProps, name: "from" | "to", legend: string, fields: SideFields): Html {
  return html`<fieldset><legend>${legend}</legend>${select({
    name,
    label: "Environment",
    value: fields.slug,
    choices: [
      ...site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
      ...site.retired.map(({ slug, name }) => ({ value: slug, label: `${name} (retired)` })),
    ],
  })}${momentInput({
    name: `${name}_at`,
    label: "As of",
    value: fields.moment,
    hint: "Such as 3 March 14:00, yesterday, or ~1 for before the last change",
    error: fields.error,
  })}</fieldset>`;
}

const spans = [
  ["~1", "in the last change"],
  ["@{yesterday}", "since yesterday"],
  ["@{a week ago}", "in the last 7 days"],
  ["@{a month ago}", "in the last month"],
] as const;

/** Links to the most common comparisons: what changed lately on each of these environments, if anything is recorded for it. */
function quick({ site }: CompareProps, { from, to, unknown }: Compared): Html {
  const unrecorded = unknown.filter(({ first }) => !first).map(({ side }) => side.environment.slug);
  const environments = new Map([to, from].map(({ environment }) => [environment.slug, environment]));
  const known = [...environments.values()].filter(({ slug }) => !unrecorded.includes(slug));
  return each(
    known,
    ({ slug, name }) =>
      html`<p class="quick">What changed on <bdi>${name}</bdi>: ${each(spans, ([when, text], i) => html`${i > 0 && " · "}<a href="${pathWithQuery(`/sites/${site.slug}/compare`, { from: `${slug}${when}`, to: slug })}"${attr("aria-label", `What changed on ${name} ${text}`)}>${text}</a>`)}</p>`,
  );
}

const reference = ({ environment, at }: EnvironmentAtMoment): string =>
  at ? `${environment.slug}@${shortMoment(at)}` : environment.slug;

const pageHref = (
  { site }: CompareProps,
  { from, to, filter }: Compared,
  other: Record<string, string | undefined> = {},
) => pathWithQuery(`/sites/${site.slug}/compare`, { ...sidesInAddress({ from, to }), ...filter, ...other });

/** The query fields for both sides; `known_at` stands for both if it is the same. */
function sidesInAddress({ from, to }: Pick<Compared, "from" | "to">) {
  const references = { from: reference(from), to: reference(to) };
  if (from.knownAt === to.knownAt) return { ...references, known_at: from.knownAt && shortMoment(from.knownAt) };
  return {
    ...references,
    from_known_at: from.knownAt && shortMoment(from.knownAt),
    to_known_at: to.knownAt && shortMoment(to.knownAt),
  };
}

function differences(props: CompareProps, compared: Compared): Html {
  const { lines, next, continued, filter, unknown } = compared;
  if (unknown.length) return notes(props, compared);
  const none = continued
    ? "No more differences."
    : filter.kind || filter.change
      ? "Nothing matches."
      : "Nothing differs.";
  return html`${notes(props, compared)}
${differing(compared) > 0 && filters(props, compared)}
${lines.length ? differenceTable(props, compared) : empty(none, (filter.kind || filter.change || continued) && linkButton(pageHref(props, { ...compared, filter: {} }), "Show all differences"))}
${pager({ previous: continued ? pageHref(props, compared) : undefined, previousWord: "Start", next: next && pageHref(props, compared, { after: next }), nextWord: "More" })}`;
}

/** By which moment each side had to be recorded. */
function knownNote({ site, now }: Pick<CompareProps, "site" | "now">, sides: Pick<Compared, "from" | "to">): Html {
  const today = ({ knownAt: _then, ...side }: EnvironmentAtMoment): EnvironmentAtMoment => side;
  const words = (side: EnvironmentAtMoment) =>
    html`${side.environment.name} ${side.knownAt ? html`as it was known on ${fullTime(side.knownAt, site.time_zone)}, ${ago(side.knownAt, now)}` : "as it is known today"}`;
  const known = { from: today(sides.from), to: today(sides.to) };
  const link = pathWithQuery(`/sites/${site.slug}/compare`, sidesInAddress(known));
  return note(html`${words(sides.from)}; ${words(sides.to)}. What was recorded or corrected later is left out.`, {
    actions: html`<a href="${link}">Both as known now</a>`,
  });
}

const notes = ({ site, now }: CompareProps, { from, to, unknown }: Compared): Html =>
  html`${each([from, to], (one) => html`${one.note && note(one.note)}`)}${(from.knownAt || to.knownAt) && knownNote({ site, now }, { from, to })}${each(
    unknown,
    ({ side, first }) =>
      note(
        first
          ? html`Nothing had been recorded for ${side.environment.name} by then. Its record starts on ${fullTime(first, site.time_zone)}.`
          : `Nothing has been recorded for ${side.environment.name} yet.`,
        { tier: side.environment.tier },
      ),
  )}`;

function differing({ counts }: Compared, kind?: Kind): number {
  const { same: _same, ...differences } = total(counts, kind);
  return Object.values(differences).reduce((sum, count) => sum + count, 0);
}

function filters(props: CompareProps, compared: Compared): Html {
  const { filter, counts } = compared;
  const go = (other: Compared["filter"]) => pageHref(props, { ...compared, filter: { ...filter, ...other } });
  const kinds: [Kind | undefined, string][] = [
    [undefined, "Everything"],
    ["page", "Only pages"],
    ["software", "Only software"],
  ];
  const counted = total(counts, filter.kind);
  return html`<div class="filters">${chips(
    "Kind",
    kinds.map(([kind, text]) => ({
      href: go({ kind }),
      text,
      count: formatCount(differing(compared, kind)),
      current: filter.kind === kind,
    })),
  )}${chips(
    "Change",
    [
      {
        href: go({ change: undefined }),
        text: "All changes",
        count: formatCount(differing(compared, filter.kind)),
        current: !filter.change,
      },
      ...compared.changes.map((change) => ({
        href: go({ change: change.name }),
        text: capitalized(changeWords(compared, change)),
        count: formatCount(countOfChange(counted, change)),
        current: filter.change === change.name,
      })),
    ].filter(({ count, current, href }) => current || count !== "0" || !/change=(missing|unknown)/.test(href)),
  )}</div>`;
}

function differenceTable(props: CompareProps, compared: Compared): Html {
  const { from, to, lines, continued } = compared;
  const { site, now } = props;
  const heading = ({ environment, at, knownAt }: EnvironmentAtMoment) =>
    html`<span class="way">${env(environment)}</span> <small>${at ? time(at, site.time_zone, now) : "now"}${knownAt && html`, as known ${time(knownAt, site.time_zone, now)}`}</small>`;
  const sections = [...Map.groupBy(lines, (line) => sectionHeading(line))];
  return table({
    caption: comparisonTitle(compared, site),
    quiet: true,
    look: "flow",
    columns: ["Page or software", "Change", heading(from), heading(to), "Open"],
    groups: each(sections, ([name, rows], i) =>
      group(
        continued && i === 0 ? `${name}, continued` : name,
        5,
        each(rows, (line) => difference(props, compared, line)),
      ),
    ),
  });
}

function difference({ site, now }: CompareProps, compared: Compared, line: Difference): Html {
  const { from, to } = compared;
  const version = (label: string | null, since: string | null, title: string | null) =>
    label === null || since === null
      ? html`<span class="none">–</span>`
      : html`${versionTag(label)}${title && title !== line.title && html` <bdi class="title">“${title}”</bdi>`} <span class="ago">since ${time(since, site.time_zone, now)}</span>`;
  return row(
    html`${rowHead(artifactLink(site.slug, line))}${cell("Change", changeBadge(compared, line.change))}${cell(sideLabel(from, to, from), version(line.from, line.from_since, line.from_title))}${cell(sideLabel(from, to, to), version(line.to, line.to_since, line.to_title))}${line.kind === "page" ? cell("Open", openLinks(line, from, to)) : html`<td></td>`}`,
  );
}

function changeBadge(compared: Compared, kind: DifferenceKind): Html {
  const change = compared.changes.find(({ kinds }) => kinds.includes(kind)) as ListedChange;
  return statusBadge(change.name === "new" ? "added" : change.name, changeWords(compared, change));
}

const capitalized = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

/** Shown on telephones instead of column headings. */
function sideLabel(from: EnvironmentAtMoment, to: EnvironmentAtMoment, side: EnvironmentAtMoment): string {
  if (from.environment.id !== to.environment.id) return side.environment.name;
  return side === from ? "Before" : "After";
}

/** Links to the page on the first server of each environment whose side has it. */
function openLinks(line: Difference, from: EnvironmentAtMoment, to: EnvironmentAtMoment): Html {
  const sides = [line.from !== null && from.environment, line.to !== null && to.environment];
  const environments = new Map(sides.filter((side) => side !== false).map((side) => [side.id, side]));
  return each(
    [...environments.values()].filter(({ servers }) => servers[0]),
    ({ name, servers }, i) =>
      html`${i > 0 && " "}<a href="${serverAddress(servers[0]?.base_url ?? "", line.key)}"${attr("aria-label", `Open ${line.key} on ${name}`)}>${name}</a>`,
  );
}
