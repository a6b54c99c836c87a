import { localInput } from "../time/format.ts";
import { parseMoment } from "../time/parse-moment.ts";

interface Place {
  id: string;
  slug: string;
  name: string;
}

interface Role {
  slug: string;
  name: string;
}

/** What can be asked about on a site. */
export interface Askable<Environment extends Place = Place> {
  environments: Environment[];
  time_zone: string;
  roles: Role[];
}

/** What somebody wants to know. `what` is a page's path or a name as it was typed. */
export type Question<Environment extends Place = Place> =
  | { asks: "where"; what: string; at?: string | undefined }
  | { asks: "who"; what: string; environment: Environment; at?: string | undefined }
  | { asks: "when"; what: string; environment: Environment }
  | { asks: "changed"; environment: Environment; from: string; until?: string | undefined }
  /** `at` as it was typed where something had to be decided about it, so that the page of that moment says it. */
  | { asks: "was"; environment: Environment; at: string }
  | { asks: "is"; environment: Environment }
  | { asks: "waits"; role?: Role | undefined; mine?: boolean | undefined }
  /** It is a question, but one thing in it is not understood. */
  | { asks: "unclear"; sentence: string }
  | { asks: "nothing" };

/** Reads a question as people type it. What is none is looked for as it stands. */
export function parseQuestion<Environment extends Place>(
  text: string,
  site: Askable<Environment>,
  now: string,
): Question<Environment> {
  const asked = text
    .slice(0, 2000)
    .trim()
    .replace(/\s+/g, " ")
    .replace(/’/g, "'")
    .replace(/ ?[?!.]+$/, "");
  if (/^(\/|https?:\/\/)\S*$/.test(asked)) return { asks: "where", what: asked };
  const { environment, rest } = placeIn(asked, site.environments);
  const chosen = environment ?? site.environments.at(-1);
  const moments = { zone: site.time_zone, now };
  return (
    waits(asked, site) ??
    (chosen && (changed(rest, chosen, moments) ?? whatWas(rest, environment, moments))) ??
    (chosen && (who(rest, chosen, moments) ?? when(rest, chosen))) ??
    where(rest, environment, moments) ??
    named(asked, site.environments) ?? { asks: "nothing" }
  );
}

type Moments = { zone: string; now: string };

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The environment that is named after "on", "in" or the like, and the text without it. */
function placeIn<E extends Place>(text: string, environments: E[]): { environment?: E; rest: string } {
  for (const environment of environments) {
    const names = [environment.name, environment.slug].map(escaped).join("|");
    const pattern = new RegExp(
      `(?: (?:on|in|at|to|onto|into|from|of)(?: the)?|(?<= (?:go|went|gone))) (?:${names})(?: (?:site|environment|server))?(?= |$)`,
      "i",
    );
    if (pattern.test(text)) return { environment, rest: text.replace(pattern, "") };
  }
  return { rest: text };
}

function named<E extends Place>(text: string, environments: E[]): Question<E> | undefined {
  const lower = text.toLowerCase();
  const environment = environments.find(({ slug, name }) => slug === lower || name.toLowerCase() === lower);
  return environment && { asks: "is", environment };
}

function waits(text: string, { roles }: Askable): Question<never> | undefined {
  const [, whom] =
    /^(?:what|which promotions?|is there anything|anything)(?:'s| is| are)? (?:waits?|waiting|open|pending)(?: (?:for|on) (.+))?$/i.exec(
      text,
    ) ??
    /^what (?:does|do|must|should|can) (.+?) (?:have to |need to )?(?:approve|decide)$/i.exec(text) ??
    [];
  if (whom === undefined)
    return /^what(?:'s| is)? (?:waits?|waiting|open|pending)$/i.test(text) ? { asks: "waits" } : undefined;
  if (/^(me|i|us|anybody|anyone|somebody|someone|approval)$/i.test(whom))
    return { asks: "waits", mine: /^(me|i|us)$/i.test(whom) };
  const name = whom.toLowerCase().replace(/^the /, "");
  const role = roles.find((one) =>
    [one.slug, one.name.toLowerCase(), one.slug.replaceAll("-", " ")].some((it) => it === name || `${it}s` === name),
  );
  if (role) return { asks: "waits", role };
  return {
    asks: "unclear",
    sentence: `There is no role "${short(whom)}". The roles are ${listed(roles.map((one) => one.name))}.`,
  };
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

const listed = (names: string[]) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function changed<E extends Place>(text: string, environment: E, moments: Moments): Question<E> | undefined {
  const [matched, tail = ""] =
    /^(?:what(?:'s| has| have| is| was| did)?(?: been)? (?:changed?|new|different)|what(?: are)?(?: the)? changes|changes|changed)(?: (.+))?$/i.exec(
      text,
    ) ?? [];
  if (matched === undefined) return;
  const span = spanOf(tail || "last 7 days", moments);
  return "wrong" in span ? { asks: "unclear", sentence: span.wrong } : { asks: "changed", environment, ...span };
}

function whatWas<E extends Place>(text: string, environment: E | undefined, moments: Moments): Question<E> | undefined {
  if (!environment) return;
  if (/^(?:what|which pages)(?:'s| is| are| stands)?(?: there)?(?: now)?$/i.test(text))
    return { asks: "is", environment };
  const [, moment] = /^(?:what|which pages) (?:was|were|stood)(?: there)? (?:(?:on|at|as of) )?(.+)$/i.exec(text) ?? [];
  if (!moment) return;
  const read = momentOf(moment, moments);
  return "wrong" in read
    ? { asks: "unclear", sentence: read.wrong }
    : { asks: "was", environment, at: read.note ? moment : read.at };
}

function who<E extends Place>(text: string, environment: E, moments: Moments): Question<E> | undefined {
  const [, what] =
    /^who (?:has )?(?:approved|signed off(?: on)?|allowed|said yes to|agreed to|okayed|ok'd) (.+)$/i.exec(text) ?? [];
  if (!what) return;
  return about(what, moments, (named) => ({ asks: "who", environment, ...named }));
}

function when<E extends Place>(text: string, environment: E): Question<E> | undefined {
  const [, what] =
    /^when (?:did|was|were|has|have|is) (.+?)(?: been)?(?: last)? (?:changed?|updated?|removed?|added|go|gone|went|come|came|arrived?|put|released|published|deployed)$/i.exec(
      text,
    ) ?? [];
  return what ? { asks: "when", what, environment } : undefined;
}

function where<E extends Place>(text: string, environment: E | undefined, moments: Moments): Question<E> | undefined {
  const [, what] =
    /^(?:where(?:'s| is| are| was| were)?|(?:which|what) version (?:of|is|has)|what(?:'s| is) the version of) (.+?)(?: is| has)?(?: now)?$/i.exec(
      text,
    ) ?? [];
  if (what) return about(what, moments, (named) => ({ asks: "where", ...named }));
  // "/sale on live"
  return environment && /^\/\S*$/.test(text) ? { asks: "where", what: text } : undefined;
}

/** "/sale", or "/sale on 3 March 14:00". */
function about<E extends Place>(
  text: string,
  moments: Moments,
  question: (named: { what: string; at?: string }) => Question<E>,
): Question<E> {
  const [, what, moment] = /^(\S+) (?:on|at|as of) (.+)$/i.exec(text) ?? [];
  const yesterday = /^(\S+) (yesterday)$/i.exec(text);
  const asked = moment ?? yesterday?.[2];
  if (!asked) return question({ what: text });
  const read = momentOf(asked, moments);
  return "wrong" in read
    ? { asks: "unclear", sentence: read.wrong }
    : question({ what: what ?? (yesterday?.[1] as string), at: read.at });
}

type Wrong = { wrong: string };

const momentOf = (text: string, { zone, now }: Moments) => parseMoment(text, zone, now);

/** "since Monday", "yesterday", "last week", "on 3 March": from when, and until when where that is not now. */
function spanOf(text: string, moments: Moments): { from: string; until?: string | undefined } | Wrong {
  const since = /^(?:since|after|from) (?:the )?(.+?)(?: on| until now)?$/i.exec(text)?.[1];
  const named = (since ?? text)
    .replace(/^(?:on|in|during|at|for|over) /i, "")
    .replace(/^the /i, "")
    .toLowerCase();
  const [first, last] = weeksAndMonths(named, moments) ?? twice(dayOf(named, moments));
  if (!first || !last) {
    const ago = /^(?:last|past) (\d+ \w+)$/.exec(named)?.[1];
    const read = momentOf(ago ? `${ago} ago` : named, moments);
    return "wrong" in read ? read : { from: read.at };
  }
  const from = beginning(first, moments);
  if ("wrong" in from || since || last >= today(moments)) return "wrong" in from ? from : { from: from.at };
  const until = beginning(plus(last, 1), moments);
  return "wrong" in until ? until : { from: from.at, until: until.at };
}

const twice = (day: string | undefined): [string?, string?] => [day, day];

function weeksAndMonths(text: string, moments: Moments): [string, string] | undefined {
  const day = today(moments);
  const monday = plus(day, -((weekdayOf(day) + 6) % 7));
  const month = `${day.slice(0, 8)}01`;
  const before = plus(month, -1);
  const spans: Record<string, [string, string]> = {
    "this week": [monday, day],
    "last week": [plus(monday, -7), plus(monday, -1)],
    "last 7 days": [plus(day, -7), day],
    "this month": [month, day],
    "last month": [`${before.slice(0, 8)}01`, before],
  };
  return spans[text];
}

/** The day that is named without a time of day, as the calendar of the site has it. */
function dayOf(text: string, moments: Moments): string | undefined {
  if (/\d:\d|\d ?[ap]m\b|noon|midnight|ago|now/.test(text)) return;
  const read = momentOf(text, moments);
  return "wrong" in read ? undefined : localInput(read.at, moments.zone).slice(0, 10);
}

const today = ({ zone, now }: Moments) => localInput(now, zone).slice(0, 10);

const weekdayOf = (day: string) => new Date(`${day}T00:00Z`).getUTCDay();

const plus = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

const beginning = (day: string, { zone, now }: Moments) => parseMoment(`${day}T00:00`, zone, now);
