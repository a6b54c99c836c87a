import { readdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type Database, fileOf, isFile, isPostgres } from "../src/database/connect.ts";
import { copyBook, isEmpty } from "../src/database/copy/copy.ts";
import { isDiskFull } from "../src/database/errors.ts";
import { setupLink } from "../src/people/links.ts";
import { commandLine } from "./support/command-line.ts";
import { emptySqlite, freshDatabase, freshDatabaseUrl } from "./support/database.ts";
import { everything, schemaOf } from "./support/everything.ts";
import { folder } from "./support/folder.ts";
import { full, tight } from "./support/full-disks.ts";
import { addManyRows, expectOneMoment, fullShopUrl, on, whileRecording } from "./support/full-shop.ts";
import { starting, tokenOn } from "./support/serving.ts";
import { unguard } from "./support/tampering.ts";

let dir: Awaited<ReturnType<typeof folder>>;
let drops: (() => Promise<void>)[];
/** A book of the engine under test and an empty database of the same, where a test needs them; a file that does not exist yet. */
let url: string;
let empty: string;
let file: string;
beforeEach(async () => {
  dir = await folder();
  drops = [() => dir[Symbol.asyncDispose]()];
  file = `file:${dir.path}/copy.db`;
});
afterEach(async () => {
  for (const drop of drops) await drop();
});

const newDatabase = () => add(freshDatabaseUrl());

async function add(database: ReturnType<typeof freshDatabaseUrl>): Promise<string> {
  const { url, drop } = await database;
  drops.unshift(drop);
  return url;
}

const sitebook = (database: string) => commandLine({ env: { DATABASE_URL: database } });
const copy = (from: string, to: string) => sitebook(from)(["copy", to]);
const command = (to: string) => [process.execPath, "src/cli/sitebook.js", "copy", to];

async function emptySchema(like: Database): Promise<unknown[]> {
  if (!isPostgres(like)) return emptySqlite(schemaOf);
  const { db, close } = await freshDatabase();
  return schemaOf(db).finally(close);
}

test("every row of every table is copied between databases of either engine, and each copy is a sound book", async () => {
  [url, empty] = [await add(fullShopUrl()), await newDatabase()];
  const book = await on(url, everything);
  expect(Object.keys(book).filter((table) => !book[table]?.length)).toEqual([]);
  const ofFiles = [
    [url, file],
    [file, empty],
  ] as const;
  const copies = isFile(url) ? ofFiles : [...ofFiles, [empty, await newDatabase()]];
  for (const [from, to] of copies as [string, string][]) {
    const { code, out, err } = await copy(from, to);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      / now has 2 sites, \d+ events and [\d,]+ rows in all, as they were at .* Every site was verified\.\n$/,
    );
    await on(to, async (db) => {
      expect(await everything(db)).toEqual(book);
      expect(await schemaOf(db)).toEqual(await emptySchema(db));
      await expect(db.updateTable("events").set({ action: "" }).execute()).rejects.toThrow("append-only");
      await expect(db.insertInto("looks").values(stray).execute()).rejects.toThrow(/foreign key/i);
      expect((await search(db, "shoes")).length).toBeGreaterThan(0);
    });
  }
});

const stray = { promotion_id: "none", artifact_id: "none", person_id: "none", looked_at: "" };

/** By the engine's own index, which is not copied but built anew. */
async function search(db: Database, word: string): Promise<unknown[]> {
  const query = isPostgres(db)
    ? sql`select id from search_entries where found @@ to_tsquery('simple', ${word})`
    : sql`select rowid from search_words where words match ${word}`;
  return (await query.execute(db)).rows;
}

test("a deployment recorded in the copy gets the next numbers", async () => {
  [url, empty] = [await newDatabase(), await newDatabase()];
  const token = await tokenOn(url);
  const record = (database: string, ...lines: string[]) =>
    on(database, async (db) => {
      const app = createApp(db, { baseUrl: "http://sitebook.test" });
      const machine = commandLine({
        env: { SITEBOOK_URL: "http://sitebook.test", SITEBOOK_TOKEN: token },
        fetch: (address, init) => app.request(address, init),
      });
      return machine(["record", "beta", ...lines]);
    });
  await record(url, "page /sale v1", "page /terms v1");
  await copy(url, file);
  await copy(file, empty);

  const before = await on(empty, everything);
  expect(await on(empty, (db) => search(db, "new"))).toEqual([]);
  expect(await record(empty, "page /sale v2", "page /new v1")).toMatchObject({
    err: "",
    out: expect.stringContaining("Deployment 2"),
  });
  await on(empty, async (db) => {
    const seqs = await db.selectFrom("placements").select("seq").orderBy("seq").execute();
    expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const entries = await db.selectFrom("search_entries").select("id").orderBy("id").execute();
    expect(entries.map(({ id }) => id)).toEqual(entries.map((_, i) => i + 1));
    expect(entries.length).toBeGreaterThan(before.search_entries?.length ?? 0);
    expect((await search(db, "new")).length).toBeGreaterThan(0);
  });
  expect((await sitebook(empty)(["verify"])).code).toBe(0);
});

test("a copy beside a server that is writing has one moment, and the writes continue", async () => {
  url = await newDatabase();
  const token = await tokenOn(url);
  await addManyRows(url, 500);
  await using server = starting({ DATABASE_URL: url });
  let meanwhile = 0;
  const copyMeanwhile = async () => {
    await using copying = starting({ DATABASE_URL: url }, command(file));
    expect(await copying.ended, copying.lines.join("\n")).toBe(0);
  };
  const recorded = await whileRecording(await server.url(), token, copyMeanwhile, () => meanwhile++);
  expect(meanwhile).toBeGreaterThan(0);
  await expectOneMoment(file, recorded);
  expect((await sitebook(url)(["verify"])).code).toBe(0);
});

test("a copy that is killed leaves its target empty, and it can be used again", async () => {
  [url, empty] = [await newDatabase(), await newDatabase()];
  await tokenOn(url);
  await addManyRows(url);
  const [book, before] = [await on(url, everything), await on(empty, everything)];
  let left: typeof book;
  do {
    empty = await newDatabase();
    await using copying = starting({ DATABASE_URL: url }, command(empty));
    await loading(empty, copying.ended);
    copying.signal("SIGKILL");
    await copying.ended;
    left = await on(empty, everything);
  } while (isDeepStrictEqual(left, book));

  expect(left).toEqual(before);
  expect((await copy(url, empty)).code).toBe(0);
  expect(isDeepStrictEqual(await on(empty, everything), book)).toBe(true);
});

/** Resolves when a good part of the copy is written, or it has ended. */
async function loading(database: string, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  await on(database, async (db) => {
    while (!hasEnded && !(await isLoading(db, database))) await setTimeout(2);
  });
}

async function isLoading(db: Database, address: string): Promise<boolean> {
  if (!isPostgres(db)) return (statSync(`${fileOf(address)}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 4e6;
  const { rows } = await sql`
    select from pg_stat_activity where datname = current_database() and query like 'insert into "intents"%'`.execute(
    db,
  );
  return rows.length > 0;
}

describe("copy refuses with a sentence, and changes nothing", () => {
  const refused = async (from: string, ...words: string[]) => {
    const { code, err, out } = await sitebook(from)(["copy", ...words]);
    expect([code, out]).toEqual([2, ""]);
    return err;
  };

  test("if the target is missing, or not a database", async () => {
    [url, empty] = [await newDatabase(), await newDatabase()];
    await tokenOn(url);
    expect(await refused(url)).toBe("Name one database to copy to: sitebook copy DATABASE_URL.\n");
    expect(await refused(url, file, empty)).toContain("Name one database");
    expect(await refused(url, `${dir.path}/copy.db`)).toContain("DATABASE_URL is not the address of a database");
    expect(await refused(url, "postgres://ada:secret@127.0.0.1:1/none")).toMatch(
      /^The database postgres:\/\/ada:…@127\.0\.0\.1:1\/none cannot be used: .*ECONNREFUSED/,
    );
    await writeFile(`${dir.path}/mine`, "");
    expect(await refused(url, `file:${dir.path}/mine/copy.db`)).toContain("cannot be used");
  });

  test("if there is nothing to copy", async () => {
    [url, empty] = [await newDatabase(), await newDatabase()];
    expect(await refused(`file:${dir.path}/nowhere.db`, empty)).toContain(
      `There is no database ${dir.path}/nowhere.db.`,
    );
    expect(await refused(url, file)).toBe("There is nothing to copy: the source has no site and no account.\n");
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("if the target is the source, or not empty", async () => {
    [url, empty] = [await newDatabase(), await newDatabase()];
    await tokenOn(url);
    expect(await refused(url, url)).toBe("Source and target are the same database.\n");
    expect(await refused(url, isFile(url) ? url.replace("file:/", "file:/./") : `${url}&`)).toMatch(/same|not empty/);
    const account = sitebook(empty);
    await account(["setup", "--email", "bob@example.test", "--name", "Bob"], { stdin: "correct horse battery" });
    const [source, target] = [await on(url, everything), await on(empty, everything)];
    expect(await refused(url, empty)).toBe("The target is not empty, and nothing in it is overwritten.\n");
    expect(await refused(empty, url)).toContain("The target is not empty");
    expect([await on(url, everything), await on(empty, everything)]).toEqual([source, target]);
  });
});

test("a target on which a server waits for its first account is empty, and its setup link is removed", async () => {
  [url, empty] = [await newDatabase(), await newDatabase()];
  await tokenOn(url);
  await on(empty, (db) => setupLink(db, new Date().toISOString()));
  expect((await copy(url, empty)).code).toBe(0);
  expect(await on(empty, everything)).toEqual(await on(url, everything));
});

test("a broken record is not copied, with the reason, and the exit code is 1", async () => {
  [url, empty] = [await newDatabase(), await newDatabase()];
  await tokenOn(url);
  await on(url, async (db) => {
    await unguard(db, "events");
    await db.updateTable("events").set({ details: "{}" }).where("seq", "=", 1).execute();
  });
  const before = await on(empty, everything);
  const { code, out, err } = await copy(url, empty);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toBe(
    "shop: event 1: Event 1 is not what was recorded: its content does not give its hash. Nothing was copied. Run sitebook verify on the source.\n",
  );
  expect(await on(empty, everything)).toEqual(before);
});

test("if a row does not arrive nothing is copied, and the exit code is 1", async () => {
  [url, empty] = [await newDatabase(), await newDatabase()];
  await tokenOn(url);
  await on(empty, async (db) => {
    const statements = isPostgres(db)
      ? [
          "create function lose() returns trigger language plpgsql as $$ begin return null; end $$",
          "create trigger lose before insert on tokens for each row execute function lose()",
        ]
      : ["create trigger lose before insert on tokens begin select raise(ignore); end"];
    for (const statement of statements) await sql.raw(statement).execute(db);
  });
  const before = await on(empty, everything);
  const { code, err } = await copy(url, empty);
  expect([code, err]).toEqual([1, "Only 0 of 1 rows of tokens arrived. Nothing was copied.\n"]);
  expect(await on(empty, everything)).toEqual(before);
});

const disks = { ...tight(), ...full() };

test.each(Object.keys(disks) as (keyof typeof disks)[])(
  "with %s nothing is copied, and everything is once there is space",
  async (name) => {
    url = await add(fullShopUrl());
    const disk = await (disks[name] as (typeof disks)[string])();
    drops.unshift(disk.close);
    await on(url, async (db) => {
      await disk.fill();
      await expect(copyBook(db, disk.db)).rejects.toSatisfy(isDiskFull);
      // PostgreSQL may need to write a cache file of its own for a new connection
      await disk.free();
      expect(await isEmpty(disk.db)).toBe(true);
      await copyBook(db, disk.db);
      expect(await everything(disk.db)).toEqual(await everything(db));
    });
  },
);

test("in a terminal it shows its progress, and with --json it answers in JSON", async () => {
  url = await newDatabase();
  await tokenOn(url);
  const { err, out } = await sitebook(url)(["copy", file, "--json"], { interactive: true });
  expect(err).toMatch(/^\r░+ 0 % of [\d,]+(\r[█░]+ \d+ % of [\d,]+ *)+\r +\r$/);
  const { sites, events, rows } = JSON.parse(out);
  const book = await on(file, everything);
  expect([sites, events]).toEqual([book.sites?.length, book.events?.length]);
  const { kysely_migration: _migration, kysely_migration_lock: _lock, ...tables } = book;
  expect(rows).toBe(Object.values(tables).flat().length);
  expect(JSON.parse(out)).toMatchObject({ target: file, at: expect.stringMatching(/^\d{4}-/) });
});
