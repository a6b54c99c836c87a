import type { Site } from "../src/access/sites.ts";
import type { Difference, DifferenceCounts, DifferenceKind } from "../src/compare/queries.ts";
import type { EnvironmentAtMoment } from "../src/record/references.ts";
import type { Kind } from "../src/schema.ts";
import { formatCount } from "../src/text.ts";
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

/** One side as it was asked for, whether or not it could be read. */
export type AskedSide = { slug: string; moment: string; knownAt: string; wrong?: string | undefined };

export type Compared = {
  from: EnvironmentAtMoment;
  to: EnvironmentAtMoment;
  /** Sides that nobody had told Sitebook of yet at their moment, with the first that was told. */
  unknown: { side: EnvironmentAtMoment; first: string | undefined }[];
  filter: { kind?: Kind | undefined; change?: DifferenceKind | undefined };
  continued: boolean;
  tallies: Record<Kind, DifferenceCounts>;
  lines: Difference[];
  next?: string | undefined;
};

export type CompareProps = {
  site: Site;
  now: string;
  asked: { from: AskedSide; to: AskedSide };
  /** Nothing where a side could not be read. */
  compared?: Compared | undefined;
};

export function comparePage(props: CompareProps): Html {
  const { compared } = props;
  return html`${head({ title: compared ? titled(props, compared) : "Compare", under: compared && summary(compared) })}
${sides(props)}${compared && quick(props, compared)}
${compared && differences(props, compared)}`;
}

const titled = ({ site }: CompareProps, { from, to }: Compared): Html =>
  html`From ${named(from, site)} to ${named(to, site)}`;

const named = ({ environment, at, knownAt }: EnvironmentAtMoment, site: Site): Html =>
  html`${environment.name}${at && html` on ${fullTime(at, site.time_zone)}`}${knownAt && html`, as known on ${fullTime(knownAt, site.time_zone)}`}`;

export const plainName = ({ environment, at, knownAt }: EnvironmentAtMoment, zone: string): string =>
  `${environment.name} ${at ? longTime(at, zone) : "now"}${knownAt ? ` as known on ${longTime(knownAt, zone)}` : ""}`;

/** "4 added, 2 changed and 1 removed; 51 are the same." */
function summary({ tallies }: Compared): string {
  const all = total(tallies);
  const parts = (["added", "changed", "removed"] as const)
    .filter((one) => all[one])
    .map((one) => `${many(all[one])} ${one}`);
  const same = `${many(all.same)} ${all.same === 1 ? "is" : "are"} the same`;
  return parts.length ? `${listed(parts)}; ${same}.` : `Nothing differs; ${same}.`;
}

const many = (count: number): string => formatCount(count);

const listed = (parts: string[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

function total({ page, software }: Record<Kind, DifferenceCounts>, kind?: Kind): DifferenceCounts {
  const of = (name: keyof DifferenceCounts) =>
    (kind === "software" ? 0 : page[name]) + (kind === "page" ? 0 : software[name]);
  return { added: of("added"), changed: of("changed"), removed: of("removed"), same: of("same") };
}

/** The two sides: an environment each, now or at a moment. */
function sides(props: CompareProps): Html {
  const { site, asked, compared } = props;
  const swapped =
    compared && pathWithQuery(`/sites/${site.slug}/compare`, between({ from: compared.to, to: compared.from }));
  return html`<form class="sides" action="/sites/${site.slug}/compare">
${side(props, "from", "From", asked.from)}
${side(props, "to", "To", asked.to)}${momentExamples}
${button({ text: "Compare", look: "primary" })}${swapped && linkButton(swapped, "Swap", "plain")}${compared && [compared.from, compared.to].some((one) => one.at || one.knownAt) && linkButton(here(props, compared), "Link to this", "plain")}
${knownFields(asked)}</form>`;
}

/** The other clock, seldom asked. */
function knownFields({ from, to }: CompareProps["asked"]): Html {
  const field = (name: string, label: string, { knownAt }: AskedSide) =>
    momentInput({ name, label, value: knownAt, hint: "Leaves out what was recorded after that moment" });
  return fold(
    "As it was known at another moment",
    html`<div class="moment">${field("from_known_at", "From, as it was known at", from)}${field("to_known_at", "To, as it was known at", to)}</div>`,
    { open: from.knownAt !== "" || to.knownAt !== "" },
  );
}

function side({ site }: CompareProps, name: "from" | "to", legend: string, asked: AskedSide): Html {
  return html`<fieldset><legend>${legend}</legend>${select({
    name,
    label: "Environment",
    value: asked.slug,
    choices: site.environments.map(({ slug, name }) => ({ value: slug, label: name })),
  })}${momentInput({
    name: `${name}_at`,
    label: "At",
    value: asked.moment,
    hint: "Such as 3 March 14:00, yesterday, or ~1: before its latest change",
    error: asked.wrong,
  })}</fieldset>`;
}

const spans = [
  ["~1", "by its latest change"],
  ["@{yesterday}", "since yesterday"],
  ["@{a week ago}", "in a week"],
  ["@{a month ago}", "in a month"],
] as const;

/** What people ask most: what one of these environments changed of late. One that nobody told of is left out. */
function quick({ site }: CompareProps, { from, to, unknown }: Compared): Html {
  const dark = unknown.filter((one) => !one.first).map((one) => one.side.environment.slug);
  const places = new Map([to, from].map(({ environment }) => [environment.slug, environment]));
  const known = [...places.values()].filter((one) => !dark.includes(one.slug));
  return each(
    known,
    ({ slug, name }) =>
      html`<p class="quick">What changed on ${name}: ${each(spans, ([when, text], i) => html`${i > 0 && " · "}<a href="${pathWithQuery(`/sites/${site.slug}/compare`, { from: `${slug}${when}`, to: slug })}"${attr("aria-label", `What changed on ${name} ${text}`)}>${text}</a>`)}</p>`,
  );
}

const reference = ({ environment, at }: EnvironmentAtMoment): string =>
  at ? `${environment.slug}@${shortMoment(at)}` : environment.slug;

const here = ({ site }: CompareProps, { from, to, filter }: Compared, other: Record<string, string | undefined> = {}) =>
  pathWithQuery(`/sites/${site.slug}/compare`, { ...between({ from, to }), ...filter, ...other });

/** Both sides as an address names them: each with when it was known, or both at once. */
function between({ from, to }: Pick<Compared, "from" | "to">) {
  const named = { from: reference(from), to: reference(to) };
  if (from.knownAt === to.knownAt) return { ...named, known_at: from.knownAt && shortMoment(from.knownAt) };
  return {
    ...named,
    from_known_at: from.knownAt && shortMoment(from.knownAt),
    to_known_at: to.knownAt && shortMoment(to.knownAt),
  };
}

function differences(props: CompareProps, compared: Compared): Html {
  const { lines, next, continued, filter } = compared;
  const { page, software } = compared.tallies;
  const none = continued
    ? "That was all."
    : filter.kind || filter.change
      ? "Nothing differs in that way."
      : "There is nothing that differs.";
  return html`${notes(props, compared)}
${page.added + page.changed + page.removed + software.added + software.changed + software.removed > 0 && filters(props, compared)}
${lines.length ? differenceTable(props, compared) : empty(none, (filter.kind || filter.change || continued) && linkButton(here(props, { ...compared, filter: {} }), "Show all that differs"))}
${pager({ previous: continued ? here(props, compared) : undefined, previousWord: "Beginning", next: next && here(props, compared, { after: next }), nextWord: "More" })}`;
}

/** Which of the two clocks was turned back, in words. */
function knownNote({ site, now }: Pick<CompareProps, "site" | "now">, sides: Pick<Compared, "from" | "to">): Html {
  const today = ({ knownAt: _then, ...side }: EnvironmentAtMoment): EnvironmentAtMoment => side;
  const words = (side: EnvironmentAtMoment) =>
    html`${side.environment.name} ${side.knownAt ? html`as it was known on ${fullTime(side.knownAt, site.time_zone)}, ${ago(side.knownAt, now)}` : "as it is known today"}`;
  const known = { from: today(sides.from), to: today(sides.to) };
  const link = pathWithQuery(`/sites/${site.slug}/compare`, between(known));
  return note(html`${words(sides.from)}; ${words(sides.to)}. What was recorded or corrected later is left out.`, {
    actions: html`<a href="${link}">Both as known now</a>`,
  });
}

const notes = ({ site, now }: CompareProps, { from, to, unknown }: Compared): Html =>
  html`${each([from, to], (one) => html`${one.note && note(one.note)}`)}${(from.knownAt || to.knownAt) && knownNote({ site, now }, { from, to })}${each(
    unknown,
    ({ side, first }) =>
      note(
        html`${side.environment.name} ${side.at ? "was unknown then" : "is unknown"}, not empty: ${first ? html`Sitebook was told of it from ${fullTime(first, site.time_zone)} on.` : "nobody has told Sitebook of it yet."}`,
        { tier: side.environment.tier },
      ),
  )}`;

function filters(props: CompareProps, compared: Compared): Html {
  const { filter, tallies } = compared;
  const differing = (kind?: Kind) => {
    const { added, changed, removed } = total(tallies, kind);
    return added + changed + removed;
  };
  const go = (other: Compared["filter"]) => here(props, { ...compared, filter: { ...filter, ...other } });
  const kinds: [Kind | undefined, string][] = [
    [undefined, "Everything"],
    ["page", "Only pages"],
    ["software", "Only software"],
  ];
  const ways: [DifferenceKind | undefined, string][] = [
    [undefined, "All changes"],
    ["added", "Added"],
    ["changed", "Changed"],
    ["removed", "Removed"],
  ];
  const counted = total(tallies, filter.kind);
  return html`<div class="filters">${chips(
    "Kind",
    kinds.map(([kind, text]) => ({
      href: go({ kind }),
      text,
      count: many(differing(kind)),
      current: filter.kind === kind,
    })),
  )}${chips(
    "Change",
    ways.map(([change, text]) => ({
      href: go({ change }),
      text,
      count: many(change ? counted[change] : differing(filter.kind)),
      current: filter.change === change,
    })),
  )}</div>`;
}

function differenceTable(props: CompareProps, compared: Compared): Html {
  const { from, to, lines, continued } = compared;
  const { site, now } = props;
  const heading = ({ environment, at, knownAt }: EnvironmentAtMoment) =>
    html`<span class="way">${env(environment)}</span> <small>${at ? time(at, site.time_zone, now) : "now"}${knownAt && html`, as known ${time(knownAt, site.time_zone, now)}`}</small>`;
  const sections = [...Map.groupBy(lines, (line) => sectionHeading(line))];
  return table({
    caption: `What differs from ${plainName(from, site.time_zone)} to ${plainName(to, site.time_zone)}`,
    quiet: true,
    look: "flow",
    columns: ["Page or software", "Change", heading(from), heading(to), "See"],
    body: each(sections, ([name, rows], i) =>
      group(
        continued && i === 0 ? `${name}, continued` : name,
        5,
        each(rows, (line) => difference(props, compared, line)),
      ),
    ),
  });
}

function difference({ site, now }: CompareProps, { from, to }: Compared, line: Difference): Html {
  const held = (label: string | null, since: string | null) =>
    label === null || since === null
      ? html`<span class="none">not there</span>`
      : html`${versionTag(label)} <span class="ago">since ${time(since, site.time_zone, now)}</span>`;
  return row(
    html`${rowHead(artifactLink(site.slug, line))}${cell("Change", statusBadge(line.change, line.change))}${cell(sideLabel(from, to, from), held(line.from, line.from_since))}${cell(sideLabel(from, to, to), held(line.to, line.to_since))}${line.kind === "page" ? cell("See", see(line, from, to)) : html`<td></td>`}`,
  );
}

/** On a telephone, where the column has no head: the environment, or before and after where it is one. */
function sideLabel(from: EnvironmentAtMoment, to: EnvironmentAtMoment, one: EnvironmentAtMoment): string {
  if (from.environment.id !== to.environment.id) return one.environment.name;
  return one === from ? "Before" : "After";
}

/** The page as servers show it now, wherever one of the sides has it. */
function see(line: Difference, from: EnvironmentAtMoment, to: EnvironmentAtMoment): Html {
  const places = [line.from !== null && from.environment, line.to !== null && to.environment].filter(
    (one) => one !== false,
  );
  const once = places.filter((one, i) => one.servers[0] && places.findIndex((other) => other.id === one.id) === i);
  return each(
    once,
    (one, i) =>
      html`${i > 0 && " "}<a href="${serverAddress(one.servers[0]?.base_url ?? "", line.key)}"${attr("aria-label", `See ${line.key} on ${one.name}`)}>${one.name}</a>`,
  );
}
