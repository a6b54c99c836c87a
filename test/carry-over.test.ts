import { afterEach, beforeEach, expect, test } from "vitest";
import type { GateRules } from "../src/access/gates.ts";
import { createSecrets } from "../src/access/secrets.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { decide } from "../src/promotions/promotions.ts";
import { withdrawApproval } from "../src/promotions/withdrawals.ts";
import { createRelease } from "../src/releases/releases.ts";
import { createWebhook } from "../src/webhooks/webhooks.ts";
import { machine } from "./support/api.ts";
import { setGate } from "./support/gates.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1", "/terms v1", "/new v1"]);
});
afterEach(() => w.close());

const twoTesters = [{ role: "tester", count: 2 }];

/** Theo approves a release of three pages; then one is fixed, and Ada requests promotion 2, of a release made from it. */
async function remade(
  carry_over: GateRules["carry_over"],
  { ticked = true, between }: { ticked?: boolean; between?: () => Promise<unknown> } = {},
) {
  await setGate(w, "demo", { requirements: twoTesters, carry_over });
  await w.release("Sale", ["/sale", "/terms", "/new"]);
  const first = await w.ask(1, "demo");
  if (ticked) await tick(1, "/sale", "/terms", "/new");
  await approve(first);
  await between?.();
  await w.record("beta", ["/sale v2"]);
  const contents = Object.entries({ "/sale": "v2", "/terms": "v1", "/new": "v1" }).map(([key, version]) => ({
    kind: "page" as const,
    key,
    version,
  }));
  await createRelease(w.db, await w.by("ada"), w.site, { name: "Sale (2)", contents, made_from: 1 });
  return w.ask(2, "demo");
}

const approve = async ({ number, digest }: { number: number; digest: string }) =>
  decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });

async function tick(number: number, ...keys: string[]) {
  const rows = await w.db.selectFrom("artifacts").select(["id", "key"]).execute();
  const looked = rows.filter(({ key }) => keys.includes(key)).map(({ id }) => id);
  await w.as("theo").post(`/sites/shop/promotions/${number}/looks`, { shown: rows.map(({ id }) => id), looked });
}

const page = async (number = 2) => words(await (await w.as("theo").get(`/sites/shop/promotions/${number}`)).text());

test("only the page that was fixed needs another review, and the approval names what it took over", async () => {
  const promotion = await remade("page");
  const shown = await page();
  expect(shown).toContain("You have reviewed 2 of 3.");
  expect(shown.match(/approved by Theo on promotion 1/g)).toHaveLength(2);
  expect(shown).not.toMatch(/\/sale approved by/);
  await tick(2, "/sale", "/terms", "/new");
  await approve(promotion);

  expect(await page()).toContain("reviewed 3 of 3, 2 pages carried over from promotion 1");
  expect(words(await (await w.as("vera").get("/sites/shop/history")).text())).toContain(
    "approved promotion 2, Sale (2), for demo (Tester), reviewed 3 of 3 pages, 2 pages carried over from promotion 1.",
  );
  const { body } = await (await machine(w, "viewer")).get("/sites/shop/promotions/2");
  expect(body.approvals[0].carried_over).toEqual({ promotion: 1, pages: ["/new", "/terms"] });
  const verdict = await verify(w.db, w.site.id);
  expect(verdict).toHaveProperty("head");
  expect(await rebuild(w.db, w.site.id)).toEqual(verdict);
  expect(await page()).toContain("2 pages carried over from promotion 1");
});

test("a webhook is told that an approval was carried over", async () => {
  const secrets = createSecrets({ databaseUrl: "file::memory:" });
  const request = { name: "CI", shape: "standard", url: "https://ci.example.test/", types: ["approval.carried_over"] };
  await createWebhook(w.db, await w.by("iris"), w.site, request, { secrets, isAllowed: () => true });
  await approve(await remade("page"));
  await writeNotices(w.db, w.clock.at, false);
  expect(await w.db.selectFrom("webhook_deliveries").select("type").execute()).toEqual([
    { type: "approval.carried_over" },
  ]);
});

test("a page whose tick is removed is not carried over", async () => {
  const promotion = await remade("page");
  await tick(2, "/sale", "/new");
  const { approvals } = await approve(promotion);
  expect(approvals[0]?.carried_over).toEqual({ promotion: 1, pages: ["/new"] });
});

test("nothing is approved by itself: the promotion waits for a click", async () => {
  const promotion = await remade("page");
  expect([promotion.state, promotion.approvals]).toEqual(["waiting", []]);
});

test("nothing is offered where the gate says never", async () => {
  const promotion = await remade("never");
  expect(await page()).toContain("You have reviewed 0 of 3.");
  expect(await page()).not.toContain("approved by Theo on promotion 1");
  expect((await approve(promotion)).approvals[0]?.carried_over).toBeNull();
});

test("all or none: nothing if a page was approved without a review", async () => {
  await remade("release", { ticked: false });
  expect(await page()).toContain("You have reviewed 0 of 3.");
});

test("all or none: every page that stays the same, if all were reviewed", async () => {
  await remade("release");
  expect(await page()).toContain("You have reviewed 2 of 3.");
});

test("an approval that was withdrawn is not offered", async () => {
  await remade("page", { between: async () => withdrawApproval(w.db, await w.by("theo"), w.site, 1, "Too early") });
  expect(await page()).toContain("You have reviewed 0 of 3.");
});

test("it is offered to nobody else, and not on a release that was not made from the earlier one", async () => {
  await remade("page");
  const mara = words(await (await w.as("mara").get("/sites/shop/promotions/2")).text());
  expect(mara).toContain("approved by Theo on promotion 1");
  expect(mara).not.toContain("You have reviewed 2");
  await w.record("beta", ["/sale v3"]);
  await w.release("Another", ["/sale", "/terms", "/new"]);
  await w.ask(3, "demo");
  expect(await page(3)).toContain("You have reviewed 0 of 3.");
});
