import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../src/database/connect.ts";
import { commandLine, commandLineMachine } from "./support/command-line.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { folder } from "./support/folder.ts";
import { type World, world } from "./support/world.ts";

const password = "correct horse battery staple";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("help lists the commands, and each has its own help", async () => {
  const sitebook = commandLine();
  const { code, out } = await sitebook(["--help"]);
  expect(code).toBe(0);
  const names = [
    "setup",
    "token create",
    "record",
    "import",
    "log",
    "diff",
    "can-promote",
    "rollback",
    "gate",
    "freeze",
    "freeze list",
    "freeze end",
    "verify",
    "rebuild",
    "checkpoint",
    "backup",
    "copy",
    "export",
  ];
  for (const name of names) {
    expect(out).toContain(`  ${name} `);
    expect((await sitebook([...name.split(" "), "--help"])).out).toContain(`sitebook ${name} `);
  }
});

test("an unknown command is refused with the list of commands", async () => {
  const sitebook = commandLine();
  expect(await sitebook(["prove"])).toEqual({
    code: 2,
    out: "",
    err: 'Unknown command "prove". The commands are setup, token create, record, import, same-as, log, diff, can-promote, rollback, comment, comment list, delegation list, gate, without-gate, freeze, freeze list, freeze end, verify, rebuild, checkpoint, backup, copy, export.\n',
  });
  expect((await sitebook([])).code).toBe(2);
  expect((await sitebook(["constructor"])).code).toBe(2);
  expect((await sitebook(["log", "live", "--colour"])).err).toBe(
    "Unknown option '--colour'. See sitebook log --help.\n",
  );
});

test("a machine records a deployment in one command", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, out } = await sitebook([
    "record",
    "beta",
    "page /sale v3",
    "software checkout 3.4.1",
    "--note",
    "Build 7",
  ]);
  expect({ code, out }).toEqual({ code: 0, out: "Deployment 1 on beta: 2 changed.\n" });
  const again = await sitebook(["record", "beta", "/sale v3", "checkout-service", "--json"]);
  expect(again.code).toBe(1);
  const removed = await sitebook(["record", "beta", "/sale -", "software checkout 3.4.1", "--json"]);
  expect(JSON.parse(removed.out)).toEqual({ number: 2, changed: 1, unchanged: 1, removed: 1, out_of_band: 0 });
});

test("record reads lines from standard input or a file, and takes a time", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const at = "2026-03-02T08:00:00Z";
  expect((await sitebook(["record", "beta", "--at", at], { stdin: "page,/sale,v3\npage,/old,v1\n" })).code).toBe(0);
  await using dir = await folder();
  await writeFile(`${dir.path}/lines.tsv`, "kind\tkey\tversion\npage\t/sale\tv4\n");
  expect((await sitebook(["record", "beta", "--file", `${dir.path}/lines.tsv`, "--complete"])).out).toBe(
    "Deployment 2 on beta: 2 changed, 1 removed.\n",
  );
  expect((await sitebook(["record", "beta", "--file", `${dir.path}/none.tsv`])).code).toBe(2);
});

test("a repeated command with the same key records once", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const words = ["record", "beta", "page /sale v3", "--key", "build-7"];
  const first = await sitebook(words);
  expect(await sitebook(words)).toEqual(first);
  expect((await sitebook(["record", "beta", "page /sale v4", "--key", "build-7"])).code).toBe(1);
});

test("lines that need fixing are named with their numbers, and nothing is recorded", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, err } = await sitebook(["record", "beta", "page /sale v3", "page sale v3", "page /x"]);
  expect(code).toBe(1);
  expect(err).toContain("2 lines need fixing. Nothing was recorded.");
  expect(err).toContain(`Line 2: A page's path must begin with a slash: "sale" does not.`);
  expect(err).toContain("Line 3: The version is missing. Write - for a removal.");
  expect(await w.db.selectFrom("deployments").selectAll().execute()).toEqual([]);
});

test("a refusal has its sentence and the exit code 1", async () => {
  const sitebook = await commandLineMachine(w, "viewer");
  const { code, out, err } = await sitebook(["record", "beta", "page /sale v3", "--json"]);
  expect(code).toBe(1);
  expect(err).toContain("You may not record deployments on this site.");
  expect(JSON.parse(out)).toMatchObject({ status: 403, detail: err.trim() });
});

test("a wrong argument has the exit code 2, and names what is wrong", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const wrong: [string[], string][] = [
    [["log", "beta", "--limit", "0"], "whole number from 1 to 1000"],
    [["log", "beta", "--until", "soon"], '"soon" is not a valid date and time'],
    [["diff", "beta@{soon}", "live"], '"soon" is not a valid date and time'],
    [["record", "beta", "page /sale v3", "--at", "soon"], '"soon" is not a valid date and time'],
    [["record", "beta", "page /sale v3", "--promotion", "abc"], '"abc" is not the number of a promotion.'],
  ];
  for (const [words, sentence] of wrong) {
    const { code, err } = await sitebook(words);
    expect([code, err], words.join(" ")).toEqual([2, expect.stringContaining(sentence)]);
  }
});

test("a command that cannot be carried out has the exit code 2, and says what to set", async () => {
  const { secret } = await w.token("viewer");
  const env = { SITEBOOK_URL: "http://sitebook.test", SITEBOOK_TOKEN: secret };
  const sitebook = commandLine({ env, fetch: (url, init) => w.app.request(url, init) });
  const why = async (words: string[], env: Record<string, string | undefined> = {}) => {
    const { code, err } = await sitebook(words, { env });
    expect(code).toBe(2);
    return err;
  };
  expect(await why(["log", "live"], { SITEBOOK_URL: undefined })).toContain("Set SITEBOOK_URL");
  expect(await why(["log", "live"], { SITEBOOK_URL: "sitebook" })).toContain('SITEBOOK_URL is "sitebook"');
  expect(await why(["log", "live"], { SITEBOOK_TOKEN: undefined })).toContain("Set SITEBOOK_TOKEN");
  expect(await why(["log", "live"], { SITEBOOK_TOKEN: "sb_nonsense" })).toContain("This token is unknown");
  expect(await why(["log", "prod"])).toContain("Environment not found.");
  expect(await why(["log", "live", "--site", "elsewhere"])).toContain("Site not found.");
  expect(await why(["log"])).toContain("Name one environment");
  const unreachable = commandLine({ env: { ...env, SITEBOOK_URL: "http://127.0.0.1:1" } });
  expect((await unreachable(["log", "live"])).err).toContain("There is no answer from http://127.0.0.1:1");
  const other = commandLine({ env, fetch: () => new Response("<h1>Hello</h1>") });
  expect((await other(["log", "live"])).err).toContain("is not Sitebook (status 200)");
});

test("log shows when each deployment happened, who recorded it, and if it was late or out of band", async () => {
  await w.record("beta", ["/sale v3"], { effective_at: "2026-03-01T09:30:00Z", note: "Spring\nsale" });
  await w.record("live", ["/sale v3"]);
  const sitebook = await commandLineMachine(w, "viewer");
  expect((await sitebook(["log", "beta"])).out).toBe(
    "#1  2026-03-01 09:30 UTC  Cleo  1 changed  recorded 2026-03-03 10:00 UTC; Spring sale\n",
  );
  expect((await sitebook(["log", "live"])).out).toContain("1 out of band");
  expect((await sitebook(["log", "demo"])).out).toBe("Nothing was recorded on demo.\n");
  expect((await sitebook(["log", "beta", "--until", "1 March"])).out).toMatch(/^#1 /);
  expect((await sitebook(["log", "beta", "--until", "28 February"])).out).toBe("Nothing was recorded on beta.\n");
  const { out } = await sitebook(["log", "beta", "--until", "2026-02-01T00:00:00Z", "--json"]);
  expect(JSON.parse(out)).toEqual([]);
});

test("diff and log accept an environment at a past moment, and name one that does not exist", async () => {
  await w.record("beta", ["/sale v1"], { effective_at: "2026-03-01T09:00:00Z" });
  await w.record("beta", ["/sale v2"], { effective_at: "2026-03-02T09:00:00Z" });
  const sitebook = await commandLineMachine(w, "viewer");

  for (const side of ["beta~1", "beta#1", "beta@{1 March 10:00}", "beta@{2.days.ago}"])
    expect((await sitebook(["diff", side, "beta"])).out, side).toContain("changed  page  /sale  v1 → v2");
  expect((await sitebook(["log", "beta~1"])).out).toMatch(/^#1 .*\n$/);
  const { code, err } = await sitebook(["diff", "beta~99999", "beta"]);
  expect([code, err]).toEqual([2, expect.stringContaining("beta has changed 2 times")]);
  expect((await sitebook(["log", "live#1"])).err).toContain("Deployment 1 was on beta, not on live: it is beta#1.");
});

test("diff lists the differences between two environments", async () => {
  await w.record("beta", ["/sale v3", "/same v1", "/new v1"], { effective_at: "2026-03-02T00:00:00Z" });
  await w.record("live", ["/sale v2", "/same v1", "checkout 3.4.1"]);
  const sitebook = await commandLineMachine(w, "viewer");
  const { code, out } = await sitebook(["diff", "live", "beta"]);
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    "added    page      /new      v1",
    "changed  page      /sale     v2 → v3",
    "unknown  software  checkout  3.4.1",
    "2 differences from live to beta, 1 unknown.",
    "",
  ]);
  expect((await sitebook(["diff", "beta@2026-03-02T12:00:00Z", "beta"])).out).toContain("No difference between");
});

test("diff of neighbours lists what a promotion would change, and cannot say what differs from unknown", async () => {
  await w.record("beta", ["/sale v1", "/old v1"]);
  await w.promote((await w.release("Before")).number, "demo");
  await w.record("beta", ["/sale v2", "/new v1", "-/old"]);
  const sitebook = await commandLineMachine(w, "viewer");

  expect((await sitebook(["diff", "beta", "demo"])).out.split("\n")).toEqual([
    "new      page  /new   v1",
    "removed  page  /old   v1",
    "changed  page  /sale  v2 → v1",
    "3 differences from beta to demo.",
    "",
  ]);
  const { code, err } = await sitebook(["diff", "demo", "live"]);
  expect([code, err]).toEqual([2, "Nothing was recorded for live by then, so what differs is unknown.\n"]);
});

test("can-promote has the exit code 1 and names all blockers", async () => {
  await w.record("beta", ["/sale v3"]);
  const { number } = await w.release("Sale");
  const sitebook = await commandLineMachine(w, "viewer");
  const words = ["can-promote", "--release", String(number), "--to", "demo"];
  expect(await sitebook(words)).toEqual({ code: 1, out: "No.\nTester has not approved it yet. Theo can.\n", err: "" });
  expect((await sitebook([...words.slice(0, 2), "99", ...words.slice(3)])).code).toBe(2);
  expect(JSON.parse((await sitebook([...words, "--json"])).out)).toMatchObject({ allowed: false });
});

test("setup creates the first account and its site, and token create a token for it", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const created = await sitebook(["setup", "--email", "Ada@Example.test", "--name", "Ada", "--site", "shop"], {
    stdin: password,
  });
  expect(created).toEqual({
    code: 0,
    out: "Account ada@example.test created, as an administrator of shop.\n",
    err: "",
  });
  const again = await sitebook(["setup", "--email", "eve@example.test", "--name", "Eve"], { stdin: password });
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining("is already set up") });

  const words = ["token", "create", "--name", "CI", "--site", "shop", "--role", "contributor"];
  const token = await sitebook(words);
  expect(token.code).toBe(0);
  expect(token.out).toMatch(/ sb_[\w-]{43}\n$/);
  expect((await sitebook(words)).err).toContain("There is already a token CI on this site.");
  expect((await sitebook([...words, "--role", "wizard"])).err).toContain('There is no role "wizard"');
  expect((await sitebook([...words, "--expires", "soon"])).code).toBe(2);

  const db = openDatabase(url);
  const events = await db.selectFrom("events").select(["action", "details"]).orderBy("seq", "desc").execute();
  expect(events[0]?.action).toBe("token_created");
  expect(JSON.parse(events[0]?.details ?? "")).toMatchObject({ person: "The command line", roles: ["contributor"] });
  await db.destroy();
  await drop();
});

test("setup --example creates the example shop and says how to sign in", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const { code, out } = await sitebook(["setup", "--email", "ada@example.test", "--name", "Ada", "--example"], {
    stdin: password,
  });
  expect(code).toBe(0);
  expect(out).toContain("administrator of example");
  expect(out).toContain("priya@example.test");
  await drop();
});

test("setup refuses a weak password, and a database that cannot be opened", async () => {
  const sitebook = commandLine({ env: { DATABASE_URL: "file:/nowhere/\0/x.db" } });
  const words = ["setup", "--email", "ada@example.test", "--name", "Ada"];
  expect(await sitebook(words, { stdin: password })).toMatchObject({
    code: 2,
    err: expect.stringContaining("Check DATABASE_URL."),
  });
  const { url, drop } = await freshDatabaseUrl();
  const weak = await sitebook(words, { stdin: "short", env: { DATABASE_URL: url } });
  expect(weak).toMatchObject({ code: 2, err: "A password needs at least 10 characters; this one has 5.\n" });
  await drop();
});

test("the program prints help, fails without a stack trace, and refuses an old Node", () => {
  const sitebook = (args: string[], node: string[] = []) =>
    spawnSync(process.execPath, [...node, "src/cli/sitebook.js", ...args], { encoding: "utf8", env: {} });
  expect(sitebook(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("can-promote") });
  expect(sitebook(["log", "live"])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^Set SITEBOOK_URL[^\n]*\n$/),
  });
  const old = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.20.2" })`;
  expect(sitebook(["--help"], ["--import", old])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("Sitebook needs Node 22.18 or newer, and this is 20.20.2."),
  });
});
