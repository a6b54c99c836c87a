import { engine } from "./database.ts";

/** What a site holds more of from year to year. The rest is as long as what a site has, or a person. */
export const growing =
  `artifacts versions deployments placements current_placements confirmations repeats corrections releases
  release_contents promotions approvals completions cancellations looks events search_entries sessions intents
  sign_in_failures`.split(/\s+/);

/**
 * What may be sorted, or read from end to end: as much as is shown anyway, or as a site or a person has. By how the
 * statement begins or goes on, without what it selects.
 */
const short: [statement: RegExp, why: string][] = [
  [/ from (sites|memberships as m|roles|tokens as t|people|environments as e) /, "what a person or a site has"],
  [/ from promotions as p .* p\.id in \(/, "what is open"],
  [/ from promotions as p .* where p\.release_id in \(/, "the promotions of the releases that are shown"],
  [/ from promotions as p .* and p\.number in \(/, "as many as a page of search shows"],
  [/ from promotions as p .* and 1 = 0 /, "nothing"],
  [/ from open_promotions as o | a\.id in \( select r\.artifact_id from open_promotions o /, "what is open"],
  [/ from (approvals as a|approvals as ap|completions as c|cancellations as c) /, "of the promotions that are shown"],
  [/^select p\.id, a\.kind, case .* from promotions p join release_contents c /, "what the open promotions hold"],
  [/ from release_contents as c .* where c\.release_id (=|in) /, "what the releases hold that are shown"],
  [/ from releases as r .* and r\.number in \(/, "as many as a page of search shows"],
  [/ from corrections as c /, "what was corrected of the lines that are shown"],
  [
    / from \(select a\.kind, a\.section, a\.key, .* from placements as p .* where p\.deployment_id = /,
    "one deployment",
  ],
  [/ from artifacts as a inner join placements as s .* where s\.deployment_id = /, "one deployment"],
  [/ from artifacts as a .* (and|where) a\.id in \(/, "as many as were asked for"],
  [/ where p\.environment_id = \? and p\.effective_at = \? /, "what was told of one moment"],
  [/^select p\.effective_at as at from placements .* and p\.effective_at > \? /, "at most a thousand"],
  [/ from events as e .* and e\.seq in \(/, "a page of the history"],
  [/^with spans /, "56 days, weeks or months"],
  [/^with recursive changes /, "as many changes as it goes back"],
  [/^with recursive needing /, "the first of an index, each time"],
  [/^select e\.seq from \( select deployment_id /, "all that touched one page or software"],
  [/ from search_words w join search_entries e .* order by length/, "fewer than a thousand: isCommon"],
  [/^select e\.id, e\.ref, .* e\.found @@ /, "as many as have the word, where that is rare"],
  [/^select a\.kind, a\.section, count\(\*\) as rows, /, "one pass over what the board's filter looks among"],
  [/^select a\.id, a\.kind, a\.section, a\.key, a\.title from artifacts a .* and a\.owner_id = /, "what somebody owns"],
  [/ where a\.site_id = \? and f\.version_id is distinct from t\.version_id /, "one pass over a site, by PostgreSQL"],
];

export const isShort = (step: string, statement: string) =>
  (step.startsWith("SCAN") && !growing.includes(step.slice("SCAN ".length))) ||
  short.some(([pattern]) => pattern.test(statement));

/** What does cost more the more there is, of what, and how many times as much where there is twice as much. */
const known: [statement: RegExp, of: string, times?: number][] = [
  [
    /^select a\.id, a\.kind, a\.section, a\.key, a\.title from artifacts a /,
    "pages that the board's filter leaves out",
  ],
  [/^select a\.kind, a\.section, (count|a\.key)/, "pages of the site"],
  [/^select a\.kind, (count|sum)\(/, "pages of the site: they are counted at a past moment"],
  [/ from artifacts as a .* f\.version_id is distinct from t\.version_id /, "pages of the site that are the same"],
  [/ from artifacts as a inner join placements as p on p\.seq = /, "pages of the site that were not there"],
  [
    / from artifacts as a (inner join current_placements as c .* )?where .* like /,
    "pages of the site that are called otherwise",
  ],
  [
    / from current_placements as c .* (c\.version_id is distinct from t\.version_id|c\.artifact_id in )/,
    "pages of the site, of which a release may be made",
  ],
  [/^select p\.effective_at as at from placements .* p\.recorded_at <= /, "what was told after it was known", 20],
  [/^select p\.environment_id, .* from corrections as c .* cross join placements as p /, "corrections of this page"],
  [/^select e\.seq from \( select deployment_id /, "what touched this page or software"],
  [/ search_words |e\.found @@/, "entries that have the word, up to a thousand; on PostgreSQL all"],
  [/^with spans /, "deployments in the time that is drawn"],
  [/^select 1 as told where exists /, "deployments up to a moment, of which hardly any was told later"],
  [/ from open_promotions as o .* r\.artifact_id in /, "rows on the page, once it is full"],
];

/** … and only as PostgreSQL goes about it, which chooses by numbers that are not those of an old book here. */
const knownOnPostgres: typeof known = [
  [/ from \(select a\.kind, .* from placements as p /, "pages after that one: it takes a deployment for 240,000 lines"],
  [
    / from placements as p .* where p\.(environment_id|artifact_id) = /,
    "corrections of the page, for each of its lines",
  ],
];

/** How many times as much a statement may cost where there is twice as much: hardly more, or as is known of it. */
export function allowed(statement: string): number {
  const found = [...known, ...(engine === "postgres" ? knownOnPostgres : [])].find(([one]) => one.test(statement));
  return found ? (found[2] ?? 2.5) : 1.3;
}
