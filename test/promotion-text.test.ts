import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../src/database/connect.ts";
import { siteTransaction } from "../src/database/site-transaction.ts";
import { decide } from "../src/promotions/promotions.ts";
import { seenDigest } from "../src/promotions/seen-texts.ts";
import { createRelease } from "../src/releases/releases.ts";
import { startVisitsAfterEvents } from "../src/visits/after-events.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { latestVisit, runVisits, serveAt, visit } from "./support/visits.ts";
import { htmlPage, type WebSite, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let demo: WebSite;
let live: WebSite;
const sale = (...lines: string[]) => htmlPage("Sale", lines.map((line) => `<p>${line}</p>`).join(""));
beforeEach(async () => {
  w = await world();
  demo = await webSite({
    "/sale": sale("Shoes at half price", "Free delivery"),
    "/new": htmlPage("New", "<p>New</p>"),
  });
  live = await webSite({ "/sale": sale("Shoes at half price"), "/old": htmlPage("Old", "<p>Old offer</p>") });
  await servePages();
});
afterEach(async () => {
  await Promise.all([demo.close(), live.close(), w.close()]);
});

async function servePages() {
  await serveAt(w, "demo", demo.base);
  await serveAt(w, "live", live.base);
  await w.record("live", ["/sale v1", "/old v1"]);
  await w.record("demo", ["/sale v1", "/old v1"]);
  await w.record("demo", ["/sale v2", "/new v1", "-/old"]);
}

/** Ada requests the promotion of all differences from demo to live. */
async function request() {
  const differences = { from: "demo", to: "live" };
  const { number } = await createRelease(w.db, await w.by("ada"), w.site, { name: "Sale", differences });
  return w.ask(number, "live");
}

async function shown(name: Parameters<World["as"]>[0], path: string) {
  const response = await w.as(name).get(`/sites/shop/promotions/1${path}`);
  const html = await response.text();
  return { status: response.status, html, text: words(html) };
}

test("an approver reads what live shows beside what demo shows, page by page", async () => {
  await visit(w, "demo");
  await visit(w, "live");
  await request();
  const page = await shown("mara", "");
  expect(page.html).toContain('hx-get="/sites/shop/promotions/1/text?page=/sale"');
  const changed = await shown("mara", "/text?page=/sale");
  expect(changed.text).toContain("1 line added.");
  expect(changed.html).toMatch(/<ins>.*Free delivery.*<\/ins>/);
  expect(changed.text).toContain("live, shown since");
  expect((await shown("mara", "/text?page=/new")).text).toContain("All of it is new");
  const removed = await shown("mara", "/text?page=/old");
  expect(removed.text).toContain("All of it goes: live will no longer have this page.");
  expect(removed.html).toMatch(/<del>.*Old offer.*<\/del>/);
});

test("a page that no visit has seen, or that is not in the promotion, and a stranger", async () => {
  await request();
  expect((await shown("mara", "")).html).not.toContain("/text?");
  expect((await shown("mara", "/text?page=/sale")).text).toContain(
    "No visit has seen the text of this page on demo yet.",
  );
  expect((await shown("mara", "/text?page=/other")).status).toBe(404);
  expect((await shown("mara", "/text")).status).toBe(404);
  expect((await shown("oskar", "/text?page=/sale")).status).toBe(404);
});

test("what demo shows after the approval was requested is said, and the approval keeps a digest of what was seen", async () => {
  await visit(w, "demo");
  await visit(w, "live");
  const { digest } = await request();
  expect((await shown("mara", "")).text).not.toContain("shows something else since");
  demo.pages["/sale"] = sale("Shoes at a third of the price", "Free delivery");
  await visit(w, "demo");
  expect((await shown("mara", "")).text).toContain("demo shows something else since");

  await decide(w.db, await w.by("mara"), w.site, 1, { decision: "approve", digest });
  const event = await w.db
    .selectFrom("events")
    .select("details")
    .where("action", "=", "promotion_approved")
    .executeTakeFirstOrThrow();
  expect(JSON.parse(event.details)).toMatchObject({
    seen: { pages: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

/** What the form of an approval carries of what servers showed; undefined if nothing. */
const seenIn = (html: string) => /name="seen" value="(\w+)"/.exec(html)?.[1];

const approvals = () =>
  w.db.selectFrom("events").select("details").where("action", "=", "promotion_approved").execute();

test("an approval keeps what its page showed, and is refused once servers show something else", async () => {
  const { digest } = await request();
  expect((await shown("mara", "")).html).not.toContain('name="seen"');
  const approve = async (seen: string | undefined) => {
    const fields = { decision: "approve", digest, anyway: "1", comment: "As agreed", ...(seen && { seen }) };
    const response = await w.as("mara").post("/sites/shop/promotions/1/approvals", fields);
    return { status: response.status, html: await response.text() };
  };
  await visit(w, "demo");
  await visit(w, "live");
  const unseen = await approve(undefined);
  expect(unseen.status).toBe(409);
  expect(words(unseen.html)).toContain("The servers show something else by now than what was shown to you.");
  const before = seenIn(unseen.html);
  live.pages["/sale"] = sale("Shoes at full price");
  await visit(w, "live");
  const refused = await approve(before);
  expect(refused.status).toBe(409);
  expect(refused.html).toContain("As agreed");
  expect(await approvals()).toEqual([]);
  const seen = seenIn(refused.html);
  expect(seen).not.toBe(before);
  expect((await approve(seen)).status).toBe(303);
  const [approval] = await approvals();
  expect(JSON.parse(approval?.details ?? "")).toMatchObject({ seen: { pages: 3, digest: seen } });
});

test("the API says what servers showed, and an approval may carry it", async () => {
  const { digest } = await request();
  const token = await w.token("marketing");
  const promotion = async () => (await (await token.get("/sites/shop/promotions/1")).json()) as { seen?: object };
  expect(await promotion()).not.toHaveProperty("seen");
  await visit(w, "demo");
  const { seen } = (await promotion()) as { seen: { pages: number; digest: string } };
  expect(seen).toEqual({ pages: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  demo.pages["/sale"] = sale("Shoes at a third of the price");
  await visit(w, "demo");
  const approve = (more: object) =>
    token.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest, ...more });
  const refused = await approve({ seen: seen.digest });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("The servers show something else") });
  expect((await approve({})).status).toBe(201);
});

test("a page that could not be observed shows nothing else for that, and one that is gone does", async () => {
  await visit(w, "demo");
  await visit(w, "live");
  await request();
  const before = await seenDigest(w.db, w.site, 1);
  const [onDemo, onLive] = [demo.pages["/sale"] ?? "", live.pages["/sale"] ?? ""];
  demo.pages["/sale"] = (response) => void response.writeHead(503).end();
  await visit(w, "demo");
  expect(await seenDigest(w.db, w.site, 1)).toEqual(before);
  demo.pages["/sale"] = onDemo;
  await visit(w, "demo");
  expect((await shown("mara", "")).text).not.toContain("shows something else since");
  delete live.pages["/sale"];
  await visit(w, "live");
  expect((await shown("mara", "/text?page=/sale")).text).toContain("All of it is new: live does not show this page.");
  expect(await seenDigest(w.db, w.site, 1)).not.toEqual(before);
  live.pages["/sale"] = onLive;
  delete demo.pages["/sale"];
  await visit(w, "live");
  await visit(w, "demo");
  expect((await shown("mara", "")).text).toContain("demo shows something else since");
  expect((await shown("mara", "/text?page=/sale")).text).toContain("demo, missing since");
});

/** Calls `then` after each query that matches and is not in a transaction. */
function onceAsked(db: Database, pattern: RegExp, then: () => void): void {
  const executor = db.getExecutor();
  const execute = executor.executeQuery.bind(executor);
  executor.executeQuery = async (query, options) => {
    const result = await execute(query, options);
    if (pattern.test(query.sql)) then();
    return result as never;
  };
}

test("an approval that waits for its turn keeps what was seen before", async () => {
  // in memory, SQLite has one handle for everything: even reading waits
  await w.close();
  const { url, drop } = await freshDatabaseUrl();
  const db = openDatabase(url);
  w = await world(Promise.resolve({ db, close: () => db.destroy().then(drop) }));
  await servePages();
  await visit(w, "demo");
  await visit(w, "live");
  const { digest } = await request();
  const [theo, mara, before] = [await w.by("theo"), await w.by("mara"), await seenDigest(db, w.site, 1)];
  const [begun, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const saving = siteTransaction(db, theo, w.site.id, async (trx) => {
    await trx
      .updateTable("observations")
      .set({ text_digest: "0".repeat(64) })
      .execute();
    begun.resolve();
    await seen.promise;
  });
  await begun.promise;
  onceAsked(db, /"text_digest" from "observed_pages"/, seen.resolve);
  await Promise.all([saving, decide(db, mara, w.site, 1, { decision: "approve", digest })]);
  const events = db.selectFrom("events").select("details").where("action", "=", "promotion_approved");
  expect(JSON.parse((await events.executeTakeFirstOrThrow()).details).seen).toEqual(before);
  expect(await seenDigest(db, w.site, 1)).not.toEqual(before);
});

test("both environments of a requested promotion are visited, if they were before", async () => {
  await startVisitsAfterEvents(w.db, w.clock.at);
  await visit(w, "demo");
  w.clock.at = "2026-03-04T10:00:00.000Z";
  await request();
  await startVisitsAfterEvents(w.db, w.clock.at);
  expect(await runVisits(w)).toBe(1);
  expect(await latestVisit(w, "demo")).toMatchObject({ person_id: null, problem: null });
});
