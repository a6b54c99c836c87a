import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { logError } from "../src/log.ts";
import { browser, type Name, password, type World, world } from "./support/world.ts";

let w: World;
const lines: string[] = [];
const at = { now: Date.parse("2026-03-03T10:00:00Z") };
beforeEach(async () => {
  w = await world();
  vi.spyOn(Date, "now").mockImplementation(() => at.now);
});
afterEach(() => {
  vi.restoreAllMocks();
  lines.length = 0;
  return w.close();
});

function logging() {
  const app = createApp(w.db, {
    baseUrl: "http://sitebook.test",
    now: () => new Date(w.clock.at),
    address: (request) => request.headers.get("x-test-address") ?? "192.0.2.1",
    log: (line) => lines.push(line),
  });
  return {
    app,
    as: (name: Name | "nobody") => browser(app, w.db, name === "nobody" ? undefined : w.people[name], w.clock),
  };
}

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
/** The lines as their time and the rest, and forgets them. */
const written = () => lines.splice(0).map((line) => [line.split(" ")[0], line.slice(line.indexOf(" ") + 1)]);

test("what a person may not do is logged: when, what, from where and who, and nothing of what was sent", async () => {
  const { as } = logging();
  const vera = as("vera");
  await vera.post("/sites/shop/settings/tokens?q=hidden", { name: "mine", roles: ["administrator"] });
  await vera.get("/sites/elsewhere/history");
  await vera.get("/sites/shop/promotions/99");
  await vera.get("/sites/shop");

  const who = `address=192.0.2.1 person=${w.people.vera.id}`;
  expect(written()).toEqual([
    [time, `refused status=403 method=POST path="/sites/shop/settings/tokens" ${who}`],
    [time, `refused status=404 method=GET path="/sites/elsewhere/history" ${who}`],
  ]);
});

test("refused tokens, wrong passwords, forms of other web sites and bodies that are too large are logged once each", async () => {
  const { app, as } = logging();
  const call = (path: string, token: string) =>
    app.request(`http://sitebook.test/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
  const token = await w.token("viewer");
  await call("/sites/shop/events", "sb_guess");
  await call("/sites/elsewhere/events", token.secret);
  await as("nobody").post("/sign-in", { email: "vera@example.test", password: "secret guess" });
  await as("vera").post("/account/name", { name: "Other" }, { origin: "https://evil.example" });
  await as("nobody").post("/sign-in", { email: "vera@example.test", password: "x".repeat(70_000) });
  await as("nobody").get("/reset?link=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");

  const texts = written().map(([, text]) => text);
  expect(texts).toEqual([
    'refused status=401 method=GET path="/api/v1/sites/shop/events" address=192.0.2.1',
    `refused status=404 method=GET path="/api/v1/sites/elsewhere/events" address=192.0.2.1 machine=${token.machine.id}`,
    'refused status=401 method=POST path="/sign-in" address=192.0.2.1',
    'refused status=403 method=POST path="/account/name" address=192.0.2.1',
    'refused status=413 method=POST path="/sign-in" address=192.0.2.1',
    'refused status=403 method=GET path="/reset" address=192.0.2.1',
  ]);
});

test("a secret in a path is not logged, and nothing in an address begins a line or turns a terminal", async () => {
  const { as } = logging();
  const secret = "0123456789abcdef".repeat(4);
  await as("nobody").post(`/account/sessions/${secret}/end`, {}, { origin: "https://evil.example" });
  await as("nobody").post("/x%0a2026-01-01T00:00:00.000Z%1b[31m\u202e", {}, { origin: "https://evil.example" });

  const text = lines.join("\n");
  expect(text).not.toContain(secret);
  expect(lines).toHaveLength(2);
  expect(text).toMatch(/^[\x20-\x7e\n…]*$/);
});

test("an address gets twenty lines a minute, and the others are counted", async () => {
  const { as } = logging();
  const guess = (address: string) => as("nobody").get("/reset?link=x", { "x-test-address": address });
  for (let i = 0; i < 25; i++) await guess("192.0.2.66");
  await guess("192.0.2.7");
  expect(lines.filter((line) => line.endsWith("address=192.0.2.66"))).toHaveLength(20);
  expect(lines.at(-1)).toContain("address=192.0.2.7");

  at.now += 60_000;
  await guess("192.0.2.66");
  expect(written().slice(-2)).toEqual([
    [time, "refused more=5 address=192.0.2.66"],
    [time, 'refused status=403 method=GET path="/reset" address=192.0.2.66'],
  ]);
});

test("an error is logged with its time, on lines that nobody else can begin, without what it carries", () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const error = Object.assign(new Error("no\n2026-01-01T00:00:00.000Z all is well\n    at forged\u001b[2J"), {
    code: "EOOPS",
    parameters: [password],
  });
  logError("error 12ab:", new TypeError("outer", { cause: error }));
  logError("It failed:", error);

  const [[outer], [text]] = log.mock.calls as [[string], [string]];
  expect(outer).toContain("TypeError: outer; because of Error EOOPS: no\\u000a2026");
  const [first = "", ...frames] = text.split("\n");
  expect(first.split(" ")[0]).toEqual(time);
  expect(first).toContain(
    "It failed: Error EOOPS: no\\u000a2026-01-01T00:00:00.000Z all is well\\u000a    at forged\\u001b[2J",
  );
  expect(frames[0]).toMatch(/^ +at .*log\.test\.ts/);
  expect(frames.every((frame) => /^ +at /.test(frame))).toBe(true);
  expect(text).not.toContain("\u001b");
  expect(frames.join("\n")).not.toContain("forged");
  expect(outer + text).not.toContain(password);
});
