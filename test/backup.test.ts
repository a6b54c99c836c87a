import { existsSync, readdirSync, statSync } from "node:fs";
import { rm, watch, writeFile } from "node:fs/promises";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { emptySqlite, freshDatabaseUrl } from "./support/database.ts";
import { everything, schemaOf } from "./support/everything.ts";
import { folder } from "./support/folder.ts";
import { addManyRows, expectOneMoment, fullShopUrl, on, recorder, whileRecording } from "./support/full-shop.ts";
import { starting, tokenOn } from "./support/serving.ts";
import { hasSmallDisks, smallDisk } from "./support/small-disk.ts";

let url: string;
let drop: () => Promise<void>;
let dir: Awaited<ReturnType<typeof folder>>;
let file: string;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
  dir = await folder();
  file = `${dir.path}/book.db`;
});
afterEach(async () => {
  await drop();
  await dir[Symbol.asyncDispose]();
});

async function openFullShop(): Promise<void> {
  await drop();
  ({ url, drop } = await fullShopUrl());
}

const command = (to: string) => [process.execPath, "src/cli/sitebook.js", "backup", to];
const backUp = (to = file) => commandLine({ env: { DATABASE_URL: url } })(["backup", to]);
const verified = async (database: string) => commandLine({ env: { DATABASE_URL: database } })(["verify"]);
const partials = () => readdirSync(dir.path).filter((name) => name.endsWith(".partial"));

test("a backup has every row of every table", async () => {
  await openFullShop();
  await on(url, async (db) => {
    const { code, out } = await backUp();
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/book\.db contains 2 sites and \d+ events, as they were at /),
    ]);
    const before = await everything(db);
    expect(Object.keys(before).filter((table) => !before[table]?.length)).toEqual([]);
    expect(await on(`file:${file}`, everything)).toEqual(before);
  });
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
});

test("a backup is a sound book of its own, with append-only triggers and search index", async () => {
  await openFullShop();
  await backUp();
  const copy = new SQLite(file, { readonly: true });
  expect(copy.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(copy.pragma("foreign_key_check")).toEqual([]);
  expect(copy.pragma("journal_mode", { simple: true })).toBe("delete");
  copy.close();
  expect(await on(`file:${file}`, schemaOf)).toEqual(await emptySqlite(schemaOf));

  expect((await verified(`file:${file}`)).code).toBe(0);
  await on(`file:${file}`, async (db) => {
    await expect(db.updateTable("events").set({ action: "" }).execute()).rejects.toThrow("append-only");
    const found = sql`select rowid from search_words where words match 'shoes'`;
    expect((await found.execute(db)).rows.length).toBeGreaterThan(0);
  });
  expect((await verified(`file:${file}`)).code).toBe(0);
});

test("a backup beside a server that is writing has one moment, and the writes continue", async () => {
  const token = await tokenOn(url);
  await addManyRows(url, 500);
  await using server = starting({ DATABASE_URL: url });
  let meanwhile = 0;
  const backUpMeanwhile = async () => {
    await using copying = starting({ DATABASE_URL: url }, command(file));
    expect(await copying.ended, copying.lines.join("\n")).toBe(0);
  };
  const recorded = await whileRecording(await server.url(), token, backUpMeanwhile, () => {
    if (partials().length) meanwhile++;
  });
  expect(meanwhile).toBeGreaterThan(0);

  const last = await expectOneMoment(`file:${file}`, recorded);
  await using restored = starting({ DATABASE_URL: `file:${file}` });
  expect(await recorder(await restored.url(), token)("/after", "v1")).toBe(last + 1);
  expect((await verified(`file:${file}`)).out).toMatch(/shop: \d+ events, and the record matches them/);
  expect((await verified(url)).code).toBe(0);
});

test("a backup that is killed leaves no file of that name, and the next one succeeds beside what it left", async () => {
  await tokenOn(url);
  await addManyRows(url);
  do {
    await rm(file, { force: true });
    await using copying = starting({ DATABASE_URL: url }, command(file));
    await halfDone(copying);
    copying.signal("SIGKILL");
    await copying.ended;
  } while (existsSync(file));
  const left = partials();
  expect(left.filter((name) => /^sitebook-backup-[0-9a-f]{8}\.partial$/.test(name))).toHaveLength(1);

  expect((await backUp()).code).toBe(0);
  expect(partials()).toEqual(left);
  expect((await verified(`file:${file}`)).code).toBe(0);
});

test("if the file cannot be written, a sentence says why, and nothing is left", async () => {
  const why = async (...words: string[]) => {
    const { code, err } = await commandLine({ env: { DATABASE_URL: url } })(["backup", ...words]);
    expect(code).toBe(2);
    return err;
  };
  await writeFile(file, "mine");
  expect(await why(file)).toBe(`${file} already exists, and is not overwritten. Choose another name.\n`);
  expect(await why(`${dir.path}/none/book.db`)).toContain(`There is no folder ${dir.path}/none.`);
  expect(await why(`${file}/book.db`)).toContain(`There is no folder ${file}.`);
  expect(await why("/proc/book.db")).toContain("Cannot write to /proc:");
  expect(await why()).toBe("Name one file to write: sitebook backup FILE.\n");
  expect(await why(file, "more.db")).toContain("Name one file");
  expect(readdirSync(dir.path)).toEqual(["book.db"]);
  expect(statSync(file).size).toBe(4);
  url = `file:${dir.path}/nowhere.db`;
  expect(await why(`${dir.path}/other.db`)).toContain(`There is no database ${dir.path}/nowhere.db.`);
  expect(readdirSync(dir.path)).toEqual(["book.db"]);
});

test("if the disk is full, nothing is left", async () => {
  await tokenOn(url);
  await addManyRows(url);
  const limited = ["sh", "-c", `trap "" XFSZ; ulimit -f 4000; exec "$@"`, "sh", ...command(file)];
  await using copying = starting({ DATABASE_URL: url }, limited);
  expect(await copying.ended).toBe(2);
  expect(copying.lines).toEqual([expect.stringMatching(/^Cannot write to .*No backup was created\.$/)]);
  expect(readdirSync(dir.path)).toEqual([]);
  if (!hasSmallDisks) return;
  using disk = smallDisk(4);
  const { code, err } = await backUp(`${disk.path}/book.db`);
  expect([code, err]).toEqual([2, `No space is left in ${disk.path}. No backup was created.\n`]);
  expect(readdirSync(disk.path)).toEqual([]);
});

test("in a terminal it shows its progress", async () => {
  await tokenOn(url);
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const { err, out } = await sitebook(["backup", file, "--json"], { interactive: true });
  expect(err).toMatch(/^\r░+ 0 % of [\d,]+(\r[█░]+ \d+ % of [\d,]+)*\r +\r$/);
  const { size } = statSync(file);
  expect(JSON.parse(out)).toMatchObject({ file, sites: 1, bytes: size, events: expect.any(Number) });
});

/** Resolves when a good part of the backup is written, or it has ended. */
async function halfDone({ ended }: { ended: Promise<unknown> }): Promise<void> {
  const abort = new AbortController();
  void ended.then(() => abort.abort());
  try {
    for await (const _change of watch(dir.path, abort)) if (writtenBytes() > 4e6) return;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
}

/** The size of the largest file, which may be the write-ahead log. */
function writtenBytes(): number {
  const sizes = readdirSync(dir.path).map((name) => statSync(`${dir.path}/${name}`, { throwIfNoEntry: false })?.size);
  return Math.max(0, ...sizes.map((size) => size ?? 0));
}
