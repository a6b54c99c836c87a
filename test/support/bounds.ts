import { engine } from "./database.ts";

/** The tables that grow from year to year. The others have the settings of a site, or the roles of a person. */
export const growing =
  `artifacts versions deployments placements current_placements confirmations repeats corrections releases
  release_contents promotions ownerships section_owners approvals completions cancellations looks events search_entries sessions intents
  sign_in_failures known_browsers kept_forms security_events security_event_sites token_addresses
  observations observed_pages observed_contents learned_noise seen_versions visits findings page_links broken_links`.split(
    /\s+/,
  );

/**
 * Statements that may sort or scan, as they read few rows: those that are shown, or those of a site or a person. Each is
 * identified by a part of its text.
 */
const short: [statement: RegExp, why: string][] = [
  [
    / from (sites|memberships as m|roles|tokens as t|feeds as f|people|environments as e) /,
    "the rows of a person or a site",
  ],
  [/ from identity_providers /, "a few"],
  [/ from tallies where /, "the sections of a site"],
  [/ from security_events as e .* where e\.person_id is null /, "the latest twenty, of which there are many"],
  [/ from memberships group by role/, "the roles of all people, on the page of roles"],
  [/ from promotions as p .* p\.id in \(/, "the open promotions"],
  [/ from promotions as p .* where p\.release_id in \(/, "the promotions of the releases that are shown"],
  [/ from promotions as p .* and p\.number in \(/, "the results on a page of the search"],
  [/ from promotions as p .* and 1 = 0 /, "no rows"],
  [/ from subscriptions as s /, "what a person follows on a site"],
  [/ from findings where /, "the open findings of an environment"],
  [/ from observed_pages as p inner join servers as s /, "what each server showed of one page"],
  [
    / from observed_pages as p inner join observations as o .* where p\.server_id = \? and p\.path (=|in) /,
    "what a server shows of the pages that are shown",
  ],
  [/ from learned_noise where /, "the noise of a page, a hundred at most"],
  [/ from webhooks where /, "the webhooks of a site"],
  [/ from guests as g /, "the guests of a promotion"],
  [/ from freezes as f /, "the freezes of a site that are not over, or a page of them"],
  [/ from open_promotions as o | a\.id in \( select r\.artifact_id from open_promotions o /, "the open promotions"],
  [
    / from (approvals as a|approvals as ap|completions as c|cancellations as c) /,
    "those of the promotions that are shown",
  ],
  [/^select p\.id, a\.kind, case .* from promotions p join release_contents c /, "the contents of open promotions"],
  [/ from release_contents as c .* where c\.release_id (=|in) /, "the contents of the releases that are shown"],
  [/ from releases as r .* and r\.number in \(/, "the results on a page of the search"],
  [/ from corrections as c /, "the corrections of the lines that are shown"],
  [
    / from \(select a\.kind, a\.section, a\.key, .* from placements as p .* where p\.deployment_id = /,
    "one deployment",
  ],
  [/ from artifacts as a inner join placements as s .* where s\.deployment_id = /, "one deployment"],
  [
    / from placements as p inner join (artifacts as a|placements as q) on .* where p\.deployment_id = /,
    "one deployment",
  ],
  [/ from artifacts as a .* (and|where) a\.id in \(/, "the requested rows"],
  [/ as rolled_back_in_part from artifacts as a /, "the rollbacks of a promotion, for each row"],
  [/ order by e\.position desc limit 1\), a\.title\)/, "the environments of a site, for each row"],
  [/ where p\.environment_id = \? and p\.effective_at = \? /, "the placements of one moment"],
  [/^select p\.effective_at as at from placements .* and p\.effective_at > \? /, "at most a thousand"],
  [/ from events as e .* and e\.seq in \(/, "a page of the history"],
  [/ from ownerships as o .* group by o\.change_id/, "the pages of a section whose owner was set"],
  [/^with spans /, "56 days, weeks or months"],
  [/^with recursive changes /, "as many changes as it goes back"],
  [/^with recursive needing /, "the first row of an index, each time"],
  [/^select e\.seq from \( select deployment_id /, "the events of one page or software item"],
  [/ from search_words w join search_entries e .* order by length/, "fewer than a thousand: isCommon"],
  [/^select e\.id, e\.ref, .* e\.found @@ /, "the entries with a rare word"],
  [/^select a\.kind, a\.section, count\(\*\) as rows, /, "one pass over the rows that the board's filter searches"],
  [
    /^select a\.id, a\.kind, a\.section, a\.key, a\.title, a\.owner_id from artifacts a .* and a\.owner_id = /,
    "the pages that a person owns",
  ],
  [/ where a\.site_id = \? and f\.version_id is distinct from t\.version_id /, "one pass over a site, by PostgreSQL"],
];

export const isShort = (step: string, statement: string) =>
  (step.startsWith("SCAN") && !growing.includes(step.slice("SCAN ".length))) ||
  short.some(([pattern]) => pattern.test(statement));

/** Statements whose cost grows, with what, and by which factor when the history doubles. */
const costsThatGrow: [statement: RegExp, of: string, times?: number][] = [
  [
    /^select a\.id, a\.kind, a\.section, a\.key, a\.title, a\.owner_id from artifacts a /,
    "pages that the board's filter leaves out",
  ],
  [/^select a\.id, .* l\.effective_at as changed_at from /, "pages that the board's filter leaves out", 4],
  [/^select a\.id, .* '' as changed_at from artifacts a /, "pages of the site: at the end of the list"],
  [/^select a\.kind, a\.section, (count|a\.key)/, "pages of the site"],
  [/^select a\.kind, count\(.* a\.id not in \(/, "pages of the site that are not among those shown", 4],
  [/^select a\.kind, (count|sum)\(/, "pages of the site: they are counted at a past moment"],
  [/ from artifacts as a .* f\.version_id is distinct from t\.version_id /, "pages of the site that are the same"],
  [/ from artifacts as a inner join placements as p on p\.seq = /, "pages of the site that were not there"],
  [
    / from artifacts as a (left join people as p .* |inner join current_placements as c .* )?where .* like /,
    "pages of the site with other names",
  ],
  [
    / from current_placements as c .* (c\.version_id is distinct from t\.version_id|c\.artifact_id in )/,
    "pages of the site that a release could contain",
  ],
  [/^select p\.effective_at as at from placements .* p\.recorded_at <= /, "what was recorded after that moment", 20],
  [/^select p\.environment_id, .* from corrections as c .* cross join placements as p /, "corrections of this page"],
  [/^select e\.seq from \( select deployment_id /, "the events of this page or software item"],
  [/ from feeds as f .* and f\.person_id = /, "addresses that the person has, at most fifty: none at first"],
  [/^select g\.id, .* from open_promotions as o .* join gates as g /, "open promotions, whose gates may name a role"],
  [/ search_words |e\.found @@/, "entries with the word, up to a thousand; on PostgreSQL all"],
  [/^with spans /, "deployments in the period that is drawn"],
  [/^select 1 as later where exists /, "deployments up to a moment, of which hardly any was recorded late"],
  [/ from open_promotions as o .* r\.artifact_id in /, "rows on the page, once it is full"],
  [/ from findings where site_id = .* and path in /, "rows on the page, once it is full"],
  [
    /^select l\.effective_at as at, l\.artifact_id as id from current_placements l /,
    "steps until the page is full, which depend on the ids of rows with the same moment",
    4,
  ],
];

/** The same on PostgreSQL only, whose plans here are not those for an old book. */
const costsThatGrowOnPostgres: typeof costsThatGrow = [
  [
    / from \(select a\.kind, .* from placements as p /,
    "pages after that one: it expects a deployment to have 240,000 lines",
  ],
  [
    / from placements as p .* where p\.(environment_id|artifact_id) = /,
    "corrections of the page, for each of its lines",
  ],
  [
    /^select p\.seq, p\.effective_at, p\.version_id, p\.out_of_band from placements as p where /,
    "the same: it reads little else",
    3,
  ],
  [/ from findings as f /, "people who may have accepted one, a handful here", 5],
];

/** The factor by which the cost of a statement may grow when the history doubles. */
export function allowed(statement: string): number {
  const growth = [...costsThatGrow, ...(engine === "postgres" ? costsThatGrowOnPostgres : [])].find(([pattern]) =>
    pattern.test(statement),
  );
  return growth ? (growth[2] ?? 2.5) : 1.3;
}
