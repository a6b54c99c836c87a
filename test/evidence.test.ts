import { execFile } from "node:child_process";
import { createPrivateKey, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { gateDefaults } from "../src/access/gates.ts";
import { correct } from "../src/corrections/corrections.ts";
import { changeEnvironment } from "../src/environments/changes.ts";
import { Refusal } from "../src/errors.ts";
import { changeGate } from "../src/gates/gates.ts";
import { formatStatement, signNote } from "../src/integrity/signed-notes.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { changeName } from "../src/people/account.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { goLive } from "../src/promotions/go-live.ts";
import { complete, decide, requestPromotion } from "../src/promotions/promotions.ts";
import { rollBack } from "../src/promotions/rollback.ts";
import { takeDown } from "../src/promotions/take-down.ts";
import { hashEntry } from "../src/record/chain.ts";
import { liftMark, markAsBad } from "../src/releases/bad-releases.ts";
import { createRelease } from "../src/releases/releases.ts";
import { engine } from "./support/database.ts";
import { validHtml } from "./support/html.ts";
import { seeded } from "./support/seeded.ts";
import { links } from "./support/words.ts";
import { environmentOf, lived, type Name, type World, world } from "./support/world.ts";

let w: World;
let home: string;
beforeEach(async () => {
  w = await world();
  home = await mkdtemp(join(tmpdir(), "sitebook-test-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
  await w.close();
});

const promotionPack = "promotions/2/evidence.zip";
const wholePack = `${promotionPack}?history=all`;

async function getPath(path: string, name: Name = "vera") {
  return w.as(name).get(`/sites/shop/${path}`);
}

/** Downloads a pack and unpacks it into a folder. */
async function unpack(path: string): Promise<Record<string, string>> {
  const response = await getPath(path);
  expect(response.status).toBe(200);
  const files = unzipSync(new Uint8Array(await response.arrayBuffer()));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(home, name), bytes);
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
}

/** Runs the pack's verifier in this thread: another one takes longer to start. Returns its exit code and output. */
async function verify(...args: string[]): Promise<string> {
  const file = join(home, "verify.mjs");
  const { argv } = process;
  const log = vi.spyOn(console, "log").mockReturnValue();
  process.argv = [process.execPath, file, ...args];
  try {
    // a module runs once for each address
    await import(`${pathToFileURL(file)}?run=${randomUUID()}`);
    return `${process.exitCode} ${log.mock.calls.join("\n").trim()}`;
  } finally {
    log.mockRestore();
    process.argv = argv;
    process.exitCode = undefined;
  }
}

async function change(file: string, edit: (text: string) => string): Promise<void> {
  const text = await readFile(join(home, file), "utf8");
  const changed = edit(text);
  expect(changed).not.toBe(text);
  await writeFile(join(home, file), changed);
}

/** Promotions 1 and 2 bring the release Spring to demo and to live; a later deployment on live is out of band. */
const springShop = lived(async (w) => {
  await w.record("beta", ["/sale v1", "/Über-uns v2", "checkout 3.4.1"], { note: "=Frühling" });
  w.clock.at = "2026-03-04T10:00:00.000Z";
  const { number } = await w.release('Spring "sale" <1>');
  await w.promote(number, "demo");
  w.clock.at = "2026-03-05T10:00:00.000Z";
  const promotion = await w.ask(number, "live");
  const approval = { decision: "approve", digest: promotion.digest, comment: "Schön,\n=yes" } as const;
  await decide(w.db, await w.by("mara"), w.site, promotion.number, approval);
  w.clock.at = "2026-03-06T10:00:00.000Z";
  await w.as("ada").post("/sites/shop/promotions/2/completion", { effective_at: "" });
  await w.record("live", ["/out-of-band v1"]);
});

async function spring() {
  await w.close();
  w = await springShop();
}

test("a promotion's pack has all rules of the gate that it was requested under, and the change that set them", async () => {
  const rules = { ...gateDefaults, requirements: [{ role: "tester", count: 1 }], asker_may_approve: true };
  const changes = { soak_hours: 0, carry_over: "page" as const, rollback_roles: ["tester", "administrator"] };
  const reason = "Testers roll back";
  const longer = { rules: { ...rules, ...changes, promotion_days: 30 }, reason };
  await changeGate(w.db, await w.by("iris"), w.site, environmentOf(w.site, "demo"), longer);
  await w.record("beta", ["/sale v1"]);
  await w.promote((await w.release("Spring", ["/sale"])).number, "demo");
  await changeGate(w.db, await w.by("iris"), w.site, environmentOf(w.site, "demo"), { rules, reason: "Back" });

  const files = await unpack("promotions/1/evidence.zip");

  expect(parse(files["gates.csv"] ?? "", { columns: true, bom: true })).toMatchObject([
    {
      gate: "2",
      required: "1 tester",
      requester_may_approve: "yes",
      other_rules: "carry over: page; promotion days: 30; rollback roles: tester, administrator",
    },
  ]);
  expect(files["events.jsonl"]).toContain(reason);
  expect(await verify()).toMatch(/^0 OK: .*"promotion":1/);
  await change("gates.csv", (text) => text.replace("promotion days: 30", "promotion days: 3"));
  expect(await verify()).toContain("gates.csv");
});

test("a promotion's pack has all files, and its verifier accepts it", async () => {
  await spring();
  const files = await unpack(promotionPack);
  expect(Object.keys(files)).toEqual([
    "README.txt",
    "index.html",
    "contents.csv",
    "gates.csv",
    "approvals.csv",
    "steps.csv",
    "checkpoint.txt",
    "public-key.txt",
    "verify.mjs",
    "manifest.json",
    "events.jsonl",
    "extract.txt",
  ]);
  expect(await verify()).toMatch(/^0 OK: .*"promotion":2/);
  expect(parse(files["contents.csv"] ?? "", { columns: true, bom: true })).toEqual([
    { kind: "page", key: "/sale", title: "", change: "new", version: "v1", replaced: "", redirect: "" },
    { kind: "page", key: "/Über-uns", title: "", change: "new", version: "v2", replaced: "", redirect: "" },
    { kind: "software", key: "checkout", title: "", change: "new", version: "3.4.1", replaced: "", redirect: "" },
  ]);
  expect(parse(files["approvals.csv"] ?? "", { columns: true, bom: true })).toEqual([
    expect.objectContaining({ person: "Theo", role: "tester", environment: "demo", promotion: "1" }),
    expect.objectContaining({ person: "Mara", role: "marketing", decision: "approve", comment: "Schön,\n=yes" }),
  ]);
  expect(parse(files["gates.csv"] ?? "", { columns: true, bom: true })).toMatchObject([
    { promotion: "1", environment: "demo", required: "1 tester", requester_may_approve: "no" },
    { promotion: "2", environment: "live", required: "1 marketing", requester_may_approve: "no" },
  ]);
  const steps: { what: string }[] = parse(files["steps.csv"] ?? "", { columns: true, bom: true });
  expect(steps.map((step) => step.what)).toEqual([
    "release made",
    "promotion asked",
    "promotion approved",
    "deployment recorded",
    "promotion completed",
    "promotion asked",
    "promotion approved",
    "deployment recorded",
    "promotion completed",
  ]);
});

test("the verifier runs in a process of its own, whose exit code says whether it accepts the pack", async () => {
  await spring();
  await unpack(promotionPack);
  const run = () => promisify(execFile)(process.execPath, [join(home, "verify.mjs")], { cwd: "/" });
  expect((await run()).stdout).toMatch(/^OK: .*"promotion":2/);
  await change("contents.csv", (text) => text.replace("/sale,,new,v1", "/sale,,new,v2"));
  await expect(run()).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/^contents.csv, row 1: /) });
});

test("a pack says what was completed without its gate, rolled back, marked as bad, and where visitors are led", async () => {
  await w.record("beta", ["/sale v1", "/old v1"]);
  await w.promote((await w.release("Winter", ["/sale", "/old"])).number, "demo");
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["-/old", "/sale v2"]);
  const contents = [
    { kind: "page" as const, key: "/old", version: null, redirect: "/sale" },
    { kind: "page" as const, key: "/sale", version: "v2" },
  ];
  const { number } = await createRelease(w.db, await w.by("ada"), w.site, { name: "Spring", contents });
  await markAsBad(w.db, await w.by("theo"), w.site, number, "Too slow");
  await liftMark(w.db, await w.by("theo"), w.site, number, "It was the network");
  const urgent = await w.ask(number, "demo");
  await completeWithoutGate(w.db, await w.by("iris"), w.site, urgent.number, { reason: "The shop is down" });
  const back = await rollBack(w.db, await w.by("ada"), w.site, urgent.number, { reason: "Still down" });

  const forced = await unpack(`promotions/${urgent.number}/evidence.zip`);
  expect(await verify()).toMatch(/^0 OK/);
  expect(cellsOf(forced, "contents.csv", "key", "version", "replaced", "redirect")).toEqual([
    ["/old", "removed", "v1", "/sale"],
    ["/sale", "v2", "v1", ""],
  ]);
  expect(cellsOf(forced, "steps.csv", "what", "said", "forced")).toEqual([
    ["release made", "", ""],
    ["release marked bad", "Too slow", ""],
    ["release mark lifted", "It was the network", ""],
    ["promotion asked", "", ""],
    ["deployment recorded", "", ""],
    ["promotion completed", "The shop is down", "approvals_missing"],
  ]);
  const rolledBack = await unpack(`promotions/${back.number}/evidence.zip?history=all`);
  expect(await verify()).toMatch(/^0 OK/);
  expect(cellsOf(rolledBack, "steps.csv", "what", "rollback_of")).toEqual([
    ["release made", "2"],
    ["promotion asked", "2"],
  ]);
});

test("a campaign's packs have its plan and what its take-down does; the take-down's have the approvals that cover it", async () => {
  await w.record("beta", ["/sale v1"]);
  const { number: release } = await w.release("Spring", ["/sale"]);
  const [go_live_at, take_down_at] = ["2026-03-04T10:00:00.000Z", "2026-03-09T10:00:00.000Z"];
  const takeDownPlan = { take_down_at, take_down: "remove" as const, take_down_by_itself: true };
  const plan = { go_live_at, by_itself: true, take_down_redirect: null, ...takeDownPlan };
  const { digest } = await requestPromotion(w.db, await w.by("ada"), w.site, { release, to: "demo", plan });
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
  for (const at of [go_live_at, take_down_at]) {
    w.clock.at = at;
    await runDueJobs(w.db, { go_live: goLive, take_down: takeDown }, () => at);
  }

  const campaign = await unpack("promotions/1/evidence.zip");
  expect(await verify()).toMatch(/^0 OK/);
  expect(cellsOf(campaign, "steps.csv", "what", "go_live_at", "take_down_at", "take_down")).toEqual([
    ["release made", "", "", ""],
    ["promotion asked", "", "", ""],
    ["release made", "", "", ""],
    ["promotion scheduled", go_live_at, take_down_at, "remove"],
    ["promotion approved", "", "", ""],
    ["deployment recorded", "", "", ""],
    ["promotion completed", "", "", ""],
  ]);
  for (const query of ["", "?history=all"]) {
    const takenDown = await unpack(`promotions/2/evidence.zip${query}`);
    expect(await verify()).toMatch(/^0 OK/);
    expect(cellsOf(takenDown, "contents.csv", "key", "version", "replaced")).toEqual([["/sale", "removed", "v1"]]);
    expect(cellsOf(takenDown, "approvals.csv", "promotion", "person", "digest")).toEqual([["1", "Theo", digest]]);
  }
});

test("a pack has the names of then, and a person or environment renamed since does not break it", async () => {
  await spring();
  w.clock.at = "2026-03-07T10:00:00.000Z";
  await changeName(w.db, w.people.mara, "Mara Vance", w.clock.at);
  const live = environmentOf(w.site, "live");
  await changeEnvironment(w.db, await w.by("iris"), w.site, live, { name: "Production" });
  for (const path of [promotionPack, wholePack, "environments/live/evidence.zip?as_of=2026-03-06T11:00"]) {
    const files = await unpack(path);
    expect(await verify()).toMatch(/^0 OK: /);
    expect(files["approvals.csv"]).toContain(",Mara,");
    expect(files["index.html"] ?? "").not.toContain("Mara Vance");
    for (const table of ["gates.csv", "approvals.csv", "steps.csv"])
      expect(cellsOf(files, table, "environment", "environment_name", "environment_now")).toContainEqual([
        "live",
        "live",
        "Production",
      ]);
  }
});

test("a pack with names from right to left is accepted, too", async () => {
  await changeName(w.db, w.people.theo, "תאו", w.clock.at);
  await w.record("beta", ["/מבצע גרסה1"]);
  await w.promote((await w.release("אביב")).number, "demo");
  expect((await unpack("promotions/1/evidence.zip"))["index.html"]).toContain("<td>תאו</td>");
  expect(await verify()).toMatch(/^0 OK: /);
});

test("an environment's pack has in its heading what the environment was called then", async () => {
  await spring();
  w.clock.at = "2026-03-07T10:00:00.000Z";
  const live = environmentOf(w.site, "live");
  await changeEnvironment(w.db, await w.by("iris"), w.site, live, { name: "Production" });
  const then = (await unpack("environments/live/evidence.zip?as_of=2026-03-06T11:00"))["index.html"];
  expect(then).toContain("<title>What was on live on 6 March 2026");
  expect(then).toContain("It is now called <bdi>Production</bdi>.");
  const now = (await unpack("environments/live/evidence.zip"))["index.html"];
  expect(now).toContain("<h1>What was on <bdi>Production</bdi> on ");
  expect(now).not.toContain("now called <bdi>");
});

test("a pack in which an environment was given another name is not accepted", async () => {
  await spring();
  await unpack(promotionPack);
  await change("steps.csv", (text) => text.replace(",live,live,", ",live,Production,"));
  expect(await verify()).toMatch(/^1 steps.csv, row \d+: the events give .*,live,live,/);
});

test("its page is valid HTML, with the promotion's name as its heading", async () => {
  await spring();
  const page = (await unpack(promotionPack))["index.html"] ?? "";
  // only this page may contain its own style
  expect(validHtml(page)).toEqual([expect.stringContaining("<style>")]);
  expect(page).toContain("<h1>Promotion 2: <bdi>Spring &quot;sale&quot; &lt;1&gt;</bdi></h1>");
  expect(page).not.toMatch(/<script|https?:/);
});

test("an environment's pack proves what was there, who approved it, and what was known", async () => {
  await spring();
  w.clock.at = "2026-03-08T10:00:00.000Z";
  await w.record("live", ["/sale v0", "-/out-of-band"], { effective_at: "2026-03-07T10:00:00.000Z" });
  const keys = async (query: string) => {
    const files = await unpack(`environments/live/evidence.zip${query}`);
    expect(await verify()).toMatch(/^0 OK/);
    const rows: { key: string; version: string }[] = parse(files["contents.csv"] ?? "", { columns: true, bom: true });
    const approvals: { person: string }[] = parse(files["approvals.csv"] ?? "", { columns: true, bom: true });
    return [...rows.map((row) => `${row.key} ${row.version}`), ...approvals.map(({ person }) => person)];
  };
  expect(await keys("")).toEqual(["/sale v0", "/Über-uns v2", "checkout 3.4.1", "Mara"]);
  const then = ["/out-of-band v1", "/sale v1", "/Über-uns v2", "checkout 3.4.1", "Mara"];
  expect(await keys("?as_of=2026-03-06T12:00Z")).toEqual(then);
  expect(await keys("?as_of=2026-03-07T12:00Z&known_at=2026-03-07T12:00Z")).toEqual(then);
  expect(await keys("?as_of=2026-03-01T12:00Z")).toEqual([]);
});

test("a pack of deployments recorded late and out of order is accepted, too", async () => {
  await w.record("beta", ["/a v1", "/b v1"], { effective_at: "2026-02-01T10:00:00.000Z" });
  await w.record("beta", ["/a v1", "/b v2"], { effective_at: "2026-02-10T10:00:00.000Z" });
  await w.record("beta", ["/a v2", "/b v2"], { effective_at: "2026-02-05T10:00:00.000Z" });
  await w.record("beta", ["/b v2"], { effective_at: "2026-02-20T10:00:00.000Z", complete: true });
  for (const day of ["02-02", "02-06", "02-11", "02-21"]) {
    await unpack(`environments/beta/evidence.zip?as_of=2026-${day}T12:00Z`);
    expect(await verify()).toMatch(/^0 OK/);
  }
});

test("an environment's pack names what was in its baseline", async () => {
  await w.record("live", ["/sale v1", "/terms v1"], { baseline: true });
  await w.record("live", ["/terms v2"]);
  const contents = (await unpack("environments/live/evidence.zip"))["contents.csv"] ?? "";
  expect(parse(contents, { columns: true })).toEqual([
    expect.objectContaining({ key: "/sale", out_of_band: "no", baseline: "yes" }),
    expect.objectContaining({ key: "/terms", out_of_band: "yes", baseline: "no" }),
  ]);
  expect(await verify()).toMatch(/^0 OK/);
});

test("what was corrected is no longer in the contents, and the correction is among the steps", async () => {
  await spring();
  w.clock.at = "2026-03-09T10:00:00.000Z";
  const ada = await w.by("ada");
  const correction = { deployment: 3, kind: "page", key: "/sale", reason: "It was v0." } as const;
  await correct(w.db, ada, w.site, { ...correction, instead: { version: "v0" } });
  w.clock.at = "2026-03-10T10:00:00.000Z";
  await correct(w.db, await w.by("ada"), w.site, { deployment: 4, reason: "That was another server." });
  w.clock.at = "2026-03-11T10:00:00.000Z";
  const read = async (query = "") => {
    const files = await unpack(`environments/live/evidence.zip${query}`);
    expect(await verify()).toMatch(/^0 OK/);
    const rows: { key: string; version: string }[] = parse(files["contents.csv"] ?? "", { columns: true, bom: true });
    return { keys: rows.map((row) => `${row.key} ${row.version}`), steps: files["steps.csv"] };
  };
  const now = await read();
  expect(now.keys).toEqual(["/sale v0", "/Über-uns v2", "checkout 3.4.1"]);
  expect(now.steps).toContain(`placement corrected,deployment 3,,live,live,,,,Ada,${w.people.ada.id},It was v0.`);
  const before = await read("?as_of=2026-03-07T10:00Z&known_at=2026-03-08T10:00Z");
  expect(before.keys).toEqual(["/out-of-band v1", "/sale v1", "/Über-uns v2", "checkout 3.4.1"]);
  await correct(w.db, await w.by("ada"), w.site, { deployment: 4, reason: "No, it was this one.", stands: true });
  expect((await read()).keys).toEqual(["/out-of-band v1", "/sale v0", "/Über-uns v2", "checkout 3.4.1"]);
  const promotion = await unpack(promotionPack);
  expect(await verify()).toMatch(/^0 OK/);
  expect(promotion["steps.csv"]).toContain("It was v0.");
});

test("with random late deployments and corrections, the contents at any moment follow from the events", async () => {
  const random = seeded(20260303);
  const any = <T>(list: T[]) => list[Math.floor(random() * list.length)] as T;
  const day = (month: string) =>
    `2026-${month}-${String(1 + Math.floor(random() * 28)).padStart(2, "0")}T12:00:00.000Z`;
  for (let number = 1; number <= (engine === "sqlite" ? 40 : 20); number++) {
    w.clock.at = new Date(Date.parse("2026-04-01T10:00:00.000Z") + number * 3_600_000).toISOString();
    const lines = ["/a", "/b", "/c"]
      .filter(() => random() < 0.6)
      .map((key) => any([`${key} v1`, `${key} v2`, `-${key}`]));
    const more = { effective_at: day("03"), complete: random() < 0.15, allow_removals: 1000 };
    await w.record(any(["beta", "live"]), lines.length ? lines : ["/a v1"], more).catch(ignoreRefusals);
    const correction = { deployment: 1 + Math.floor(random() * number), reason: "No.", stands: random() < 0.3 };
    if (random() < 0.4) await correct(w.db, await w.by("ada"), w.site, correction).catch(ignoreRefusals);
  }
  expect((await w.db.selectFrom("corrections").select("id").execute()).length).toBeGreaterThan(5);
  w.clock.at = "2026-05-01T10:00:00.000Z";
  for (let i = 0; i < (engine === "sqlite" ? 6 : 4); i++) {
    const query =
      i % 2 ? `&known_at=${new Date(Date.parse("2026-04-01T12:30:00.000Z") + random() * 1.5e8).toISOString()}` : "";
    await unpack(`environments/${any(["beta", "live"])}/evidence.zip?as_of=${day("03")}${query}`);
    expect(await verify()).toMatch(/^0 OK/);
  }
});

const ignoreRefusals = (error: unknown) => {
  if (!(error instanceof Refusal)) throw error;
};

/** The rows of a pack's table, without the columns that are not named. */
const cellsOf = (files: Record<string, string>, file: string, ...columns: string[]): string[][] =>
  (parse(files[file] ?? "", { columns: true, bom: true }) as Record<string, string>[]).map((row) =>
    columns.map((column) => row[column] ?? ""),
  );

test("a promotion's pack says in words what was new, changed and removed, and what it replaced", async () => {
  await w.record("live", ["/changed v1", "/removed v1", "/same v2"], { baseline: true });
  const titled = [
    { kind: "page", key: "/changed", version: "v2", title: "After" },
    { kind: "page", key: "/removed", version: "v1", title: "Old page" },
  ];
  await (await w.token("contributor")).post("/sites/shop/environments/beta/deployments", { placements: titled });
  await w.record("beta", ["/same v2", "/new v1"]);
  const first = await w.release("First");
  await w.promote(first.number, "demo");
  await w.record("beta", ["-/removed"]);
  const all = ["/changed", "/removed", "/same", "/new"];
  const { number } = await w.release("Spring", all);
  await w.promote(number, "demo");
  w.clock.at = "2026-03-04T10:00:00.000Z";
  const rows = async () => {
    const files = await unpack("promotions/3/evidence.zip");
    expect(await verify()).toMatch(/^0 OK/);
    return cellsOf(files, "contents.csv", "key", "title", "change", "version", "replaced");
  };
  const { digest } = await w.ask(number, "live");
  const expected = [
    ["/changed", "After", "changed", "v2", "v1"],
    ["/new", "", "new", "v1", ""],
    ["/removed", "Old page", "removed", "removed", "v1"],
    ["/same", "", "same", "v2", "v2"],
  ];
  expect(await rows()).toEqual(expected);

  await decide(w.db, await w.by("mara"), w.site, 3, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, 3, {});
  w.clock.at = "2026-03-05T10:00:00.000Z";
  await w.record("live", ["/changed v3", "/new v2"]);
  expect(await rows()).toEqual(expected);
  await w.record("live", ["/changed v1.5"], { effective_at: "2026-03-04T09:00:00.000Z" });
  expect((await rows())[0]).toEqual(["/changed", "After", "changed", "v2", "v1.5"]);
});

test("what was there when a promotion was rejected is what it would have replaced", async () => {
  await w.record("live", ["/sale v1"], { baseline: true });
  await w.record("beta", ["/sale v2"]);
  const { number } = await w.release("Spring");
  await w.promote(number, "demo");
  const { digest } = await w.ask(number, "live");
  w.clock.at = "2026-03-04T10:00:00.000Z";
  await decide(w.db, await w.by("mara"), w.site, 2, { decision: "reject", digest, comment: "No." });
  w.clock.at = "2026-03-05T10:00:00.000Z";
  await w.record("live", ["/sale v3"]);
  const files = await unpack(promotionPack);
  expect(cellsOf(files, "contents.csv", "version", "replaced")).toEqual([["v2", "v1"]]);
  expect(await verify()).toMatch(/^0 OK/);
});

test("each time has the site's own beside it", async () => {
  w.clock.at = "2026-07-08T10:00:00.000Z";
  await w.record("live", ["/sale v1"], { effective_at: "2026-03-03T09:30:00.000Z" });
  const files = await unpack("environments/live/evidence.zip");
  expect(cellsOf(files, "contents.csv", "effective_at", "effective_local", "recorded_local")).toEqual([
    ["2026-03-03T09:30:00.000Z", "2026-03-03 09:30:00 +00:00", "2026-07-08 11:00:00 +01:00"],
  ]);
  expect(files["index.html"]).toContain("<td>2026-07-08T10:00:00.000Z\n2026-07-08 11:00:00 +01:00</td>");
  expect(await verify()).toMatch(/^0 OK/);
});

describe("of the history, a promotion's pack has only what concerns it", () => {
  beforeEach(async () => {
    await spring();
    await w.record("beta", ["/secret v1"], { note: "A campaign of next year" });
    const { number } = await w.release("Next year", ["/secret"]);
    await w.ask(number, "demo");
  });

  test("unless the whole is asked for, with the second link on its page", async () => {
    const part = await unpack(promotionPack);
    expect(part["events.jsonl"]).not.toMatch(/secret|Next year|next year|person_invited/);
    expect(part["index.html"]).toContain("that concern this promotion");
    expect(await verify()).toMatch(/^0 OK/);

    const page = links(await (await getPath("promotions/2")).text());
    const whole = await unpack(page["with the whole history"]?.replace("/sites/shop/", "") ?? "");
    expect(whole["events.jsonl"]).toContain("A campaign of next year");
    expect(whole["extract.txt"]).toBeUndefined();
    await rm(join(home, "extract.txt"));
    expect(await verify()).toMatch(/^0 OK/);
  });

  test("which its verifier finds changed, missing or from elsewhere", async () => {
    await unpack(promotionPack);
    await change("events.jsonl", (text) => text.replace("Schön", "Schoen"));
    expect(await verify()).toMatch(/^1 events.jsonl, line \d+: was changed: it does not match its hash$/);

    await unpack(promotionPack);
    await change("events.jsonl", (text) => `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
    expect(await verify()).toMatch(/^1 extract.txt: signs \d+ events; events.jsonl has \d+$/);

    const files = await unpack("promotions/1/evidence.zip");
    await unpack(promotionPack);
    await writeFile(join(home, "events.jsonl"), files["events.jsonl"] ?? "");
    expect(await verify()).toMatch(/^1 extract.txt: signs|^1 events.jsonl, line \d+: is not the event/);

    await unpack(promotionPack);
    await change("extract.txt", (text) => text.replace(/\n\d+ /, "\n99 "));
    expect(await verify()).toMatch(/^1 extract.txt: is not signed by the key/);

    await unpack(promotionPack);
    await change("manifest.json", (text) => text.replace('"extract": true', '"extract": false'));
    expect(await verify()).toMatch(/^1 events.jsonl, event 1: is missing|^1 events.jsonl, event \d+: /);
  });

  test("so it cannot be compared with a checkpoint kept earlier", async () => {
    await unpack(promotionPack);
    await writeFile(join(home, "kept.txt"), await readFile(join(home, "checkpoint.txt")));
    expect(await verify("--checkpoint", join(home, "kept.txt"))).toContain(
      "only with a pack that has the whole history",
    );
  });
});

test.each(["rejected", "cancelled", "open"])("a promotion that is %s has a pack", async (end) => {
  await w.record("beta", ["/sale v1"]);
  const { number } = await w.release("Spring");
  await w.promote(number, "demo");
  const { digest } = await w.ask(number, "live");
  const path = "/sites/shop/promotions/2";
  if (end === "rejected") await w.as("mara").post(`${path}/approvals`, { decision: "reject", digest, comment: "No." });
  if (end === "cancelled") await w.as("ada").post(`${path}/cancellation`, { reason: "Not now" });
  await unpack(promotionPack);
  expect(await verify()).toMatch(/^0 OK/);
});

describe("the verifier names the place in a pack with", () => {
  beforeEach(async () => {
    await spring();
    await unpack(wholePack);
  });

  const line = (text: string, number: number) => text.split("\n")[number - 1] ?? "";

  test("a changed byte in an event", async () => {
    await change("events.jsonl", (text) => text.replace('"comment":"Sch', '"comment":"sch'));
    const broken = (await readFile(join(home, "events.jsonl"), "utf8"))
      .split("\n")
      .findIndex((line) => line.includes("sch"));
    expect(await verify()).toBe(`1 events.jsonl, event ${broken + 1}: was changed: it does not match its hash`);
  });

  test("an event that is no longer JSON", async () => {
    await change("events.jsonl", (text) => text.replace(`${line(text, 3)}\n`, `${line(text, 3).slice(0, -1)}\n`));
    expect(await verify()).toMatch(/^1 events.jsonl, event 3: cannot be read/);
  });

  test("a deleted event, and with the last one deleted", async () => {
    await change("events.jsonl", (text) => text.replace(`${line(text, 5)}\n`, ""));
    expect(await verify()).toBe("1 events.jsonl, event 5: is missing: event 6 is in its place");
    await unpack(wholePack);
    await change("events.jsonl", (text) => `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`);
    expect(await verify()).toMatch(/^1 checkpoint.txt: signs \d+ events; events.jsonl has \d+$/);
  });

  test("two events swapped", async () => {
    await change("events.jsonl", (text) => {
      const lines = text.split("\n");
      return [lines[1], lines[0], ...lines.slice(2)].join("\n");
    });
    expect(await verify()).toBe("1 events.jsonl, event 1: is missing: event 2 is in its place");
  });

  test("a recomputed chain", async () => {
    await change("events.jsonl", (text) => {
      let previous = "";
      const lines = text.trimEnd().split("\n");
      return lines
        .map((line) => {
          const { entry } = JSON.parse(line.replace('"role":"marketing"', '"role":"tester"'));
          const previous_hash = previous;
          previous = hashEntry(previous, entry);
          return `${JSON.stringify({ entry, previous_hash, hash: previous })}\n`;
        })
        .join("");
    });
    expect(await verify()).toBe("1 checkpoint.txt: signs a different history than that in events.jsonl");
  });

  test("a changed, a removed and an added approval in the table", async () => {
    const before = await readFile(join(home, "approvals.csv"), "utf8");
    await change("approvals.csv", (text) => text.replace("Mara", "Iris"));
    expect(await verify()).toMatch(
      /^1 approvals.csv, row 2: the events give \d+,2,live,live,,Mara,[0-9a-f-]{36},person,marketing,[\s\S]*\napprovals.csv: does not match its hash in manifest.json$/,
    );
    await writeFile(join(home, "approvals.csv"), `${before.split("\r\n")[0]}\r\n`);
    expect(await verify()).toMatch(/^1 approvals.csv, row 1: the events give \d+,1,demo,demo,,Theo/);
    await writeFile(join(home, "approvals.csv"), `${before + before.split("\r\n")[1]}\r\n`);
    expect(await verify()).toMatch(/^1 approvals.csv, row 3: the events give no such row/);
  });

  test("a changed line of the contents, and of the page", async () => {
    await change("contents.csv", (text) => text.replace("/sale,,new,v1", "/sale,,new,v2"));
    await change("index.html", (text) => text.replace("<td>3.4.1</td>", "<td>3.4.2</td>"));
    const output = await verify();
    expect(output).toContain("contents.csv, row 1: the events give page,/sale,,new,v1");
    expect(output).toContain("index.html, contents, row 3: the events give <tr><td>software</td>");
  });

  test("another promotion in the manifest", async () => {
    await change("manifest.json", (text) => text.replace('"promotion": 2', '"promotion": 1'));
    expect(await verify()).toMatch(/^1 .*approvals.csv, row 2: the events give /s);
  });

  test("a swapped or altered checkpoint", async () => {
    const ours = await readFile(join(home, "checkpoint.txt"), "utf8");
    await writeFile(join(home, "checkpoint.txt"), ours.replace(/\ntime 2026/, "\ntime 2025"));
    expect(await verify()).toMatch(/^1 checkpoint.txt: is not signed by the key sitebook/);
    w.clock.at = "2026-03-09T10:00:00.000Z";
    await w.record("beta", ["/later v1"]);
    const events = await readFile(join(home, "events.jsonl"), "utf8");
    await unpack(wholePack);
    await writeFile(join(home, "events.jsonl"), events);
    expect(await verify()).toMatch(/^1 checkpoint.txt: signs \d+ events/);
  });

  test("another Sitebook's key, if the true one is known", async () => {
    const key = await readFile(join(home, "public-key.txt"), "utf8");
    expect(await verify("--key", key)).toMatch(/^0 OK/);
    const id = key.split("+")[1] ?? "";
    const other = key.replace(id, "00000000");
    expect(await verify("--key", other)).toBe("1 public-key.txt: is not the key given with --key");
    await writeFile(join(home, "public-key.txt"), other);
    expect(await verify()).toMatch(/^1 checkpoint.txt: is not signed by the key/);
  });

  test("a history that does not match a checkpoint kept earlier", async () => {
    const kept = join(home, "kept.txt");
    await writeFile(kept, await readFile(join(home, "checkpoint.txt")));
    w.clock.at = "2026-03-09T10:00:00.000Z";
    await w.record("beta", ["/later v1"]);
    await unpack(wholePack);
    expect(await verify("--checkpoint", kept)).toMatch(/^0 OK/);
    const { private_key } = await w.db.selectFrom("keys").select("private_key").executeTakeFirstOrThrow();
    const [name = ""] = (await readFile(join(home, "public-key.txt"), "utf8")).split("+");
    const other = { origin: `${name}/shop`, events: 5, head: "0".repeat(64), at: w.clock.at };
    await writeFile(kept, signNote(formatStatement(other), name, createPrivateKey(private_key)));
    expect(await verify("--checkpoint", kept)).toBe("1 events.jsonl, event 5: is not what the kept checkpoint signs");
    await writeFile(kept, signNote(formatStatement({ ...other, events: 5000 }), name, createPrivateKey(private_key)));
    expect(await verify("--checkpoint", kept)).toMatch(/is the last event; the kept checkpoint signs more$/);
  });
});

test("a pack is a download for everybody who may see the site", async () => {
  await spring();
  w.clock.at = "2026-03-07T10:00:00.000Z";
  const response = await getPath("environments/live/evidence.zip?as_of=2026-03-06T12:00Z");
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/zip",
    "content-disposition": 'attachment; filename="shop-live-2026-03-06T120000.000Z-evidence.zip"',
    "cache-control": "no-store",
  });
  expect((await getPath(promotionPack, "oskar")).status).toBe(404);
  expect((await getPath("promotions/99/evidence.zip")).status).toBe(404);
  expect((await getPath("environments/moon/evidence.zip")).status).toBe(404);
  const wrong = await getPath("environments/live/evidence.zip?as_of=soon-ish");
  expect(wrong.status).toBe(422);
  expect(wrong.headers.get("content-type")).toContain("text/html");
  expect((await getPath("promotions/2")).status).toBe(200);
  expect(await (await getPath("promotions/2")).text()).toContain('href="/sites/shop/promotions/2/evidence.zip"');
  expect(await (await getPath("environments/live?as_of=2026-03-06T12:00Z")).text()).toContain(
    'href="/sites/shop/environments/live/evidence.zip?as_of=2026-03-06T12:00Z"',
  );
});

test("a pack is the same, byte for byte, if nothing has happened since", async () => {
  await spring();
  const first = await unpack(promotionPack);
  w.clock.at = "2026-03-10T10:00:00.000Z";
  expect(await unpack(promotionPack)).toEqual(first);
});

test("the verifier is short enough to be read", async () => {
  const text = await readFile(join(import.meta.dirname, "../src/evidence/verify.mjs"), "utf8");
  expect(text.trimEnd().split("\n").length).toBeLessThan(310);
  expect([...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from).every((from) => from?.startsWith("node:"))).toBe(
    true,
  );
});

test("the contents have the titles of their versions, whatever was recorded since", async () => {
  const cleo = await w.token("contributor");
  const record = (environment: string, version: string, title?: string) =>
    cleo.post(`/sites/shop/environments/${environment}/deployments`, {
      placements: [{ kind: "page", key: "/titled", version, title }],
    });
  await record("live", "v1");
  await record("beta", "v1", "Winter sale");
  await record("beta", "v2", "Summer sale");
  await record("live", "v1.1");
  const files = await unpack("environments/live/evidence.zip");

  expect(files["contents.csv"]).toContain("page,/titled,Winter sale,v1.1");
  expect(await verify()).toMatch(/^0 OK/);
});
