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

test("the server prints its address and, without an account, a setup link; on SIGTERM it closes the database", async () => {
  await using server = starting({ DATABASE_URL: url });
  const address = await server.url();
  const line = await server.printedLine("There is no account yet.");
  const [, link = ""] = /(http\S+)$/.exec(line) ?? [];
  expect(link.startsWith(`${address}/setup?link=`)).toBe(true);
  expect((await fetch(link)).status).toBe(200);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);

  server.signal("SIGTERM");
  expect(await server.ended).toBe(0);
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("with an account the server prints no setup link", async () => {
  await tokenOn(url);
  await using server = starting({ DATABASE_URL: url });
  await server.url();
  server.signal("SIGINT");
  expect(await server.ended).toBe(0);
  expect(server.lines.join("\n")).not.toContain("setup");
});

test("npm start stops on SIGTERM", async () => {
  await using server = starting({ DATABASE_URL: url }, ["npm", "start"]);
  const address = await server.url();
  server.signal("SIGTERM");
  await server.ended;
  expect(server.lines.join("\n")).toContain("Sitebook is stopping");
  await expect(fetch(address)).rejects.toThrow();
  if (url.startsWith("file:")) expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("a server that is stopping finishes the running requests", async () => {
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
  await new Promise((resolve) => socket.once("data", resolve)); // "100 Continue": the request has begun

  server.signal("SIGTERM");
  await server.printedLine("Sitebook is stopping");
  socket.write(body);
  expect(await answer).toContain("HTTP/1.1 201 Created");
  expect(await server.ended).toBe(0);
  expect(await onDatabase(numbers)).toEqual([1]);
});

test("with wrong variables the server does not start, and prints a sentence for each", async () => {
  const linesOf = async (env: Record<string, string>) => {
    await using server = starting(env);
    expect(await server.ended).toBe(1);
    return server.lines;
  };
  expect(await linesOf({ PORT: "http", BASE_URL: "nowhere", DATABASE_URL: url })).toEqual([
    expect.stringContaining('PORT is "http"'),
    expect.stringContaining('BASE_URL is "nowhere"'),
  ]);
  expect(await linesOf({ TRUSTED_PROXIES: "everybody", DATABASE_URL: url })).toEqual([
    expect.stringContaining('TRUSTED_PROXIES has "everybody"'),
  ]);
  const unreachable = await linesOf({ DATABASE_URL: "postgres://book:hunter2@localhost:1/sitebook" });
  expect(unreachable).toEqual([
    expect.stringMatching(/^The database .* cannot be used: .*ECONNREFUSED.*Check DATABASE_URL\.$/),
  ]);
  expect(unreachable[0]).not.toContain("hunter2");
});

test("if the port is in use the server says so", async () => {
  await using first = starting({ DATABASE_URL: url });
  const { port } = new URL(await first.url());
  await using second = starting({ DATABASE_URL: url, PORT: port });
  expect(await second.ended).toBe(1);
  expect(second.lines).toEqual([`Port ${port} is in use, perhaps by another Sitebook. Stop it, or set PORT.`]);
});

test("X-Forwarded-For counts for rate limits if the proxy is trusted; otherwise there is a warning", async () => {
  await tokenOn(url);
  const at = new Date().toISOString();
  const failures = Array.from({ length: 30 }, (_, i) => ({
    id: `${i}`,
    email: `${i}@x.test`,
    address: "127.0.0.1",
    browser: "",
    at,
  }));
  await onDatabase((db) => db.insertInto("sign_in_failures").values(failures).execute());
  const attempt = async (env: Record<string, string>) => {
    await using server = starting({ DATABASE_URL: url, ...env });
    const address = await server.url();
    const body = new URLSearchParams({ email: "ada@example.test", password: "not the right password" });
    const headers = { origin: address, "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
    const { status } = await fetch(`${address}/sign-in`, { method: "POST", body, headers });
    server.signal("SIGTERM");
    await server.ended;
    return { status, warned: server.lines.some((line) => line.includes("Set TRUSTED_PROXIES")) };
  };
  expect(await attempt({})).toEqual({ status: 429, warned: true });
  expect(await attempt({ TRUSTED_PROXIES: "127.0.0.0/8" })).toEqual({ status: 401, warned: false });
  const stored = await onDatabase((db) => db.selectFrom("sign_in_failures").select("address").distinct().execute());
  expect(stored.map(({ address }) => address).sort()).toEqual(["127.0.0.1", "203.0.113.9"]);
});

test("if several servers start at once on a new database, one creates the schema, and all serve", async () => {
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

test("every connection to a file has the pragmas that make it durable, also after a restart", async () => {
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
