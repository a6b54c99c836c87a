import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../src/database/ids.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { canPromote } from "../src/promotions/eligibility.ts";
import { listApprovers } from "../src/record/approvers.ts";
import { placementsAsOf } from "../src/record/as-of.ts";
import type { ReportLine } from "../src/record/report.ts";
import { environmentOf, lineOf, type Name, type World, world } from "./support/world.ts";

let w: World;

beforeEach(async () => {
  w = await world();
});

afterEach(() => w.close());

const path = (number: number, more = "") => `/sites/shop/promotions/${number}${more}`;

const read = async (name: Name, number: number) => (await w.as(name).get(path(number))).text();

/** The digest that the page shows, which its form sends back. */
async function shown(name: Name, number: number): Promise<string> {
  return /name="digest" value="(\w+)"/.exec(await read(name, number))?.[1] ?? "";
}

async function says(name: Name, number: number, decision: string, more: Record<string, string> = {}) {
  return w.as(name).post(path(number, "/approvals"), { decision, digest: await shown("vera", number), ...more });
}

const completes = (name: Name, number: number, effective_at = "") =>
  w.as(name).post(path(number, "/completion"), { effective_at });

/** These lines are on beta, in a release, and asked for into demo: promotion 1. */
async function asked(lines: string[], to = "demo"): Promise<number> {
  await w.record("beta", lines);
  const keys = lines.map((line) => lineOf(line).key);
  const { number } = await w.release(`Release of ${keys.join(", ")}`, keys);
  if (to === "live") await w.promote(number, "demo");
  return (await w.ask(number, to)).number;
}

async function tell(environment: string, lines: (Partial<ReportLine> & { is: string })[]) {
  const placements = lines.map(({ is, ...more }) => ({ ...lineOf(is), ...more }));
  return recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), { placements });
}

const give = (name: Name, role: string) =>
  w.db
    .insertInto("memberships")
    .values({ site_id: w.site.id, person_id: w.people[name].id, role, since: w.clock.at })
    .execute();

/** From now on the environment's gate asks this. */
const ruleGate = (environment: string, ...requirements: { role: string; count: number }[]) =>
  w.db
    .insertInto("gates")
    .values({
      id: newId(),
      environment_id: environmentOf(w.site, environment).id,
      version: 2,
      rules: JSON.stringify({ requirements, asker_may_approve: false }),
      since: w.clock.at,
    })
    .execute();

const askFor = (release: number, to: string, name: Name = "ada") =>
  w.as(name).post("/sites/shop/promotions", { release: String(release), to, note: "", key: crypto.randomUUID() });

const approvals = () => w.db.selectFrom("approvals").selectAll().orderBy("id").execute();

const actions = async () =>
  (
    await w.db.selectFrom("events").select("action").where("action", "like", "promotion_%").orderBy("seq").execute()
  ).map((one) => one.action);

const held = async (environment: string) => {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, { asOf: w.clock.at });
  return Object.fromEntries(rows.map((row) => [row.key, row.version]));
};

const open = async () => (await w.db.selectFrom("open_promotions").selectAll().execute()).length;

test("a release travels from beta to live through both gates", async () => {
  await w.record("beta", ["/ v1", "/sale v1", "checkout 3.4.1"]);
  const { number } = await w.release("Spring");

  expect((await w.promote(number, "demo")).state).toBe("completed");
  expect((await w.promote(number, "live")).state).toBe("completed");

  const live = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "live").id, { asOf: w.clock.at });
  expect(live.map((row) => [row.key, row.version, row.promotion, row.out_of_band])).toEqual([
    ["/", "v1", 2, 0],
    ["/sale", "v1", 2, 0],
    ["checkout", "3.4.1", 2, 0],
  ]);
  const approvers = await listApprovers(
    w.db,
    live.map((row) => row.promotion_id),
  );
  expect([...approvers.values()]).toMatchObject([[{ person: "Mara", role: "marketing" }]]);
});

describe("asking", () => {
  test("leads to the promotion, which waits", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const answer = await w
      .as("ada")
      .post("/sites/shop/promotions", { release: "1", to: "demo", note: "By Sunday", key: "k1" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/sites/shop/promotions/1");

    const page = await read("ada", 1);
    expect(page).toContain("By Sunday");
    expect(page).toContain("It waits for Tester.");
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("by the same post twice asks once", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    const same = { release: "1", to: "demo", note: "", key: "k1" };

    const first = await w.as("ada").post("/sites/shop/promotions", same);
    const second = await w.as("ada").post("/sites/shop/promotions", same);

    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("for what is asked for already is refused, and the note stays", async () => {
    await asked(["/sale v1"]);

    const answer = await w
      .as("ada")
      .post("/sites/shop/promotions", { release: "1", to: "demo", note: "Once more", key: "k2" });
    const page = await answer.text();

    expect(answer.status).toBe(409);
    expect(page).toContain("Promotion 1 already asks for this.");
    expect(page).toContain("Once more");
    expect(await open()).toBe(1);
  });

  test("for what is there already is refused", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.promote((await w.release("Spring")).number, "demo");

    const answer = await askFor(1, "demo");

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("demo already holds all of release 1.");
    expect(await open()).toBe(0);
  });

  test("for what is there out of band is not: approving it afterwards puts that right", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await w.record("demo", ["/sale v1"]);

    await askFor(1, "demo");
    expect(await read("theo", 1)).toContain(
      "1 is on demo already without anybody’s approval, and would be approved afterwards.",
    );
    await says("theo", 1, "approve");
    await completes("ada", 1);

    const [row] = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "demo").id, { asOf: w.clock.at });
    expect(row).toMatchObject({ version: "v1", promotion: 1, out_of_band: 0 });
  });

  test("for the first environment, or for what is not there", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const first = await askFor(1, "beta");
    expect(first.status).toBe(409);
    expect(await first.text()).toContain("Everything begins on beta: it takes deployments, not promotions.");
    expect((await askFor(99, "demo")).status).toBe(404);
    expect((await askFor(1, "nowhere")).status).toBe(404);
    expect((await w.as("ada").post("/sites/shop/promotions", { release: "one", to: "demo" })).status).toBe(404);
    expect(await actions()).toEqual([]);
  });

  test("with a note that is too long: said beside the note", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const note = "x".repeat(10_001);
    const answer = await w.as("ada").post("/sites/shop/promotions", { release: "1", to: "demo", note, key: "k" });
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(/id="note-error">A note can have at most 10,000 characters; this one has 10,001/);
    expect(await open()).toBe(0);
  });

  test("for all that an older one holds, and more, takes its place", async () => {
    await asked(["/sale v1"]);
    await w.record("beta", ["/about v1"]);
    const both = await w.release("Both", ["/sale", "/about"]);

    await askFor(both.number, "demo");

    const page = await read("theo", 1);
    expect(page).toContain("Superseded");
    expect(page).toMatch(/<a href="\/sites\/shop\/promotions\/2">Promotion 2<\/a> took its place/);
    expect((await says("theo", 1, "approve")).status).toBe(409);
    expect(await actions()).toEqual(["promotion_asked", "promotion_asked", "promotion_superseded"]);
    expect(await open()).toBe(1);
  });

  test("for only a part of it, or into another environment, leaves it alone", async () => {
    await asked(["/sale v1", "/about v1"]);
    const part = await w.release("Part", ["/sale"]);

    await askFor(part.number, "demo");
    await askFor(1, "live");

    expect(await read("theo", 1)).toContain("It waits for you.");
    expect(await open()).toBe(3);
  });

  test.each(["cleo", "theo", "mara", "vera"] as const)("%s may not, and reads why", async (name) => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const answer = await askFor(1, "demo", name);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("You may not request, complete or cancel promotions on this site.");
    expect(await actions()).toEqual([]);
  });
});

describe("deciding", () => {
  test("an approval is recorded in the role that the gate asks, for what was shown", async () => {
    const number = await asked(["/sale v1"]);

    const answer = await says("theo", number, "approve", { comment: "Works in all browsers" });

    expect(answer.status).toBe(303);
    const page = await read("vera", number);
    expect(page).toContain("Theo (Tester) approved");
    expect(page).toContain("Works in all browsers");
    expect(await approvals()).toMatchObject([
      { role: "tester", decision: "approve", digest: await shown("vera", number), comment: "Works in all browsers" },
    ]);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("the same click again changes nothing", async () => {
    const number = await asked(["/sale v1"]);

    await says("theo", number, "approve");
    const again = await says("theo", number, "approve");

    expect(again.status).toBe(303);
    expect(await approvals()).toHaveLength(1);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("whoever asked does not approve, whatever their roles", async () => {
    await give("ada", "tester");
    const number = await asked(["/sale v1"]);

    const page = await read("ada", number);
    expect(page).toContain("You asked for this promotion, so somebody else has to decide.");
    expect(page).toMatch(/value="approve" disabled/);
    const answer = await says("ada", number, "approve");

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("You asked for this promotion, so somebody else has to decide.");
    expect(await approvals()).toEqual([]);
  });

  test.each(["mara", "vera", "cleo", "iris"] as const)(
    "%s, whom the gate does not ask, reads why not",
    async (name) => {
      const number = await asked(["/sale v1"]);
      const sentence = "demo asks for the approval of Tester, and that is not your role here.";

      expect(await read(name, number)).toContain(sentence);
      const answer = await says(name, number, "approve");

      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain(sentence);
      expect(await approvals()).toEqual([]);
    },
  );

  test("a stranger finds nothing", async () => {
    const number = await asked(["/sale v1"]);
    expect((await w.as("oskar").get(path(number))).status).toBe(404);
    expect((await says("oskar", number, "approve")).status).toBe(404);
    expect(await approvals()).toEqual([]);
  });

  test("a signed-out click leads to signing in, and from there back to the page", async () => {
    const number = await asked(["/sale v1"]);

    const referer = `http://sitebook.test${path(number)}`;
    const answer = await w.as("nobody").post(path(number, "/approvals"), { decision: "approve" }, { referer });

    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent(path(number))}`);
    expect(await approvals()).toEqual([]);
  });

  test("two are needed: one of them is not enough", async () => {
    await ruleGate("demo", { role: "tester", count: 2 });
    await give("vera", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await askFor(1, "demo");

    await says("theo", 1, "approve");
    const page = await read("ada", 1);
    expect(page).toContain("Tester: 1 of 2 have approved");
    expect(page).toContain("Tester has given 1 of 2 approvals.");
    expect((await completes("ada", 1)).status).toBe(409);

    await says("vera", 1, "approve");
    expect((await completes("ada", 1)).status).toBe(303);
    expect(await held("demo")).toEqual({ "/sale": "v1" });
  });

  test("what is asked for keeps the gate it was asked under", async () => {
    const number = await asked(["/sale v1"]);
    await ruleGate("demo", { role: "marketing", count: 2 });

    expect((await says("mara", number, "approve")).status).toBe(403);
    await says("theo", number, "approve");

    expect((await completes("ada", number)).status).toBe(303);
  });

  test("one person counts once, in both roles that the gate asks", async () => {
    await ruleGate("demo", { role: "tester", count: 1 }, { role: "marketing", count: 1 });
    await give("mara", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await askFor(1, "demo");

    await says("mara", 1, "approve");
    await says("mara", 1, "approve");
    expect(await approvals()).toHaveLength(1);
    expect(await read("ada", 1)).toContain("It waits for Marketing.");

    await give("theo", "marketing");
    await says("theo", 1, "approve");
    expect((await approvals()).map((one) => one.role).sort()).toEqual(["marketing", "tester"]);
    expect((await completes("ada", 1)).status).toBe(303);
  });

  test("one rejection ends it, and trying again is a new one", async () => {
    const number = await asked(["/sale v1"]);

    await says("theo", number, "reject", { comment: "The amount is wrong, it is 40, not 50." });

    const page = await read("vera", number);
    expect(page).toContain("Rejected");
    expect(page).toContain("The amount is wrong, it is 40, not 50.");
    expect((await says("theo", number, "approve")).status).toBe(409);
    expect((await completes("ada", number)).status).toBe(409);
    expect((await askFor(1, "demo")).headers.get("location")).toBe(path(2));
    expect(await actions()).toEqual(["promotion_asked", "promotion_rejected", "promotion_asked"]);
  });

  test("whoever approved may still say no, until it is completed", async () => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");
    expect(await read("theo", number)).toContain("You approved it");

    await says("theo", number, "reject", { comment: "I was wrong" });

    expect(await read("ada", number)).toContain("I was wrong");
    expect((await completes("ada", number)).status).toBe(409);
  });

  test("a rejection without a word comes back, and says so beside the comment", async () => {
    const number = await asked(["/sale v1"]);

    const answer = await says("theo", number, "reject", { comment: "  " });
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(
      /id="comment-error">Say what is wrong, so that it can be put right: a rejection needs a comment/,
    );
    expect(page).toMatch(/<details class="fold" open><summary>Add a comment/);
    expect(await approvals()).toEqual([]);
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("a decision about anything else than what it holds is refused", async () => {
    const number = await asked(["/sale v1"]);

    const answer = await w.as("theo").post(path(number, "/approvals"), { decision: "approve", digest: "9f2c41d7" });

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("That is not what promotion 1 holds.");
    expect(await approvals()).toEqual([]);
  });

  test("neither yes nor no is no decision", async () => {
    const number = await asked(["/sale v1"]);
    const answer = await says("theo", number, "perhaps");
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain("Say whether you approve or reject it.");
  });

  test("a comment that is markup is shown as text", async () => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve", { comment: `<img src=x onerror=alert(1)> "fine"` });
    const page = await read("vera", number);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(page).not.toContain("<img");
  });
});

describe("completing", () => {
  test("moves the contents in one deployment, and says who did", async () => {
    const number = await asked(["/sale v1", "/old v1", "checkout 3.4.1"]);
    await says("theo", number, "approve");

    const page = await (await w.as("ada").submit(path(number, "/completion"), { effective_at: "" })).text();

    expect(page).toContain("Completed. It is on demo.");
    expect(page).toMatch(/by Ada: on demo since .* as <a href="\/sites\/shop\/deployments\/2">deployment 2<\/a>/);
    expect(page).toContain("Approved by Theo (Tester).");
    expect(page).toContain("2 new pages went to demo, with 1 piece of software.");
    expect(await held("demo")).toEqual({ "/old": "v1", "/sale": "v1", checkout: "3.4.1" });
    expect(await open()).toBe(0);
  });

  test("the same click again changes nothing", async () => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");

    await completes("ada", number);
    const again = await completes("ada", number);

    expect(again.status).toBe(303);
    expect(await w.db.selectFrom("deployments").selectAll().execute()).toHaveLength(2);
    expect((await actions()).filter((one) => one === "promotion_completed")).toHaveLength(1);
  });

  test("is refused while anything stands in the way, with every reason at once", async () => {
    const number = await asked(["/sale v1"]);
    await w.record("beta", ["/sale v2"]);

    const answer = await completes("ada", number);
    const page = await answer.text();

    expect(answer.status).toBe(409);
    expect(page).toContain("Tester has not approved it yet. It holds v1 of /sale, but beta now holds v2.");
    expect(await held("demo")).toEqual({});
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("is not for everybody", async () => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");
    for (const name of ["theo", "mara", "cleo", "vera"] as const) {
      const answer = await completes(name, number);
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("You may not request, complete or cancel promotions on this site.");
    }
    expect(await held("demo")).toEqual({});
  });

  test("is blocked where beta moved on, and free again once it has come back", async () => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");
    await w.record("beta", ["/sale v2"]);
    expect(await read("theo", number)).toContain("beta shows v2 by now, not v1.");
    expect((await completes("ada", number)).status).toBe(409);

    await w.record("beta", ["/sale v1"]);

    expect(await read("ada", number)).toContain("Nothing stands in the way.");
    expect((await completes("ada", number)).status).toBe(303);
    expect(await held("demo")).toEqual({ "/sale": "v1" });
  });

  test("is blocked where a page needs software that would not be there", async () => {
    await tell("beta", [{ is: "/sale v1", requires: { checkout: ">=3.2 <4" } }, { is: "checkout 3.4.1" }]);
    await w.record("demo", ["checkout 3.1.0"]);
    const { number } = await w.release("The page alone", ["/sale"]);
    await w.ask(number, "demo");
    await says("theo", 1, "approve");

    const answer = await completes("ada", 1);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("/sale v1 needs checkout &gt;=3.2 &lt;4, but demo would have 3.1.0.");

    await w.promote((await w.release("With it", ["checkout"])).number, "demo");
    expect((await completes("ada", 1)).status).toBe(303);
  });

  test("is blocked where software would move away from a page that stays", async () => {
    await tell("beta", [{ is: "/sale v1", requires: { checkout: "^3.2.0" } }, { is: "checkout 3.4.1" }]);
    await w.promote((await w.release("First")).number, "demo");
    await w.record("beta", ["checkout 4.0.0"]);
    const { number } = await w.release("Checkout 4", ["checkout"]);
    const { number: promotion } = await w.ask(number, "demo");
    await says("theo", promotion, "approve");

    const answer = await completes("ada", promotion);

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("/sale v1 needs checkout ^3.2.0, but demo would have 4.0.0.");
    expect(await held("demo")).toEqual({ "/sale": "v1", checkout: "3.4.1" });
  });

  test("as of a past moment, on the site's clock; before its approval, and the page says so", async () => {
    w.clock.at = "2026-07-03T10:00:00.000Z";
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");

    // summer time: 10:30 in London is 09:30 UTC
    const page = await (
      await w.as("ada").submit(path(number, "/completion"), { effective_at: "2026-07-02T10:30" })
    ).text();

    expect(page).toMatch(/on demo since <time datetime="2026-07-02T09:30:00.000Z">/);
    expect(page).toMatch(/recorded 1 day later, <time datetime="2026-07-03T10:00:00.000Z">/);
    expect(page).toMatch(/It was there before its approval of <time datetime="2026-07-03T10:00:00.000Z">/);
    const then = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "demo").id, {
      asOf: "2026-07-02T09:30:00.000Z",
    });
    expect(then).toMatchObject([{ key: "/sale", promotion: number, recorded_at: "2026-07-03T10:00:00.000Z" }]);
  });

  test("as of a moment that the clocks showed twice says which one it took", async () => {
    w.clock.at = "2026-11-03T10:00:00.000Z";
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");
    const page = await (
      await w.as("ada").submit(path(number, "/completion"), { effective_at: "2026-10-25T01:30" })
    ).text();
    expect(page).toContain("Clocks in Europe/London showed 01:30 twice that day.");
  });

  test.each([
    ["to come", "2026-03-03T12:00", "in the future"],
    ["that is none", "some day", "is not a valid date and time"],
    ["before the web", "1985-01-01T12:00", "before there were web sites"],
  ])("as of a moment %s is refused beside the field", async (_, effective_at, sentence) => {
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");

    const answer = await completes("ada", number, effective_at);
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(new RegExp(`id="effective_at-error">[^<]*${sentence}`));
    expect(await held("demo")).toEqual({});
  });

  test("on live is called publishing", async () => {
    const number = await asked(["/sale v1"], "live");
    expect(await read("ada", number)).toContain("Publish to live");
    await says("mara", number, "approve");
    expect(await read("ada", number)).toContain("It is approved and waits for you to publish it.");
    await completes("ada", number);
    expect(await held("live")).toEqual({ "/sale": "v1" });
  });

  test("shows afterwards what it changed, however things stand by then", async () => {
    await w.record("beta", ["/sale v1", "/old v1"]);
    await w.promote((await w.release("First")).number, "demo");
    await w.record("beta", ["/sale v2", "-/old", "/new v1"]);
    const { number } = await w.promote((await w.release("Second")).number, "demo");
    await w.record("demo", ["/sale v9", "-/new"]);

    const page = await read("vera", number);

    expect(page).toContain("1 new page, 1 changed and 1 removed went to demo.");
    expect(page).toMatch(/v1<\/span> becomes <span class="version">v2/);
  });
});

describe("cancelling", () => {
  test("needs a reason, and ends it", async () => {
    const number = await asked(["/sale v1"]);

    const without = await w.as("ada").post(path(number, "/cancellation"), { reason: " " });
    expect(without.status).toBe(422);
    expect(await without.text()).toMatch(/id="reason-error">Say why: a cancellation needs a reason/);

    await w.as("ada").post(path(number, "/cancellation"), { reason: "Too early" });
    const again = await w.as("ada").post(path(number, "/cancellation"), { reason: "Too early" });
    expect(again.status).toBe(303);
    const page = await read("vera", number);
    expect(page).toContain("Cancelled");
    expect(page).toContain("Too early");
    expect((await says("theo", number, "approve")).status).toBe(409);
    expect(await actions()).toEqual(["promotion_asked", "promotion_cancelled"]);
  });

  test("is not for everybody, and not for what is done", async () => {
    const number = await asked(["/sale v1"]);
    expect((await w.as("theo").post(path(number, "/cancellation"), { reason: "No" })).status).toBe(403);
    await says("theo", number, "approve");
    await completes("ada", number);

    const answer = await w.as("ada").post(path(number, "/cancellation"), { reason: "Too late" });

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("Promotion 1 has been completed.");
  });
});

describe("at the same moment", () => {
  const statuses = async (...requests: Promise<Response>[]) =>
    (await Promise.all(requests)).map((answer) => answer.status).sort((a, b) => a - b);

  test("two people approve: both count", async () => {
    await ruleGate("demo", { role: "tester", count: 2 });
    await give("vera", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await askFor(1, "demo");

    expect(await statuses(says("theo", 1, "approve"), says("vera", 1, "approve"))).toEqual([303, 303]);

    expect(await approvals()).toHaveLength(2);
    expect(await read("ada", 1)).toContain("It is approved and waits for you to complete it.");
  });

  test("one person clicks five times: it counts once", async () => {
    const number = await asked(["/sale v1"]);
    const clicks = Array.from({ length: 5 }, () => says("theo", number, "approve"));
    expect(await statuses(...clicks)).toEqual([303, 303, 303, 303, 303]);
    expect(await approvals()).toHaveLength(1);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("one approves, one rejects: it is rejected", async () => {
    await give("vera", "tester");
    const number = await asked(["/sale v1"]);

    const [yes, no] = await Promise.all([
      says("theo", number, "approve"),
      says("vera", number, "reject", { comment: "No" }),
    ]);

    expect(no.status).toBe(303);
    expect([303, 409]).toContain(yes.status);
    expect(await approvals()).toHaveLength(yes.status === 303 ? 2 : 1);
    expect(await read("ada", number)).toContain("Rejected");
    expect(await open()).toBe(0);
  });

  test("one completes, one cancels: only one of them does", async () => {
    await give("iris", "account-manager");
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");

    const [done, cancelled] = await Promise.all([
      completes("ada", number),
      w.as("iris").post(path(number, "/cancellation"), { reason: "Stop" }),
    ]);

    expect([done.status, cancelled.status].sort((a, b) => a - b)).toEqual([303, 409]);
    expect(await held("demo")).toEqual(done.status === 303 ? { "/sale": "v1" } : {});
    expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(done.status === 303 ? 1 : 0);
    expect(await w.db.selectFrom("cancellations").selectAll().execute()).toHaveLength(done.status === 303 ? 0 : 1);
  });

  test("two complete it: it arrives once", async () => {
    await give("iris", "account-manager");
    const number = await asked(["/sale v1"]);
    await says("theo", number, "approve");

    expect(await statuses(completes("ada", number), completes("iris", number))).toEqual([303, 409]);

    expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(1);
    expect(await w.db.selectFrom("deployments").selectAll().execute()).toHaveLength(2);
  });

  test("two ask for the same: it is asked for once", async () => {
    await give("iris", "account-manager");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    expect(await statuses(askFor(1, "demo"), askFor(1, "demo", "iris"))).toEqual([303, 409]);

    expect(await open()).toBe(1);
  });
});

describe("whether a release could go", () => {
  const could = async (to: string) => canPromote(w.db, await w.by("vera"), w.site, { release: 1, to });

  test("not before it is approved, then yes, and afterwards it is there", async () => {
    const number = await asked(["/sale v1"]);
    expect((await could("demo")).blockers.map((one) => one.code)).toEqual(["approvals_missing"]);
    expect((await could("live")).blockers.map((one) => one.code)).toEqual(["approvals_missing", "content_moved_on"]);

    await says("theo", number, "approve");
    expect(await could("demo")).toEqual({ allowed: true, blockers: [] });

    await completes("ada", number);
    expect((await could("demo")).blockers.map((one) => one.code)).toEqual(["nothing_to_change"]);
  });
});

test.each(["999", "abc", "0", "1.5", "-1"])("promotion %s is not there", async (number) => {
  expect((await w.as("ada").get(`/sites/shop/promotions/${number}`)).status).toBe(404);
  expect((await w.as("ada").post(`/sites/shop/promotions/${number}/completion`, {})).status).toBe(404);
});
