import { strFromU8, unzipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verify } from "../src/integrity/verify.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = "/sites/shop/settings/freezes";

/** A promotion to demo that Theo has approved. */
async function approved(): Promise<number> {
  await w.record("beta", ["/sale v1"]);
  const { number, digest } = await w.ask((await w.release("Sale")).number, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  return number;
}

const text = async (response: Response | Promise<Response>) => (await response).text();
const stop = { environment: "demo", reason: "Broken checkout" };

test("an account manager stops the line on an environment's page, and releases it there", async () => {
  const number = await approved();
  const ada = w.as("ada");
  expect(await text(ada.get("/sites/shop/environments/demo"))).toContain("Stop the line");
  const stopped = await text(ada.submit(page, { ...stop, from_page: "environment" }));
  const sentence = "demo is frozen until somebody ends it (Broken checkout), set by Ada.";
  expect(stopped).toContain("Freeze 1 set: demo takes no promotions.");
  expect(stopped).toContain(sentence);
  expect(await text(ada.get("/sites/shop"))).toContain(sentence);
  expect(await text(w.as("theo").get("/sites/shop/environments/live"))).not.toContain(sentence);

  const refused = await ada.post(`/sites/shop/promotions/${number}/completion`);
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain(sentence);

  const unreasoned = await ada.post(`${page}/1/end`, { reason: " " });
  expect(unreasoned.status).toBe(422);
  expect(await unreasoned.text()).toContain("Ending a freeze needs a reason.");
  const released = await text(ada.submit(`${page}/1/end`, { reason: "Fixed", from_page: "environment" }));
  expect(released).toContain("Freeze 1 of demo ended.");
  expect(released).not.toContain(sentence);
  const completed = await ada.submit(`/sites/shop/promotions/${number}/completion`);
  expect(await completed.text()).toContain("Completed.");
});

test("a freeze is tested when a promotion is completed, not when it is requested or approved", async () => {
  const ada = w.as("ada");
  await ada.post(page, { environment: "demo", from: "2026-03-04T10:00", until: "2026-03-05", reason: "Stocktaking" });
  const number = await approved();
  w.clock.at = "2026-03-04T12:00:00.000Z";
  await expect(complete(w.db, await w.by("ada"), w.site, number, {})).rejects.toThrow(
    "demo is frozen until 6 Mar, 00:00 (Stocktaking), set by Ada.",
  );
  w.clock.at = "2026-03-06T00:00:00.000Z";
  expect(await complete(w.db, await w.by("ada"), w.site, number, {})).toMatchObject({ state: "completed" });
});

test("a weekly freeze is planned with plain fields, and covers its windows only", async () => {
  const fields = {
    environment: "live",
    from: "2026-03-27T22:00",
    until: "2026-03-28T06:00",
    reason: "Deliveries",
    repeats: "WEEKLY",
    days: ["FR", "SA"],
    last: "2026-04-04",
  };
  const list = await text(w.as("ada").submit(page, fields));
  expect(list).toContain("Freeze 1 set: live will take no promotions from 27 March 2026, 22:00.");
  expect(list).toContain("every week on Friday and Saturday, until 4 April 2026");
  expect(await text(w.as("ada").get("/sites/shop/history"))).toContain(
    "recurring every week on Friday and Saturday, until 4 April 2026 (“Deliveries”)",
  );
  const api = await w.token("viewer");
  const frozen = async (at: string) => {
    w.clock.at = at;
    const { items } = (await (await api.get("/sites/shop/environments")).json()) as { items: { frozen: boolean }[] };
    return items.map((one) => one.frozen);
  };
  expect(await frozen("2026-03-27T21:59:00.000Z")).toEqual([false, false, false]);
  expect(await frozen("2026-03-27T22:00:00.000Z")).toEqual([false, false, true]);
  expect(await frozen("2026-03-28T06:00:00.000Z")).toEqual([false, false, false]);
  // clocks go forward on the 29th
  expect(await frozen("2026-04-03T21:00:00.000Z")).toEqual([false, false, true]);
  expect(await frozen("2026-04-04T05:00:00.000Z")).toEqual([false, false, false]);
  expect(await frozen("2026-04-10T21:30:00.000Z")).toEqual([false, false, false]);
});

test("the rail shows a freeze that begins without any event", async () => {
  const ada = w.as("ada");
  await ada.post(page, { environment: "live", from: "2026-03-03T11:00", until: "2026-03-03T12:00", reason: "Audit" });
  const sentence = "live is frozen until 3 Mar, 12:00 (Audit), set by Ada.";
  expect(await text(ada.get("/sites/shop"))).not.toContain(sentence);
  w.clock.at = "2026-03-03T11:00:00.000Z";
  expect(await text(ada.get("/sites/shop"))).toContain(sentence);
  w.clock.at = "2026-03-03T12:00:00.000Z";
  expect(await text(ada.get("/sites/shop"))).not.toContain(sentence);
});

test.each([
  [{ reason: " " }, "A freeze needs a reason."],
  [{ from: "2026-03-02T10:00" }, "A freeze cannot start in the past. Leave its start empty to freeze from now on."],
  [
    { from: "2026-03-05T10:00", until: "2026-03-05T10:00" },
    "A freeze has to end after it starts, 5 March 2026, 10:00.",
  ],
  [{ until: "2026-03-02" }, "A freeze has to end after it starts, 3 March 2026, 10:00."],
  [{ from: "next week" }, "&quot;next week&quot; is not a valid date and time. Write it like 2026-12-24 22:00."],
  [
    { from: "2026-10-25T01:30" },
    "The clock shows that time twice. Enter 2026-10-25 01:30 BST or 2026-10-25 01:30 GMT.",
  ],
  [{ repeats: "DAILY" }, "Enter the last day on which it may start."],
  [{ repeats: "DAILY", last: "2026-03-09" }, "A recurring freeze needs an end: that of its first window."],
  [{ environment: "nowhere" }, undefined],
])("the form with %j is refused: %s", async (fields, sentence) => {
  const response = await w.as("ada").post(page, { ...stop, ...fields });
  expect(response.status).toBe(sentence ? 422 : 404);
  if (sentence) expect(await response.text()).toContain(sentence);
  expect(await w.db.selectFrom("freezes").select("id").execute()).toEqual([]);
});

test("a start in a skipped hour is read as on a clock that was not put forward", async () => {
  const api = await w.token("administrator");
  const body = { ...stop, from: "2026-03-29 01:30", until: "2026-03-29 04:00" };
  const answer = await api.post("/sites/shop/freezes", body);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject({ from: "2026-03-29T01:30:00.000Z", until: "2026-03-29T03:00:00.000Z" });
});

test("a machine sets, lists and ends freezes over the API", async () => {
  const api = await w.token("administrator");
  const body = {
    environment: "live",
    from: "2026-12-24T22:00:00Z",
    until: "2026-12-26",
    reason: "Christmas",
    recurrence: "RRULE:freq=yearly;count=3",
  };
  const set = await api.post("/sites/shop/freezes", body, { "idempotency-key": "christmas" });
  const freeze = {
    number: 1,
    environment: "live",
    state: "planned",
    from: "2026-12-24T22:00:00.000Z",
    until: "2026-12-27T00:00:00.000Z",
    reason: "Christmas",
    recurrence: "FREQ=YEARLY;COUNT=3",
    time_zone: "Europe/London",
    window: { from: "2026-12-24T22:00:00.000Z", until: "2026-12-27T00:00:00.000Z" },
    person: "administrator token",
    end: null,
  };
  expect(await set.json()).toMatchObject(freeze);
  w.clock.at = "2027-12-25T00:00:00.000Z";
  const again = await api.post("/sites/shop/freezes", body, { "idempotency-key": "christmas" });
  expect(await again.json()).toMatchObject(freeze);
  const active = { state: "active", window: { from: "2027-12-24T22:00:00.000Z" } };
  expect(await (await api.get("/sites/shop/freezes?environment=live")).json()).toMatchObject({ items: [active] });
  expect(await (await api.get("/sites/shop/freezes?environment=demo")).json()).toEqual({ items: [], next: null });
  const ended = await api.post("/sites/shop/freezes/1/end", { reason: "No more Christmas" });
  expect(await ended.json()).toMatchObject({ state: "ended", window: null, end: { reason: "No more Christmas" } });

  const twice = await api.post("/sites/shop/freezes/1/end", { reason: "Again" });
  expect([twice.status, await twice.json()]).toMatchObject([409, { detail: "Freeze 1 was ended already." }]);
  expect((await api.post("/sites/shop/freezes/7/end", { reason: "Again" })).status).toBe(404);
  const endless = await api.post("/sites/shop/freezes", {
    ...body,
    from: "2027-12-26T00:00:00Z",
    until: "2027-12-26",
    recurrence: "FREQ=DAILY",
  });
  expect([endless.status, await endless.json()]).toMatchObject([422, { errors: [{ path: "recurrence" }] }]);
  expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
});

test("ending a freeze that somebody else has ended says so", async () => {
  const ada = w.as("ada");
  await ada.submit(page, stop);
  await ada.submit(`${page}/1/end`, { reason: "Fixed" });
  const late = await ada.post(`${page}/1/end`, { reason: "Fixed" });
  expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("Freeze 1 was ended already.")]);
});

test("a machine freezes an environment, lists its freezes and ends one on the command line", async () => {
  const sitebook = await commandLineMachine(w, "account-manager");
  const plan = ["--from", "2026-12-24 22:00", "--until", "2026-12-26", "--reason", "Christmas"];
  expect(await sitebook(["freeze", "live", ...plan, "--rrule", "FREQ=YEARLY;COUNT=2"])).toEqual({
    code: 0,
    out: "Freeze 1 set: live from 2026-12-24 22:00 UTC until 2026-12-27 00:00 UTC, recurs by FREQ=YEARLY;COUNT=2.\n",
    err: "",
  });
  expect((await sitebook(["freeze", "demo", "--reason", "Audit"])).out).toBe(
    "Freeze 2 set: demo from 2026-03-03 10:00 UTC until somebody ends it.\n",
  );
  const { out } = await sitebook(["freeze", "list"]);
  expect(out).toMatch(/^#2 {2}demo {2}active .* Audit\n#1 {2}live {2}planned .* Christmas\n$/);
  expect((await sitebook(["freeze", "list", "--environment", "beta"])).out).toBe("No freezes.\n");
  expect((await sitebook(["freeze", "end", "2", "--reason", "Done"])).out).toBe("Freeze 2 of demo ended.\n");
  const again = await sitebook(["freeze", "end", "2", "--reason", "Done"]);
  expect(again).toMatchObject({ code: 1, err: "Freeze 2 was ended already.\n" });
  expect(await sitebook(["freeze", "live"])).toMatchObject({ code: 2, err: "--reason is missing.\n" });
  expect((await sitebook(["freeze", "end", "--reason", "Done"])).code).toBe(2);
  expect((await sitebook(["freeze", "live", "--reason", "x", "--rrule", "daily"])).err).toContain(
    '"DAILY" is not a recurrence rule.',
  );
  const viewer = await commandLineMachine(w, "viewer");
  expect((await viewer(["freeze", "live", "--reason", "Audit"])).code).toBe(1);
});

test("a freeze that is over cannot be ended any more", async () => {
  const api = await w.token("administrator");
  await api.post("/sites/shop/freezes", { ...stop, until: "2026-03-03T12:00:00Z" });
  w.clock.at = "2026-03-03T12:00:00.000Z";
  const response = await api.post("/sites/shop/freezes/1/end", { reason: "Over" });
  expect([response.status, await response.json()]).toMatchObject([409, { detail: "Freeze 1 is over already." }]);
  expect(await (await api.get("/sites/shop/freezes")).json()).toMatchObject({ items: [{ state: "over" }] });
});

test("each of several freezes that overlap blocks by itself", async () => {
  const number = await approved();
  const ada = w.as("ada");
  await ada.post(page, { ...stop, until: "2026-03-04T10:00" });
  await ada.post(page, { ...stop, reason: "Audit" });
  const blockers = async () => {
    const answer = await (await w.token("viewer")).get(`/sites/shop/promotions/${number}`);
    return ((await answer.json()) as { blockers: object[] }).blockers;
  };
  const audit = { code: "frozen", message: "demo is frozen until somebody ends it (Audit), set by Ada." };
  const broken = { code: "frozen", message: "demo is frozen until 4 Mar, 10:00 (Broken checkout), set by Ada." };
  expect(await blockers()).toEqual([broken, audit]);
  await ada.post(`${page}/2/end`, { reason: "Done" });
  expect(await blockers()).toEqual([broken]);
});

test("strangers find no freezes; members read them; only some set and end them", async () => {
  await w.as("ada").post(page, stop);
  expect((await w.as("oskar").get(page)).status).toBe(404);
  expect((await w.as("oskar").post(page, stop)).status).toBe(404);
  const read = await text(w.as("vera").get(page));
  expect(read).toContain("Broken checkout");
  expect(read).not.toContain("Set freeze");
  for (const [path, fields] of [
    [page, stop],
    [`${page}/1/end`, { reason: "Enough" }],
  ] as const) {
    const refused = await w.as("theo").post(path, fields);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("You may not freeze environments on this site.");
  }
  const api = await w.token("contributor");
  expect((await api.post("/sites/shop/freezes", stop)).status).toBe(403);
  expect((await api.post("/sites/shop/freezes/1/end", { reason: "Enough" })).status).toBe(403);
});

test("an approved promotion waits in nobody's inbox while its target is frozen", async () => {
  await approved();
  const inbox = async () => text(w.as("ada").get("/sites/shop/approvals?show=needs"));
  expect(await inbox()).toContain("1 approved promotion to complete.");
  await w.as("ada").post(page, { ...stop, until: "2026-03-04T10:00" });
  expect(await inbox()).toContain("Nothing needs you.");
  expect(await text(w.as("ada").get("/sites/shop/approvals"))).toContain("demo is frozen until 4 Mar, 10:00");
  w.clock.at = "2026-03-04T10:00:00.000Z";
  expect(await inbox()).toContain("1 approved promotion to complete.");
});

/** Ada administers the site as well. */
async function mayOverride(): Promise<void> {
  const since = w.clock.at;
  const row = { site_id: w.site.id, person_id: w.people.ada.id, role: "administrator", since };
  await w.db.insertInto("memberships").values(row).execute();
}

test("a freeze is overridden with a permission and a reason, which stay visible", async () => {
  const number = await approved();
  const ada = w.as("ada");
  await ada.post(page, stop);
  const address = `/sites/shop/promotions/${number}`;
  expect(await text(ada.get(address))).not.toContain("Reason for overriding the freeze");
  const forbidden = await ada.post(`${address}/completion`, { overrides: "1", freeze_override: "A security fix" });
  expect(forbidden.status).toBe(403);
  expect(await forbidden.text()).toContain("You may not override freezes on this site.");

  await mayOverride();
  expect(await text(ada.get(address))).toContain("Reason for overriding the freeze");
  const unreasoned = await ada.post(`${address}/completion`, { overrides: "1", freeze_override: " " });
  expect(unreasoned.status).toBe(422);
  expect(await unreasoned.text()).toContain("Overriding a freeze needs a reason.");
  expect((await ada.post(`${address}/completion`)).status).toBe(409);

  const done = await text(ada.submit(`${address}/completion`, { overrides: "1", freeze_override: "A security fix" }));
  expect(done).toContain("Completed during a freeze, for the reason: A security fix");
  expect(await text(ada.get("/sites/shop/deployments/2"))).toContain("during a freeze: freeze 1");
  expect(await text(ada.get("/sites/shop/history"))).toMatch(/overriding .*freeze 1.* \(“A security fix”\)/);
  const pack = await ada.get(`${address}/evidence.zip`);
  const { "steps.csv": steps = new Uint8Array() } = unzipSync(new Uint8Array(await pack.arrayBuffer()));
  expect(strFromU8(steps)).toMatch(/promotion completed.*A security fix/);
  const api = await w.token("viewer");
  const completion = { freeze_override: "A security fix" };
  expect(await (await api.get(`/sites/shop/promotions/${number}`)).json()).toMatchObject({ completion });
  expect(await (await api.get("/sites/shop/deployments")).json()).toMatchObject({
    items: [
      { number: 2, freezes: [1] },
      { number: 1, freezes: [] },
    ],
  });
  expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
});

test("an override is not recorded if the freeze has ended meanwhile, and lifts no other blocker", async () => {
  const number = await approved();
  await mayOverride();
  const override = { freeze_override: "A security fix" };
  await w.record("beta", ["/sale v2"]);
  await w.as("ada").post(page, stop);
  const ada = await w.by("ada");
  await expect(complete(w.db, ada, w.site, number, override)).rejects.toThrow(/^The release has \/sale v1, but/);
  await w.record("beta", ["/sale v1"]);
  await w.as("ada").post(`${page}/1/end`, { reason: "Fixed" });
  const { completion } = await complete(w.db, ada, w.site, number, override);
  expect(completion).toMatchObject({ freeze_override: null });
});

test("what is recorded on a frozen environment is a fact, and flagged", async () => {
  await w.as("ada").post(page, { ...stop, until: "2026-03-03T12:00" });
  w.clock.at = "2026-03-03T13:00:00.000Z";
  await w.record("demo", ["/sale v1"], { effective_at: "2026-03-03T11:00:00.000Z" });
  await w.record("demo", ["/sale v2"], { effective_at: "2026-03-03T12:00:00.000Z" });
  await w.record("live", ["/sale v2"], { effective_at: "2026-03-03T11:00:00.000Z" });
  expect(await text(w.as("vera").get("/sites/shop/deployments/1"))).toContain("during a freeze: freeze 1");
  for (const number of [2, 3])
    expect(await text(w.as("vera").get(`/sites/shop/deployments/${number}`))).not.toContain("during a freeze");
  expect(await text(w.as("vera").get("/sites/shop/environments/demo"))).toContain("during a freeze");
  const past = await text(w.as("vera").get("/sites/shop/environments/demo?as_of=2026-03-03T11:30:00Z"));
  expect(past).toContain("Freezes then");
  expect(past).toContain("Broken checkout");
});

test("a freeze that is ended at the same moment as a promotion is completed does one after the other", async () => {
  const number = await approved();
  await w.as("ada").post(page, stop);
  const api = await w.token("account-manager");
  const post = async (path: string, body: object) => api.post(`/sites/shop${path}`, body);
  const [ended, completed] = await Promise.all([
    post("/freezes/1/end", { reason: "Fixed" }),
    post(`/promotions/${number}/completion`, {}),
  ]);
  expect(ended.status).toBe(201);
  const events = await w.db.selectFrom("events").select("action").orderBy("seq").execute();
  const order = events.map(({ action }) => action).filter((action) => /freeze_ended|completed/.test(action));
  expect(order).toEqual(completed.status === 201 ? ["freeze_ended", "promotion_completed"] : ["freeze_ended"]);

  const set = await Promise.all([1, 2].map(() => post("/freezes", { environment: "live", reason: "Twice" })));
  const numbers = await Promise.all(set.map(async (one) => ((await one.json()) as { number: number }).number));
  expect(new Set(numbers)).toEqual(new Set([2, 3]));
  const both = await Promise.all([1, 2].map(() => post("/freezes/2/end", { reason: "Once" })));
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]));
});
