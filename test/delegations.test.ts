import { afterEach, beforeEach, expect, test } from "vitest";
import { endDelegation, setDelegation } from "../src/delegations/delegations.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { changeRoles } from "../src/people/people.ts";
import { decide, requestPromotion } from "../src/promotions/promotions.ts";
import { withdrawApproval } from "../src/promotions/withdrawals.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { setGate } from "./support/gates.ts";
import { words } from "./support/words.ts";
import { lived, type Name, type World } from "./support/world.ts";

let w: World;
let digest: string;
/** Ada has requested promotion 2 of a page to live, which Marketing has to approve. */
const asked = lived(async (w) => {
  await w.record("beta", ["/sale v1"]);
  await w.promote((await w.release("Sale", ["/sale"])).number, "demo");
  ({ digest } = await w.ask(1, "live"));
});
beforeEach(async () => {
  w = await asked();
});
afterEach(() => w.close());

const path = "/sites/shop/delegations";

const form = (substitute: Name, more = {}) => ({
  role: "marketing",
  substitute: w.people[substitute].id,
  from: "",
  until: "2026-03-12",
  ...more,
});

const name = (by: Name, substitute: Name, more = {}) => w.as(by).submit(path, form(substitute, more));

const approve = async (by: Name, number = 2, bound = digest) =>
  decide(w.db, await w.by(by), w.site, number, { decision: "approve", digest: bound });

const page = async (by: Name, address: string) => words(await (await w.as(by).get(`/sites/shop${address}`)).text());

const approvals = () =>
  w.db.selectFrom("approvals").select(["person_id", "role", "for_id"]).where("role", "=", "marketing").execute();

test("somebody who is away names a substitute, who decides for them and whose decision says so everywhere", async () => {
  expect(words(await (await name("mara", "theo")).text())).toContain(
    "Mara Marketing Theo Tuesday 3 March 2026 Thursday 12 March 2026 now",
  );
  expect(await page("theo", "/approvals")).toContain("For Mara, until 12 Mar.");
  expect(await page("theo", "/promotions/2")).toContain("Waiting for you, for Mara.");
  const shown = await w
    .as("theo")
    .submit("/sites/shop/promotions/2/approvals", { digest, decision: "approve", anyway: "1" });
  expect(words(await shown.text())).toContain("Theo for Mara (Marketing) approved");
  expect(await approvals()).toEqual([{ person_id: w.people.theo.id, role: "marketing", for_id: w.people.mara.id }]);

  await w.as("ada").submit("/sites/shop/promotions/2/completion");
  expect(await page("vera", "/promotions/2")).toContain("Approved by Theo for Mara (Marketing).");
  expect(await page("vera", "/environments/live")).toContain("Theo for Mara");
  expect(await page("vera", "/history")).toContain("Theo approved promotion 2, Sale, for live (Marketing, for Mara)");
  const { body } = await (await machine(w, "viewer")).get("/sites/shop/promotions/2");
  expect(body.approvals).toMatchObject([{ person: "Theo", for: "Mara", role: "marketing" }]);
});

test("a substitute decides only in the period, and not after it was ended", async () => {
  await name("mara", "theo", { from: "2026-03-05" });
  await expect(approve("theo")).rejects.toThrow("You have no such role on this site.");
  w.clock.at = "2026-03-12T23:59:59.000Z";
  expect(await page("theo", "/approvals")).toContain("For Mara, until 12 Mar.");
  w.clock.at = "2026-03-13T00:00:00.000Z";
  await expect(approve("theo")).rejects.toThrow("You have no such role on this site.");

  await name("mara", "theo", { until: "2026-03-20" });
  const ended = await w.as("theo").submit(`${path}/${await newest()}/end`);
  expect(words(await ended.text())).toContain("ended early");
  await expect(approve("theo")).rejects.toThrow("You have no such role on this site.");
  expect((await w.as("theo").post(`${path}/${await newest()}/end`)).status).toBe(303);
});

const newest = async () =>
  (await w.db.selectFrom("delegations").select("id").orderBy("id", "desc").limit(1).executeTakeFirstOrThrow()).id;

test("a role that the person who is away loses is no longer theirs to be decided in", async () => {
  await name("mara", "theo");
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.mara.id, ["viewer"]);
  await expect(approve("theo")).rejects.toThrow("You have no such role on this site.");
});

test("nobody decides twice: who is away and their substitute count as one, whoever is first", async () => {
  await name("mara", "theo");
  await approve("theo");
  await expect(approve("mara")).rejects.toThrow(
    "Theo has approved this promotion for you. If you disagree, ask for that to be withdrawn.",
  );
  await withdrawApproval(w.db, await w.by("theo"), w.site, 2, "Too early");
  await approve("mara");
  await expect(approve("theo")).rejects.toThrow("Mara has approved this promotion already.");
});

test("both at once: one of them decides", async () => {
  await name("mara", "theo");
  const outcomes = await Promise.allSettled([approve("theo"), approve("mara")]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await approvals()).toHaveLength(1);
});

test("a person with the role decides for themselves, and as a substitute too counts once", async () => {
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, ["tester", "marketing"]);
  await name("mara", "theo");
  await approve("theo");
  await approve("theo");
  expect(await approvals()).toEqual([{ person_id: w.people.theo.id, role: "marketing", for_id: null }]);
});

test("who requested a promotion does not decide as a substitute, nor anybody for them", async () => {
  await name("mara", "ada");
  await expect(approve("ada")).rejects.toThrow("You requested this promotion, so someone else has to decide.");
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.ada.id, ["account-manager", "marketing"]);
  await w.as("mara").post(`${path}/${await newest()}/end`);
  await name("ada", "theo");
  await expect(approve("theo")).rejects.toThrow("Ada requested this promotion, so nobody decides for them.");
});

test("a substitute does not pass it on", async () => {
  await name("mara", "theo");
  const passed = await name("theo", "cleo");
  expect([passed.status, words(await passed.text())]).toEqual([
    422,
    expect.stringContaining("You are the substitute of Mara in this role then. A substitute cannot have one."),
  ]);
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, ["tester", "marketing"]);
  expect((await name("theo", "cleo")).status).toBe(422);
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.cleo.id, ["contributor", "marketing"]);
  const circle = await name("cleo", "mara");
  expect(words(await circle.text())).toContain("Mara is away then, with Theo as substitute. Select somebody else.");
  await expect(approve("cleo", 2, "other")).rejects.toThrow("This is not what promotion 2 contains.");
});

test.each([
  ["themselves", "mara", {}, "You cannot be your own substitute."],
  ["somebody who is no member", "oskar", {}, "Select a person of this site."],
  ["in a role of another", "theo", { role: "tester" }, "You can only name a substitute in a role of your own."],
  ["in an unknown role", "theo", { role: "king" }, "You can only name a substitute in a role of your own."],
  ["without an end", "theo", { until: "" }, "Enter a date like 2026-12-31."],
  ["until a day that is no date", "theo", { until: "2026-02-30" }, "Enter a date like 2026-12-31."],
  ["until yesterday", "theo", { until: "2026-03-02" }, "The last day must not be past."],
  ["backwards", "theo", { from: "2026-03-20" }, "The last day must not be before the first."],
  ["for more than a year", "theo", { until: "2027-03-10" }, "The last day can be at most a year away."],
] as const)("nobody names %s", async (_, substitute, more, sentence) => {
  const refused = await name("mara", substitute, more);
  expect([refused.status, words(await refused.text())]).toEqual([422, expect.stringContaining(sentence)]);
  expect(await w.db.selectFrom("delegations").select("id").execute()).toEqual([]);
});

test("a second substitute in the same role and period is refused, also at the same moment", async () => {
  const mara = await w.by("mara");
  const period = { role: "marketing", from_at: w.clock.at, until_at: "2026-03-12T23:59:59.999Z" };
  const outcomes = await Promise.allSettled(
    (["theo", "vera"] as const).map((one) =>
      setDelegation(w.db, mara, w.site, { ...period, substitute: w.people[one].id }),
    ),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(words(await (await name("mara", "cleo")).text())).toContain(
    "is your substitute as Marketing in this period. End that first.",
  );
});

test("others see who stands in for whom, and only those concerned end it", async () => {
  await name("mara", "theo");
  const id = await newest();
  expect(await page("vera", "/delegations")).toContain("Mara Marketing Theo");
  expect((await w.as("vera").post(`${path}/${id}/end`)).status).toBe(403);
  expect((await w.as("oskar").get(path)).status).toBe(404);
  expect((await w.as("mara").post(`${path}/00000000-0000-0000-0000-000000000000/end`)).status).toBe(404);
  const { body } = await (await machine(w, "viewer")).get(path);
  expect(body.items).toMatchObject([{ person: "Mara", substitute: "Theo", role: "marketing", ended_at: null }]);
  await endDelegation(w.db, await w.by("iris"), w.site, id);
  expect(await page("vera", "/history")).toContain("Iris ended that Theo is substitute of Mara (Marketing).");
});

test("a token has no substitute", async () => {
  const { machine: token } = await w.token("marketing");
  const actor = { ...(await w.by("mara")), person: { ...w.people.mara, id: token.id, kind: "machine" as const } };
  const request = {
    role: "marketing",
    substitute: w.people.theo.id,
    from_at: w.clock.at,
    until_at: "2026-03-12T00:00:00.000Z",
  };
  await expect(setDelegation(w.db, actor, w.site, request)).rejects.toThrow("A token is never away");
});

test("verify and rebuild know delegations, their ends and for whom a decision was made", async () => {
  await name("mara", "theo");
  await approve("theo");
  await w.as("mara").post(`${path}/${await newest()}/end`);
  const before = await approvals();
  const verdict = await verify(w.db, w.site.id);
  expect(verdict).toHaveProperty("head");
  expect(await rebuild(w.db, w.site.id)).toEqual(verdict);
  expect(await approvals()).toEqual(before);
  expect(await page("vera", "/delegations")).toContain("ended early");
});

test("a promotion that Mara requests waits for others, not for her substitute", async () => {
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.mara.id, ["account-manager", "marketing"]);
  await w.record("beta", ["/new v1"]);
  const { number } = await w.release("New", ["/new"]);
  await w.promote(number, "demo");
  const request = await requestPromotion(w.db, await w.by("mara"), w.site, { release: number, to: "live" });
  await name("mara", "theo");
  await expect(approve("theo", request.number, request.digest)).rejects.toThrow("Mara requested this promotion");
  expect(await page("theo", "/approvals")).not.toContain("New Promotion 4 For Mara");
});

const approvers = async () => {
  const { body } = await (await machine(w, "viewer")).get("/sites/shop/promotions/2");
  return [body.requirements[0].people, body.blockers[0]?.message];
};
const person = (name: string, away: string | null = null) => ({ person: name, kind: "person", for: away });

test("a substitute is listed among those who can approve, with the name of the person who is away", async () => {
  expect(await approvers()).toEqual([[person("Mara")], "Marketing has not approved it yet. Mara can."]);
  await name("mara", "theo", { from: "2026-03-05" });
  expect((await approvers())[0]).toEqual([person("Mara")]);
  w.clock.at = "2026-03-06T10:00:00.000Z";
  expect(await approvers()).toEqual([
    [person("Mara"), person("Theo", "Mara")],
    "Marketing has not approved it yet. Mara or Theo for Mara can.",
  ]);
  expect(await page("vera", "/promotions/2")).toContain("waiting. Marketing: Mara, Theo for Mara");

  await changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, ["tester", "marketing"]);
  expect((await approvers())[0]).toEqual([person("Mara"), person("Theo")]);
  await changeRoles(w.db, await w.by("iris"), w.site, w.people.theo.id, []);
  expect((await approvers())[0]).toEqual([person("Mara")]);
});

test("the requester is not listed as a substitute, nor one whose time was ended", async () => {
  await name("mara", "ada");
  expect((await approvers())[0]).toEqual([person("Mara")]);
  await w.as("mara").post(`${path}/${await newest()}/end`);
  w.clock.at = "2026-03-03T10:01:00.000Z";
  await name("mara", "theo");
  expect((await approvers())[0]).toEqual([person("Mara"), person("Theo", "Mara")]);
  await w.as("mara").post(`${path}/${await newest()}/end`);
  expect((await approvers())[0]).toEqual([person("Mara")]);
});

test("two who count as one are not two approvers", async () => {
  await setGate(w, "live", { requirements: [{ role: "marketing", count: 2 }] });
  await name("mara", "theo");
  await w.as("ada").submit("/sites/shop/promotions/2/cancellation", { reason: "For the new gate" });
  await w.ask(1, "live");
  const { body } = await (await machine(w, "viewer")).get("/sites/shop/promotions/3");
  expect(body.blockers[0].message).toContain("2 approvals from Marketing cannot be given: only Mara can give one.");
});

test("a substitute ticks the checklist where the person who is away could", async () => {
  await setGate(w, "live", { requirements: [{ role: "marketing", count: 1 }], checklist: ["Stock is ready"] });
  await w.as("ada").submit("/sites/shop/promotions/2/cancellation", { reason: "For the new gate" });
  await w.ask(1, "live");
  const tick = (by: Name) =>
    w.as(by).post("/sites/shop/promotions/3/checklist", { line: "Stock is ready", ticked: "1" });
  expect((await tick("theo")).status).toBe(403);
  expect(await page("theo", "/promotions/3")).not.toContain("Tick");
  await name("mara", "theo");
  expect(await page("theo", "/promotions/3")).toContain("Tick");
  expect((await tick("theo")).status).toBe(303);
  expect(await page("vera", "/promotions/3")).toContain("Stock is ready Theo,");
});

test("a substitute begins on the promotion that waits for them, once signed in", async () => {
  await name("mara", "vera");
  expect((await w.as("vera").get("/")).headers.get("location")).toBe("/sites/shop/promotions/2");
});

test("the command line lists who decides for whom", async () => {
  const sitebook = await commandLineMachine(w, "viewer");
  expect((await sitebook(["delegation", "list"])).out).toBe("Nobody has named a substitute.\n");
  await name("mara", "theo");
  expect((await sitebook(["delegation", "list"])).out).toMatch(
    /^Theo for Mara +marketing +from 2026-03-03 10:00 UTC until 2026-03-12 23:59 UTC\n$/,
  );
  expect(JSON.parse((await sitebook(["delegation", "list", "--json"])).out)).toMatchObject([
    { person: "Mara", substitute: "Theo", role: "marketing", ended_at: null },
  ]);
});
