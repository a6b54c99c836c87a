import { existsSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, isPostgres, openDatabase } from "../src/database/connect.ts";
import { emptyDatabaseUrl, freshDatabaseUrl } from "./support/database.ts";
import { starting, tokenOn } from "./support/serving.ts";

let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
});
afterEach(() => drop());

test("says where it is and, while there is no account, how to make one; a stop closes the database", async () => {
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  const line = await server.says("There is no account yet.");
  const [, link = ""] = /(http\S+)$/.exec(line) ?? [];
  expect(link.startsWith(`${address}/setup?link=`)).toBe(true);
  expect((await fetch(link)).status).toBe(200);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);

  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("once there is an account it offers no link", async () => {
  await tokenOn(url);
  await using server = starting({ DATABASE_URL: url });
  await server.url();
  server.signal("SIGINT");
  expect(await server.ended).toBe(0);
  expect(server.lines.join("\n")).not.toContain("setup");
});

test("npm start stops as one does", async () => {
  await using server = starting({ DATABASE_URL: url }, ["npm", "start"]);
  const address = await server.url();
  server.signal("SIGTERM");
  await server.ended;
  expect(server.lines.join("\n")).toContain("Sitebook stops");
  await expect(fetch(address)).rejects.toThrow();
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("a stop lets the requests that are running end", async () => {
  const token = await tokenOn(url);
  await using server = starting({ DATABASE_URL: url });
  const address = new URL(await server.url());
  const body = JSON.stringify({ placements: [{ kind: "page", key: "/sale", version: "v1" }] });
  const socket = connect(Number(address.port), "127.0.0.1");
  const answer = text(socket);
  const head = [
    "POST /api/v1/sites/shop/environments/beta/deployments HTTP/1.1",
    `host: ${address.host}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "expect: 100-continue",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve)); // "100 Continue": the request is under way

  server.signal("SIGTERM");
  await server.says("Sitebook stops");
  socket.write(body);
  expect(await answer).toContain("HTTP/1.1 201 Created");
  expect(await server.ended).toBe(0);
  expect(await onDatabase(numbers)).toEqual([1]);
});

test("what is set wrong is said in a sentence each, and nothing starts", async () => {
  const ends = async (env: Record<string, string>) => {
    await using server = starting(env);
    expect(await server.ended).toBe(1);
    return server.lines;
  };
  expect(await ends({ PORT: "http", BASE_URL: "nowhere", DATABASE_URL: url })).toEqual([
    expect.stringContaining('PORT is "http"'),
    expect.stringContaining('BASE_URL is "nowhere"'),
  ]);
  expect(await ends({ TRUSTED_PROXIES: "everybody", DATABASE_URL: url })).toEqual([
    expect.stringContaining('TRUSTED_PROXIES has "everybody"'),
  ]);
  const gone = await ends({ DATABASE_URL: "postgres://book:hunter2@localhost:1/sitebook" });
  expect(gone).toEqual([
    expect.stringMatching(/^The database .* cannot be used: .*ECONNREFUSED.*Check DATABASE_URL\.$/),
  ]);
  expect(gone[0]).not.toContain("hunter2");
});

test("a port in use is said to be", async () => {
  await using first = starting({ DATABASE_URL: url });
  const { port } = new URL(await first.url());
  await using second = starting({ DATABASE_URL: url, PORT: port });
  expect(await second.ended).toBe(1);
  expect(second.lines).toEqual([`Port ${port} is in use, perhaps by another Sitebook. Stop that one, or set PORT.`]);
});

test("whoever says for whom they ask is believed where they are a proxy that is trusted, and named where not", async () => {
  await tokenOn(url);
  const at = new Date().toISOString();
  const failures = Array.from({ length: 30 }, (_, i) => ({
    id: `${i}`,
    email: `${i}@x.test`,
    address: "127.0.0.1",
    at,
  }));
  await onDatabase((db) => db.insertInto("sign_in_failures").values(failures).execute());
  const tries = async (env: Record<string, string>) => {
    await using server = starting({ DATABASE_URL: url, ...env });
    const address = await server.url();
    const body = new URLSearchParams({ email: "ada@example.test", password: "not the right one" });
    const headers = { origin: address, "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
    const { status } = await fetch(`${address}/sign-in`, { method: "POST", body, headers });
    server.signal("SIGTERM");
    await server.ended;
    return { status, warned: server.lines.some((line) => line.includes("Set TRUSTED_PROXIES")) };
  };
  expect(await tries({})).toEqual({ status: 429, warned: true });
  expect(await tries({ TRUSTED_PROXIES: "127.0.0.0/8" })).toEqual({ status: 401, warned: false });
  const kept = await onDatabase((db) => db.selectFrom("sign_in_failures").select("address").distinct().execute());
  expect(kept.map((one) => one.address).sort()).toEqual(["127.0.0.1", "203.0.113.9"]);
});

test("of servers that start at once on a new database one makes the schema, and all serve", async () => {
  const fresh = await emptyDatabaseUrl();
  {
    await using first = starting({ DATABASE_URL: fresh.url });
    await using second = starting({ DATABASE_URL: fresh.url });
    await using third = starting({ DATABASE_URL: fresh.url });
    for (const server of [first, second, third])
      expect((await fetch(`${await server.url()}/readyz`)).status, server.lines.join("\n")).toBe(200);
  }
  const db = openDatabase(fresh.url);
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  expect(await db.selectFrom("roles").select("slug").execute()).toHaveLength(6);
  await db.destroy();
  await fresh.drop();
});

test("every connection to a file waits for the disk, also after the first start", async () => {
  if (!url.startsWith("file:")) return expect(await onDatabase(async (db) => isPostgres(db))).toBe(true);
  for (const _start of ["first", "second"]) {
    const pragma = async (name: string) =>
      onDatabase(
        async (db) => Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(db)).rows[0] ?? {})[0],
      );
    expect(await pragma("journal_mode")).toBe("wal");
    expect(await pragma("synchronous")).toBe(2);
    expect(await pragma("foreign_keys")).toBe(1);
    expect(await pragma("recursive_triggers")).toBe(1);
    expect(await pragma("busy_timeout")).toBe(10_000);
    expect(await pragma("trusted_schema")).toBe(0);
  }
});

async function numbers(db: Database): Promise<number[]> {
  const rows = await db.selectFrom("deployments").select("number").orderBy("number").execute();
  return rows.map((row) => row.number);
}

async function onDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
