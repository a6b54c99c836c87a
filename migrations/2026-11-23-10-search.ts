import { type Kysely, SqliteAdapter, sql } from "kysely";
import { ddl } from "./ddl.ts";

/**
 * What is searched: one row for each page or software, release, promotion, event and note, with its words as they are
 * looked for. Each engine keeps its own index of them, by itself: SQLite's FTS5 by triggers, PostgreSQL's tsvector as
 * a generated column. In FTS5 a word of its own says site and kind, so that nobody's search walks through another's.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  const sqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  await ddl(db, table);
  for (const statement of sqlite ? forSqlite : forPostgres) await sql.raw(statement).execute(db);
  await indexArtifacts(db);
  await indexEvents(db);
}

const table = `
create table search_entries (
  id serial primary key,
  site_id text not null references sites (id),
  kind text not null check (kind in ('artifact', 'release', 'promotion', 'event', 'note')),
  ref text not null,
  words text not null,
  unique (site_id, kind, ref)
);
create index search_entries_by_age on search_entries (site_id, kind, id);
`;

const scope = "replace(new.site_id, '-', '') || new.kind";

const forSqlite = [
  `create virtual table search_words using fts5(scope, words, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0')`,
  `create trigger search_entries_added after insert on search_entries begin
     insert into search_words (rowid, scope, words) values (new.id, ${scope}, new.words); end`,
  `create trigger search_entries_changed after update on search_entries begin
     update search_words set scope = ${scope}, words = new.words where rowid = new.id; end`,
  `create trigger search_entries_removed after delete on search_entries begin
     delete from search_words where rowid = old.id; end`,
];

// With a key of its own for the id it would walk through all sites to find the newest of one.
const forPostgres = [
  "alter table search_entries drop constraint search_entries_pkey",
  "alter table search_entries add column found tsvector generated always as (to_tsvector('simple', words)) stored",
  "create index search_entries_by_words on search_entries using gin (found)",
];

const piece = 500;

// biome-ignore lint/suspicious/noExplicitAny: as above
async function indexArtifacts(db: Kysely<any>): Promise<void> {
  for (let last = ""; ; ) {
    const rows = await db
      .selectFrom("artifacts")
      .select(["id", "site_id", "key", "title"])
      .where("id", ">", last)
      .orderBy("id")
      .limit(piece)
      .execute();
    if (!rows.length) return;
    last = rows.at(-1)?.id;
    await keep(
      db,
      rows.map(({ id, site_id, key, title }) => ({
        site_id,
        kind: "artifact",
        ref: id,
        text: `${key} ${title ?? ""}`,
      })),
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function indexEvents(db: Kysely<any>): Promise<void> {
  const sites = await db.selectFrom("sites").select("id").execute();
  for (const { id } of sites) {
    for (let last = 0; ; ) {
      const rows = await db
        .selectFrom("events")
        .select(["site_id", "seq", "action", "subject", "details"])
        .where("site_id", "=", id)
        .where("seq", ">", last)
        .orderBy("seq")
        .limit(piece)
        .execute();
      if (!rows.length) break;
      last = rows.at(-1)?.seq;
      await keep(db, rows.flatMap(entriesOf));
    }
  }
}

type Entry = { site_id: string; kind: string; ref: string; text: string };

// biome-ignore lint/suspicious/noExplicitAny: as above
async function keep(db: Kysely<any>, entries: Entry[]): Promise<void> {
  const rows = entries.map(({ text, ...row }) => ({ ...row, words: wordsOf(text) }));
  for (let i = 0; i < rows.length; i += piece)
    await db
      .insertInto("search_entries")
      .values(rows.slice(i, i + piece))
      .execute();
}

type Event = { site_id: string; seq: number; action: string; subject: string; details: string };

/** As src/search/entries.ts did on that day. */
function entriesOf({ site_id, seq, action, subject, details: json }: Event): Entry[] {
  const details = JSON.parse(json);
  const band = details.out_of_band ? ["out of band"] : [];
  const plain = [action.replaceAll("_", " "), subject, ...band, ...new Set(plainWords(details))].join(" ");
  const written = [details.note, details.notes, details.comment, details.reason].filter(Boolean).join(" ");
  const kind = { release_made: "release", promotion_asked: "promotion" }[action];
  const event = { site_id, kind: "event", ref: String(seq), text: plain };
  if (kind) return [event, { site_id, kind, ref: String(details.number), text: `${plain} ${written}` }];
  return written ? [event, { site_id, kind: "note", ref: String(seq), text: written }] : [event];
}

const apart = /^(note|notes|comment|reason|id|digest|hash|rules|before|.*_id|.*_at)$/;

function plainWords(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.length > 20 ? [] : value.flatMap(plainWords);
  if (typeof value !== "object" || value === null) return [];
  const named = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return named.flatMap(([name, one]) => (apart.test(name) ? [] : plainWords(one)));
}

const letters: Record<string, string> = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i" };

function wordsOf(text: string): string {
  const folded = text
    .slice(0, 12_000)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => letters[letter] ?? letter);
  return (folded.match(/[\p{L}\p{N}]{1,60}/gu) ?? []).join(" ");
}
