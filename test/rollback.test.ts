import { afterEach, beforeEach, expect, test } from "vitest";
import { findAccess } from "../src/access/sites.ts";
import { correct } from "../src/corrections/corrections.ts";
import { canonicalJson } from "../src/database/canonical-json.ts";
import { openDatabase } from "../src/database/connect.ts";
import { newId } from "../src/database/ids.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { cancel, complete, decide } from "../src/promotions/promotions.ts";
import { rollBack } from "../src/promotions/rollback.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { freshDatabaseUrl } from "./support/database.ts";
import { words } from "./support/words.ts";
import { environmentOf, lived, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** Two promotions to demo: the first brings v1 of all, the second v2 of /sale and a new page, and removes /old. */
async function promoteTwice(w: World): Promise<void> {
  await w.record("beta", ["/sale v1", "/terms v1", "/old v1"]);
  await w.promote((await w.release("Winter", ["/sale", "/terms", "/old"])).number, "demo");
  later(1, w);
  await w.record("beta", ["/sale v2", "/new v1", "-/old"]);
  await w.promote((await w.release("Spring", ["/sale", "/new", "/old"])).number, "demo");
  later(2, w);
}

const promotedTwice = lived(promoteTwice);

/** Leaves the empty shop for the one with two promotions. */
async function twoPromotions(): Promise<void> {
  await w.close();
  w = await promotedTwice();
}

function later(hours: number, shop = w): void {
  shop.clock.at = new Date(Date.parse("2026-03-03T10:00:00.000Z") + hours * 3_600_000).toISOString();
}

/** Changes some rules of demo's gate, as its settings will. */
async function setGate(rules: object): Promise<void> {
  const { gate, id } = environmentOf(w.site, "demo");
  const stored = canonicalJson({ ...gate?.stored, ...rules });
  const row = { id: newId(), environment_id: id, version: 2, rules: stored, since: w.clock.at };
  await w.db.insertInto("gates").values(row).execute();
  w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as World["site"];
}

const undo = async (number: number, contents?: { kind: "page"; key: string }[], name: Name = "ada") =>
  rollBack(w.db, await w.by(name), w.site, number, { reason: "The shop is down", contents });

async function approveAndComplete(number: number, digest: string): Promise<void> {
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, {});
}

const onDemo = async () => {
  const answer = await (await w.token("viewer")).get("/sites/shop/environments/demo/placements");
  const { items } = (await answer.json()) as { items: { key: string; version: string }[] };
  return items.map(({ key, version }) => `${key} ${version}`);
};

const page = async (path: string, name: Name = "ada") =>
  words(await (await w.as(name).get(`/sites/shop${path && `/${path}`}`)).text());

test("an account manager rolls back a whole promotion, and the page shows what it restores before", async () => {
  await twoPromotions();
  expect(await onDemo()).toEqual(["/new v1", "/sale v2", "/terms v1"]);
  expect(await (await w.as("ada").get("/sites/shop/promotions/2")).text()).toContain(
    'href="/sites/shop/promotions/2/rollback"',
  );

  const preview = await page("promotions/2/rollback");
  expect(preview).toContain("/new v1 removed no");
  expect(preview).toContain("/sale v2 v1 no");
  expect(preview).toContain("/old removed v1 no");
  expect(preview).not.toContain("/terms");
  expect(preview).toContain("Rolling back is a new promotion");
  expect(preview).toContain("It never happened is a correction");
  expect(preview).toContain("It needs approval by Tester");

  const form = { line: ["page /new", "page /sale v1", "page /old v1"], reason: "The shop is down", key: "k" };
  const requested = await w.as("ada").submit("/sites/shop/promotions/2/rollback", form);
  const shown = words(await requested.text());
  expect(shown).toContain("Rollback requested: promotion 3.");
  expect(shown).toContain("Promotion 3, a rollback of promotion 2");
  expect(shown).toContain("Will put back what promotion 2 replaced on demo: 1 new page, 1 changed and 1 removed.");
  expect(shown).toContain("The shop is down");
  expect(await page("promotions/2")).toContain("Rollback requested: promotion 3.");
  expect(await page("approvals", "theo")).toContain("Rollback of Spring");

  const { digest } = await w.db.selectFrom("promotions").selectAll().where("number", "=", 3).executeTakeFirstOrThrow();
  await approveAndComplete(3, digest);
  expect(await onDemo()).toEqual(["/old v1", "/sale v1", "/terms v1"]);
  expect(await page("promotions/2")).toContain("Rolled back by promotion 3.");
  expect(await page("promotions/3")).toContain("Put back what promotion 2 replaced on demo");
  expect(await page("artifacts/page?key=/sale")).toContain("Promotion 3, rollback of promotion 2");
  expect(await page("artifacts/page?key=/sale")).toContain("Promotion 2, rolled back by promotion 3");
  expect(await page("environments/demo")).toContain("Promotion 3, rollback of promotion 2");
  expect(await page("environments/demo?as_of=2026-03-03T11:30Z")).toContain("Promotion 2, rolled back by promotion 3");
  expect(await page("")).toContain("rollback of promotion 2");
  const history = await page("history");
  expect(history).toContain("Ada requested promotion 3, a rollback of promotion 2: Rollback of Spring on demo.");
  expect(history).toContain("Ada rolled back promotion 2 on demo with promotion 3.");
  expect(await page("releases/3")).toContain("before promotion 2, frozen for its rollback");
  expect(await page("releases")).toContain("for a rollback of promotion 2");
});

test("a rollback can be for chosen pages, and its lines must be those that were shown", async () => {
  await twoPromotions();
  const ada = w.as("ada");
  const post = (line: string[]) => ada.post("/sites/shop/promotions/2/rollback", { line, reason: "Prices", key: "k" });

  const stale = await post(["page /sale v7"]);
  expect([stale.status, words(await stale.text())]).toEqual([
    422,
    expect.stringContaining("A rollback would restore /sale v1, which is not what you were shown. Review it again."),
  ]);
  const forged = await post(["page /elsewhere v7"]);
  expect([forged.status, words(await forged.text())]).toEqual([
    422,
    expect.stringContaining("did not change /elsewhere on "),
  ]);
  const none = await post([]);
  expect([none.status, words(await none.text())]).toEqual([422, expect.stringContaining("Select at least one page")]);
  const silent = await ada.post("/sites/shop/promotions/2/rollback", { line: "page /sale v1", reason: " " });
  expect([silent.status, words(await silent.text())]).toEqual([
    422,
    expect.stringContaining("A rollback needs a reason."),
  ]);
  expect(await w.db.selectFrom("releases").selectAll().execute()).toHaveLength(2);

  expect((await post(["page /sale v1"])).status).toBe(303);
  const { digest } = await w.db.selectFrom("promotions").selectAll().where("number", "=", 3).executeTakeFirstOrThrow();
  expect(await page("promotions/2")).toContain("Rollback in part requested: promotion 3.");
  expect(await page("promotions/3")).toContain("Will put back part of what promotion 2 replaced on demo");
  await approveAndComplete(3, digest);
  expect(await onDemo()).toEqual(["/new v1", "/sale v1", "/terms v1"]);

  expect(await page("promotions/2")).toContain("Rolled back in part by promotion 3.");
  expect(await page("promotions/3")).toContain("Promotion 3, a rollback in part of promotion 2");
  expect(await page("artifacts/page?key=/sale")).toContain("Promotion 2, rolled back in part by promotion 3");
  expect(await page("environments/demo")).toContain("Promotion 3, rollback in part of promotion 2");
  expect(await page("")).toContain("rollback in part of promotion 2");
  const history = await page("history");
  expect(history).toContain("Ada requested promotion 3, a rollback in part of promotion 2: Rollback in part of Spring");
  expect(history).toContain("Ada rolled back promotion 2 in part on demo with promotion 3.");
  expect(await page("releases/3")).toContain("before promotion 2, frozen for its rollback in part");
  expect(await page("releases")).toContain("for a rollback in part of promotion 2");
  const api = await w.token("viewer");
  const get = async (path: string) => (await api.get(`/sites/shop/${path}`)).json();
  expect(await get("promotions/3")).toMatchObject({ rollback_of: 2, rollback_in_part: true });
  expect(await get("promotions/2")).toMatchObject({ completion: { rolled_back_by: 3, rolled_back_in_part: true } });
  expect(await get("releases/3")).toMatchObject({ rollback_of: 2, rollback_in_part: true });
  expect(await get("artifacts/page/history?key=/sale")).toMatchObject({
    items: expect.arrayContaining([
      expect.objectContaining({ environment: "demo", promotion: 2, rolled_back_by: 3, rolled_back_in_part: true }),
    ]),
  });

  const before = await w.db.selectFrom("promotions").selectAll().orderBy("number").execute();
  await rebuild(w.db, w.site.id);
  expect(await w.db.selectFrom("promotions").selectAll().orderBy("number").execute()).toEqual(before);

  // all that is left is a rollback of the whole
  later(3);
  expect(await undo(2)).toMatchObject({ rollback_in_part: 0, name: "Rollback of Spring" });
});

test("what was known at a moment does not name a rollback from later on", async () => {
  await twoPromotions();
  const { number, digest } = await undo(2);
  later(3);
  await approveAndComplete(number, digest);

  const view = "as_of=2026-03-03T11:30Z";
  expect(await page(`environments/demo?${view}`)).toContain("Promotion 2, rolled back by promotion 3");
  expect(await page(`environments/demo?${view}&known_at=2026-03-03T13:00Z`)).toContain("rolled back by promotion 3");
  const earlier = await page(`environments/demo?${view}&known_at=2026-03-03T12:59Z`);
  expect(earlier).toContain("Promotion 2");
  expect(earlier).not.toContain("rolled back");
  const api = await w.token("viewer");
  const placements = await api.get(
    "/sites/shop/environments/demo/placements?as_of=2026-03-03T11:30:00Z&known_at=2026-03-03T12:59:00Z&q=sale",
  );
  expect(await placements.json()).toMatchObject({ items: [{ promotion: 2, rolled_back_by: null }] });
});

test("a rollback of a rollback brings back what was there", async () => {
  await twoPromotions();
  const first = await undo(2);
  await approveAndComplete(first.number, first.digest);
  later(3);
  const second = await undo(first.number);
  expect(second).toMatchObject({ name: "Rollback of promotion 3", rollback_of: 3 });
  await approveAndComplete(second.number, second.digest);
  expect(await onDemo()).toEqual(["/new v1", "/sale v2", "/terms v1"]);
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
});

test("what changed since is named before a rollback undoes it, and what is as before is left out", async () => {
  await twoPromotions();
  await w.record("demo", ["/sale v9", "-/new"]);
  later(3);
  const preview = await page("promotions/2/rollback");
  expect(preview).toContain(
    "Changed again on demo since promotion 2: /sale (deployment 5). A rollback undoes these changes, too. Unselect what should stay.",
  );
  expect(preview).toContain("Left out: 1 line already as before (/new).");
  const api = await w.token("account-manager");
  const answer = await (await api.get("/sites/shop/promotions/2/rollback")).json();
  expect(answer).toMatchObject({ allowed: true, message: null });
  expect(answer).toHaveProperty("contents", [
    {
      kind: "page",
      key: "/new",
      current: null,
      restored: null,
      included: false,
      changed_since_by: [{ deployment: 5, promotion: null }],
    },
    { kind: "page", key: "/old", current: null, restored: "v1", included: true, changed_since_by: [] },
    {
      kind: "page",
      key: "/sale",
      current: "v9",
      restored: "v1",
      included: true,
      changed_since_by: [{ deployment: 5, promotion: null }],
    },
  ]);
});

test("of a line that has changed often since, the latest ten changes are named", async () => {
  await twoPromotions();
  for (let i = 0; i < 12; i++) {
    later(3 + i);
    await w.record("demo", [`/sale v1${i}`]);
  }
  const named = Array.from({ length: 10 }, (_, i) => `deployment ${i + 7}`).join(", ");
  const preview = await page("promotions/2/rollback");
  expect(preview).toContain(`/sale v111 v1 earlier ones, ${named}`);
  expect(preview).toContain("/sale (earlier ones, deployment 7");
  const answer = await (await w.token("viewer")).get("/sites/shop/promotions/2/rollback");
  const { contents } = (await answer.json()) as { contents: { key: string; changed_since_by: object[] }[] };
  expect(contents.find(({ key }) => key === "/sale")?.changed_since_by).toHaveLength(10);
});

test("the source environment may have moved on, and what the restored versions need still blocks", async () => {
  await w.record("beta", ["/sale v1", "checkout 3.0.0"]);
  await w.promote((await w.release("Winter", ["/sale", "checkout"])).number, "demo");
  const needing = { kind: "page" as const, key: "/cart", version: "v1", requires: { checkout: ">=4" } };
  later(1);
  await w.record("beta", ["checkout 4.0.0"]);
  await w.promote((await w.release("Checkout", ["checkout"])).number, "demo");
  await (await w.token("contributor")).post("/sites/shop/environments/demo/deployments", { placements: [needing] });
  await w.record("beta", ["checkout 5.0.0", "-/sale"]);
  later(2);

  const rollback = await undo(2);
  expect(rollback.blockers.map(({ code }) => code)).toEqual(["approvals_missing", "requirement_unmet"]);
  expect(rollback.blockers[1]?.message).toBe("/cart v1 needs checkout >=4, but demo would have 3.0.0.");
});

test.each([
  ["open", "Promotion 1 is not completed yet. Only a completed promotion can be rolled back."],
  ["rejected", "Only a completed promotion can be rolled back."],
  ["cancelled", "Promotion 1 was cancelled. Only a completed promotion can be rolled back."],
] as const)("a promotion that is %s cannot be rolled back", async (end, sentence) => {
  await w.record("beta", ["/sale v1"]);
  const { number, digest } = await w.ask((await w.release("Winter", ["/sale"])).number, "demo");
  if (end === "rejected")
    await decide(w.db, await w.by("theo"), w.site, number, { decision: "reject", digest, comment: "No" });
  if (end === "cancelled") await cancel(w.db, await w.by("ada"), w.site, number, "Not now");
  await expect(undo(number)).rejects.toThrow(sentence);
  expect(await page(`promotions/${number}/rollback`)).toContain(sentence);
});

test("what was corrected was never there, so it is not rolled back", async () => {
  await twoPromotions();
  const ada = await w.by("ada");
  await correct(w.db, ada, w.site, { deployment: 4, kind: "page", key: "/sale", reason: "It was the other shop" });
  expect(await page("promotions/2/rollback")).toContain(
    "Left out, since the record was corrected and it was never there: /sale.",
  );
  await expect(undo(2, [{ kind: "page", key: "/sale" }])).rejects.toThrow(
    "The record of /sale in promotion 2 was corrected: it was never there.",
  );
  await correct(w.db, ada, w.site, { deployment: 4, reason: "All of it was the other shop" });
  await expect(undo(2)).rejects.toThrow(
    "Nothing to restore: what promotion 2 recorded on demo was corrected, so it was never there.",
  );
});

test("there has to be something to restore, and the same rollback is requested once", async () => {
  await twoPromotions();
  const first = await undo(2);
  await expect(undo(2)).rejects.toThrow("Already requested: promotion 3.");
  await approveAndComplete(first.number, first.digest);
  await expect(undo(2)).rejects.toThrow("Nothing to restore: demo already is as it was before promotion 2.");
  const release = await w.db
    .selectFrom("releases")
    .select("number")
    .orderBy("number", "desc")
    .executeTakeFirstOrThrow();
  await expect(w.ask(release.number, "demo")).rejects.toThrow(
    "Release 3 was created for a rollback of promotion 2. To roll back again, start from that promotion.",
  );
});

test("two servers that roll back at once request one promotion, and complete it once", async () => {
  const { url, drop } = await freshDatabaseUrl();
  const servers = [openDatabase(url), openDatabase(url)];
  await w.close();
  w = await world(
    Promise.resolve({
      db: servers[0] as World["db"],
      close: async () => {
        await Promise.all(servers.map((server) => server.destroy()));
        await drop();
      },
    }),
  );
  await promoteTwice(w);
  const ada = await w.by("ada");
  const onBoth = async (act: (db: World["db"]) => Promise<unknown>) => {
    const outcomes = await Promise.allSettled([...servers, ...servers].map(act));
    return outcomes.map(({ status }) => status).sort();
  };
  const once = ["fulfilled", "rejected", "rejected", "rejected"];
  expect(await onBoth((db) => rollBack(db, ada, w.site, 2, { reason: "The shop is down" }))).toEqual(once);
  const rollbacks = await w.db.selectFrom("promotions").selectAll().where("rollback_of_id", "is not", null).execute();
  expect(rollbacks).toHaveLength(1);
  expect(await w.db.selectFrom("releases").selectAll().execute()).toHaveLength(3);

  const digest = rollbacks[0]?.digest ?? "";
  await decide(w.db, await w.by("theo"), w.site, 3, { decision: "approve", digest });
  await onBoth((db) => complete(db, ada, w.site, 3, {}));
  expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(3);
  expect(await onDemo()).toEqual(["/old v1", "/sale v1", "/terms v1"]);
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
});

test("a rollback does not end what is on its way to the same environment", async () => {
  await twoPromotions();
  await w.record("beta", ["/sale v3"]);
  const fix = await w.ask((await w.release("Fix", ["/sale"])).number, "demo");
  const rollback = await undo(2);
  const open = await w.db.selectFrom("open_promotions").selectAll().execute();
  expect(open).toHaveLength(2);
  expect([fix.number, rollback.number]).toEqual([3, 4]);
});

test("where the gate asks no approval of rollbacks, it is completed at once by the roles that it names", async () => {
  await twoPromotions();
  await setGate({ rollback_needs_approval: false, rollback_roles: ["tester"] });
  await expect(undo(2)).rejects.toThrow("Only Tester may roll back on demo. You have no such role on this site.");
  expect(await page("promotions/2/rollback", "theo")).toContain("It needs no approval: it can be completed at once.");
  const rollback = await undo(2, undefined, "theo");
  expect(rollback).toMatchObject({ state: "approved", blockers: [], requirements: [] });
  expect(await page(`promotions/${rollback.number}`, "theo")).toContain("Mark as on demo");
  await expect(complete(w.db, await w.by("ada"), w.site, rollback.number, {})).rejects.toThrow(
    "Only Tester may roll back",
  );
  await complete(w.db, await w.by("theo"), w.site, rollback.number, {});
  expect(await onDemo()).toEqual(["/old v1", "/sale v1", "/terms v1"]);
});

test("a viewer and a stranger cannot roll back", async () => {
  await twoPromotions();
  const vera = await w
    .as("vera")
    .post("/sites/shop/promotions/2/rollback", { line: "page /sale v1", reason: "Why not" });
  expect(vera.status).toBe(403);
  expect((await w.as("oskar").get("/sites/shop/promotions/2/rollback")).status).toBe(404);
  expect((await w.as("ada").get("/sites/shop/promotions/9/rollback")).status).toBe(404);
  const body = { reason: "Why not" };
  const answers = [
    await (await w.token("viewer")).post("/sites/shop/promotions/2/rollback", body),
    await (await w.token("account-manager")).post("/sites/shop/promotions/9/rollback", body),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 404]);
});

test("a machine rolls back once with its key, and by the command line", async () => {
  await twoPromotions();
  const api = await w.token("account-manager");
  const body = { reason: "Errors", contents: [{ kind: "page", key: "/sale", version: "v1" }] };
  const post = () => api.post("/sites/shop/promotions/2/rollback", body, { "idempotency-key": "deploy-7" });
  const [first, second] = [await (await post()).json(), await (await post()).json()];
  expect(second).toEqual(first);
  expect(first).toMatchObject({ number: 3, rollback_of: 2, from: "demo", to: "demo", note: "Errors" });
  const wrong = await api.post("/sites/shop/promotions/2/rollback", {
    reason: "Errors",
    contents: [{ kind: "page", key: "/terms" }],
  });
  expect(wrong.status).toBe(422);
  expect(await wrong.json()).toMatchObject({
    errors: [{ path: "contents.0.key", message: "Promotion 2 did not change /terms on demo." }],
  });

  const sitebook = await commandLineMachine(w, "account-manager");
  const preview = await sitebook(["rollback", "2"]);
  expect(preview).toEqual({
    code: 0,
    out: "A rollback would change 3 lines:\n  /new: v1 -> removed\n  /old: removed -> v1\n  /sale: v2 -> v1\nRequest it with --reason.\n",
    err: "",
  });
  const requested = await sitebook(["rollback", "2", "--reason", "Errors", "--only", "/new"]);
  expect(requested.out).toBe(
    "Promotion 4 requested: a rollback in part of promotion 2 on demo. It is waiting for approval.\n",
  );
  expect((await sitebook(["rollback", "3"])).code).toBe(1);
  expect((await sitebook(["rollback", "two"])).code).toBe(2);
});

test("the record of a rollback verifies, and is rebuilt from the events", async () => {
  await twoPromotions();
  const { number, digest } = await undo(2);
  await approveAndComplete(number, digest);
  const before = await w.db.selectFrom("promotions").selectAll().orderBy("number").execute();
  await rebuild(w.db, w.site.id);
  expect(await w.db.selectFrom("promotions").selectAll().orderBy("number").execute()).toEqual(before);
  expect(before.at(-1)?.rollback_of_id).toBe(before[1]?.id);
});
