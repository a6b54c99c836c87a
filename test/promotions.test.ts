import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../src/database/ids.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { changeRoles } from "../src/people/people.ts";
import { canPromote } from "../src/promotions/eligibility.ts";
import { listApprovers } from "../src/record/approvers.ts";
import { endOfTime, placementsAsOf } from "../src/record/as-of.ts";
import type { ReportLine } from "../src/record/report.ts";
import { links, words } from "./support/words.ts";
import { environmentOf, lineOf, lived, type Name, type World, world } from "./support/world.ts";

let w: World;

beforeEach(async () => {
  w = await world();
});

afterEach(() => w.close());

const path = (number: number, more = "") => `/sites/shop/promotions/${number}${more}`;

const read = async (name: Name, number: number) => (await w.as(name).get(path(number))).text();

/** The digest in the page's form, which is sent with a decision. */
async function digestOn(name: Name, number: number): Promise<string> {
  return /name="digest" value="(\w+)"/.exec(await read(name, number))?.[1] ?? "";
}

async function decides(name: Name, number: number, decision: string, more: Record<string, string> = {}) {
  return w
    .as(name)
    .post(path(number, "/approvals"), { decision, digest: await digestOn("vera", number), anyway: "1", ...more });
}

const completes = (name: Name, number: number, effective_at = "") =>
  w.as(name).post(path(number, "/completion"), { effective_at });

/** Puts these lines on beta and in a release, and requests its promotion. Returns the promotion's number. */
async function requested(lines: string[], to = "demo"): Promise<number> {
  await w.record("beta", lines);
  const keys = lines.map((line) => lineOf(line).key);
  const { number } = await w.release(`Release of ${keys.join(", ")}`, keys);
  if (to === "live") await w.promote(number, "demo");
  return (await w.ask(number, to)).number;
}

const saleRequested = lived(async (w) => {
  await w.record("beta", ["/sale v1"]);
  await w.ask((await w.release("Release of /sale", ["/sale"])).number, "demo");
});

/** Leaves the empty shop for one where the promotion of /sale v1 to demo was requested. Returns its number. */
async function requestedSale(): Promise<number> {
  await w.close();
  w = await saleRequested();
  return 1;
}

async function recordLines(environment: string, lines: (Partial<ReportLine> & { line: string })[]) {
  const placements = lines.map(({ line, ...more }) => ({ ...lineOf(line), ...more }));
  return recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment), { placements });
}

const giveRole = (name: Name, role: string) =>
  w.db
    .insertInto("memberships")
    .values({ site_id: w.site.id, person_id: w.people[name].id, role, since: w.clock.at })
    .execute();

/** Gives the environment a new gate with these requirements. */
const changeGate = (environment: string, ...requirements: { role: string; count: number }[]) =>
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

const request = (release: number, to: string, name: Name = "ada") =>
  w.as(name).post("/sites/shop/promotions", { release: String(release), to, note: "", key: crypto.randomUUID() });

const approvals = () => w.db.selectFrom("approvals").selectAll().orderBy("id").execute();

const actions = async () =>
  (
    await w.db.selectFrom("events").select("action").where("action", "like", "promotion_%").orderBy("seq").execute()
  ).map((event) => event.action);

const contentsOf = async (environment: string) => {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, { asOf: w.clock.at });
  return Object.fromEntries(rows.map((row) => [row.key, row.version]));
};

const countOpen = async () => (await w.db.selectFrom("open_promotions").selectAll().execute()).length;

test("a release is promoted from beta to live through both gates", async () => {
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
  const approvers = await listApprovers(w.db, live);
  expect([...approvers.values()]).toMatchObject([[{ person: "Mara", role: "marketing" }]]);
});

describe("requesting a promotion", () => {
  test("leads to the new promotion, which is waiting", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const answer = await w
      .as("ada")
      .post("/sites/shop/promotions", { release: "1", to: "demo", note: "By Sunday", key: "k1" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/sites/shop/promotions/1");

    const page = await read("ada", 1);
    expect(page).toContain("By Sunday");
    expect(page).toContain("Waiting for Tester.");
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("twice with the same form creates one promotion", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    const same = { release: "1", to: "demo", note: "", key: "k1" };

    const first = await w.as("ada").post("/sites/shop/promotions", same);
    const second = await w.as("ada").post("/sites/shop/promotions", same);

    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("that is open already is refused, and the note is kept in the form", async () => {
    await requestedSale();

    const answer = await w
      .as("ada")
      .post("/sites/shop/promotions", { release: "1", to: "demo", note: "Once more", key: "k2" });
    const page = await answer.text();

    expect(answer.status).toBe(409);
    expect(page).toContain("Already requested: promotion 1.");
    expect(page).toContain("Once more");
    expect(await countOpen()).toBe(1);
  });

  test("that would change nothing is refused", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.promote((await w.release("Spring")).number, "demo");

    const answer = await request(1, "demo");

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("Release 1 would not change anything on demo.");
    expect(await countOpen()).toBe(0);
  });

  test("of versions that are in the target out of band is possible, and approves them afterwards", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await w.record("demo", ["/sale v1"]);

    await request(1, "demo");
    expect(await read("theo", 1)).toContain(
      "1 item is already on demo without approval and would be approved afterwards.",
    );
    await decides("theo", 1, "approve");
    await completes("ada", 1);

    const [row] = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "demo").id, { asOf: w.clock.at });
    expect(row).toMatchObject({ version: "v1", promotion: 1, out_of_band: 0 });
  });

  test("to the first environment, or of what does not exist, is refused", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const first = await request(1, "beta");
    expect(first.status).toBe(409);
    expect(await first.text()).toContain(
      "beta is the first environment, so nothing can be promoted to it. Record a deployment instead.",
    );
    expect((await request(99, "demo")).status).toBe(404);
    expect((await request(1, "nowhere")).status).toBe(404);
    expect((await w.as("ada").post("/sites/shop/promotions", { release: "one", to: "demo" })).status).toBe(404);
    expect(await actions()).toEqual([]);
  });

  test("with a note that is too long shows the error beside the note", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const note = "x".repeat(10_001);
    const answer = await w.as("ada").post("/sites/shop/promotions", { release: "1", to: "demo", note, key: "k" });
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(/id="note-error">A note can have at most 10,000 characters; this one has 10,001/);
    expect(await countOpen()).toBe(0);
  });

  test("that includes everything in an older one replaces it", async () => {
    await requestedSale();
    await w.record("beta", ["/about v1"]);
    const both = await w.release("Both", ["/sale", "/about"]);

    await request(both.number, "demo");

    const page = await read("theo", 1);
    expect(page).toContain("Superseded");
    expect(page).toMatch(/<a href="\/sites\/shop\/promotions\/2">Promotion 2<\/a> replaced it/);
    expect((await decides("theo", 1, "approve")).status).toBe(409);
    expect(await actions()).toEqual(["promotion_asked", "promotion_asked", "promotion_superseded"]);
    expect(await countOpen()).toBe(1);
  });

  test("of only a part of an older one, or to another environment, leaves the older one open", async () => {
    await requested(["/sale v1", "/about v1"]);
    const part = await w.release("Part", ["/sale"]);

    await request(part.number, "demo");
    await request(1, "live");

    expect(await read("theo", 1)).toContain("Waiting for you.");
    expect(await countOpen()).toBe(3);
  });

  test.each(["cleo", "theo", "mara", "vera"] as const)("as %s is refused with a reason", async (name) => {
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    const answer = await request(1, "demo", name);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("You may not request, complete or cancel promotions on this site.");
    expect(await actions()).toEqual([]);
  });
});

describe("deciding", () => {
  test("an approval is recorded in the role that the gate needs, for the digest on the page", async () => {
    const number = await requestedSale();

    const answer = await decides("theo", number, "approve", { comment: "Works in all browsers" });

    expect(answer.status).toBe(303);
    const page = await read("vera", number);
    expect(words(page)).toContain("Theo (Tester) approved");
    expect(page).toContain("Works in all browsers");
    expect(await approvals()).toMatchObject([
      { role: "tester", decision: "approve", digest: await digestOn("vera", number), comment: "Works in all browsers" },
    ]);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("clicking again changes nothing", async () => {
    const number = await requestedSale();

    await decides("theo", number, "approve");
    const again = await decides("theo", number, "approve");

    expect(again.status).toBe(303);
    expect(await approvals()).toHaveLength(1);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("the requester cannot approve, whatever their roles", async () => {
    await giveRole("ada", "tester");
    const number = await requested(["/sale v1"]);

    const page = await read("ada", number);
    expect(page).toContain("You requested this promotion, so someone else has to decide.");
    expect(page).toMatch(/value="approve" disabled/);
    const answer = await decides("ada", number, "approve");

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("You requested this promotion, so someone else has to decide.");
    expect(await approvals()).toEqual([]);
  });

  test.each(["mara", "vera", "cleo", "iris"] as const)(
    "%s, whose role the gate does not need, is refused with a reason",
    async (name) => {
      const number = await requestedSale();
      const sentence = "demo needs approval by Tester. You have no such role on this site.";

      expect(await read(name, number)).toContain(sentence);
      const answer = await decides(name, number, "approve");

      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain(sentence);
      expect(await approvals()).toEqual([]);
    },
  );

  test("a person without a role on the site finds nothing", async () => {
    const number = await requestedSale();
    expect((await w.as("oskar").get(path(number))).status).toBe(404);
    expect((await decides("oskar", number, "approve")).status).toBe(404);
    expect(await approvals()).toEqual([]);
  });

  test("a click after the session ended leads to signing in, and from there back to the page", async () => {
    const number = await requestedSale();

    const referer = `http://sitebook.test${path(number)}`;
    const answer = await w.as("nobody").post(path(number, "/approvals"), { decision: "approve" }, { referer });

    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent(path(number))}`);
    expect(await approvals()).toEqual([]);
  });

  test("one of two needed approvals is not enough", async () => {
    await changeGate("demo", { role: "tester", count: 2 });
    await giveRole("vera", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await request(1, "demo");

    await decides("theo", 1, "approve");
    const page = await read("ada", 1);
    expect(page).toContain("Waiting for 1 more approval from Tester.");
    expect(page).toContain("Tester: 1 of 2 approvals");
    expect(page).toContain("Tester has given 1 of 2 approvals.");
    expect((await completes("ada", 1)).status).toBe(409);

    await decides("vera", 1, "approve");
    expect((await completes("ada", 1)).status).toBe(303);
    expect(await contentsOf("demo")).toEqual({ "/sale": "v1" });
  });

  test("an open promotion keeps the gate that was in force when it was requested", async () => {
    const number = await requestedSale();
    await changeGate("demo", { role: "marketing", count: 2 });

    expect((await decides("mara", number, "approve")).status).toBe(403);
    await decides("theo", number, "approve");

    expect((await completes("ada", number)).status).toBe(303);
  });

  test("a person with both roles of the gate counts once", async () => {
    await changeGate("demo", { role: "tester", count: 1 }, { role: "marketing", count: 1 });
    await giveRole("mara", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await request(1, "demo");

    await decides("mara", 1, "approve", { role: "tester" });
    await decides("mara", 1, "approve", { role: "tester" });
    expect(await approvals()).toHaveLength(1);
    expect(await read("ada", 1)).toContain("Waiting for Marketing.");

    await giveRole("theo", "marketing");
    await decides("theo", 1, "approve");
    expect((await approvals()).map((approval) => approval.role).sort()).toEqual(["marketing", "tester"]);
    expect((await completes("ada", 1)).status).toBe(303);
  });

  test("one rejection ends it, and a new promotion can be requested", async () => {
    const number = await requestedSale();

    await decides("theo", number, "reject", { comment: "The amount is wrong, it is 40, not 50." });

    const page = await read("vera", number);
    expect(page).toContain("Rejected");
    expect(page).toContain("The amount is wrong, it is 40, not 50.");
    expect(page).not.toContain("Request promotion");
    expect(await read("ada", number)).toContain('href="/sites/shop/releases/1#ask">Request promotion');
    expect((await decides("theo", number, "approve")).status).toBe(409);
    expect((await completes("ada", number)).status).toBe(409);
    expect((await request(1, "demo")).headers.get("location")).toBe(path(2));
    expect(await actions()).toEqual(["promotion_asked", "promotion_rejected", "promotion_asked"]);
  });

  test.each([
    ["rejected", "was rejected. To try again, request a new promotion."],
    ["cancelled", "was cancelled."],
    ["superseded", "was replaced by a newer one."],
    ["completed", "has been completed."],
  ] as const)("on a page that was opened before it was %s is refused, and changes nothing", async (end, sentence) => {
    await giveRole("vera", "tester");
    const number = await requested(["/sale v1"]);
    const digest = await digestOn("vera", number);
    if (end === "rejected") await decides("theo", number, "reject", { comment: "No" });
    if (end === "cancelled") await w.as("ada").post(path(number, "/cancellation"), { reason: "Not now" });
    if (end === "superseded") {
      await w.record("beta", ["/sale v2"]);
      await request((await w.release("Newer")).number, "demo");
    }
    if (end === "completed") {
      await decides("theo", number, "approve");
      await completes("ada", number);
    }
    const before = await approvals();
    for (const decision of ["approve", "reject"]) {
      const form = { decision, digest, comment: "Late", anyway: "1" };
      const late = await w.as("vera").post(path(number, "/approvals"), form);
      expect([late.status, words(await late.text())]).toEqual([
        409,
        expect.stringContaining(`Promotion ${number} ${sentence}`),
      ]);
    }
    expect(await approvals()).toEqual(before);
  });

  test("a role that is taken away between page and click, or a place on the site, no longer decides", async () => {
    const number = await requestedSale();
    const form = { decision: "approve", digest: await digestOn("theo", number), anyway: "1" };
    const click = () => w.as("theo").post(path(number, "/approvals"), form);
    const { id } = w.people.theo;
    await changeRoles(w.db, await w.by("iris"), w.site, id, ["contributor"]);
    const without = await click();
    expect([without.status, words(await without.text())]).toEqual([
      403,
      expect.stringContaining("demo needs approval by Tester. You have no such role on this site."),
    ]);
    await changeRoles(w.db, await w.by("iris"), w.site, id, []);
    expect((await click()).status).toBe(404);
    expect(await approvals()).toEqual([]);

    await giveRole("theo", "tester");
    expect((await click()).status).toBe(303);
    expect(await approvals()).toHaveLength(1);
  });

  test("an approver can still reject it until it is completed", async () => {
    const number = await requestedSale();
    await decides("theo", number, "approve");
    expect(await read("theo", number)).toContain("You approved it");

    await decides("theo", number, "reject", { comment: "I was wrong" });

    expect(await read("ada", number)).toContain("I was wrong");
    expect((await completes("ada", number)).status).toBe(409);
  });

  test("a rejection without a comment is refused, with the reason beside the comment", async () => {
    const number = await requestedSale();

    const answer = await decides("theo", number, "reject", { comment: "  " });
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(
      /id="comment-error">A rejection needs a comment\. Say what is wrong, so that it can be fixed\./,
    );
    expect(page).toMatch(/<details class="fold" open><summary>Add a comment/);
    expect(await approvals()).toEqual([]);
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("a decision with another digest than the promotion's is refused", async () => {
    const number = await requestedSale();

    const answer = await w
      .as("theo")
      .post(path(number, "/approvals"), { decision: "approve", digest: "9f2c41d7", anyway: "1" });

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("This is not what promotion 1 contains.");
    expect(await approvals()).toEqual([]);
  });

  test("anything but approve or reject is refused", async () => {
    const number = await requestedSale();
    const answer = await decides("theo", number, "perhaps");
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain("Select Approve or Reject.");
  });

  test("a comment with markup in it is shown as text", async () => {
    const number = await requestedSale();
    await decides("theo", number, "approve", { comment: `<img src=x onerror=alert(1)> "fine"` });
    const page = await read("vera", number);
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(page).not.toContain("<img");
  });
});

describe("completing", () => {
  test("gives new pages a link to open them where they are now", async () => {
    const number = await requestedSale();
    const onDemo = "Open on demo: /sale, in a new tab";
    expect(Object.keys(links(await read("vera", number)))).not.toContain(onDemo);
    await decides("theo", number, "approve");
    await w.as("ada").submit(path(number, "/completion"), { effective_at: "" });
    expect(links(await read("vera", number))[onDemo]).toBe("https://demo.shop.example/sale");
  });

  test("records the contents in one deployment, and shows who completed it", async () => {
    const number = await requested(["/sale v1", "/old v1", "checkout 3.4.1"]);
    await decides("theo", number, "approve");

    const page = await (await w.as("ada").submit(path(number, "/completion"), { effective_at: "" })).text();

    expect(page).toContain("Completed. It is on demo.");
    expect(page).toMatch(
      /by <bdi>Ada<\/bdi>: on demo since .* as <a href="\/sites\/shop\/deployments\/2">deployment 2<\/a>/,
    );
    expect(words(page)).toContain("Approved by Theo (Tester).");
    expect(page).toContain("2 new pages went to demo, with 1 software item.");
    expect(await contentsOf("demo")).toEqual({ "/old": "v1", "/sale": "v1", checkout: "3.4.1" });
    expect(await countOpen()).toBe(0);
  });

  test("clicking again changes nothing", async () => {
    const number = await requestedSale();
    await decides("theo", number, "approve");

    await completes("ada", number);
    const again = await completes("ada", number);

    expect(again.status).toBe(303);
    expect(await w.db.selectFrom("deployments").selectAll().execute()).toHaveLength(2);
    expect((await actions()).filter((action) => action === "promotion_completed")).toHaveLength(1);
  });

  test("is refused while anything is blocking it, with all blockers at once", async () => {
    const number = await requestedSale();
    await w.record("beta", ["/sale v2"]);

    const answer = await completes("ada", number);
    const page = await answer.text();

    expect(answer.status).toBe(409);
    expect(page).toContain("Tester has not approved it yet. Theo can. The release has /sale v1, but beta now has v2.");
    expect(await contentsOf("demo")).toEqual({});
    expect(await actions()).toEqual(["promotion_asked"]);
  });

  test("needs the permission to promote", async () => {
    const number = await requestedSale();
    await decides("theo", number, "approve");
    for (const name of ["theo", "mara", "cleo", "vera"] as const) {
      const answer = await completes(name, number);
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("You may not request, complete or cancel promotions on this site.");
    }
    expect(await contentsOf("demo")).toEqual({});
  });

  test("is blocked when beta moves on, and unblocked when beta goes back", async () => {
    const number = await requestedSale();
    await decides("theo", number, "approve");
    await w.record("beta", ["/sale v2"]);
    expect(await read("theo", number)).toContain("beta now has v2, not v1.");
    expect((await completes("ada", number)).status).toBe(409);

    await w.record("beta", ["/sale v1"]);

    expect(await read("ada", number)).toContain("Nothing is blocking this.");
    expect((await completes("ada", number)).status).toBe(303);
    expect(await contentsOf("demo")).toEqual({ "/sale": "v1" });
  });

  test("is blocked if a page needs software that would not be in the target", async () => {
    await recordLines("beta", [{ line: "/sale v1", requires: { checkout: ">=3.2 <4" } }, { line: "checkout 3.4.1" }]);
    await w.record("demo", ["checkout 3.1.0"]);
    const { number } = await w.release("The page alone", ["/sale"]);
    await w.ask(number, "demo");
    await decides("theo", 1, "approve");

    const answer = await completes("ada", 1);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("/sale v1 needs checkout &gt;=3.2 &lt;4, but demo would have 3.1.0.");

    await w.promote((await w.release("With it", ["checkout"])).number, "demo");
    expect((await completes("ada", 1)).status).toBe(303);
  });

  test("is blocked if a page that stays needs the software version that would be replaced", async () => {
    await recordLines("beta", [{ line: "/sale v1", requires: { checkout: "^3.2.0" } }, { line: "checkout 3.4.1" }]);
    await w.promote((await w.release("First")).number, "demo");
    await w.record("beta", ["checkout 4.0.0"]);
    const { number } = await w.release("Checkout 4", ["checkout"]);
    const { number: promotion } = await w.ask(number, "demo");
    await decides("theo", promotion, "approve");

    const answer = await completes("ada", promotion);

    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("/sale v1 needs checkout ^3.2.0, but demo would have 4.0.0.");
    expect(await contentsOf("demo")).toEqual({ "/sale": "v1", checkout: "3.4.1" });
  });

  test("takes a past moment in the site's time zone, and flags one before the approval", async () => {
    w.clock.at = "2026-07-03T10:00:00.000Z";
    const number = await requested(["/sale v1"]);
    await decides("theo", number, "approve");

    // summer time: 10:30 in London is 09:30 UTC
    const page = await (
      await w.as("ada").submit(path(number, "/completion"), { effective_at: "2026-07-02T10:30" })
    ).text();

    expect(page).toMatch(/on demo since <time datetime="2026-07-02T09:30:00.000Z">/);
    expect(page).toMatch(/recorded 1 day later, <time datetime="2026-07-03T10:00:00.000Z">/);
    expect(page).toMatch(/It was on demo before it was approved on <time datetime="2026-07-03T10:00:00.000Z">/);
    const then = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, "demo").id, {
      asOf: "2026-07-02T09:30:00.000Z",
    });
    expect(then).toMatchObject([{ key: "/sale", promotion: number, recorded_at: "2026-07-03T10:00:00.000Z" }]);
  });

  test("at a moment that the clocks showed twice has to name which", async () => {
    w.clock.at = "2026-11-03T10:00:00.000Z";
    const number = await requested(["/sale v1"]);
    await decides("theo", number, "approve");
    const refused = await (await completes("ada", number, "2026-10-25T01:30")).text();
    expect(refused).toContain("Enter 2026-10-25 01:30 BST or 2026-10-25 01:30 GMT.");
    expect(refused).toMatch(/<input type="text" id="effective_at"[^>]* value="2026-10-25T01:30"/);

    await completes("ada", number, "2026-10-25 01:30 GMT");
    const demo = environmentOf(w.site, "demo").id;
    expect(await placementsAsOf(w.db, w.site.id, demo, { asOf: endOfTime })).toMatchObject([
      { effective_at: "2026-10-25T01:30:00.000Z" },
    ]);
    expect(words(await read("ada", number))).toContain("25 Oct, 01:30 GMT");
  });

  test.each([
    ["to come", "2026-03-03T12:00", "in the future"],
    ["that cannot be read", "some day", "is not a valid date and time"],
    ["before the web existed", "1985-01-01T12:00", "before there were web sites"],
  ])("at a moment %s is refused beside the field", async (_, effective_at, sentence) => {
    const number = await requestedSale();
    await decides("theo", number, "approve");

    const answer = await completes("ada", number, effective_at);
    const page = await answer.text();

    expect(answer.status).toBe(422);
    expect(page).toMatch(new RegExp(`id="effective_at-error">[^<]*${sentence}`));
    expect(await contentsOf("demo")).toEqual({});
  });

  test("on live is called “Mark as live”", async () => {
    const number = await requested(["/sale v1"], "live");
    expect(await read("ada", number)).toContain("Mark as live");
    await decides("mara", number, "approve");
    expect(await read("ada", number)).toContain("Approved. Waiting for you to mark it as live.");
    await completes("ada", number);
    expect(await contentsOf("live")).toEqual({ "/sale": "v1" });
  });

  test("still shows what it changed, whatever has changed since", async () => {
    await w.record("beta", ["/sale v1", "/old v1"]);
    await w.promote((await w.release("First")).number, "demo");
    await w.record("beta", ["/sale v2", "-/old", "/new v1"]);
    const { number } = await w.promote((await w.release("Second")).number, "demo");
    await w.record("demo", ["/sale v9", "-/new"]);

    const page = await read("vera", number);

    expect(page).toContain("1 new page and 1 changed went to demo. 1 page was removed from demo.");
    expect(page).toMatch(/v1<\/bdi> → <bdi class="version">v2/);
  });
});

describe("cancelling", () => {
  test("needs a reason, and ends it", async () => {
    const number = await requestedSale();

    const without = await w.as("ada").post(path(number, "/cancellation"), { reason: " " });
    expect(without.status).toBe(422);
    expect(await without.text()).toMatch(/id="reason-error">A cancellation needs a reason/);

    await w.as("ada").post(path(number, "/cancellation"), { reason: "Too early" });
    const again = await w.as("ada").post(path(number, "/cancellation"), { reason: "Too early" });
    expect(again.status).toBe(303);
    const page = await read("vera", number);
    expect(page).toContain("Cancelled");
    expect(page).toContain("Too early");
    expect((await decides("theo", number, "approve")).status).toBe(409);
    expect(await actions()).toEqual(["promotion_asked", "promotion_cancelled"]);
  });

  test("needs the permission to promote, and an open promotion", async () => {
    const number = await requestedSale();
    expect((await w.as("theo").post(path(number, "/cancellation"), { reason: "No" })).status).toBe(403);
    await decides("theo", number, "approve");
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
    await changeGate("demo", { role: "tester", count: 2 });
    await giveRole("vera", "tester");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");
    await request(1, "demo");

    expect(await statuses(decides("theo", 1, "approve"), decides("vera", 1, "approve"))).toEqual([303, 303]);

    expect(await approvals()).toHaveLength(2);
    expect(await read("ada", 1)).toContain("Approved. Waiting for you to mark it as on demo.");
  });

  test("one person clicks five times: it counts once", async () => {
    const number = await requestedSale();
    const clicks = Array.from({ length: 5 }, () => decides("theo", number, "approve"));
    expect(await statuses(...clicks)).toEqual([303, 303, 303, 303, 303]);
    expect(await approvals()).toHaveLength(1);
    expect(await actions()).toEqual(["promotion_asked", "promotion_approved"]);
  });

  test("one approves, one rejects: it is rejected", async () => {
    await giveRole("vera", "tester");
    const number = await requested(["/sale v1"]);

    const [yes, no] = await Promise.all([
      decides("theo", number, "approve"),
      decides("vera", number, "reject", { comment: "No" }),
    ]);

    expect(no.status).toBe(303);
    expect([303, 409]).toContain(yes.status);
    expect(await approvals()).toHaveLength(yes.status === 303 ? 2 : 1);
    expect(await read("ada", number)).toContain("Rejected");
    expect(await countOpen()).toBe(0);
  });

  test("one completes, one cancels: only one of them succeeds", async () => {
    await giveRole("iris", "account-manager");
    const number = await requested(["/sale v1"]);
    await decides("theo", number, "approve");

    const [done, cancelled] = await Promise.all([
      completes("ada", number),
      w.as("iris").post(path(number, "/cancellation"), { reason: "Stop" }),
    ]);

    expect([done.status, cancelled.status].sort((a, b) => a - b)).toEqual([303, 409]);
    expect(await contentsOf("demo")).toEqual(done.status === 303 ? { "/sale": "v1" } : {});
    expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(done.status === 303 ? 1 : 0);
    expect(await w.db.selectFrom("cancellations").selectAll().execute()).toHaveLength(done.status === 303 ? 0 : 1);
  });

  test("two people complete it: it is recorded once", async () => {
    await giveRole("iris", "account-manager");
    const number = await requested(["/sale v1"]);
    await decides("theo", number, "approve");

    expect(await statuses(completes("ada", number), completes("iris", number))).toEqual([303, 409]);

    expect(await w.db.selectFrom("completions").selectAll().execute()).toHaveLength(1);
    expect(await w.db.selectFrom("deployments").selectAll().execute()).toHaveLength(2);
  });

  test("two people request the same: one promotion is created", async () => {
    await giveRole("iris", "account-manager");
    await w.record("beta", ["/sale v1"]);
    await w.release("Spring");

    expect(await statuses(request(1, "demo"), request(1, "demo", "iris"))).toEqual([303, 409]);

    expect(await countOpen()).toBe(1);
  });
});

describe("whether a release can be promoted", () => {
  const eligibility = async (to: string) => canPromote(w.db, await w.by("vera"), w.site, { release: 1, to });

  test("not before it is approved, then yes, and not again once it is completed", async () => {
    const number = await requestedSale();
    expect((await eligibility("demo")).blockers.map((blocker) => blocker.code)).toEqual(["approvals_missing"]);
    expect((await eligibility("live")).blockers.map((blocker) => blocker.code)).toEqual([
      "approvals_missing",
      "content_moved_on",
    ]);

    await decides("theo", number, "approve");
    expect(await eligibility("demo")).toEqual({ allowed: true, blockers: [] });

    await completes("ada", number);
    expect((await eligibility("demo")).blockers.map((blocker) => blocker.code)).toEqual(["nothing_to_change"]);
  });
});

test.each(["999", "abc", "0", "1.5", "-1"])("promotion %s is not found", async (number) => {
  expect((await w.as("ada").get(`/sites/shop/promotions/${number}`)).status).toBe(404);
  expect((await w.as("ada").post(`/sites/shop/promotions/${number}/completion`, {})).status).toBe(404);
});
