import { type Kysely, type RawBuilder, sql } from "kysely";
import { ddl } from "./ddl.ts";

/**
 * A version has its own title, so that a title reported for another version does not rename it. The versions of an older
 * book get the title that was reported with them, last if several were; or else the one that the page had when they were
 * first reported; or else the last one reported for any version of the page, which Sitebook showed for them until now.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, "alter table versions add column title text;");
  const sites = await db.selectFrom("sites").select("id").execute();
  for (const { id } of sites) await titleVersions(db, id);
  await findByEachTitle(db);
}

const batchSize = 500;

// biome-ignore lint/suspicious/noExplicitAny: as above
async function titleVersions(db: Kysely<any>, siteId: string): Promise<void> {
  const titles = { ofPages: new Map<string, string | null>(), last: new Map<string, Line>() };
  for (let last = 0; ; ) {
    const events = await db
      .selectFrom("events")
      .select(["seq", "details"])
      .where("site_id", "=", siteId)
      .where("seq", ">", last)
      .where("action", "=", "deployment_recorded")
      .orderBy("seq")
      .limit(batchSize)
      .execute();
    if (!events.length) break;
    last = events.at(-1)?.seq;
    for (const event of events) await titleVersionsOf(db, siteId, JSON.parse(event.details), titles);
  }
  for (const line of titles.last.values()) await setTitle(db, siteId, line, sql`versions.title is null`);
}

type Line = { kind: string; key: string; version?: string | null; title?: string | null };
type Details = {
  learned?: { artifacts?: Line[]; titles?: Line[]; versions?: Line[] };
  placements?: Line[];
  confirmations?: Line[];
};

const nameOf = ({ kind, key }: Line) => `${kind} ${key}`;

/** `titles` are those so far, by kind and key: of the pages, and the last one reported with a version. */
async function titleVersionsOf(
  // biome-ignore lint/suspicious/noExplicitAny: as above
  db: Kysely<any>,
  siteId: string,
  { learned = {}, placements = [], confirmations = [] }: Details,
  titles: { ofPages: Map<string, string | null>; last: Map<string, Line> },
): Promise<void> {
  const reported = [...(learned.artifacts ?? []), ...(learned.titles ?? [])];
  for (const line of reported) titles.ofPages.set(nameOf(line), line.title ?? null);
  const withTitle = ({ kind, key, version }: Line) => ({
    kind,
    key,
    version,
    title: titles.ofPages.get(nameOf({ kind, key })),
  });
  const names = new Set(reported.filter(({ title }) => title).map(nameOf));
  for (const line of [...placements, ...confirmations].filter(({ version }) => version)) {
    if (!names.has(nameOf(line))) continue;
    titles.last.set(nameOf(line), withTitle(line));
    await setTitle(db, siteId, withTitle(line), sql`versions.label = ${line.version}`);
  }
  for (const line of learned.versions ?? [])
    await setTitle(db, siteId, withTitle(line), sql`versions.label = ${line.version} and versions.title is null`);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function setTitle(db: Kysely<any>, siteId: string, { kind, key, title }: Line, which: RawBuilder<unknown>) {
  if (!title) return;
  await sql`
    update versions set title = ${title} where ${which} and artifact_id = (
      select id from artifacts where site_id = ${siteId} and kind = ${kind} and key = ${key})`.execute(db);
}

/** A page is found by the title of each of its versions, in filters and in the search. */
// biome-ignore lint/suspicious/noExplicitAny: as above
async function findByEachTitle(db: Kysely<any>): Promise<void> {
  const rows = await db
    .selectFrom("versions as v")
    .innerJoin("artifacts as a", "a.id", "v.artifact_id")
    .select(["a.id", "a.site_id", "a.key", "a.title", "v.title as also"])
    .distinct()
    .where(sql<boolean>`v.title is distinct from a.title`)
    .where("v.title", "is not", null)
    .execute();
  for (const titles of Map.groupBy(rows, (row) => row.id).values()) {
    const { id, site_id, key, title } = titles[0] as (typeof rows)[number];
    const text = [key, ...titles.map(({ also }) => also), title ?? ""].join("\n");
    await db
      .updateTable("artifacts")
      .set({ folded: folded(text) })
      .where("id", "=", id)
      .execute();
    await db
      .updateTable("search_entries")
      .set({ words: wordsOf(text) })
      .where("site_id", "=", site_id)
      .where("kind", "=", "artifact")
      .where("ref", "=", id)
      .execute();
  }
}

/** As foldText did on that day. */
function folded(text: string): string {
  const lower = text.normalize("NFKC").toUpperCase().toLowerCase();
  return lower
    .replaceAll("ς", "σ")
    .replace(/i\u0307/g, "i")
    .normalize("NFC");
}

const letters: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
  ς: "σ",
};

/** As tokenize did on that day. */
function wordsOf(text: string): string {
  const plain = text
    .slice(0, 12_000)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .replace(/[ßæœøłđðþıς]/g, (letter) => letters[letter] ?? letter);
  return (plain.match(/[\p{L}\p{N}]{1,60}/gu) ?? []).join(" ");
}
