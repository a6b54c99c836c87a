import { sql } from "kysely";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { listEvents } from "../history/queries.ts";
import { type SentencePart, sentence } from "../history/sentences.ts";
import { listPromotions } from "../promotions/queries.ts";
import { notWithdrawn } from "../record/approvers.ts";
import { currentByEnvironment } from "../record/current.ts";
import { deciderThen, nameThen, personSince } from "../record/former-names.ts";
import { listReleases } from "../record/releases.ts";
import { freeTexts, type SearchKind } from "../record/search-index.ts";
import { currentTitle } from "../record/titles.ts";
import type { Kind } from "../schema.ts";
import { forFts5, forTsquery, type SearchQuery } from "./search-query.ts";

/** The last result of a page: the length of its words, which orders pages and software, and its id. */
export interface SearchPosition {
  size: number;
  id: number;
}

export interface SearchSlice {
  after?: SearchPosition | undefined;
  limit: number;
}

export interface Hit extends SearchPosition {
  ref: string;
}

/**
 * The entries of a kind that have all phrases. Pages and software are sorted by the length of their words, shortest
 * first: so the closest match leads, and both engines agree. All else is sorted newest first.
 */
export async function search(
  db: Database,
  siteId: string,
  kind: SearchKind,
  query: SearchQuery,
  { after, limit }: SearchSlice,
): Promise<Hit[]> {
  if (!query.phrases.length) return [];
  const shortestFirst = kind === "artifact";
  const entries = sql`search_entries e where e.site_id = ${siteId} and e.kind = ${kind}`;
  const fts5 = forFts5(query, siteId, kind);
  const matches = isPostgres(db)
    ? sql`${entries} and e.found @@ to_tsquery('simple', ${forTsquery(query)})`
    : shortestFirst && (await isCommon(db, fts5))
      ? sql`${entries} and ${hasAll(query)}`
      : sql`search_words w join search_entries e on e.id = w.rowid where w.search_words match ${fts5}`;
  // `w.rowid` is the order of SQLite's index of words, so that nothing has to be sorted
  const id = isPostgres(db) || shortestFirst ? sql`e.id` : sql`w.rowid`;
  const from =
    after &&
    (shortestFirst ? sql`and (length(e.words), e.id) > (${after.size}, ${after.id})` : sql`and ${id} < ${after.id}`);
  const order = shortestFirst ? sql`length(e.words), e.id` : sql`${id} desc`;
  const { rows } =
    await sql<Hit>`select e.id, e.ref, length(e.words) as size from ${matches} ${from ?? sql``} order by ${order} limit ${limit}`.execute(
      db,
    );
  return rows;
}

const commonFrom = 1000;

/** Whether so many entries match that walking them from the shortest finds a page of results sooner than sorting them. */
async function isCommon(db: Database, fts5: string): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from (select 1 from search_words w where w.search_words match ${fts5} limit ${commonFrom})`.execute(
    db,
  );
  return rows[0]?.found === commonFrom;
}

/** The same match without the index: on the words as they are stored, separated by single spaces. */
function hasAll({ phrases, open, any }: SearchQuery) {
  const conditions = phrases.map((phrase, i) => {
    const end = open && i === phrases.length - 1 ? "" : " ";
    return sql`instr(' ' || e.words || ' ', ${` ${phrase.join(" ")}${end}`}) > 0`;
  });
  return sql`(${sql.join(conditions, any ? sql` or ` : sql` and `)})`;
}

export interface FoundArtifact {
  id: string;
  kind: Kind;
  key: string;
  title: string | null;
  current: {
    environment: string;
    version_id: string | null;
    version: string | null;
    effective_at: string;
    out_of_band: number;
  }[];
}

/** Pages and software in the order of their ids, each with its current versions. */
async function artifactsOf(db: Database, ids: string[]): Promise<FoundArtifact[]> {
  const rows = await inBatches(ids, (batch) =>
    db
      .selectFrom("artifacts as a")
      .select(["a.id", "a.kind", "a.key", currentTitle.as("title")])
      .where("a.id", "in", batch)
      .execute(),
  );
  const current = await currentByEnvironment(db, ids);
  const ordered = ids.flatMap((id) => rows.filter((row) => row.id === id));
  return ordered.map((row) => ({ ...row, current: current.filter(({ artifact_id }) => artifact_id === row.id) }));
}

export interface FoundEvent {
  seq: number;
  recorded_at: string;
  sentence: SentencePart[];
  /** The notes, comments and reasons in it. */
  texts: string[];
}

/** Events as sentences, newest first. */
async function eventsOf(db: Database, siteId: string, seqs: number[]): Promise<FoundEvent[]> {
  const events = await listEvents(db, siteId, { seqs });
  return events.map((event) => ({
    seq: event.seq,
    recorded_at: event.recorded_at,
    sentence: sentence(event),
    texts: freeTexts(event.details),
  }));
}

export interface ResultGroup {
  kind: SearchKind;
  artifacts: FoundArtifact[];
  releases: Awaited<ReturnType<typeof listReleases>>;
  promotions: Awaited<ReturnType<typeof listPromotions>>;
  events: FoundEvent[];
  /** The last result shown, if there are more. */
  next?: SearchPosition | undefined;
}

/** The results of a kind, at most `limit`. */
export async function findGroup(
  db: Database,
  siteId: string,
  kind: SearchKind,
  query: SearchQuery,
  { after, limit }: SearchSlice,
): Promise<ResultGroup> {
  const hits = await search(db, siteId, kind, query, { after, limit: limit + 1 });
  const shown = hits.slice(0, limit);
  const refs = shown.map((hit) => hit.ref);
  const numbers = refs.map(Number);
  const has = (...kinds: SearchKind[]) => kinds.includes(kind) && shown.length > 0;
  return {
    kind,
    artifacts: has("artifact") ? await artifactsOf(db, refs) : [],
    releases: has("release") ? await listReleases(db, siteId, { numbers }) : [],
    promotions: has("promotion") ? await listPromotions(db, siteId, { numbers }) : [],
    events: has("event", "note") ? await eventsOf(db, siteId, numbers) : [],
    next: hits.length > limit ? shown.at(-1) : undefined,
  };
}

/** A page of the site for the example questions: the one that last changed on its last environment, or else the first. */
export async function examplePage(db: Database, site: Site): Promise<string | undefined> {
  const pages = db
    .selectFrom("artifacts as a")
    .select("a.key")
    .where("a.site_id", "=", site.id)
    .where("a.kind", "=", "page");
  const changed = await pages
    .innerJoin("placements as p", "p.artifact_id", "a.id")
    .where("p.environment_id", "=", site.environments.at(-1)?.id ?? "")
    .orderBy("p.effective_at", "desc")
    .orderBy("p.seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return (changed ?? (await pages.orderBy("a.section").orderBy("a.sort_key").limit(1).executeTakeFirst()))?.key;
}

export type PastApproval = Awaited<ReturnType<typeof listApprovals>>[number];

/** What was approved in a role, or by these people, newest first; on one environment or on all. */
export function listApprovals(
  db: Database,
  siteId: string,
  { role, people, environment, limit }: { role?: string; people: string[]; environment?: string; limit: number },
) {
  let query = db
    .selectFrom("approvals as a")
    .innerJoin("promotions as p", "p.id", "a.promotion_id")
    .innerJoin("releases as r", "r.id", "p.release_id")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("people as pe", "pe.id", "a.person_id")
    .leftJoin("people as f", "f.id", "a.for_id")
    .select([
      "p.number",
      "r.name",
      "a.decided_at",
      "pe.kind",
      personSince("pe", "a.decided_at", "p.site_id").as("person_now"),
    ])
    .select([
      nameThen("e", "a.decided_at").as("environment"),
      deciderThen("pe", "f", "a.decided_at", "p.site_id").as("person"),
    ])
    .where("p.site_id", "=", siteId)
    .where("a.decision", "=", "approve")
    .where(notWithdrawn("a.id"))
    .orderBy("a.decided_at", "desc")
    .orderBy("p.number", "desc")
    .limit(limit);
  query = role === undefined ? query.where("a.person_id", "in", people) : query.where("a.role", "=", role);
  return (environment ? query.where("e.id", "=", environment) : query).execute();
}
