import { joinWithAnd } from "../text.ts";
import { addDays, addMonths, monthNames, twoDigits, weekdayOf } from "../time/calendar.ts";
import { localInput } from "../time/format.ts";
import { endOfDay, parseMoment, parseRangeEnd } from "../time/parse-moment.ts";

interface NamedEnvironment {
  id: string;
  slug: string;
  name: string;
}

interface Role {
  slug: string;
  name: string;
}

/** The part of a site that questions refer to. */
export interface QuestionScope<Environment extends NamedEnvironment = NamedEnvironment> {
  environments: Environment[];
  /** Their history can still be asked for, by their names. */
  retired?: Environment[];
  /** What some of them were called before; the names of now come first. */
  formerNames?: { of_id: string; name: string }[];
  time_zone: string;
  roles: Role[];
}

/** What a user asks. `what` is a page's path or a name as it was typed; moments are ISO 8601 UTC. */
export type Question<Environment extends NamedEnvironment = NamedEnvironment> =
  | { asks: "where"; what: string; at?: string | undefined }
  | { asks: "who"; what: string; environment: Environment; at?: string | undefined }
  | { asks: "when"; what: string; environment: Environment }
  | { asks: "changed"; environment: Environment; from: string; until?: string | undefined }
  /** An ambiguous `at` is kept as it was typed, so that the environment's page explains how it reads it. */
  | { asks: "past contents"; environment: Environment; at: string }
  | { asks: "contents"; environment: Environment }
  | { asks: "waiting"; role?: Role | undefined; mine?: boolean | undefined }
  /** Who is meant by `whom`, a role or a person, is looked up later. */
  | { asks: "approved"; whom: string; environment?: Environment | undefined }
  | { asks: "out of band" }
  /** It is a question, but a part of it was not understood. */
  | { asks: "unclear"; sentence: string }
  /** It is no question. */
  | { asks: "nothing" };

/** Reads a question as users type it: "where is /sale", "what changed on live since Monday". */
export function parseQuestion<Environment extends NamedEnvironment>(
  text: string,
  site: QuestionScope<Environment>,
  now: string,
): Question<Environment> {
  const question = text
    .slice(0, 2000)
    .trim()
    .replace(/\s+/g, " ")
    .replace(/’/g, "'")
    .replace(/ ?[?!.]+$/, "");
  if (/^(\/|https?:\/\/)\S*$/.test(question)) return { asks: "where", what: question };
  const named = namesIn(site);
  const { environment, rest } = splitEnvironment(question, named);
  const target = environment ?? site.environments.at(-1);
  const clock = { zone: site.time_zone, now };
  return (
    parseWaiting(question, site) ??
    parseApproved(rest, environment) ??
    (target && (parseChanged(rest, target, clock) ?? parseContents(rest, environment, clock))) ??
    (target && (parseWho(rest, target, clock) ?? parseWhen(rest, target))) ??
    parseWhere(rest, environment, clock) ??
    parseEnvironmentName(question, named) ?? { asks: "nothing" }
  );
}

interface Named<E> {
  environment: E;
  names: string[];
}

/** The environments by their names: first by those of now, then by the former ones. */
function namesIn<E extends NamedEnvironment>({ environments, retired = [], formerNames = [] }: QuestionScope<E>) {
  const all = [...environments, ...retired];
  const former = (id: string) => formerNames.filter(({ of_id }) => of_id === id).map(({ name }) => name);
  return [
    ...all.map((environment) => ({ environment, names: [environment.name, environment.slug] })),
    ...all.map((environment) => ({ environment, names: former(environment.id) })),
  ].filter(({ names }) => names.length);
}

type Clock = { zone: string; now: string };

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The environment named after "on", "in" or the like, and the text without it. */
function splitEnvironment<E extends NamedEnvironment>(
  text: string,
  named: Named<E>[],
): { environment?: E; rest: string } {
  for (const { environment, names } of named) {
    const anyName = names.map(escaped).join("|");
    const pattern = new RegExp(
      `(?: (?:on|in|at|to|onto|into|from|of)(?: the)?|(?<= (?:go|went|gone))) (?:${anyName})(?: (?:site|environment|server))?(?= |$)`,
      "i",
    );
    if (pattern.test(text)) return { environment, rest: text.replace(pattern, "") };
  }
  return { rest: text };
}

function parseEnvironmentName<E extends NamedEnvironment>(text: string, named: Named<E>[]): Question<E> | undefined {
  const lower = text.toLowerCase();
  const found = named.find(({ names }) => names.some((name) => name.toLowerCase() === lower));
  return found && { asks: "contents", environment: found.environment };
}

function parseWaiting(text: string, { roles }: QuestionScope): Question<never> | undefined {
  const [, whom] =
    /^(?:what|which promotions?|is there anything|anything)(?:'s| is| are)? (?:waits?|waiting|open|pending)(?: (?:for|on) (.+))?$/i.exec(
      text,
    ) ??
    /^what (?:does|do|must|should|can) (.+?) (?:have to |need to )?(?:approve|decide)$/i.exec(text) ??
    [];
  if (whom === undefined)
    return /^what(?:'s| is)? (?:waits?|waiting|open|pending)$/i.test(text) ? { asks: "waiting" } : undefined;
  if (/^(me|i|us|anybody|anyone|somebody|someone|approval)$/i.test(whom))
    return { asks: "waiting", mine: /^(me|i|us)$/i.test(whom) };
  const words = whom.toLowerCase().replace(/^the /, "");
  const role = roles.find(({ slug, name }) =>
    [slug, name.toLowerCase(), slug.replaceAll("-", " ")].some((alias) => alias === words || `${alias}s` === words),
  );
  if (role) return { asks: "waiting", role };
  return {
    asks: "unclear",
    sentence: `There is no role "${short(whom)}". The roles are ${joinWithAnd(roles.map(({ name }) => name))}.`,
  };
}

/** "what did Marketing approve", "what has Mara signed off"; and "what is out of band", on whichever environment. */
function parseApproved<E extends NamedEnvironment>(text: string, environment?: E): Question<E> | undefined {
  if (/^what(?:'s| is| are| came| went)? out of band$/i.test(text)) return { asks: "out of band" };
  const [, whom] = /^what (?:did|has|have) (?:the )?(.+?) (?:approved?|signed? off|allow(?:ed)?)$/i.exec(text) ?? [];
  return whom ? { asks: "approved", whom, environment } : undefined;
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function parseChanged<E extends NamedEnvironment>(text: string, environment: E, clock: Clock): Question<E> | undefined {
  const [matched, tail = ""] =
    /^(?:what(?:'s| has| have| is| was| did)?(?: been)? (?:changed?|new|different)|what(?: are)?(?: the)? changes|changes|changed)(?: (.+))?$/i.exec(
      text,
    ) ?? [];
  if (matched === undefined) return;
  const period = parsePeriod(tail || "last 7 days", clock);
  return "wrong" in period ? { asks: "unclear", sentence: period.wrong } : { asks: "changed", environment, ...period };
}

function parseContents<E extends NamedEnvironment>(
  text: string,
  environment: E | undefined,
  clock: Clock,
): Question<E> | undefined {
  if (!environment) return;
  if (/^(?:what|which pages)(?:'s| is| are| stands)?(?: there)?(?: now)?$/i.test(text))
    return { asks: "contents", environment };
  const [, moment] = /^(?:what|which pages) (?:was|were|stood)(?: there)? (?:(?:on|at|as of) )?(.+)$/i.exec(text) ?? [];
  if (!moment) return;
  const read = momentOf(moment, clock);
  return "wrong" in read
    ? { asks: "unclear", sentence: read.wrong }
    : { asks: "past contents", environment, at: read.note ? moment : read.at };
}

function parseWho<E extends NamedEnvironment>(text: string, environment: E, clock: Clock): Question<E> | undefined {
  const [, what] =
    /^who (?:has )?(?:approved|signed off(?: on)?|allowed|said yes to|agreed to|okayed|ok'd) (.+)$/i.exec(text) ?? [];
  if (!what) return;
  return withMoment(what, clock, (subject) => ({ asks: "who", environment, ...subject }));
}

function parseWhen<E extends NamedEnvironment>(text: string, environment: E): Question<E> | undefined {
  const [, what] =
    /^when (?:did|was|were|has|have|is) (.+?)(?: been)?(?: last)? (?:changed?|updated?|removed?|added|go|gone|went|come|came|arrived?|put|released|published|deployed)$/i.exec(
      text,
    ) ?? [];
  return what ? { asks: "when", what, environment } : undefined;
}

function parseWhere<E extends NamedEnvironment>(
  text: string,
  environment: E | undefined,
  clock: Clock,
): Question<E> | undefined {
  const [, what] =
    /^(?:where(?:'s| is| are| was| were)?|(?:which|what) version (?:of|is|has)|what(?:'s| is) the version of) (.+?)(?: is| has)?(?: now)?$/i.exec(
      text,
    ) ?? [];
  if (what) return withMoment(what, clock, (subject) => ({ asks: "where", ...subject }));
  // "/sale on live"
  return environment && /^\/\S*$/.test(text) ? { asks: "where", what: text } : undefined;
}

/** Reads "/sale", or "/sale on 3 March 14:00". */
function withMoment<E extends NamedEnvironment>(
  text: string,
  clock: Clock,
  question: (subject: { what: string; at?: string }) => Question<E>,
): Question<E> {
  const [, what, moment] = /^(.+?) (?:(?:on|at|as of|in) (.+)|(?=yesterday$))/i.exec(text) ?? [];
  if (!what) return question({ what: text });
  const read = endOfMonth(moment, clock) ?? momentOf(moment ?? "yesterday", clock);
  if (!("wrong" in read)) return question({ what, at: read.at });
  // a title may have such words in it: "the page on returns"
  return /\s/.test(what) || /^in$/i.test(text.slice(what.length).trim().split(" ")[0] ?? "")
    ? question({ what: text })
    : { asks: "unclear", sentence: read.wrong };
}

/** "October" or "October 2025" as its last moment, or now while it lasts. Without a year the latest that has begun. */
function endOfMonth(text = "", clock: Clock): { at: string } | undefined {
  const [, name = "", year] = /^([a-z]{3,9})(?: (\d{4}))?$/i.exec(text.trim()) ?? [];
  const month = monthNames.findIndex((full) => name && full.toLowerCase().startsWith(name.toLowerCase()));
  if (month < 0) return;
  const [thisYear, thisMonth] = today(clock).split("-").map(Number) as [number, number];
  const first = `${year ?? (month + 1 > thisMonth ? thisYear - 1 : thisYear)}-${twoDigits(month + 1)}-01`;
  if (first > today(clock)) return;
  const end = endOfDay(addDays(addMonths(first, 1), -1), clock.zone);
  return { at: end < clock.now ? end : clock.now };
}

type Unreadable = { wrong: string };

const momentOf = (text: string, { zone, now }: Clock) => parseMoment(text, zone, now);

/** "since Monday", "yesterday", "last week", "on 3 March". Without `until` the period lasts until now. */
function parsePeriod(text: string, clock: Clock): { from: string; until?: string | undefined } | Unreadable {
  const [, start, end] = /^(?:since|from|between) (.+?) (?:until|till|to|and|through) (.+)$/i.exec(text) ?? [];
  if (start && end && end !== "now") return between(start, end, clock);
  const since = /^(?:since|after|from) (?:the )?(.+?)(?: on| until now)?$/i.exec(text)?.[1];
  const period = (since ?? text)
    .replace(/^(?:on|in|during|at|for|over) /i, "")
    .replace(/^the /i, "")
    .toLowerCase();
  const [first, last] = weeksAndMonths(period, clock) ?? oneDay(period, clock) ?? [];
  if (!first || !last) {
    const duration = /^(?:last|past) (\d+ \w+)$/.exec(period)?.[1];
    const read = momentOf(duration ? `${duration} ago` : period, clock);
    return "wrong" in read ? read : { from: read.at };
  }
  const from = startOf(first, clock);
  if ("wrong" in from || since || last >= today(clock)) return "wrong" in from ? from : { from: from.at };
  return { from: from.at, until: endOfDay(last, clock.zone) };
}

/** "1 March" to "8 March", with both days. */
function between(start: string, end: string, { zone, now }: Clock): { from: string; until: string } | Unreadable {
  const from = parseMoment(start, zone, now);
  if ("wrong" in from) return from;
  const until = parseRangeEnd(end, zone, now);
  return "wrong" in until ? until : { from: from.at, until: until.at };
}

/** The first and the last day of a period that is named by its weeks or months. */
function weeksAndMonths(text: string, clock: Clock): [string, string] | undefined {
  const day = today(clock);
  const monday = addDays(day, -((weekdayOf(day) + 6) % 7));
  const month = `${day.slice(0, 8)}01`;
  const lastOfMonthBefore = addDays(month, -1);
  const periods: Record<string, [string, string]> = {
    "this week": [monday, day],
    "last week": [addDays(monday, -7), addDays(monday, -1)],
    "last 7 days": [addDays(day, -7), day],
    "this month": [month, day],
    "last month": [`${lastOfMonthBefore.slice(0, 8)}01`, lastOfMonthBefore],
  };
  return periods[text];
}

/** A day that is named without a time of day, as the first and the last day of the period. */
function oneDay(text: string, clock: Clock): [string, string] | undefined {
  if (/\d:\d|\d ?[ap]m\b|noon|midnight|ago|now/.test(text)) return;
  const read = momentOf(text, clock);
  if ("wrong" in read) return;
  const day = localInput(read.at, clock.zone).slice(0, 10);
  return [day, day];
}

const today = ({ zone, now }: Clock) => localInput(now, zone).slice(0, 10);

const startOf = (day: string, { zone, now }: Clock) => parseMoment(`${day}T00:00`, zone, now);
