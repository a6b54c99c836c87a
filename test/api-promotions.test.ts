import { afterEach, beforeEach, expect, test } from "vitest";
import { countRowsIn, machine } from "./support/api.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let manager: Awaited<ReturnType<typeof machine>>;
let tester: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  manager = await machine(w, "account-manager");
  tester = await machine(w, "tester");
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
});
afterEach(() => w.close());

const request = async (keys = ["/sale"], to = "demo") => {
  const { number: release } = await w.release("Spring", keys);
  return (await manager.post("/sites/shop/promotions", { release, to, note: "Please" })).body;
};
const approve = (digest: string, number = 1) =>
  tester.post(`/sites/shop/promotions/${number}/approvals`, { decision: "approve", digest, comment: "Looks good" });

test("machines request, approve and complete a promotion", async () => {
  const requested = await request();
  expect(requested).toMatchObject({
    number: 1,
    state: "waiting",
    release: 1,
    name: "Spring",
    from: "beta",
    to: "demo",
    note: "Please",
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    requirements: [{ role: "tester", needed: 1, given: 0, people: [{ person: "Theo" }, { kind: "machine" }] }],
    blockers: [
      { code: "approvals_missing", message: "Tester has not approved it yet. Theo or tester token (machine) can." },
    ],
    approvals: [],
  });
  const approved = await approve(requested.digest);
  expect(approved.status).toBe(201);
  expect(approved.body).toMatchObject({
    state: "approved",
    requirements: [{ role: "tester", needed: 1, given: 1 }],
    blockers: [],
    approvals: [{ person: "tester token", role: "tester", decision: "approve", comment: "Looks good" }],
  });
  const path = "/sites/shop/promotions/1/completion";
  const completed = await manager.post(path, { effective_at: "2026-03-03T09:30:00Z" });
  expect(completed.status).toBe(201);
  expect(completed.body).toMatchObject({
    state: "completed",
    asked_by: "account-manager token",
    asked_by_kind: "machine",
    completion: {
      person: "account-manager token",
      kind: "machine",
      deployment: 2,
      effective_at: "2026-03-03T09:30:00.000Z",
    },
  });
  expect((await tester.get("/sites/shop/promotions/1")).body).toEqual(completed.body);
  const page = words(await (await w.as("vera").get("/sites/shop/promotions/1")).text());
  expect(page).toContain("requested by account-manager token (machine)");
  expect(page).toContain("by account-manager token (machine): on demo");
});

test("an approval with another digest than the promotion's is refused", async () => {
  await request();
  const before = await countRowsIn(w);
  const { status, body } = await approve("0".repeat(64));
  expect(status).toBe(409);
  expect(body.detail).toContain("This is not what promotion 1 contains.");
  expect(await countRowsIn(w)).toEqual(before);
});

test("a rejection needs a comment, and ends the promotion", async () => {
  const { digest } = await request();
  const path = "/sites/shop/promotions/1/approvals";
  const silent = await tester.post(path, { decision: "reject", digest });
  expect(silent.body.errors).toMatchObject([{ path: "comment" }]);
  const { body } = await tester.post(path, { decision: "reject", digest, comment: "The picture is missing." });
  expect(body).toMatchObject({ state: "rejected", approvals: [{ decision: "reject" }] });
  expect((await approve(digest)).status).toBe(409);
});

test("the machine that requested a promotion may not decide, nor may a role that the gate does not require", async () => {
  const { digest } = await request();
  const role = { site_id: w.site.id, person_id: manager.machine.id, role: "tester", since: w.clock.at };
  await w.db.insertInto("memberships").values(role).execute();
  const own = await manager.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest });
  expect(own.status).toBe(409);
  expect(own.body.detail).toBe("You requested this promotion, so someone else has to decide.");
  const marketing = await machine(w, "marketing");
  const other = await marketing.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest });
  expect(other.status).toBe(403);
  expect(other.body.detail).toContain("You have no such role on this site.");
  const wrong = await tester.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest, role: "boss" });
  expect(wrong.status).toBe(422);
});

test("a completion is refused with all blockers at once", async () => {
  await request();
  await w.record("beta", ["/sale v2"]);
  const { status, body } = await manager.post("/sites/shop/promotions/1/completion", {});
  expect(status).toBe(409);
  expect(body).toMatchObject({
    code: "blocked",
    blockers: [{ code: "approvals_missing" }, { code: "content_moved_on" }],
  });
});

test("a machine cancels a promotion with a reason", async () => {
  await request();
  const path = "/sites/shop/promotions/1/cancellation";
  expect((await manager.post(path, {})).body.errors).toEqual([{ path: "reason", message: '"reason" is missing.' }]);
  expect((await manager.post(path, { reason: " " })).status).toBe(422);
  const { status, body } = await manager.post(path, { reason: "Not needed" });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    state: "cancelled",
    cancellation: { person: "account-manager token", reason: "Not needed", superseded_by: null },
  });
});

test("a client lists promotions newest first, by state, page by page", async () => {
  const first = await request(["/"]);
  await approve(first.digest);
  await manager.post("/sites/shop/promotions/1/completion", {});
  const second = await request(["/sale"]);
  await tester.post("/sites/shop/promotions/2/approvals", { decision: "reject", digest: second.digest, comment: "No" });
  const third = await request(["checkout"]);
  await request(["checkout", "/sale"]);
  const fifth = await request(["/sale"]);
  await approve(fifth.digest, 5);
  await request(["checkout"]);
  await manager.post("/sites/shop/promotions/6/cancellation", { reason: "Twice" });
  const numbers = async (query: string) =>
    (await tester.get(`/sites/shop/promotions?${query}`)).body.items.map((item: { number: number }) => item.number);
  expect(third.number).toBe(3);
  expect(await numbers("")).toEqual([6, 5, 4, 3, 2, 1]);
  expect(await numbers("state=waiting")).toEqual([4]);
  expect(await numbers("state=approved")).toEqual([5]);
  expect(await numbers("state=completed")).toEqual([1]);
  expect(await numbers("state=rejected")).toEqual([2]);
  expect(await numbers("state=superseded")).toEqual([3]);
  expect(await numbers("state=cancelled")).toEqual([6]);
  expect(await numbers("state=expired")).toEqual([]);
  const page = (await tester.get("/sites/shop/promotions?limit=4")).body;
  expect(await numbers(`limit=4&cursor=${page.next}`)).toEqual([2, 1]);
});

test("a pipeline checks whether a release can be promoted", async () => {
  const { number } = await w.release("Spring", ["/sale"]);
  const path = `/sites/shop/can-promote?release=${number}&to=demo`;
  expect((await manager.get(path)).body).toMatchObject({ allowed: false, blockers: [{ code: "approvals_missing" }] });
  const before = await countRowsIn(w);
  for (const query of ["release=9&to=demo", `release=${number}&to=nowhere`])
    expect((await manager.get(`/sites/shop/can-promote?${query}`)).status).toBe(404);
  expect((await manager.get(`/sites/shop/can-promote?release=x&to=demo`)).status).toBe(422);
  expect((await manager.get(`/sites/shop/can-promote?release=${number}&to=beta`)).status).toBe(409);
  expect(await countRowsIn(w)).toEqual(before);
});

test("an unknown promotion, release or environment is not found", async () => {
  const post = async (path: string, body: object) => (await manager.post(`/sites/shop/promotions${path}`, body)).status;
  const { number: release } = await w.release("Spring", ["/sale"]);
  expect(await post("", { release: 9, to: "demo" })).toBe(404);
  expect(await post("", { release, to: "nowhere" })).toBe(404);
  expect(await post("", { release, to: "beta" })).toBe(409);
  expect(await post("/9/approvals", { decision: "approve", digest: "x" })).toBe(404);
  expect(await post("/9/completion", {})).toBe(404);
  expect(await post("/9/cancellation", { reason: "No" })).toBe(404);
  expect((await manager.get("/sites/shop/promotions/9")).status).toBe(404);
});

test("each step that is repeated with its key happens once, and returns the first response again", async () => {
  const { number: release } = await w.release("Spring", ["/sale"]);
  const twice = async (client: typeof manager, path: string, body: object) => {
    const send = () => client.post(`/sites/shop/promotions${path}`, body, { "idempotency-key": `step ${path}` });
    const [first, second] = await Promise.all([send(), send()]);
    expect(first.status).toBe(201);
    expect(second).toMatchObject({ status: 201, body: first.body });
    return first.body;
  };
  const { digest } = await twice(manager, "", { release, to: "demo" });
  await twice(tester, "/1/approvals", { decision: "approve", digest });
  await twice(manager, "/1/completion", {});
  expect(await countRowsIn(w)).toMatchObject({ promotions: 1, approvals: 1, deployments: 2 });
});
