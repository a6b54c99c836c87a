import { existsSync, readdirSync, statSync } from "node:fs";
import { rm, watch, writeFile } from "node:fs/promises";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, isPostgres, openDatabase } from "../src/database/connect.ts";
import { migrate } from "../src/database/migrate.ts";
import { makeCheckpoint } from "../src/integrity/checkpoints.ts";
import { commandLine } from "./support/command-line.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { everyVerb } from "./support/every-verb.ts";
import { everything } from "./support/everything.ts";
import { folder } from "./support/folder.ts";
import { starting, tokenOn } from "./support/serving.ts";
import { hasSmallDisks, smallDisk } from "./support/small-disk.ts";
import { type World, world } from "./support/world.ts";

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

const command = (to: string) => [process.execPath, "src/cli/sitebook.js", "backup", to];
const backUp = (to = file) => commandLine({ env: { DATABASE_URL: url } })(["backup", to]);
const verified = async (database: string) => commandLine({ env: { DATABASE_URL: database } })(["verify"]);
const partials = () => readdirSync(dir.path).filter((name) => name.endsWith(".partial"));

async function on<T>(database: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(database);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** A shop in which everything was done, so that no table is empty. */
async function fullShop(db: Database): Promise<World> {
  const w = await world(Promise.resolve({ db, close: async () => {} }));
  await everyVerb(w);
  await w.as("nobody").post("/sign-in", { email: "vera@example.test", password: "a wrong one" });
  await w.as("vera").get("/sites/shop");
  const placements = [{ kind: "page", key: "/again", version: "v1" }];
  const deployments = "/sites/shop/environments/beta/deployments";
  await (await w.token("contributor")).post(deployments, { placements }, { "idempotency-key": "build-7" });
  await makeCheckpoint(db, w.site, w.clock.at);
  const promotion = db.selectFrom("promotions").select("id").limit(1);
  const artifact = db.selectFrom("artifacts").select("id").limit(1);
  const { id: promotion_id } = await promotion.executeTakeFirstOrThrow();
  const { id: artifact_id } = await artifact.executeTakeFirstOrThrow();
  const looked_at = w.clock.at;
  await db.insertInto("looks").values({ promotion_id, artifact_id, person_id: w.people.theo.id, looked_at }).execute();
  return w;
}

/** So much that copying it takes a while: about 80 MB. */
async function muchMore(): Promise<void> {
  await on(url, async (db) => {
    const { id } = await db.selectFrom("people").select("id").limit(1).executeTakeFirstOrThrow();
    const answer = isPostgres(db) ? sql`repeat('x', 40000)` : sql`printf('%.*c', 40000, 'x')`;
    await sql`
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
      insert into intents (person_id, key, fingerprint, answer, at) select ${id}, 'k' || i, '', ${answer}, '' from n`.execute(
      db,
    );
  });
}

test("it holds every row of every table", async () => {
  await on(url, async (db) => {
    await fullShop(db);
    const { code, out } = await backUp();
    expect([code, out]).toEqual([0, expect.stringMatching(/book\.db holds 2 sites and \d+ events, as they were at /)]);
    const before = await everything(db);
    expect(Object.keys(before).filter((table) => !before[table]?.length)).toEqual([]);
    expect(await on(`file:${file}`, everything)).toEqual(before);
  });
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
});

test("it is a sound Sitebook of its own, guards and search index too", async () => {
  await on(url, fullShop);
  await backUp();
  const copy = new SQLite(file);
  expect(copy.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(copy.pragma("foreign_key_check")).toEqual([]);
  const fresh = new SQLite(":memory:");
  const empty = openDatabase("file::memory:", fresh);
  await migrate(empty);
  expect(schemaOf(copy)).toEqual(schemaOf(fresh));
  await empty.destroy();
  copy.close();

  expect((await verified(`file:${file}`)).code).toBe(0);
  await on(`file:${file}`, async (db) => {
    await expect(db.updateTable("events").set({ action: "" }).execute()).rejects.toThrow("append-only");
    const found = sql`select rowid from search_words where words match 'shoes'`;
    expect((await found.execute(db)).rows.length).toBeGreaterThan(0);
  });
  expect((await verified(`file:${file}`)).code).toBe(0);
});

const schemaOf = (handle: SQLite.Database) =>
  handle.prepare("select type, name, tbl_name, sql from sqlite_master order by type, name").all();

test("while a server takes writes it keeps one moment, and they go on", async () => {
  const token = await tokenOn(url);
  await muchMore();
  await using server = starting({ DATABASE_URL: url });
  const record = recorder(await server.url(), token);
  const [before, said] = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < 10; i++) before.add(await record("/first", `v${i}`));
  let [going, during] = [true, 0];
  const writers = [1, 2, 3, 4].map(async (writer) => {
    for (let i = 0; going; i++) {
      said.add(await record(`/page-${writer}`, `v${i}`));
      if (partials().length) during++;
    }
  });
  {
    await using copying = starting({ DATABASE_URL: url }, command(file));
    expect(await copying.ended, copying.lines.join("\n")).toBe(0);
  }
  going = false;
  await Promise.all(writers);
  expect(during).toBeGreaterThan(0);

  await using restored = starting({ DATABASE_URL: `file:${file}` });
  const recordThere = recorder(await restored.url(), token);
  const numbers = await on(`file:${file}`, numbersOf);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect([...before].filter((number) => !numbers.includes(number))).toEqual([]);
  expect(numbers.filter((number) => !before.has(number) && !said.has(number))).toEqual([]);
  expect(await recordThere("/after", "v1")).toBe(numbers.length + 1);
  expect((await verified(`file:${file}`)).out).toMatch(/shop: \d+ events, and the record is what they tell/);
  expect((await verified(url)).code).toBe(0);
});

test("killed in the middle it leaves no file, and the next one clears away what it left", async () => {
  await tokenOn(url);
  await muchMore();
  do {
    await rm(file, { force: true });
    await using copying = starting({ DATABASE_URL: url }, command(file));
    await halfDone(copying);
    copying.signal("SIGKILL");
    await copying.ended;
  } while (existsSync(file));
  expect(partials()).toHaveLength(1);

  expect((await backUp()).code).toBe(0);
  expect(readdirSync(dir.path)).toEqual(["book.db"]);
  expect((await verified(`file:${file}`)).code).toBe(0);
});

test("what another one is writing is not taken for something left", async () => {
  const path = `${dir.path}/sitebook-backup-99999999-0123abcd.partial`;
  const other = new SQLite(path);
  other.exec("begin immediate; create table half (x)");
  expect((await backUp()).code).toBe(0);
  expect(partials()).toHaveLength(1);
  other.close();
  expect((await backUp(`${dir.path}/next.db`)).code).toBe(0);
  expect(partials()).toEqual([]);
});

test("where it cannot be written, a sentence says why, and nothing is left", async () => {
  const why = async (...words: string[]) => {
    const { code, err } = await commandLine({ env: { DATABASE_URL: url } })(["backup", ...words]);
    expect(code).toBe(2);
    return err;
  };
  await writeFile(file, "mine");
  expect(await why(file)).toBe(`${file} is there already, and nothing is written over. Choose another name.\n`);
  expect(await why(`${dir.path}/none/book.db`)).toContain(`There is no folder ${dir.path}/none.`);
  expect(await why(`${file}/book.db`)).toContain(`There is no folder ${file}.`);
  expect(await why("/proc/book.db")).toContain("Nothing can be written in /proc:");
  expect(await why()).toBe("Say one file to write: sitebook backup FILE.\n");
  expect(await why(file, "more.db")).toContain("Say one file");
  expect(readdirSync(dir.path)).toEqual(["book.db"]);
  expect(statSync(file).size).toBe(4);
  url = `file:${dir.path}/nowhere.db`;
  expect(await why(`${dir.path}/other.db`)).toContain(`There is no database ${dir.path}/nowhere.db.`);
  expect(readdirSync(dir.path)).toEqual(["book.db"]);
});

test("where there is no room for it, nothing is left", async () => {
  await tokenOn(url);
  await muchMore();
  const limited = ["sh", "-c", `trap "" XFSZ; ulimit -f 4000; exec "$@"`, "sh", ...command(file)];
  await using copying = starting({ DATABASE_URL: url }, limited);
  expect(await copying.ended).toBe(2);
  expect(copying.lines).toEqual([expect.stringMatching(/^Nothing can be written in .*No backup was made\.$/)]);
  expect(readdirSync(dir.path)).toEqual([]);
  if (!hasSmallDisks) return;
  using disk = smallDisk(4);
  const { code, err } = await backUp(`${disk.path}/book.db`);
  expect([code, err]).toEqual([2, `There is no room left in ${disk.path}; no backup was made.\n`]);
  expect(readdirSync(disk.path)).toEqual([]);
});

test("who watches sees how far it is", async () => {
  await tokenOn(url);
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const { err, out } = await sitebook(["backup", file, "--json"], { watched: true });
  expect(err).toMatch(/^\r░+ 0 % of [\d,]+\r +\r$/);
  const { size } = statSync(file);
  expect(JSON.parse(out)).toMatchObject({ file, sites: 1, bytes: size, events: expect.any(Number) });
});

function recorder(address: string, token: string) {
  return async (key: string, version: string): Promise<number> => {
    const answer = await fetch(`${address}/api/v1/sites/shop/environments/beta/deployments`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ placements: [{ kind: "page", key, version }] }),
    });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { number: number }).number;
  };
}

async function numbersOf(db: Database): Promise<number[]> {
  const rows = await db.selectFrom("deployments").select("number").orderBy("number").execute();
  return rows.map((row) => row.number);
}

/** Until a good part of it is written, or it has ended. */
async function halfDone({ ended }: { ended: Promise<unknown> }): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  try {
    for await (const _change of watch(dir.path, over)) if (partials().some((name) => sizeOf(name) > 4e6)) return;
  } catch (error) {
    if (!over.signal.aborted) throw error;
  }
}

const sizeOf = (name: string) => statSync(`${dir.path}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
