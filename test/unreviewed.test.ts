import { afterEach, beforeEach, expect, test } from "vitest";
import { evidenceOfPromotion } from "../src/evidence/evidence.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let digest: string;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/a v1", "/b v1", "/c v1", "checkout 3.4.1"]);
  ({ digest } = await w.ask((await w.release("Spring")).number, "demo"));
});
afterEach(() => w.close());

const address = "/sites/shop/promotions/1";
const question = "You have reviewed 1 of 3 pages. Approve anyway, or review the rest first?";

async function tick(...keys: string[]) {
  const rows = await w.db.selectFrom("artifacts").select("id").where("key", "in", keys).execute();
  await w.as("theo").post(`${address}/looks`, { looked: rows.map((row) => row.id) });
}

const approve = (fields: Record<string, string> = {}) =>
  w.as("theo").submit(`${address}/approvals`, { decision: "approve", digest, ...fields });

const approvals = () =>
  w.db
    .selectFrom("approvals as a")
    .innerJoin("promotions as p", "p.id", "a.promotion_id")
    .select(["a.decision", "a.reviewed", "a.to_review"])
    .orderBy("p.number")
    .execute();

test("approving with 1 of 3 pages reviewed asks once, in the bar, and keeps the comment", async () => {
  await tick("/a");

  const asked = await approve({ comment: "Looks good" });
  const page = await asked.text();

  expect(asked.status).toBe(409);
  expect(words(page)).toContain(question);
  expect(page).toMatch(/class="bar verdict"|class="[^"]*verdict/);
  expect(page).toContain("Approve anyway for demo");
  expect(page).toContain("Looks good</textarea>");
  expect(await approvals()).toEqual([]);

  expect(await (await approve({ anyway: "1" })).text()).toContain("You approved it for demo.");
  expect(await approvals()).toEqual([{ decision: "approve", reviewed: 1, to_review: 3 }]);
});

test("and is kept with the approval: on its page, in the history, the API and the evidence", async () => {
  await tick("/a");
  await approve({ anyway: "1" });

  const page = async (path: string) => words(await (await w.as("vera").get(`/sites/shop${path}`)).text());
  expect(await page("/promotions/1")).toContain("Theo (Tester) approved 3 Mar, 10:00, reviewed 1 of 3");
  expect(await page("/history")).toContain(
    "Theo approved promotion 1, Spring, for demo (Tester), reviewed 1 of 3 pages.",
  );
  const viewer = await w.token("viewer");
  expect(await (await viewer.get("/sites/shop/promotions/1")).json()).toMatchObject({
    approvals: [{ reviewed: 1, to_review: 3 }],
  });
  const evidence = await evidenceOfPromotion(w.db, w.site, 1, { whole: false });
  expect(evidence.approvals).toMatchObject([{ person: "Theo", person_kind: "person", reviewed: 1, to_review: 3 }]);
});

test("nothing is asked once all are reviewed, or if no page changes, and never before a rejection", async () => {
  await tick("/a", "/b", "/c");
  expect(await (await approve()).text()).toContain("You approved it for demo.");
  expect(await approvals()).toEqual([{ decision: "approve", reviewed: 3, to_review: 3 }]);

  await w.record("beta", ["worker 1.0"]);
  const second = await w.ask((await w.release("Worker", ["worker"])).number, "demo");
  const fields = { decision: "approve", digest: second.digest };
  await w.as("theo").post("/sites/shop/promotions/2/approvals", fields);
  expect((await approvals())[1]).toEqual({ decision: "approve", reviewed: null, to_review: null });

  await w.record("beta", ["/d v1"]);
  const third = await w.ask((await w.release("Third", ["/d"])).number, "demo");
  const rejection = { decision: "reject", digest: third.digest, comment: "No" };
  await w.as("theo").post("/sites/shop/promotions/3/approvals", rejection);
  expect((await approvals())[2]).toEqual({ decision: "reject", reviewed: 0, to_review: 1 });
});

test("a person who may not decide gets that reason, and a machine is not asked", async () => {
  const refused = await w.as("vera").post(`${address}/approvals`, { decision: "approve", digest });
  expect(refused.status).toBe(403);
  expect(await refused.text()).not.toContain("Approve anyway for");

  const tester = await w.token("tester");
  expect((await tester.post(`${address}/approvals`, { decision: "approve", digest })).status).toBe(201);
  expect(await approvals()).toEqual([{ decision: "approve", reviewed: null, to_review: null }]);
});
