import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endFreeze, setFreeze } from "../src/freezes/freezes.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { completeWithoutGate } from "../src/promotions/break-glass.ts";
import { goLive } from "../src/promotions/go-live.ts";
import { cancel, complete, decide, promotionOf, requestPromotion } from "../src/promotions/promotions.ts";
import { rollBack } from "../src/promotions/rollback.ts";
import { schedulePromotion } from "../src/promotions/schedule.ts";
import { noPlan, type Plan } from "../src/promotions/schedule-rules.ts";
import { takeDown } from "../src/promotions/take-down.ts";
import { withdrawApproval } from "../src/promotions/withdrawals.ts";
import { setGate } from "./support/gates.ts";
import { words } from "./support/words.ts";
import { environmentOf, lived, type World } from "./support/world.ts";

const at = "2026-03-05T22:00:00.000Z";
const byItself = { ...noPlan, go_live_at: at, by_itself: true };
const page = "/sites/shop/promotions/1";

/** A release of one page for demo, requested at 10:00 on 3 March to go live on 5 March, 22:00, by itself. */
const planned = lived(async (w) => {
  await w.record("beta", ["/sale v1"]);
  await w.release("Spring", ["/sale"]);
  await requestPromotion(w.db, await w.by("ada"), w.site, { release: 1, to: "demo", plan: byItself });
});

let w: World;
beforeEach(async () => {
  w = await planned();
});
afterEach(() => w.close());

const handlers = { go_live: goLive, take_down: takeDown };
const work = () => runDueJobs(w.db, handlers, () => w.clock.at);
const promotion = (number = 1) => promotionOf(w.db, w.site, number);
const stateNow = async () => (await promotion()).state;
const events = async (action: string) =>
  (await w.db.selectFrom("events").select("seq").where("action", "=", action).execute()).length;

const workAt = async (time: string) => {
  w.clock.at = time;
  await work();
};
const approve = async () =>
  decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest: (await promotion()).digest });
const plan = async (plan: Partial<Plan>, who: "ada" | "theo" | "iris" = "ada") =>
  schedulePromotion(w.db, await w.by(who), w.site, 1, { ...noPlan, ...plan });
const text = async (who: "ada" | "theo" | "vera", address: string) => (await w.as(who).get(address)).text();

describe("an approved promotion whose deployment happens by itself", () => {
  beforeEach(approve);

  test("is completed by Sitebook at its moment and not before, which the pages and the history say", async () => {
    await workAt("2026-03-05T21:59:59.999Z");
    expect(await stateNow()).toBe("approved");
    await workAt("2026-03-05T22:00:04.000Z");
    expect(await promotion()).toMatchObject({
      state: "completed",
      completion: { person: "Sitebook", effective_at: at, completed_at: "2026-03-05T22:00:04.000Z" },
    });
    expect(await text("vera", page)).toContain("Sitebook");
    const history = (await text("vera", "/sites/shop/history")).replace(/<[^>]+>/g, "");
    expect(history).toContain("as Ada had planned");
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
    await rebuild(w.db, w.site.id);
    expect((await promotion()).schedule).toMatchObject({ go_live_at: at, by_itself: true, person: "Ada" });
  });

  test("shows its moment to approvers, on the inbox, the board and the calendar, before it comes", async () => {
    const requested = await w.as("theo").get(page);
    expect(await requested.text()).toContain("when the deployment happens by itself");
    expect(await text("ada", "/sites/shop/approvals")).toContain("Planned for");
    expect(await text("ada", "/sites/shop/approvals?show=needs")).not.toContain("Spring");
    expect(await text("vera", "/sites/shop")).toContain("planned for 5 Mar, 22:00");
    expect(await text("vera", "/sites/shop/calendar?month=2026-03")).toContain("planned, by itself");
    expect(await text("vera", "/sites/shop/history")).toContain("when the deployment happens by itself");
  });

  test("is completed once, by two servers and after a kill", async () => {
    const { id } = await promotion();
    w.clock.at = "2026-03-05T22:00:01.000Z";
    const job = { id: "j", site_id: w.site.id, kind: "go_live", ref: id, attempts: 1, lease_until: "" };
    await Promise.all([goLive(w.db, job, w.clock.at), goLive(w.db, job, w.clock.at), work(), work()]);
    await goLive(w.db, job, w.clock.at);
    expect(await stateNow()).toBe("completed");
    expect([await events("promotion_completed"), await events("promotion_due")]).toEqual([1, 0]);
  });

  test("is completed as of its moment, if Sitebook was not running then", async () => {
    await workAt("2026-03-06T08:00:00.000Z");
    expect((await promotion()).completion).toMatchObject({ effective_at: at, completed_at: w.clock.at });
    expect(await text("vera", page)).toContain("recorded 10 hours later");
  });

  test("is completed neither early nor twice on a clock that was set back", async () => {
    w.clock.at = "2026-03-06T12:00:00.000Z";
    await w.record("beta", ["/other v1"]);
    await workAt("2026-03-05T20:00:00.000Z");
    expect(await stateNow()).toBe("approved");
    await workAt("2026-03-05T22:00:00.000Z");
    expect(await stateNow()).toBe("completed");
    await workAt("2026-03-05T21:00:00.000Z");
    await workAt("2026-03-05T22:00:00.000Z");
    expect([await events("promotion_completed"), await events("promotion_due")]).toEqual([1, 0]);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("stays as it is during a freeze, which those who complete it are told, and can be completed afterwards", async () => {
    const ada = await w.by("ada");
    const demo = environmentOf(w.site, "demo");
    const freeze = { from: "2026-03-05T21:00:00.000Z", until: "2026-03-05T23:00:00.000Z", reason: "Deliveries" };
    await setFreeze(w.db, ada, w.site, demo, freeze);
    await workAt("2026-03-05T22:00:02.000Z");
    await work();
    expect([await stateNow(), await events("promotion_due")]).toEqual(["approved", 1]);
    for (const address of [page, "/sites/shop/approvals?show=needs", "/sites/shop/history"])
      expect(await text("ada", address)).toContain("demo is frozen until 5 Mar, 23:00 (Deliveries), set by Ada.");
    expect(await text("ada", "/sites/shop/approvals?show=needs")).toContain("Planned, now due");
    expect(await text("theo", "/sites/shop/approvals?show=needs")).not.toContain("Spring");
    w.clock.at = "2026-03-05T23:30:00.000Z";
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("is not completed late if a freeze covered its moment, even if it is over by then", async () => {
    const freeze = { from: "2026-03-05T21:00:00.000Z", until: "2026-03-05T23:00:00.000Z", reason: "Deliveries" };
    await setFreeze(w.db, await w.by("ada"), w.site, environmentOf(w.site, "demo"), freeze);
    await workAt("2026-03-06T08:00:00.000Z");
    expect(await stateNow()).toBe("approved");
    expect((await promotion()).schedule?.go_live_due?.reason).toContain("At the planned moment: demo is frozen");
  });

  test("is not completed late if the line was stopped after its moment", async () => {
    w.clock.at = "2026-03-06T07:00:00.000Z";
    const { number } = await setFreeze(w.db, await w.by("ada"), w.site, environmentOf(w.site, "demo"), {
      reason: "Stop",
    });
    await work();
    await endFreeze(w.db, await w.by("ada"), w.site, number, "Over");
    await work();
    expect([await stateNow(), await events("promotion_due")]).toEqual(["approved", 1]);
  });

  test("is not completed if beta has something else by then", async () => {
    await w.record("beta", ["/sale v2"]);
    await workAt(at);
    expect(await stateNow()).toBe("approved");
    expect(await text("ada", page)).toContain("It was not marked as on demo at that moment. The release has /sale v1");
  });

  test("is not completed if the approval was withdrawn", async () => {
    await withdrawApproval(w.db, await w.by("theo"), w.site, 1, "Wait");
    await workAt(at);
    expect(await stateNow()).toBe("waiting");
    expect((await promotion()).schedule?.go_live_due?.reason).toBe("Tester has not approved it yet. Theo can.");
  });

  test.each([
    ["was cancelled", async () => cancel(w.db, await w.by("ada"), w.site, 1, "Too early"), "cancelled"],
    ["was completed by hand", async () => complete(w.db, await w.by("ada"), w.site, 1, {}), "completed"],
    [
      "was replaced",
      async () => {
        await w.record("beta", ["/sale v2"]);
        await w.ask((await w.release("Summer", ["/sale"])).number, "demo");
      },
      "superseded",
    ],
    [
      "was rejected",
      async () => {
        const { digest } = await promotion();
        const theo = await w.by("theo");
        await decide(w.db, theo, w.site, 1, { decision: "reject", digest, comment: "No" });
      },
      "rejected",
    ],
  ])("does nothing at its moment if it %s", async (_, end, state) => {
    await end();
    const before = await events("promotion_completed");
    await workAt(at);
    expect([await stateNow(), await events("promotion_completed"), await events("promotion_due")]).toEqual([
      state,
      before,
      0,
    ]);
  });
});

describe("an approval that comes after the planned moment", () => {
  test("does not make Sitebook complete it, whether it ran at the moment or later", async () => {
    w.clock.at = "2026-03-05T22:30:00.000Z";
    await approve();
    await work();
    expect(await stateNow()).toBe("approved");
    expect((await promotion()).schedule?.go_live_due?.reason).toBe(
      "At the planned moment: not all approvals had been given.",
    );
    expect(await text("ada", "/sites/shop/approvals?show=needs")).toContain("now due");
    expect((await w.as("ada").post(`${page}/completion`)).status).toBe(303);
  });
});

describe("a promotion that somebody has to complete at its moment", () => {
  test("comes into the inbox of those who complete it once it is due, and nothing else happens", async () => {
    await plan({ go_live_at: at, by_itself: false });
    await approve();
    expect(await text("ada", "/sites/shop/approvals?show=needs")).not.toContain("Spring");
    await workAt(at);
    await work();
    expect([await stateNow(), await events("promotion_due")]).toEqual(["approved", 1]);
    expect(await text("ada", "/sites/shop/approvals?show=needs")).toContain("now due");
    const history = (await text("vera", "/sites/shop/history")).replace(/<[^>]+>/g, "");
    expect(history).toContain("and has to be completed.");
    expect((await promotion()).schedule?.go_live_due?.reason).toBeNull();
  });
});

describe("a plan", () => {
  test("can be changed and withdrawn until the promotion ends: each is an event, and only the latest counts", async () => {
    await approve();
    await plan({ go_live_at: "2026-03-06T22:00:00.000Z", by_itself: true });
    await plan({ go_live_at: "2026-03-06T22:00:00.000Z", by_itself: true }, "iris");
    expect(await events("promotion_scheduled")).toBe(2);
    await workAt(at);
    expect(await stateNow()).toBe("approved");
    await plan({ go_live_at: null, by_itself: false });
    await workAt("2026-03-06T22:00:00.000Z");
    expect([await stateNow(), await events("promotion_due")]).toEqual(["approved", 0]);
    const history = (await text("vera", "/sites/shop/history")).replace(/<[^>]+>/g, "");
    expect(history).toContain("withdrew the plan of promotion 1, Spring, for demo.");
  });

  test("can be moved to an earlier moment, when it is completed once", async () => {
    await approve();
    await plan({ go_live_at: "2026-03-04T08:00:00.000Z", by_itself: true });
    await workAt("2026-03-04T08:00:00.000Z");
    await workAt(at);
    expect((await promotion()).completion?.effective_at).toBe("2026-03-04T08:00:00.000Z");
    expect(await events("promotion_completed")).toBe(1);
  });

  test("is refused for who neither completes promotions nor administers the site, by page and API", async () => {
    const posted = await w.as("theo").post(`${page}/schedule`, { go_live_at: "2026-03-09T10:00" });
    expect([posted.status, await posted.text()]).toEqual([
      403,
      expect.stringContaining("You may not request, complete"),
    ]);
    const call = await (await w.token("viewer")).post("/sites/shop/promotions/1/schedule", {});
    expect(call.status).toBe(403);
    expect(await text("theo", page)).not.toContain("Change the plan");
    expect((await w.as("oskar").post(`${page}/schedule`, {})).status).toBe(404);
    expect(await events("promotion_scheduled")).toBe(1);
  });

  test("is refused once the promotion has ended", async () => {
    await cancel(w.db, await w.by("ada"), w.site, 1, "Too early");
    const posted = await w.as("ada").post(`${page}/schedule`, { go_live_at: "2026-03-09T10:00" });
    expect([posted.status, await posted.text()]).toEqual([409, expect.stringContaining("Promotion 1 was cancelled.")]);
  });

  test.each([
    ["in the past", "2026-03-03T09:00", "3 March 2026, 09:00 is in the past. Enter a date and time in the future."],
    ["now", "2026-03-03T10:00", "3 March 2026, 10:00 is in the past."],
    [
      "in an hour that the clocks skip",
      "2026-03-29T01:30",
      "Clocks in Europe/London go forward then, and skip that time",
    ],
    ["in an hour that the clocks show twice", "2026-10-25T01:30", "The clock shows that time twice."],
    ["in 2100", "2100-01-01T10:00", "A planned moment has to be before the year 2100."],
    ["that nobody can read", "soon", "&quot;soon&quot; is not a valid date and time."],
  ])("for a moment %s is refused beside its field, and what was typed stays", async (_, typed, sentence) => {
    const posted = await w.as("ada").post(`${page}/schedule`, { go_live_at: typed, by_itself: "1" });
    const body = await posted.text();
    expect([posted.status, body]).toEqual([422, expect.stringContaining(`id="go_live_at-error">${sentence}`)]);
    expect(body).toContain(`value="${typed}"`);
    expect((await promotion()).schedule?.seq).toBe(1);
  });

  test("for a deployment that happens by itself needs a moment", async () => {
    const posted = await w.as("ada").post(`${page}/schedule`, { by_itself: "1" });
    expect([posted.status, await posted.text()]).toEqual([
      422,
      expect.stringContaining("Enter when the deployment happens by itself, or leave this unticked."),
    ]);
  });

  test("is on the clock of the site: 30 March, 09:00 in London is summer time", async () => {
    expect((await w.as("ada").post(`${page}/schedule`, { go_live_at: "2026-03-30T09:00" })).status).toBe(303);
    expect((await promotion()).schedule).toMatchObject({ go_live_at: "2026-03-30T08:00:00.000Z", by_itself: false });
    expect(await text("ada", page)).toContain('value="2026-03-30T09:00"');
  });

  test("comes with the request, in the form and in the API, with the same refusals", async () => {
    await w.record("beta", ["/new v1"]);
    const { number: release } = await w.release("New", ["/new"]);
    const form = { release: String(release), to: "demo", go_live_at: "2026-03-01T10:00", by_itself: "1" };
    const refused = await w.as("ada").post("/sites/shop/promotions", form);
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("is in the past.")]);
    const robot = await w.token("account-manager");
    const body = { release, to: "demo", go_live_at: "2026-03-29 01:30" };
    const call = await robot.post("/sites/shop/promotions", body);
    expect(await call.json()).toMatchObject({ status: 422, errors: [{ path: "go_live_at" }] });
    expect(await w.db.selectFrom("promotions").select("number").execute()).toHaveLength(1);
    const asked = await robot.post("/sites/shop/promotions", {
      ...body,
      go_live_at: "2026-03-29 02:30",
      by_itself: true,
    });
    expect(await asked.json()).toMatchObject({
      schedule: { go_live_at: "2026-03-29T01:30:00.000Z", by_itself: true, not_completed_because: null },
    });
    const withdrawn = await robot.post("/sites/shop/promotions/2/schedule", {});
    expect(await withdrawn.json()).toMatchObject({ schedule: { go_live_at: null, by_itself: false } });
  });

  test("saved twice with one key is one plan", async () => {
    const form = { go_live_at: "2026-03-09T10:00", by_itself: "1", key: "k1" };
    const posts = await Promise.all([1, 2].map(() => w.as("ada").post(`${page}/schedule`, form)));
    expect(posts.map(({ status }) => status)).toEqual([303, 303]);
    expect(await events("promotion_scheduled")).toBe(2);
  });
});

test("a planned promotion waits for its soak time like any other", async () => {
  await setGate(w, "demo", { requirements: [], soak_hours: 100 });
  await cancel(w.db, await w.by("ada"), w.site, 1, "Another gate");
  const site = { ...w.site, environments: w.site.environments };
  await requestPromotion(w.db, await w.by("ada"), site, { release: 1, to: "demo", plan: byItself });
  await workAt(at);
  expect(await promotion(2)).toMatchObject({ state: "approved", schedule: { go_live_due: { due_at: at } } });
  expect((await promotion(2)).schedule?.go_live_due?.reason).toContain("has to be on beta for 100 hours");
});

describe("the take-down of a campaign", () => {
  const end = "2026-03-09T08:00:00.000Z";
  const takenDown = { ...byItself, take_down_at: end, take_down: "remove" as const, take_down_by_itself: true };
  const onDemo = async () => {
    const rows = await (await w.token("viewer")).get("/sites/shop/environments/demo/placements");
    const { items } = (await rows.json()) as { items: { key: string; version: string }[] };
    return items.map(({ key, version }) => `${key} ${version}`);
  };
  const reason = async () => (await promotion()).schedule?.take_down_due?.reason;

  test("removes the pages at its moment by itself, with the approvals of the promotion, which all pages say", async () => {
    await plan(takenDown);
    const approving = await text("theo", page);
    for (const words of ["Planned to be taken down", "What the take-down does on demo", "its pages are removed"])
      expect(approving).toContain(words);
    expect(await text("vera", "/sites/shop/calendar?month=2026-03")).toContain("planned take-down, by itself");
    await approve();
    await workAt(at);
    expect(await onDemo()).toEqual(["/sale v1"]);
    await workAt("2026-03-09T08:00:03.000Z");
    expect(await onDemo()).toEqual([]);
    expect(await promotion(2)).toMatchObject({
      state: "completed",
      rollback_of: 1,
      completion: { person: "Sitebook", effective_at: end },
    });
    expect(await text("vera", `${page.slice(0, -1)}2`)).toContain("the take-down of");
    expect(await text("vera", page)).toContain("Taken down by");
    const history = (await text("vera", "/sites/shop/history")).replace(/<[^>]+>/g, "");
    expect(history).toContain("took down promotion 1 on demo with promotion 2, as Ada had planned.");
    expect(history).toContain("created release 2, Take-down of Spring, for the take-down of promotion 1 on demo.");
    await rebuild(w.db, w.site.id);
    expect(await promotion()).toMatchObject({ schedule: { take_down: "remove", taken_down_by: 2 } });
  });

  test("restores what was there before, and removes what was not", async () => {
    await w.record("demo", ["/sale v0"]);
    await expect(plan({ ...takenDown, take_down: "restore", take_down_redirect: "/" })).rejects.toThrow(
      "Visitors are led only from pages that are removed: all pages of release 1 are on demo already. Leave this empty.",
    );
    await plan({ ...takenDown, take_down: "restore" });
    await approve();
    await workAt(at);
    await workAt(end);
    expect(await onDemo()).toEqual(["/sale v0"]);
  });

  test("happens once, by two servers, after a kill, and on a clock that was set back", async () => {
    await plan(takenDown);
    await approve();
    await workAt(at);
    w.clock.at = end;
    const { id } = await promotion();
    const job = { id: "j", site_id: w.site.id, kind: "take_down", ref: id, attempts: 1, lease_until: "" };
    await Promise.all([takeDown(w.db, job, end), takeDown(w.db, job, end), work(), work()]);
    await workAt("2026-03-09T07:00:00.000Z");
    await workAt(end);
    await takeDown(w.db, job, end);
    expect([
      await events("promotion_completed"),
      await events("promotion_asked"),
      await events("promotion_due"),
    ]).toEqual([2, 2, 0]);
  });

  test("does not come before the go-live if both are late, on whatever server its job is taken first", async () => {
    await plan(takenDown);
    await approve();
    w.clock.at = "2026-03-10T10:00:00.000Z";
    const { id } = await promotion();
    const job = { id: "j", site_id: w.site.id, kind: "take_down", ref: id, attempts: 1, lease_until: "" };
    await Promise.all([takeDown(w.db, job, w.clock.at), work()]);
    expect(await promotion()).toMatchObject({ completion: { effective_at: at }, schedule: { taken_down_by: 2 } });
    expect(await promotion(2)).toMatchObject({ completion: { effective_at: end } });
    expect(await events("promotion_due")).toBe(0);
  });

  test("is requested and left to somebody if nobody said that it happens by itself", async () => {
    await plan({ ...takenDown, take_down_by_itself: false });
    await approve();
    await workAt(at);
    await workAt(end);
    expect(await promotion(2)).toMatchObject({ state: "approved", requirements: [] });
    expect(await reason()).toBeNull();
    expect(await text("ada", "/sites/shop/approvals?show=needs")).toContain("Take-down of Spring");
    expect((await w.as("ada").post("/sites/shop/promotions/2/completion")).status).toBe(303);
    expect(await onDemo()).toEqual([]);
  });

  test("is requested during a freeze, and can be completed once that is over", async () => {
    await plan(takenDown);
    await approve();
    await workAt(at);
    const freeze = { from: "2026-03-09T07:00:00.000Z", until: "2026-03-09T12:00:00.000Z", reason: "Audit" };
    await setFreeze(w.db, await w.by("ada"), w.site, environmentOf(w.site, "demo"), freeze);
    await workAt(end);
    expect(await onDemo()).toEqual(["/sale v1"]);
    expect(await reason()).toContain("demo is frozen");
    expect(await text("ada", "/sites/shop/approvals?show=needs")).toContain("Take-down of Spring");
    w.clock.at = "2026-03-09T13:00:00.000Z";
    expect((await w.as("ada").post("/sites/shop/promotions/2/completion")).status).toBe(303);
  });

  test("does nothing but say so if something else is there by then, until somebody sees to it", async () => {
    await plan(takenDown);
    await approve();
    await workAt(at);
    await w.record("demo", ["/sale v7"]);
    await workAt(end);
    expect(await onDemo()).toEqual(["/sale v7"]);
    const sentence = "demo now has v7 of /sale, which promotion 1 did not bring, so its take-down does not cover that.";
    expect(await reason()).toBe(sentence);
    for (const address of [page, "/sites/shop/approvals?show=needs", "/sites/shop/history"])
      expect(await text("ada", address)).toContain(sentence);
    expect(await text("theo", "/sites/shop/approvals?show=needs")).not.toContain("Spring");
    expect((await w.as("ada").post(`${page}/schedule`, {})).status).toBe(303);
    expect(await text("ada", "/sites/shop/approvals?show=needs")).not.toContain("Spring");
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("does nothing if the promotion replaced something else than was approved to be restored", async () => {
    await w.record("demo", ["/sale v0"]);
    await plan({ ...takenDown, take_down: "restore" });
    await approve();
    await w.record("demo", ["/sale v5"]);
    expect(await text("theo", page)).toContain("demo now has v5 of /sale, which the take-down would not restore.");
    await workAt(at);
    await workAt(end);
    expect(await onDemo()).toEqual(["/sale v1"]);
    expect(await reason()).toBe("Before promotion 1, demo had v5 of /sale, which is not what its take-down restores.");
  });

  test("does nothing if the promotion was rolled back, or never completed", async () => {
    await plan({ ...takenDown, by_itself: false });
    await approve();
    await workAt(end);
    expect(await reason()).toBe("Promotion 1 was not completed before its take-down, so nothing is taken down.");
    await cancel(w.db, await w.by("ada"), w.site, 1, "Too late");
    await workAt("2026-03-10T08:00:00.000Z");
    expect(await events("promotion_asked")).toBe(1);
  });

  test("needs approvals of its own if the promotion was completed without its gate", async () => {
    await plan(takenDown);
    await completeWithoutGate(w.db, await w.by("iris"), w.site, 1, { reason: "The shop is down" });
    await workAt(end);
    expect(await promotion(2)).toMatchObject({ state: "waiting", requirements: [{ role: "tester", given: 0 }] });
    expect(await reason()).toContain("Tester has not approved it yet.");
    const { digest } = await promotion(2);
    await decide(w.db, await w.by("theo"), w.site, 2, { decision: "approve", digest });
    expect((await w.as("ada").post("/sites/shop/promotions/2/completion")).status).toBe(303);
  });

  test("that was added after an approver opened the page needs to be reviewed first", async () => {
    const { digest } = await promotion();
    await plan(takenDown);
    const late = decide(w.db, await w.by("theo"), w.site, 1, { decision: "approve", digest });
    await expect(late).rejects.toThrow("This is not what promotion 1 contains.");
    await approve();
    expect(await stateNow()).toBe("approved");
  });

  test("cannot do something else once it is approved, but its moment can change, and be withdrawn", async () => {
    await plan(takenDown);
    await approve();
    await expect(plan({ ...takenDown, take_down: "restore" })).rejects.toThrow(
      "Promotion 1 was approved with a take-down that removes its pages. Its approvals have to be withdrawn before that changes.",
    );
    await plan({ ...takenDown, take_down_at: "2026-03-10T08:00:00.000Z" });
    await plan(byItself);
    expect(await stateNow()).toBe("approved");
    await plan({ ...takenDown, take_down_at: "2026-03-10T08:00:00.000Z" });
    await workAt(at);
    await workAt(end);
    expect(await onDemo()).toEqual(["/sale v1"]);
    await plan({ ...noPlan, take_down_at: "2026-03-11T08:00:00.000Z", take_down: "remove", take_down_by_itself: true });
    await workAt("2026-03-10T08:00:00.000Z");
    expect(await onDemo()).toEqual(["/sale v1"]);
    await workAt("2026-03-11T08:00:00.000Z");
    expect(await onDemo()).toEqual([]);
    const posted = await w.as("ada").post(`${page}/schedule`, { take_down_at: "2026-03-12T08:00" });
    expect([posted.status, await posted.text()]).toEqual([
      409,
      expect.stringContaining("The take-down of promotion 1 has been requested: promotion 2."),
    ]);
  });

  test("can be added once the approval is withdrawn, and not to an approved or completed promotion", async () => {
    await approve();
    await expect(plan(takenDown)).rejects.toThrow("Promotion 1 was approved without a take-down.");
    await withdrawApproval(w.db, await w.by("theo"), w.site, 1, "A take-down is missing");
    await plan(takenDown);
    expect(await stateNow()).toBe("waiting");
    await approve();
    await complete(w.db, await w.by("ada"), w.site, 1, {});
    await expect(plan({ ...takenDown, take_down: "restore" })).rejects.toThrow(
      "Promotion 1 was completed with a take-down",
    );
  });

  test("leads the visitors of the pages that it removes elsewhere, which approvers see and which stays", async () => {
    await plan({ ...takenDown, take_down_redirect: "/" });
    const approving = words(await text("theo", page));
    expect(approving).toContain("/sale removed; visitors are led to /");
    expect(words(await text("vera", "/sites/shop/history"))).toContain("its pages are removed, and visitors led to /");
    await approve();
    const elsewhere = { ...takenDown, take_down_redirect: "https://outlet.example/sale" };
    await expect(plan(elsewhere)).rejects.toThrow(
      "Promotion 1 was approved with visitors led to /. Its approvals have to be withdrawn before that changes.",
    );
    await workAt(at);
    await expect(plan(elsewhere)).rejects.toThrow("Promotion 1 was completed with visitors led to /.");
    await workAt(end);
    expect(await onDemo()).toEqual([]);
    expect(words(await text("vera", `${page.slice(0, -1)}2`))).toContain("Visitors are led to /.");
    const api = await w.token("viewer");
    const read = async (path: string) => (await api.get(`/sites/shop/${path}`)).json();
    expect(await read("promotions/1")).toMatchObject({ schedule: { take_down_redirect: "/" } });
    expect(await read("releases/2")).toMatchObject({ contents: [{ key: "/sale", redirect: "/" }] });
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
    await rebuild(w.db, w.site.id);
    expect(await promotion()).toMatchObject({ schedule: { take_down_redirect: "/" } });
  });

  test.each([
    [
      "to a page that is removed too",
      { ...takenDown, take_down_redirect: "/sale" },
      "take_down_redirect",
      "/sale is removed, so visitors cannot be led to it.",
    ],
    [
      "to something that is no address",
      { ...takenDown, take_down_redirect: "javascript:alert(1)" },
      "take_down_redirect",
      "Enter a path such as /new, or a web address that begins with https://.",
    ],
    [
      "before the go-live",
      { ...takenDown, take_down_at: "2026-03-05T21:00:00.000Z" },
      "take_down_at",
      "The take-down has to be after the go-live, 5 March 2026, 22:00.",
    ],
    [
      "in the past",
      { ...takenDown, take_down_at: "2026-03-01T21:00:00.000Z" },
      "take_down_at",
      "1 March 2026, 21:00 is in the past.",
    ],
    [
      "in an hour that clocks skip",
      { ...takenDown, take_down_at: "2026-03-29 01:30" },
      "take_down_at",
      "Clocks in Europe/London go forward then",
    ],
    ["without what it does", { ...takenDown, take_down: null }, "take_down", "Select what the take-down does."],
    [
      "by itself at no moment",
      { take_down_by_itself: true },
      "take_down_by_itself",
      "Enter when the take-down happens by itself",
    ],
  ])("%s is refused beside its field", async (_, body, path, sentence) => {
    const robot = await w.token("account-manager");
    const answer = await (await robot.post("/sites/shop/promotions/1/schedule", body)).json();
    expect(answer).toMatchObject({ status: 422, errors: [{ path, message: expect.stringContaining(sentence) }] });
    const fields = Object.entries(body).map(([name, value]) => [name, value === true ? "1" : value || ""]);
    const posted = await w.as("ada").post(`${page}/schedule`, Object.fromEntries(fields));
    expect([posted.status, await posted.text()]).toEqual([422, expect.stringContaining(sentence)]);
    expect(await events("promotion_scheduled")).toBe(1);
  });

  test("of a release without pages has nothing to remove, and a rollback has none", async () => {
    await w.record("beta", ["checkout 3.4.1"]);
    const { number: release } = await w.release("Checkout", ["checkout"]);
    const request = { release, to: "demo", plan: takenDown };
    await expect(requestPromotion(w.db, await w.by("ada"), w.site, request)).rejects.toThrow(
      "Release 2 adds or changes no page on demo, so there is nothing to remove.",
    );
    await approve();
    await complete(w.db, await w.by("ada"), w.site, 1, {});
    const { number } = await rollBack(w.db, await w.by("ada"), w.site, 1, { reason: "Wrong" });
    const late = schedulePromotion(w.db, await w.by("ada"), w.site, number, takenDown);
    await expect(late).rejects.toThrow("A rollback has no take-down.");
  });

  test("has a release that nobody promotes elsewhere", async () => {
    await plan(takenDown);
    await expect(w.ask(2, "live")).rejects.toThrow("Release 2 is the take-down of promotion 1");
  });
});
