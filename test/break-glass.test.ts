import { afterEach, beforeEach, expect, test } from "vitest";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { completeWithoutGate, reviewForced } from "../src/promotions/break-glass.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { markAsBad } from "../src/releases/bad-releases.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
let digest: string;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.release("Winter", ["/sale"]);
  digest = (await w.ask(1, "demo")).digest;
});
afterEach(() => w.close());

const page = async (path: string, name: Name = "ada") =>
  words(await (await w.as(name).get(`/sites/shop${path && `/${path}`}`)).text());

const force = async (name: Name = "iris", reason = "The shop is down") =>
  completeWithoutGate(w.db, await w.by(name), w.site, 1, { reason });
const review = async (name: Name, comment?: string) => reviewForced(w.db, await w.by(name), w.site, 1, comment);
const inboxCount = async (name: Name) =>
  /class="count">(\d+)/.exec(await (await w.as(name).get("/sites/shop/approvals")).text())?.[1];

test("an administrator completes without the gate, and a tester reviews it afterwards", async () => {
  expect(await page("promotions/1", "iris")).toContain("Complete without the gate");
  const done = await w.as("iris").submit("/sites/shop/promotions/1/break-glass", { force: "The shop is down" });
  const shown = words(await done.text());
  expect(shown).toContain("Completed without its gate. Somebody else has to review it.");
  expect(shown).toContain("Tester has not approved it yet. Theo can.");
  expect(shown).toContain("to be reviewed by somebody else");
  expect(shown).not.toContain("Approved by");

  expect(await page("")).toContain("without its gate");
  expect(await page("environments/demo")).toContain("Promotion 1 without its gate");
  expect(await page("artifacts/page?key=/sale")).toContain("Promotion 1 without its gate");
  expect(await page("history")).toContain(
    "Iris completed promotion 1: Winter on demo, without its gate. The shop is down",
  );
  expect(await page("releases")).toContain("completed without its gate");
  expect([await inboxCount("theo"), await inboxCount("iris"), await inboxCount("vera")]).toEqual([
    "1",
    undefined,
    undefined,
  ]);
  expect(await page("approvals", "theo")).toContain("Iris completed it without its gate: The shop is down");

  const list = await page("approvals/without-gate", "theo");
  expect(list).toContain("To review 1");
  expect(list).toContain("Mark as reviewed");
  expect(await page("approvals/without-gate", "iris")).not.toContain("Mark as reviewed");
  const reviewed = await w.as("theo").submit("/sites/shop/promotions/1/forced-review", { review: "It was needed" });
  expect(words(await reviewed.text())).toContain("The completion of promotion 1 without its gate is reviewed.");
  expect(await page("approvals/without-gate")).toContain("reviewed by Theo");
  expect(await page("promotions/1")).toContain("It was needed");
  expect(await page("history")).toContain(
    "Theo reviewed the completion of promotion 1 without its gate: Winter on demo.",
  );
  expect(await inboxCount("theo")).toBeUndefined();
});

test("what blocked it is kept, also that the source had moved on, and shows in the API", async () => {
  await w.record("beta", ["/sale v2"]);
  const api = await w.token("administrator");
  const body = { reason: "The shop is down" };
  const post = () => api.post("/sites/shop/promotions/1/break-glass", body, { "idempotency-key": "now" });
  const [first, second] = [await post(), await post()];
  expect([first.status, second.status]).toEqual([201, 201]);
  const expected = {
    state: "completed",
    requirements: [{ role: "tester", needed: 1, given: 0 }],
    approvals: [],
    completion: {
      forced: {
        reason: "The shop is down",
        passed_over: [
          { code: "approvals_missing", message: "Tester has not approved it yet. Theo can." },
          { code: "content_moved_on", message: "The release has /sale v1, but beta now has v2." },
        ],
        review: null,
      },
    },
  };
  expect(await first.json()).toMatchObject(expected);
  expect(await second.json()).toMatchObject(expected);
  const placements = await (await api.get("/sites/shop/environments/demo/placements")).json();
  expect(placements).toMatchObject({ items: [{ key: "/sale", version: "v1", without_gate: true, approved_by: [] }] });
  expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(1);

  await review("theo", "Fine");
  const shown = await (await api.get("/sites/shop/promotions/1")).json();
  expect(shown).toMatchObject({
    completion: { forced: { review: { person: "Theo", kind: "person", comment: "Fine" } } },
  });
});

test("nobody else may break the glass, and it needs a reason", async () => {
  for (const name of ["ada", "theo", "cleo", "vera"] as const) {
    await expect(force(name)).rejects.toThrow("You may not complete promotions without their gate on this site.");
    expect(await page("promotions/1", name)).not.toContain("Complete without the gate");
  }
  expect((await w.as("oskar").post("/sites/shop/promotions/1/break-glass", { force: "Now" })).status).toBe(404);
  const empty = await w.as("iris").post("/sites/shop/promotions/1/break-glass", { force: " " });
  expect([empty.status, words(await empty.text())]).toEqual([
    422,
    expect.stringContaining("Completing without the gate needs a reason."),
  ]);
  expect(await w.db.selectFrom("completions").selectAll().execute()).toEqual([]);
});

test("what is not blocked, has ended or is marked as bad is not forced", async () => {
  await markAsBad(w.db, await w.by("theo"), w.site, 1, "Wrong prices");
  await expect(force()).rejects.toThrow("Release 1 was marked as bad by Theo: Wrong prices. Lift the mark first.");

  await w.record("beta", ["/sale v2"]);
  await w.release("Again", ["/sale"]);
  const { number, digest: second } = await w.ask(2, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest: second });
  const forceSecond = async () => completeWithoutGate(w.db, await w.by("iris"), w.site, number, { reason: "Now" });
  await expect(forceSecond()).rejects.toThrow("Nothing is blocking promotion 2. Complete it as usual.");
  await complete(w.db, await w.by("ada"), w.site, number, {});
  await expect(forceSecond()).rejects.toThrow("Promotion 2 has been completed.");
});

test("a rejected promotion stays rejected", async () => {
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "reject", digest, comment: "No" });
  await expect(force()).rejects.toThrow("Promotion 1 was rejected. To try again, request a new promotion.");
});

test("who completed it, people without a role of the gate, and machines do not review it", async () => {
  await expect(review("theo")).rejects.toThrow("Promotion 1 was not completed without its gate.");
  await force();
  await expect(review("iris")).rejects.toThrow(
    "You completed it without its gate, so someone else has to review that.",
  );
  for (const name of ["ada", "mara", "vera"] as const)
    await expect(review(name)).rejects.toThrow("Approvers of its gate and administrators review what was completed");
  const token = await w.token("tester");
  const asMachine = { ...(await w.by("theo")), person: token.machine };
  await expect(reviewForced(w.db, asMachine, w.site, 1, undefined)).rejects.toThrow("A person has to review");
  await review("theo");
  await review("theo");
  await expect(review("mara")).rejects.toThrow("Theo has reviewed the completion of promotion 1 already.");
  expect(await w.db.selectFrom("forced_reviews").selectAll().execute()).toHaveLength(1);
});

test("a completion at the same moment as one without the gate leaves one of them", async () => {
  const outcomes = await Promise.allSettled([
    force(),
    force(),
    (async () => complete(w.db, await w.by("ada"), w.site, 1, {}))(),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  for (const table of ["completions", "forced_completions"] as const)
    expect(await w.db.selectFrom(table).selectAll().execute()).toHaveLength(1);
});

test("the record verifies, is rebuilt, and a forged or removed row is found", async () => {
  await force();
  await review("theo", "Fine");
  const rows = async () => [
    await w.db.selectFrom("forced_completions").selectAll().execute(),
    await w.db.selectFrom("forced_reviews").selectAll().execute(),
  ];
  const before = await rows();
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  await rebuild(w.db, w.site.id);
  expect(await rows()).toEqual(before);

  await w.record("beta", ["/new v1"]);
  await w.release("New", ["/new"]);
  const { number } = await w.promote(2, "demo");
  const { id } = await w.db
    .selectFrom("promotions")
    .select("id")
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  await w.db.insertInto("forced_completions").values({ promotion_id: id, reason: "Forged", blockers: "[]" }).execute();
  expect(await verify(w.db, w.site.id)).toMatchObject({ break: { what: expect.stringContaining("without the gate") } });
});

test("clients and the command line list what was completed without its gate, and what is still to be reviewed", async () => {
  const api = await machine(w, "viewer");
  const list = async (query = "") => (await api.get(`/sites/shop/forced-completions${query}`)).body.items;
  const sitebook = await commandLineMachine(w, "viewer");
  expect(await list()).toEqual([]);
  expect((await sitebook(["without-gate"])).out).toBe("Nothing was completed without its gate.\n");
  await force();
  expect(await list("?open=true")).toMatchObject([
    { number: 1, completion: { forced: { reason: "The shop is down", review: null } } },
  ]);
  expect((await sitebook(["without-gate", "--open"])).out).toMatch(
    /^#1 +Winter on demo +2026-03-03 10:00 UTC +Iris +to be reviewed +1 blocker; The shop is down\n$/,
  );
  await review("theo");
  expect(await list("?open=true")).toEqual([]);
  expect(await list()).toMatchObject([{ number: 1, completion: { forced: { review: { person: "Theo" } } } }]);
  expect((await sitebook(["without-gate", "--open"])).out).toBe("Nothing is to be reviewed.\n");
  expect((await sitebook(["without-gate"])).out).toContain("reviewed by Theo");
});
