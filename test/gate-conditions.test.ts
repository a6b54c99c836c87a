import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadInbox } from "../src/promotions/inbox.ts";
import { decide, promotionOf } from "../src/promotions/promotions.ts";
import { setGate } from "./support/gates.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = "/sites/shop/promotions/1";
const tester = [{ role: "tester", count: 1 }];

async function requested() {
  await w.record("beta", ["/sale v1", "/terms v1"]);
  const { number: release } = await w.release("Spring", ["/sale", "/terms"]);
  return w.ask(release, "demo");
}

async function approved() {
  const { digest } = await requested();
  await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
}

const later = (hours: number) => {
  w.clock.at = new Date(Date.parse(w.clock.at) + hours * 60 * 60 * 1000).toISOString();
};

describe("a soak time", () => {
  beforeEach(() => setGate(w, "demo", { requirements: tester, soak_hours: 24 }));

  test("lets a promotion be completed once its contents have been on beta that long", async () => {
    await approved();
    later(3);
    const refused = await w.as("ada").post(`${page}/completion`);
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining(
        "/sale (and 1 more) has to be on beta for 24 hours before it goes to demo: 21 more hours.",
      ),
    ]);
    later(20.5);
    expect(await (await w.as("ada").get(page)).text()).toContain("1 more hour.");
    later(0.5);
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
  });

  test("asks nobody to complete or settle anything before", async () => {
    await approved();
    const piles = async () => {
      const { complete, blocked } = await loadInbox(w.db, await w.by("ada"), w.site, { before: undefined, limit: 10 });
      return { complete: complete.length, blocked: blocked.length };
    };
    expect(await piles()).toEqual({ complete: 0, blocked: 0 });
    later(24);
    expect(await piles()).toEqual({ complete: 1, blocked: 0 });
  });
});

describe("a checklist", () => {
  beforeEach(() => setGate(w, "demo", { requirements: tester, checklist: ["Stock is ready", "Prices are <checked>"] }));

  test("blocks completion until each line is ticked, with the name of who did", async () => {
    await approved();
    expect(await (await w.as("ada").post(`${page}/completion`)).text()).toContain(
      "Not ticked on the checklist: “Stock is ready” and “Prices are &lt;checked&gt;”.",
    );
    await w.as("ada").submit(`${page}/checklist`, { line: "Stock is ready", ticked: "1" });
    await w.as("theo").submit(`${page}/checklist`, { line: "Prices are <checked>", ticked: "1" });
    const { checklist } = await promotionOf(w.db, w.site, 1);
    expect(checklist.map(({ tick }) => tick?.person)).toEqual(["Ada", "Theo"]);
    expect(await (await w.as("vera").get("/sites/shop/history")).text()).toContain("ticked “Stock is ready” for ");
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
  });

  test("can be unticked, and both are kept", async () => {
    await approved();
    for (const ticked of ["1", "1", ""])
      await w.as("ada").submit(`${page}/checklist`, { line: "Stock is ready", ticked });
    expect((await promotionOf(w.db, w.site, 1)).checklist[0]?.tick).toBeNull();
    const rows = await w.db.selectFrom("checklist_ticks").select("ticked").orderBy("seq").execute();
    expect(rows.map(({ ticked }) => ticked)).toEqual([1, 0]);
  });

  test("is for those who approve or complete, and for its own lines", async () => {
    await requested();
    const post = (name: "vera" | "oskar" | "ada", line: string) =>
      w.as(name).post(`${page}/checklist`, { line, ticked: "1" });
    const viewer = await post("vera", "Stock is ready");
    expect([viewer.status, await viewer.text()]).toEqual([
      403,
      expect.stringContaining("Only those who approve or complete promotions can tick its checklist."),
    ]);
    expect((await post("oskar", "Stock is ready")).status).toBe(404);
    expect((await post("ada", "Another line")).status).toBe(422);
    expect((await promotionOf(w.db, w.site, 1)).checklist.every(({ tick }) => tick === null)).toBe(true);
  });

  test("is in the API", async () => {
    await requested();
    const manager = await w.token("account-manager");
    const answer = await manager.post("/sites/shop/promotions/1/checklist", { line: "Stock is ready", ticked: true });
    expect([answer.status, await answer.json()]).toMatchObject([
      201,
      { checklist: [{ line: "Stock is ready", kind: "machine", ticked_at: w.clock.at }, { ticked_by: null }] },
    ]);
  });
});

describe("a fresh sign-in", () => {
  beforeEach(() => setGate(w, "demo", { requirements: tester, fresh_sign_in: true }));

  test("is asked for before an approval, and leads back to the promotion", async () => {
    const { digest } = await requested();
    const theo = w.as("theo");
    await theo.get(page);
    later(1);
    expect(await (await theo.get(page)).text()).toContain("/sign-in?again=1&amp;next=%2Fsites%2Fshop%2Fpromotions%2F1");
    const refused = await theo.post(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining("To approve for demo, sign in again first"),
    ]);
    expect((await theo.get(`/sign-in?again=1&next=${page}`)).status).toBe(200);
    const back = await theo.post("/sign-in", {
      email: "theo@example.test",
      password: "correct horse battery",
      next: page,
    });
    expect(back.headers.get("location")).toBe(page);
    await theo.post(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect((await promotionOf(w.db, w.site, 1)).state).toBe("approved");
  });

  test("is nothing a token has; a rejection needs none", async () => {
    const { digest } = await requested();
    const machine = await w.token("tester");
    const approvals = "/sites/shop/promotions/1/approvals";
    expect((await machine.post(approvals, { decision: "approve", digest })).status).toBe(409);
    expect((await machine.post(approvals, { decision: "reject", digest, comment: "No" })).status).toBe(201);
  });
});
