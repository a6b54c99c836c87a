import { sql } from "kysely";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { listEvents } from "../history/queries.ts";
import { type SentencePart, sentence } from "../history/sentences.ts";
import { listPromotions } from "../promotions/queries.ts";
import { currentByEnvironment } from "../record/current.ts";
import { listReleases } from "../record/releases.ts";
import { freeTexts, type SearchKind } from "../record/search-index.ts";
import type { Kind } from "../schema.ts";
import { forFts5, forTsquery, type SearchQuery } from "./search-query.ts";

/** Where a page of results ended: how long the last one was, where that orders them, and its id. */
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
 * The entries of a kind that have all that is wanted. Pages and software: those that say least else come first, so
 * that what was named most exactly leads, and both engines agree. The rest: newest first.
 */
export async function search(
  db: Database,
  siteId: string,
  kind: SearchKind,
  wanted: SearchQuery,
  { after, limit }: SearchSlice,
): Promise<Hit[]> {
  if (!wanted.phrases.length) return [];
  const shortest = kind === "artifact";
  const own = sql`search_entries e where e.site_id = ${siteId} and e.kind = ${kind}`;
  const fts5 = forFts5(wanted, siteId, kind);
  const found = isPostgres(db)
    ? sql`${own} and e.found @@ to_tsquery('simple', ${forTsquery(wanted)})`
    : shortest && (await isCommon(db, fts5))
      ? sql`${own} and ${hasAll(wanted)}`
      : sql`search_words w join search_entries e on e.id = w.rowid where w.search_words match ${fts5}`;
  // what is not ordered by length comes in the order of SQLite's index of words
  const id = isPostgres(db) || shortest ? sql`e.id` : sql`w.rowid`;
  const from =
    after &&
    (shortest ? sql`and (length(e.words), e.id) > (${after.size}, ${after.id})` : sql`and ${id} < ${after.id}`);
  const order = shortest ? sql`length(e.words), e.id` : sql`${id} desc`;
  const query = sql<Hit>`select e.id, e.ref, length(e.words) as size from ${found} ${from ?? sql``} order by ${order} limit ${limit}`;
  return (await query.execute(db)).rows;
}

const many = 1000;

/** So many have it that looking from the shortest on comes to a page of them sooner than ordering them all. */
async function isCommon(db: Database, fts5: string): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from (select 1 from search_words w where w.search_words match ${fts5} limit ${many})`.execute(
    db,
  );
  return rows[0]?.found === many;
}

/** The same that the index of words says, of the words as they are kept: a space between each two. */
function hasAll({ phrases, open }: SearchQuery) {
  const has = phrases.map((phrase, i) => {
    const end = open && i === phrases.length - 1 ? "" : " ";
    return sql`instr(' ' || e.words || ' ', ${` ${phrase.join(" ")}${end}`}) > 0`;
  });
  return sql`${sql.join(has, sql` and `)}`;
}

export interface FoundArtifact {
  id: string;
  kind: Kind;
  key: string;
  title: string | null;
  stands: { environment: string; version: string | null; effective_at: string; out_of_band: number }[];
}

/** Pages and software, each with where it stands now. */
async function artifactsOf(db: Database, ids: string[]): Promise<FoundArtifact[]> {
  const rows = await inBatches(ids, (piece) =>
    db.selectFrom("artifacts").select(["id", "kind", "key", "title"]).where("id", "in", piece).execute(),
  );
  const standing = await currentByEnvironment(db, ids);
  const ordered = ids.flatMap((id) => rows.filter((row) => row.id === id));
  return ordered.map((row) => ({ ...row, stands: standing.filter((one) => one.artifact_id === row.id) }));
}

export interface FoundEvent {
  seq: number;
  recorded_at: string;
  words: SentencePart[];
  /** What somebody wrote with it. */
  written: string[];
}

/** Events as sentences, newest first. */
async function eventsOf(db: Database, siteId: string, seqs: number[]): Promise<FoundEvent[]> {
  const events = await listEvents(db, siteId, { seqs });
  return events.map((event) => ({
    seq: event.seq,
    recorded_at: event.recorded_at,
    words: sentence(event),
    written: freeTexts(event.details),
  }));
}

export interface Group {
  kind: SearchKind;
  artifacts: FoundArtifact[];
  releases: Awaited<ReturnType<typeof listReleases>>;
  promotions: Awaited<ReturnType<typeof listPromotions>>;
  events: FoundEvent[];
  /** Where the rest of it begins; nothing where this is all. */
  next?: SearchPosition | undefined;
}

/** The results of a kind, as many as a page shows. */
export async function findGroup(
  db: Database,
  siteId: string,
  kind: SearchKind,
  wanted: SearchQuery,
  { after, limit }: SearchSlice,
): Promise<Group> {
  const hits = await search(db, siteId, kind, wanted, { after, limit: limit + 1 });
  const shown = hits.slice(0, limit);
  const refs = shown.map((hit) => hit.ref);
  const numbers = refs.map(Number);
  const of = (...kinds: SearchKind[]) => kinds.includes(kind) && shown.length > 0;
  return {
    kind,
    artifacts: of("artifact") ? await artifactsOf(db, refs) : [],
    releases: of("release") ? await listReleases(db, siteId, { numbers }) : [],
    promotions: of("promotion") ? await listPromotions(db, siteId, { numbers }) : [],
    events: of("event", "note") ? await eventsOf(db, siteId, numbers) : [],
    next: hits.length > limit ? shown.at(-1) : undefined,
  };
}

/** Something of this very site to ask about: the page that changed last on its last environment, else any. */
export async function exampleOf(db: Database, site: Site): Promise<string | undefined> {
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
  return (changed ?? (await pages.orderBy("a.section").orderBy("a.key").limit(1).executeTakeFirst()))?.key;
}
