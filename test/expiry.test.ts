import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verify } from "../src/integrity/verify.ts";
import { takeJob } from "../src/jobs/queue.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { expireApprovals, expirePromotion } from "../src/promotions/expiry.ts";
import { decide, promotionOf } from "../src/promotions/promotions.ts";
import type { Action } from "../src/record/events.ts";
import { liftMark, markAsBad } from "../src/releases/bad-releases.ts";
import { addMs } from "../src/time/add.ts";
import { setGate } from "./support/gates.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
});
afterEach(() => w.close());

const page = "/sites/shop/promotions/1";
const tester = [{ role: "tester", count: 1 }];
const handlers = { promotion_expiry: expirePromotion, approval_expiry: expireApprovals };
const runJobs = () => runDueJobs(w.db, handlers, () => w.clock.at);
const stateOf = async () => (await promotionOf(w.db, w.site, 1)).state;

const days = (count: number) => {
  w.clock.at = addMs(w.clock.at, count * 24 * 60 * 60 * 1000);
};

const eventsOf = async (action: Action) =>
  (await w.db.selectFrom("events").select("seq").where("action", "=", action).execute()).length;

/** Does what is due without marking it as done, as a server that is killed in between; its lease has run out afterwards. */
async function runKilled() {
  for (;;) {
    const job = await takeJob(w.db, Object.keys(handlers), w.clock.at);
    if (!job) break;
    await handlers[job.kind as keyof typeof handlers](w.db, job, w.clock.at);
  }
  expect(await w.db.selectFrom("jobs").select("id").where("done_at", "is", null).execute()).not.toEqual([]);
  w.clock.at = addMs(w.clock.at, 5 * 60_000);
}

async function requested() {
  const { number: release } = await w.release("Spring", ["/sale"]);
  return w.ask(release, "demo");
}

const approve = async (digest: string) => decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });

describe("a promotion that is not completed in time", () => {
  beforeEach(() => setGate(w, "demo", { requirements: tester, promotion_days: 14 }));

  test("expires, which the page, the API and the history say", async () => {
    await requested();
    days(13);
    await runJobs();
    expect(await stateOf()).toBe("waiting");
    days(1);
    await runJobs();
    expect(await stateOf()).toBe("expired");
    const text = await (await w.as("ada").get(page)).text();
    expect(text).toContain("It was not completed within 14 days.");
    const list = await (await w.token("viewer")).get("/sites/shop/promotions?state=expired");
    expect(await list.json()).toMatchObject({ items: [{ number: 1, state: "expired" }] });
    expect(await (await w.as("vera").get("/sites/shop/history")).text()).toContain(
      "It was not completed within 14 days.",
    );
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("can be neither approved nor completed from that moment on, even before the background work comes to it", async () => {
    const { digest } = await requested();
    days(14);
    await expect(approve(digest)).rejects.toThrow("Promotion 1 has expired.");
    const late = await w.as("ada").post(`${page}/completion`);
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("Promotion 1 has expired.")]);
    await runJobs();
    await expect(approve(digest)).rejects.toThrow("Promotion 1 has expired.");
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(409);
  });

  test("is completed without its gate only if its release is not bad, and all that blocked it is kept", async () => {
    await requested();
    const force = async () => completeWithoutGate(w.db, await w.by("iris"), w.site, 1, { reason: "The shop is down" });
    await markAsBad(w.db, await w.by("theo"), w.site, 1, "Wrong prices");
    days(14);
    await runJobs();
    expect(await (await w.as("iris").get(page)).text()).not.toContain("Complete without the gate");
    await expect(force()).rejects.toThrow("Release 1 was marked as bad by Theo: Wrong prices. Lift the mark first.");
    expect(await stateOf()).toBe("expired");

    await liftMark(w.db, await w.by("theo"), w.site, 1, "They are right");
    expect(await (await w.as("iris").get(page)).text()).toContain("Complete without the gate");
    expect((await force()).completion?.forced?.blockers).toMatchObject([
      { code: "expired", message: "Promotion 1 has expired." },
      { code: "approvals_missing", message: "Tester has not approved it yet." },
    ]);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("ends once, if two servers do it at the same moment, or again after a kill", async () => {
    const { id } = await promotionOf(w.db, w.site, (await requested()).number);
    days(14);
    const job = { id: "j", site_id: w.site.id, kind: "promotion_expiry", ref: id, attempts: 1, lease_until: "" };
    await Promise.all([expirePromotion(w.db, job, w.clock.at), expirePromotion(w.db, job, w.clock.at)]);
    await runJobs();
    expect(await eventsOf("promotion_expired")).toBe(1);
  });

  test("ends once, if its server is killed after that and before the job is marked as done", async () => {
    await requested();
    days(14);
    await runKilled();
    expect(await stateOf()).toBe("expired");
    await runJobs();
    expect(await eventsOf("promotion_expired")).toBe(1);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("does not expire if it was completed before", async () => {
    const { digest } = await requested();
    await approve(digest);
    await w.as("ada").post(`${page}/completion`);
    days(20);
    await runJobs();
    expect(await stateOf()).toBe("completed");
  });
});

describe("an approval that is too old", () => {
  beforeEach(() => setGate(w, "demo", { requirements: tester, approval_days: 7 }));

  test("no longer counts: the promotion waits again, and can be approved again", async () => {
    const { digest } = await requested();
    await approve(digest);
    days(7);
    const late = await w.as("ada").post(`${page}/completion`);
    expect([late.status, await late.text()]).toEqual([
      409,
      expect.stringContaining("The approval by Theo has expired."),
    ]);
    await runJobs();
    expect(await stateOf()).toBe("waiting");
    expect(await (await w.as("ada").get(page)).text()).toContain("approved, which has expired");
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
    await approve(digest);
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
  });

  test("expires once, if its server is killed after that, and the one that is given meanwhile counts", async () => {
    const { digest } = await requested();
    await approve(digest);
    days(7);
    await runKilled();
    await approve(digest);
    await runJobs();
    expect(await stateOf()).toBe("approved");
    expect(await eventsOf("approval_expired")).toBe(1);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("can be given again at once, before the background work comes to it", async () => {
    const { digest } = await requested();
    await approve(digest);
    days(7);
    await approve(digest);
    await runJobs();
    expect(await stateOf()).toBe("approved");
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("that was withdrawn and given again expires by the later one", async () => {
    const { digest } = await requested();
    await approve(digest);
    days(3);
    await w.as("theo").post(`${page}/withdrawal`, { withdrawal: "Wait" });
    await approve(digest);
    days(4);
    await runJobs();
    expect(await stateOf()).toBe("approved");
    days(3);
    await runJobs();
    expect(await stateOf()).toBe("waiting");
  });
});
