import { afterEach, beforeEach, expect, test } from "vitest";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { liftMark, markAsBad } from "../src/releases/bad-releases.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.release("Winter", ["/sale"]);
});
afterEach(() => w.close());

const page = async (path: string, name: Name = "ada") =>
  words(await (await w.as(name).get(`/sites/shop/${path}`)).text());

const mark = async (name: Name, reason = "The prices are wrong") =>
  markAsBad(w.db, await w.by(name), w.site, 1, reason);
const lift = async (name: Name, reason = "They are right after all") =>
  liftMark(w.db, await w.by(name), w.site, 1, reason);

const sentence = "Release 1 was marked as bad by Theo: The prices are wrong.";

test("a tester marks a release as bad, and it is promoted nowhere until the mark is lifted", async () => {
  const marked = await w.as("theo").submit("/sites/shop/releases/1/bad", { reason: "The prices are wrong", key: "k" });
  const shown = words(await marked.text());
  expect(shown).toContain("Release 1 marked as bad. It cannot be promoted until the mark is lifted.");
  expect(shown).toContain("Marked as bad by Theo");
  expect(await page("releases")).toContain("marked as bad");
  expect(await page("releases/1")).toContain(sentence);
  await expect(w.ask(1, "demo")).rejects.toThrow(sentence);
  const refused = await w.as("ada").post("/sites/shop/promotions", { release: "1", to: "demo", key: "a" });
  expect([refused.status, words(await refused.text())]).toEqual([409, expect.stringContaining(sentence)]);

  const lifted = await w.as("theo").submit("/sites/shop/releases/1/bad/lift", { reason: "They are right", key: "l" });
  expect(words(await lifted.text())).toContain("Release 1 can be promoted again.");
  expect(await w.ask(1, "demo")).toMatchObject({ state: "waiting" });
  const history = await page("history");
  expect(history).toContain("Theo marked release 1, Winter, as bad. The prices are wrong");
  expect(history).toContain("Theo lifted the mark as bad from release 1, Winter. They are right");
});

test("a mark blocks the approval and the completion of a promotion that is open already", async () => {
  const { number, digest } = await w.ask(1, "demo");
  await mark("theo");
  await expect(decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest })).rejects.toThrow(
    sentence,
  );
  const promotion = await page(`promotions/${number}`);
  expect(promotion).toContain("Blocked: its release is marked as bad. Request a newer release, or cancel it.");
  expect(promotion).toContain(sentence);
  expect(await page("approvals")).toContain(sentence);
  expect(await page("approvals", "theo")).toContain("Nothing needs you.");

  await lift("theo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await mark("theo");
  await expect(complete(w.db, await w.by("ada"), w.site, number, {})).rejects.toThrow(sentence);
  const api = await w.token("account-manager");
  const shown = await (await api.get(`/sites/shop/promotions/${number}`)).json();
  expect(shown).toMatchObject({ state: "approved", blockers: [{ code: "release_bad", message: sentence }] });
  const can = await (await api.get("/sites/shop/can-promote?release=1&to=demo")).json();
  expect(can).toMatchObject({ allowed: false, blockers: [{ code: "release_bad" }] });

  await lift("theo");
  expect(await complete(w.db, await w.by("ada"), w.site, number, {})).toMatchObject({ state: "completed" });
});

test("the mark names who set it, and it needs a reason and something to mark", async () => {
  await expect(mark("ada", " ")).rejects.toThrow("Enter a reason.");
  await expect(lift("ada")).rejects.toThrow("Release 1 is not marked as bad.");
  await mark("theo");
  await expect(mark("ada")).rejects.toThrow(`${sentence} It cannot be marked twice.`);
  await expect(lift("ada", "")).rejects.toThrow("Enter a reason.");
  const empty = await w.as("ada").post("/sites/shop/releases/1/bad/lift", { reason: "", key: "k" });
  expect([empty.status, words(await empty.text())]).toEqual([422, expect.stringContaining("Enter a reason.")]);
  expect(await w.db.selectFrom("release_marks").selectAll().execute()).toHaveLength(1);
  await expect(markAsBad(w.db, await w.by("ada"), w.site, 9, "No")).rejects.toThrow("Release 9 not found.");
});

test("approvers, account managers and administrators mark releases, and nobody else", async () => {
  for (const name of ["theo", "mara", "ada", "iris"] as const) {
    await mark(name);
    await lift(name);
  }
  for (const name of ["vera", "cleo"] as const) {
    await expect(mark(name)).rejects.toThrow("You may not mark releases as bad on this site.");
    expect(await page("releases/1", name)).not.toContain("Mark as bad");
  }
  expect((await w.as("oskar").post("/sites/shop/releases/1/bad", { reason: "No" })).status).toBe(404);
});

test("two people who mark it at once set one mark", async () => {
  const outcomes = await Promise.allSettled([mark("theo"), mark("ada"), mark("iris")]);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await w.db.selectFrom("release_marks").selectAll().execute()).toHaveLength(1);
});

test("a machine marks once with its key, and its mark is in the record", async () => {
  const api = await w.token("tester");
  const post = () => api.post("/sites/shop/releases/1/bad", { reason: "Tests failed" }, { "idempotency-key": "ci-7" });
  const [first, second] = [await post(), await post()];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(await first.json()).toMatchObject({
    number: 1,
    bad: { reason: "Tests failed", person: "tester token", person_kind: "machine" },
  });
  const lifted = await api.post("/sites/shop/releases/1/bad/lift", { reason: "Flaky" });
  expect(await lifted.json()).toMatchObject({ bad: null });
  expect((await (await w.token("viewer")).post("/sites/shop/releases/1/bad", { reason: "No" })).status).toBe(403);

  const before = await w.db.selectFrom("release_marks").selectAll().orderBy("id").execute();
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  await rebuild(w.db, w.site.id);
  expect(await w.db.selectFrom("release_marks").selectAll().orderBy("id").execute()).toEqual(before);
});
