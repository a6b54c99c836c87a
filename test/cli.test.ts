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

test("help says what there is, and each command explains itself", async () => {
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

test("a command that is not there names those that are", async () => {
  const sitebook = commandLine();
  expect(await sitebook(["prove"])).toEqual({
    code: 2,
    out: "",
    err: 'There is no command "prove". There are: setup, token create, record, import, log, diff, can-promote, verify, rebuild, checkpoint, backup, copy, export.\n',
  });
  expect((await sitebook([])).code).toBe(2);
  expect((await sitebook(["constructor"])).code).toBe(2);
  expect((await sitebook(["log", "live", "--colour"])).err).toBe(
    "Unknown option '--colour'. See sitebook log --help.\n",
  );
});

test("a deployment is recorded in one line", async () => {
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
  const gone = await sitebook(["record", "beta", "/sale -", "software checkout 3.4.1", "--json"]);
  expect(JSON.parse(gone.out)).toEqual({ number: 2, changed: 1, unchanged: 1, out_of_band: 0 });
});

test("lines come from standard input or a file, too, and with their own time", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const at = "2026-03-02T08:00:00Z";
  expect((await sitebook(["record", "beta", "--at", at], { stdin: "page,/sale,v3\npage,/old,v1\n" })).code).toBe(0);
  await using dir = await folder();
  await writeFile(`${dir.path}/lines.tsv`, "kind\tkey\tversion\npage\t/sale\tv4\n");
  expect((await sitebook(["record", "beta", "--file", `${dir.path}/lines.tsv`, "--complete"])).out).toBe(
    "Deployment 2 on beta: 2 changed.\n",
  );
  expect((await sitebook(["record", "beta", "--file", `${dir.path}/none.tsv`])).code).toBe(2);
});

test("with a key the same command records once", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const words = ["record", "beta", "page /sale v3", "--key", "build-7"];
  const first = await sitebook(words);
  expect(await sitebook(words)).toEqual(first);
  expect((await sitebook(["record", "beta", "page /sale v4", "--key", "build-7"])).code).toBe(1);
});

test("bad lines are named with their numbers, and nothing is recorded", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const { code, err } = await sitebook(["record", "beta", "page /sale v3", "page sale v3", "page /x"]);
  expect(code).toBe(1);
  expect(err).toContain("2 lines cannot be taken; nothing was recorded.");
  expect(err).toContain(`Line 2: A page's path begins with a slash: "sale" does not.`);
  expect(err).toContain("Line 3: The version is missing; write - where it was removed.");
  expect(await w.db.selectFrom("deployments").selectAll().execute()).toEqual([]);
});

test("what Sitebook refuses is a no, with its sentence", async () => {
  const sitebook = await commandLineMachine(w, "viewer");
  const { code, out, err } = await sitebook(["record", "beta", "page /sale v3", "--json"]);
  expect(code).toBe(1);
  expect(err).toContain("You may not record deployments on this site.");
  expect(JSON.parse(out)).toMatchObject({ status: 403, detail: err.trim() });
});

test("what cannot be asked is no no: exit code 2, and what to set", async () => {
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
  expect(await why(["log"])).toContain("Say one environment");
  const nobody = commandLine({ env: { ...env, SITEBOOK_URL: "http://127.0.0.1:1" } });
  expect((await nobody(["log", "live"])).err).toContain("There is no answer from http://127.0.0.1:1");
  const other = commandLine({ env, fetch: () => new Response("<h1>Hello</h1>") });
  expect((await other(["log", "live"])).err).toContain("does not answer as Sitebook does");
});

test("the log shows what came when, from whom, and what was odd about it", async () => {
  await w.record("beta", ["/sale v3"], { effective_at: "2026-03-01T09:30:00Z", note: "Spring\nsale" });
  await w.record("live", ["/sale v3"]);
  const sitebook = await commandLineMachine(w, "viewer");
  expect((await sitebook(["log", "beta"])).out).toBe(
    "#1  2026-03-01 09:30 UTC  Cleo  1 changed  told 2026-03-03 10:00 UTC; Spring sale\n",
  );
  expect((await sitebook(["log", "live"])).out).toContain("1 out of band");
  expect((await sitebook(["log", "demo"])).out).toBe("Nothing was recorded on demo.\n");
  const { out } = await sitebook(["log", "beta", "--until", "2026-02-01T00:00:00Z", "--json"]);
  expect(JSON.parse(out)).toEqual([]);
});

test("diff and log take an environment at a moment, and say where there is none such", async () => {
  await w.record("beta", ["/sale v1"], { effective_at: "2026-03-01T09:00:00Z" });
  await w.record("beta", ["/sale v2"], { effective_at: "2026-03-02T09:00:00Z" });
  const sitebook = await commandLineMachine(w, "viewer");

  for (const before of ["beta~1", "beta#1", "beta@{1 March 10:00}", "beta@{2.days.ago}"])
    expect((await sitebook(["diff", before, "beta"])).out, before).toContain("changed  page  /sale  v1 → v2");
  expect((await sitebook(["log", "beta~1"])).out).toMatch(/^#1 .*\n$/);
  const { code, err } = await sitebook(["diff", "beta~99999", "beta"]);
  expect([code, err]).toEqual([1, expect.stringContaining("beta has changed 2 times")]);
  expect((await sitebook(["log", "live#1"])).err).toContain("Deployment 1 was on beta, not on live: it is beta#1.");
});

test("diff lists what one environment holds otherwise than another", async () => {
  await w.record("beta", ["/sale v3", "/same v1", "/new v1"], { effective_at: "2026-03-02T00:00:00Z" });
  await w.record("live", ["/sale v2", "/same v1", "checkout 3.4.1"]);
  const sitebook = await commandLineMachine(w, "viewer");
  const { code, out } = await sitebook(["diff", "live", "beta"]);
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    "added    page      /new      v1",
    "changed  page      /sale     v2 → v3",
    "removed  software  checkout  3.4.1",
    "3 differences from live to beta.",
    "",
  ]);
  expect((await sitebook(["diff", "beta@2026-03-02T12:00:00Z", "beta"])).out).toContain("hold the same.");
});

test("can-promote answers by its exit code, with everything that stands in the way", async () => {
  await w.record("beta", ["/sale v3"]);
  const { number } = await w.release("Sale");
  const sitebook = await commandLineMachine(w, "viewer");
  const ask = ["can-promote", "--release", String(number), "--to", "demo"];
  expect(await sitebook(ask)).toEqual({ code: 1, out: "No.\nTester has not approved it yet.\n", err: "" });
  expect((await sitebook([...ask.slice(0, 2), "99", ...ask.slice(3)])).code).toBe(2);
  expect(JSON.parse((await sitebook([...ask, "--json"])).out)).toMatchObject({ allowed: false });
});

test("setup makes the first account and its site, and token create a token that works there", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const made = await sitebook(["setup", "--email", "Ada@Example.test", "--name", "Ada", "--site", "shop"], {
    stdin: password,
  });
  expect(made).toEqual({ code: 0, out: "The account ada@example.test is made, and administers shop.\n", err: "" });
  const again = await sitebook(["setup", "--email", "eve@example.test", "--name", "Eve"], { stdin: password });
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining("has its first account already") });

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

test("setup --example makes the shop and says how to sign in", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const sitebook = commandLine({ env: { DATABASE_URL: url } });
  const { code, out } = await sitebook(["setup", "--email", "ada@example.test", "--name", "Ada", "--example"], {
    stdin: password,
  });
  expect(code).toBe(0);
  expect(out).toContain("administers example");
  expect(out).toContain("marketing@example.test");
  await drop();
});

test("a weak password, or a database that is not there, makes nothing", async () => {
  const sitebook = commandLine({ env: { DATABASE_URL: "file:/nowhere/\0/x.db" } });
  const words = ["setup", "--email", "ada@example.test", "--name", "Ada"];
  expect(await sitebook(words, { stdin: password })).toMatchObject({
    code: 2,
    err: expect.stringContaining("Check DATABASE_URL."),
  });
  const { url, drop } = await freshDatabaseUrl();
  const weak = await sitebook(words, { stdin: "short", env: { DATABASE_URL: url } });
  expect(weak).toMatchObject({ code: 1, err: "A password has at least 10 characters; this one has 5.\n" });
  await drop();
});

test("the program itself prints, fails without a stack trace, and refuses an old Node", () => {
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
