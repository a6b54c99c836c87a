import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordDeployment } from "../src/deployments/record.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { rollBack } from "../src/promotions/rollback.ts";
import { commandLine } from "./support/command-line.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { folder } from "./support/folder.ts";
import { environmentOf, lineOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const download = async (path: string, name: Name = "vera") => {
  const response = await w.as(name).get(`/sites/shop/${path}`);
  return { response, text: await response.text() };
};

type Cells = Record<string, string>;
const csv = async (path: string) => {
  const rows: Cells[] = parse((await download(path)).text, { columns: true, bom: true });
  return { rows: rows.slice(0, -1), end: rows.at(-1) as Cells };
};
const lines = async (path: string) => {
  const all = (await download(path)).text.trimEnd().split("\n");
  return { rows: all.slice(0, -1).map((line) => JSON.parse(line)), end: JSON.parse(all.at(-1) ?? "") };
};

async function recordWithNote(environment: string, texts: string[], note?: string) {
  return recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), {
    placements: texts.map(lineOf),
    note,
  });
}

test("a viewer exports an environment as CSV and as JSON lines, with the approvals", async () => {
  await w.record("beta", ["/sale v1", "/Über-uns v2", "checkout 3.4.1"]);
  const { number } = await w.release("Spring");
  await w.promote(number, "demo");

  const { rows, end } = await csv("environments/demo/export.csv");
  expect(rows.map(({ kind, key, version }) => [kind, key, version])).toEqual([
    ["page", "/sale", "v1"],
    ["page", "/Über-uns", "v2"],
    ["software", "checkout", "3.4.1"],
  ]);
  expect(rows[0]).toMatchObject({
    promotion: "1",
    deployment: "2",
    approved_by: "Theo, tester, 2026-03-03T10:00:00.000Z",
    out_of_band: "false",
  });
  expect(end).toMatchObject({ kind: "end", key: "3 rows" });

  const jsonl = await lines("environments/demo/export.jsonl");
  expect(jsonl.end).toEqual({ end: true, rows: 3 });
  expect(jsonl.rows[2]).toEqual({
    kind: "software",
    key: "checkout",
    title: null,
    version: "3.4.1",
    digest: null,
    effective_at: w.clock.at,
    recorded_at: w.clock.at,
    deployment: 2,
    promotion: 1,
    approved_by: [{ person: "Theo", kind: "person", role: "tester", decided_at: w.clock.at }],
    out_of_band: false,
    baseline: false,
    before_approval: false,
    rollback_of: null,
    rollback_in_part: false,
    rolled_back_by: null,
    rolled_back_in_part: false,
    without_gate: false,
  });
});

test("an export takes the moments and filters of the page", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
  w.clock.at = "2026-03-05T10:00:00.000Z";
  await w.record("beta", ["/sale v2"], { effective_at: "2026-03-04T10:00:00.000Z" });

  const versions = async (query: string) =>
    (await lines(`environments/beta/export.jsonl?${query}`)).rows.map((row) => `${row.key} ${row.version}`);
  expect(await versions("")).toEqual(["/ v1", "/sale v2", "checkout 3.4.1"]);
  expect(await versions("as_of=2026-03-03T12:00Z&kind=page")).toEqual(["/ v1", "/sale v1"]);
  expect(await versions("as_of=2026-03-04T12:00Z&text=sal")).toEqual(["/sale v2"]);
  expect(await versions("as_of=2026-03-04T12:00Z&known_at=2026-03-04T12:00Z&text=sal")).toEqual(["/sale v1"]);
  const page = (await download("environments/beta?as_of=2026-03-04T12:00Z&text=sal")).text;
  expect(page).toContain("environments/beta/export.csv?as_of=2026-03-04T12:00Z&amp;text=sal");
});

test("a viewer exports the history with the filters of the page", async () => {
  await recordWithNote("beta", ["/sale v1"], "Schöne Grüße");
  await recordWithNote("demo", ["/sale v1"]);
  await w.as("ada").post("/sites/shop/releases", {});

  const all = await csv("history/export.csv");
  expect(all.rows.map((row) => row.entry)).toEqual(all.rows.map((_, i) => String(all.rows.length - i)));
  expect(all.end).toMatchObject({ entry: "end", recorded_at: `${all.rows.length} rows` });
  const { rows } = await csv("history/export.csv?environment=beta&action=deployment_recorded");
  expect(rows).toEqual([
    expect.objectContaining({
      person: "Cleo",
      subject: "deployment 1",
      sentence: "Cleo recorded deployment 1 on beta: 1 changed.",
      note: "Schöne Grüße",
    }),
  ]);
  const page = (await download("history?environment=beta&action=deployment_recorded")).text;
  expect(page).toContain("history/export.jsonl?action=deployment_recorded&amp;environment=beta");
  expect(page.match(/id="entry-/g)?.length).toBe(1);
  const [whole] = (await lines("history/export.jsonl?environment=beta&action=deployment_recorded")).rows;
  expect(whole.details.placements).toEqual([expect.objectContaining({ key: "/sale", version: "v1" })]);
});

test.each(['=HYPERLINK("http://evil.example","Sale, 50 %")', "+49 30 123", "-2+3", "@SUM(A1)", "＝1+1"])(
  "a spreadsheet does not evaluate %s as a formula",
  async (note) => {
    await recordWithNote("beta", ["/sale v1"], note);
    const [row] = (await csv("history/export.csv?action=deployment_recorded")).rows;
    expect(row?.note).toBe(`'${note}`);
    const [exact] = (await lines("history/export.jsonl?action=deployment_recorded")).rows;
    expect(exact.note).toBe(note);
  },
);

test("quotes, commas, umlauts and line breaks are exported unchanged", async () => {
  const note = 'She said "ja, gern",\r\nand Jürgen: \u{1F44D}\n\nthen nothing';
  await recordWithNote("beta", ["/sale v1"], note);
  expect((await csv("history/export.csv?action=deployment_recorded")).rows[0]?.note).toBe(note);
});

test("CSV begins with a byte order mark, for Excel; JSON lines do not", async () => {
  await w.record("beta", ["/café v1"]);
  const startOf = async (file: string) => {
    const response = await w.as("vera").get(`/sites/shop/environments/beta/${file}`);
    return [...new Uint8Array(await response.arrayBuffer())].slice(0, 3);
  };
  expect(await startOf("export.csv")).toEqual([0xef, 0xbb, 0xbf]);
  expect(await startOf("export.jsonl")).not.toEqual([0xef, 0xbb, 0xbf]);
});

test("exports are downloads with a safe name, and are not cached", async () => {
  await w.record("beta", ["/sale v1"]);
  const { response } = await download("environments/beta/export.csv?as_of=2026-03-03T10:00Z");
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": 'attachment; filename="shop-beta-2026-03-03T100000.000Z.csv"',
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  const { response: jsonl } = await download("history/export.jsonl");
  expect(jsonl.headers.get("content-type")).toBe("application/jsonl; charset=utf-8");
  expect(jsonl.headers.get("content-disposition")).toBe('attachment; filename="shop-history.jsonl"');
  const head = await w.app.request("http://sitebook.test/sites/shop/history/export.csv", { method: "HEAD" });
  expect(head.status).toBe(303);
});

test("an invalid moment, kind of event, page, environment or format gets an error page, and no file", async () => {
  const status = async (path: string, name: Name = "vera") => {
    const { response, text } = await download(path, name);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.has("content-disposition")).toBe(false);
    return `${response.status} ${/<p class="lead">([^<]*)|There is no[^<]*/.exec(text)?.[0] ?? ""}`;
  };
  expect(await status("environments/beta/export.csv?as_of=soon-ish")).toMatch(/^422/);
  expect(await status("history/export.csv?from=never")).toMatch(/^422/);
  expect(await status("history/export.csv?action=guessed")).toMatch(/^404/);
  expect(await status("history/export.csv?key=/nowhere")).toMatch(/^404/);
  expect(await status("environments/moon/export.csv")).toMatch(/^404/);
  expect(await status("history/export.xlsx")).toMatch(/^404/);
  expect(await status("history/export.csv", "oskar")).toMatch(/^404/);
  expect(await status("environments/beta/export.jsonl", "oskar")).toMatch(/^404/);
});

test("thousands of rows are sent a thousand at a time", async () => {
  await w.record(
    "beta",
    Array.from({ length: 4000 }, (_, i) => `/p${i} v1`),
  );
  const response = await w.as("vera").get("/sites/shop/environments/beta/export.jsonl");
  const sizes: number[] = [];
  let rows = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    const count = decoder.decode(chunk).split("\n").length - 1;
    sizes.push(count);
    rows += count;
  }
  expect(rows).toBe(4001);
  expect(Math.max(...sizes)).toBe(1000);
  expect(sizes.filter((size) => size === 1000)).toHaveLength(4);
});

test("a client that stops reading has an export without its last line", async () => {
  await w.record(
    "beta",
    Array.from({ length: 3000 }, (_, i) => `/p${i} v1`),
  );
  const response = await w.as("vera").get("/sites/shop/environments/beta/export.csv");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const first = new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  // so that the file shows that it is incomplete
  expect(first).not.toMatch(/^end,/m);
});

test("a download is cut off if the database becomes unavailable", async () => {
  await w.record(
    "beta",
    Array.from({ length: 3000 }, (_, i) => `/p${i} v1`),
  );
  const response = await w.as("vera").get("/sites/shop/environments/beta/export.csv");
  await w.db.destroy();
  await expect(response.text()).rejects.toThrow();
});

test("an event with thousands of lines is complete in JSON lines", async () => {
  await w.record(
    "beta",
    Array.from({ length: 2000 }, (_, i) => `/p${i} v1`),
  );
  await recordWithNote("beta", ["/ v1"]);
  const { rows, end } = await lines("history/export.jsonl?action=deployment_recorded");
  expect(rows.map((row) => row.details.placements.length)).toEqual([1, 2000]);
  expect(end.rows).toBe(2);
});

test("the command line exports from the database, to standard output or a file", async () => {
  const { url, drop } = await freshDatabaseUrl();
  await using dir = await folder();
  const sitebook = commandLine({ env: { DATABASE_URL: url }, stdin: "correct horse battery staple" });
  await sitebook(["setup", "--email", "iris@example.test", "--name", "Iris", "--site", "shop"]);

  const { code, out } = await sitebook(["export", "history", "--action", "environment_added"]);
  expect(code).toBe(0);
  const rows: Cells[] = parse(out, { columns: true, bom: true });
  expect(rows.map((row) => row.subject)).toEqual(["environment live", "environment demo", "environment beta", ""]);
  expect(rows.at(-1)).toMatchObject({ entry: "end", recorded_at: "3 rows" });

  const file = join(dir.path, "beta.jsonl");
  const words = ["export", "placements", "beta", "--format", "jsonl", "--output", file];
  expect(await sitebook(words)).toEqual({ code: 0, out: `Written to ${file}.\n`, err: "" });
  expect(await readFile(file, "utf8")).toBe('{"end":true,"rows":0}\n');
  expect(await readdir(dir.path)).toEqual(["beta.jsonl"]);

  expect((await sitebook(["export"])).err).toContain("Name what to export");
  expect((await sitebook(["export", "placements", "moon"])).code).toBe(2);
  const until = async (day: string) => (await sitebook(["export", "history", "--until", day])).out.split("\r\n").length;
  expect(await until("today")).toBeGreaterThan(await until("yesterday"));
  expect((await sitebook(["export", "history", "--action", "guessed"])).err).toContain("Unknown action");
  expect((await sitebook(["export", "history", "--format", "xlsx"])).err).toContain("Use csv or jsonl");
  expect((await sitebook(["export", "placements", "beta", "--as-of", "soon-ish"])).code).toBe(2);
  expect((await sitebook([...words.slice(0, -1), join(dir.path, "no/where.csv")])).err).toContain("cannot be written");
  await drop();
});

test("the board is exported as it is filtered, with who approved each version and since when", async () => {
  await w.record("beta", ["/sale v1", "/sale/shoes v1", "/terms v1", "checkout 3.4.0"]);
  await w.promote((await w.release("First", ["/sale", "/terms"])).number, "demo");
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["/sale v2", "-/terms"]);
  const response = await w.as("vera").get("/sites/shop/export.jsonl?differs=beta,demo&kind=page");
  expect(response.status).toBe(200);
  const lines = (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ key }) => key)).toEqual(["/terms", "/sale", "/sale/shoes", undefined]);
  expect(lines[1]).toMatchObject({
    beta_version: "v2",
    beta_compared_with_next: "ahead",
    demo_version: "v1",
    demo_baseline: false,
    live_state: "unknown",
  });
  expect(lines[1].demo_approved_by).toEqual([
    { person: "Theo", kind: "person", role: "tester", decided_at: "2026-03-03T10:00:00.000Z" },
  ]);
  expect(lines[0]).toMatchObject({ beta_version: null, beta_state: "removed" });
  const csv = await (await w.as("vera").get("/sites/shop/export.csv?text=checkout")).text();
  const approved = await (await w.as("vera").get("/sites/shop/export.csv?text=/terms")).text();
  expect(approved).toContain(',"Theo, tester, 2026-03-03T10:00:00.000Z",');
  expect(csv).toMatch(/kind,key,title,owner,beta_version,beta_state,.*\r\nsoftware,checkout,,,3\.4\.0,deployed/);
  expect(await (await w.as("vera").get("/sites/shop?differs=beta,demo")).text()).toContain(
    'href="/sites/shop/export.csv?differs=beta,demo"',
  );
  expect((await w.as("oskar").get("/sites/shop/export.csv")).status).toBe(404);
});

test("exports of the board and of an environment say what came by a rollback, and what without its gate", async () => {
  await w.record("beta", ["/sale v1", "/terms v1"]);
  await w.promote((await w.release("Winter", ["/sale", "/terms"])).number, "demo");
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["/sale v2", "/terms v2"]);
  const { number } = await w.ask((await w.release("Spring", ["/sale", "/terms"])).number, "demo");
  const iris = await w.by("iris");
  await completeWithoutGate(w.db, iris, w.site, number, { reason: "The shop is down" });
  w.clock.at = "2026-03-03T12:00:00.000Z";
  const contents = [{ kind: "page" as const, key: "/sale" }];
  const rollback = await rollBack(w.db, await w.by("ada"), w.site, number, { reason: "Prices", contents });
  await completeWithoutGate(w.db, iris, w.site, rollback.number, { reason: "Still down" });

  const marks = (prefix: string) => ["rollback_of", "rollback_in_part", "without_gate"].map((name) => prefix + name);
  const marksIn = async (path: string, prefix = "") =>
    (await csv(path)).rows.map((row) => [row.key, ...marks(prefix).map((name) => row[name])]);
  const expected = [
    ["/sale", "2", "true", "true"],
    ["/terms", "", "false", "true"],
  ];
  const board = await marksIn("export.csv", "demo_");
  expect(board.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual(expected);
  expect(await marksIn("export.csv", "beta_")).toContainEqual(["/sale", "", "false", "false"]);
  expect(await marksIn("environments/demo/export.csv")).toEqual(expected);
  const then = await lines("environments/demo/export.jsonl?as_of=2026-03-03T11:30Z");
  expect(then.rows).toMatchObject([
    { key: "/sale", promotion: 2, rolled_back_by: 3, rolled_back_in_part: true, without_gate: true },
    { key: "/terms", promotion: 2, rolled_back_by: null, rolled_back_in_part: false, without_gate: true },
  ]);
  const api = await (await w.token("viewer")).get("/sites/shop/environments/demo/placements");
  expect(await api.json()).toMatchObject({
    items: [
      { key: "/sale", rollback_of: 2, rollback_in_part: true, without_gate: true },
      { key: "/terms", rollback_of: null, rollback_in_part: false, without_gate: true },
    ],
  });
});
