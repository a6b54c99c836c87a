import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verify } from "../src/integrity/verify.ts";
import { decide, promotionOf } from "../src/promotions/promotions.ts";
import { setGate } from "./support/gates.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1", "checkout 3.4.1"]);
});
afterEach(() => w.close());

/** Requests promotion of the sale page to demo. */
async function requested() {
  const { number: release } = await w.release("Spring", ["/sale"]);
  return w.ask(release, "demo");
}

const page = "/sites/shop/promotions/1";
const text = async (response: Response | Promise<Response>) => (await response).text();
const stateOf = async () => (await promotionOf(w.db, w.site, 1)).state;
const withRole = (person: Name, role: string) =>
  w.db
    .insertInto("memberships")
    .values({ site_id: w.site.id, person_id: w.people[person].id, role, since: w.clock.at })
    .execute();

describe("withdrawing an approval", () => {
  test("makes the promotion wait again, and stays on record with its reason", async () => {
    const { digest } = await requested();
    const theo = w.as("theo");
    await theo.submit(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect(await stateOf()).toBe("approved");

    const after = await text(theo.submit(`${page}/withdrawal`, { withdrawal: "The price is wrong" }));
    expect(after).toContain("You withdrew your approval.");
    expect(after).toContain("The price is wrong");
    expect(await stateOf()).toBe("waiting");
    expect(await text(w.as("vera").get("/sites/shop/history"))).toContain("withdrew the approval of ");
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(409);

    await theo.submit(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect(await stateOf()).toBe("approved");
    expect((await w.as("ada").submit(`${page}/completion`)).status).toBe(200);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("needs a reason, which is asked for beside its field", async () => {
    const { digest } = await requested();
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    const response = await w.as("theo").post(`${page}/withdrawal`, { withdrawal: " " });
    expect([response.status, await response.text()]).toEqual([
      422,
      expect.stringContaining("A withdrawal needs a reason."),
    ]);
    expect(await stateOf()).toBe("approved");
  });

  test("is for who approved it, and only until it has ended", async () => {
    const { digest } = await requested();
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    expect(await text(w.as("mara").post(`${page}/withdrawal`, { withdrawal: "No" }))).toContain(
      "You have not approved promotion 1.",
    );
    expect((await w.as("oskar").post(`${page}/withdrawal`, { withdrawal: "No" })).status).toBe(404);
    await w.as("ada").post(`${page}/completion`);
    const late = await w.as("theo").post(`${page}/withdrawal`, { withdrawal: "No" });
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("Promotion 1 has been completed.")]);
  });

  test("at the same moment as the completion, one of them wins", async () => {
    const { digest } = await requested();
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    const results = await Promise.all([
      w.as("ada").post(`${page}/completion`),
      w.as("theo").post(`${page}/withdrawal`, { withdrawal: "Wait" }),
    ]);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([303, 409]));
    expect(["completed", "waiting"]).toContain(await stateOf());
  });

  test("is in the API, where the approval says when and why", async () => {
    const { digest } = await requested();
    const machine = await w.token("tester");
    const approvals = "/sites/shop/promotions/1/approvals";
    await machine.post(approvals, { decision: "approve", digest });
    const withdrawal = await machine.post("/sites/shop/promotions/1/withdrawal", { reason: "Built wrongly" });
    expect(withdrawal.status).toBe(201);
    expect(await withdrawal.json()).toMatchObject({
      state: "waiting",
      approvals: [{ decision: "approve", withdrawn_at: w.clock.at, withdrawal_reason: "Built wrongly" }],
    });
  });
});

describe("a person with two roles of the gate", () => {
  beforeEach(async () => {
    const requirements = ["tester", "marketing"].map((role) => ({ role, count: 1 }));
    await setGate(w, "demo", { requirements });
    await withRole("theo", "marketing");
  });

  test("selects the role in which they approve, and counts once", async () => {
    const { digest } = await requested();
    const theo = w.as("theo");
    const refused = await theo.post(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining("You can approve as Tester or Marketing, and count once. Select the role."),
    ]);
    await theo.submit(`${page}/approvals`, { decision: "approve", digest, role: "marketing", anyway: "1" });
    await theo.submit(`${page}/approvals`, { decision: "approve", digest, role: "tester", anyway: "1" });
    expect((await promotionOf(w.db, w.site, 1)).requirements).toMatchObject([{ given: 0 }, { given: 1 }]);
  });

  test.each([
    ["theo", "mara"],
    ["mara", "theo"],
  ] as const)("gives the same result if %s decides before %s", async (...order) => {
    const { digest } = await requested();
    for (const name of order) {
      const role = name === "theo" ? "tester" : "marketing";
      await decide(w.db, await w.by(name), w.site, 1, { decision: "approve", digest, role });
    }
    expect(await stateOf()).toBe("approved");
  });
});

describe("a gate", () => {
  test("that wants people is not approved by a token", async () => {
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], machines_may_approve: false });
    const { digest } = await requested();
    const answer = await (await w.token("tester")).post("/sites/shop/promotions/1/approvals", {
      decision: "approve",
      digest,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { detail: "demo needs approval by people, so a token cannot decide." },
    ]);
    expect((await w.as("theo").post(`${page}/approvals`, { decision: "approve", digest, anyway: "1" })).status).toBe(
      303,
    );
  });

  test("that excludes those who recorded the contents names others who can approve", async () => {
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], recorders_may_approve: false });
    await withRole("cleo", "tester");
    const { digest, blockers } = await requested();
    expect(blockers).toMatchObject([{ code: "approvals_missing", message: expect.stringContaining("Theo can.") }]);
    await expect(decide(w.db, await w.by("cleo"), w.site, 1, { decision: "approve", digest })).rejects.toThrow(
      "You recorded something in this release, so someone else has to decide.",
    );
    await decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    expect(await stateOf()).toBe("approved");
  });

  test("that asks to review all pages refuses an approval before, whatever is pressed", async () => {
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], all_reviewed: true });
    const { digest } = await requested();
    const refused = await w.as("theo").post(`${page}/approvals`, { decision: "approve", digest, anyway: "1" });
    expect([refused.status, await refused.text()]).toEqual([
      409,
      expect.stringContaining("This gate asks that you review all of them before you approve."),
    ]);
    const { artifact_id } = await w.db.selectFrom("release_contents").select("artifact_id").executeTakeFirstOrThrow();
    const ticks = { shown: artifact_id, looked: artifact_id };
    await w.as("theo").post(`${page}/approvals`, { decision: "approve", digest, ...ticks });
    expect(await stateOf()).toBe("approved");
  });

  test("that does not check requirements lets a page go whose software is missing", async () => {
    await setGate(w, "demo", { requirements: [], check_requirements: false });
    const placements = [{ kind: "page", key: "/sale", version: "v2", requires: { checkout: ">=9" } }];
    await (await w.token("contributor")).post("/sites/shop/environments/beta/deployments", { placements });
    expect((await requested()).blockers).toEqual([]);
  });
});
