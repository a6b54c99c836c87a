import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../src/database/connect.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { starting, tokenOn } from "./support/serving.ts";

let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
});
afterEach(() => drop());

test("npm start stops on SIGTERM", async () => {
  await using server = starting({ DATABASE_URL: url }, ["npm", "start"]);
  const address = await server.url();
  server.signal("SIGTERM");
  await server.ended;
  expect(server.lines.join("\n")).toContain("Sitebook is stopping");
  await expect(fetch(address)).rejects.toThrow();
  expect(existsSync(`${url.slice(5)}-wal`)).toBe(false);
});

test("with wrong variables the server does not start, and prints a sentence for each", async () => {
  const linesOf = async (env: Record<string, string>) => {
    await using server = starting(env);
    expect(await server.ended).toBe(1);
    return server.lines;
  };
  const wrong = { PORT: "http", BASE_URL: "nowhere", TRUSTED_PROXIES: "everybody" };
  expect(await linesOf({ ...wrong, DATABASE_URL: url })).toEqual([
    expect.stringContaining('PORT is "http"'),
    expect.stringContaining('BASE_URL is "nowhere"'),
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
  const db = openDatabase(url);
  await db.insertInto("sign_in_failures").values(failures).execute();
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
  const stored = await db.selectFrom("sign_in_failures").select("address").distinct().execute();
  await db.destroy();
  expect(stored.map(({ address }) => address).sort()).toEqual(["127.0.0.1", "203.0.113.9"]);
});
