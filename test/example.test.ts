import { afterAll, beforeAll, expect, test } from "vitest";
import { findAccess, type Site } from "../src/access/sites.ts";
import { listDifferences } from "../src/compare/queries.ts";
import { createExample } from "../src/example/example.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { hashPassword } from "../src/people/passwords.ts";
import { promotionDetails } from "../src/promotions/assessment.ts";
import { canPromote } from "../src/promotions/eligibility.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { listPromotions } from "../src/promotions/queries.ts";
import { createRelease } from "../src/releases/releases.ts";
import { addMs } from "../src/time/add.ts";
import { environmentOf, type World, world } from "./support/world.ts";

const password = "correct horse battery staple";
let w: World;
let site: Site;

// created once: no test here changes what another reads
beforeAll(async () => {
  w = await world();
  await w.db
    .updateTable("people")
    .set({ password: await hashPassword(password) })
    .where("id", "=", w.people.iris.id)
    .execute();
  await createExample(w.db, await w.by("iris"));
  site = (await findAccess(w.db, w.people.iris.id, "example"))?.site as Site;
});
afterAll(() => w.close());

test("has sixty pages in eight sections and eight software items", async () => {
  const artifacts = await w.db.selectFrom("artifacts").selectAll().where("site_id", "=", site.id).execute();
  const pages = artifacts.filter(({ kind }) => kind === "page");
  expect(pages).toHaveLength(60);
  expect(pages.every(({ title }) => title)).toBe(true);
  expect(new Set(pages.map(({ section }) => section).filter(Boolean)).size).toBe(8);
  expect(artifacts.length - pages.length).toBe(8);
});

test("its people sign in with the password of the person who created it, and hold every role", async () => {
  const roles = new Set<string>();
  for (const name of ["ruth", "clara", "tom", "nina", "priya", "jon", "sam"]) {
    const visitor = w.as("nobody");
    await visitor.post("/sign-in", { email: `${name}@example.test`, password });
    expect((await visitor.get("/sites/example")).status, name).toBe(200);
    for (const role of (await actor(name)).roles) roles.add(role);
  }
  expect([...roles].toSorted()).toEqual([
    "account-manager",
    "administrator",
    "contributor",
    "marketing",
    "tester",
    "viewer",
  ]);
  const links = await w.db.selectFrom("links").selectAll().execute();
  expect(links).toEqual([]);
});

test("nobody is told of its history by mail, but those whose approval is needed now", async () => {
  const later = addMs(w.clock.at, 6 * 60_000);
  await writeNotices(w.db, w.clock.at, true);
  await writeNotices(w.db, later, true);
  const notices = await w.db
    .selectFrom("notices as n")
    .innerJoin("people as p", "p.id", "n.person_id")
    .select(["n.kind", "p.name"])
    .where("n.site_id", "=", site.id)
    .orderBy("p.name")
    .execute();
  expect(notices).toEqual(["Jon Bell", "Priya Shah"].map((name) => ({ kind: "approval_needed", name })));
});

test("one promotion is waiting for Marketing, and only for Marketing", async () => {
  const [waiting, ...more] = await listPromotions(w.db, site.id, { open: true });
  expect(more).toEqual([]);
  expect(waiting).toMatchObject({ name: "Members’ prices", to_slug: "live", state: "waiting" });
  const details = await promotionDetails(w.db, site.id, waiting?.number as number, w.clock.at);
  expect(details?.blockers.map((one) => one.message)).toEqual([
    expect.stringMatching(/^Marketing has not approved it yet\. Jon Bell or Priya Shah can\.$/),
  ]);
  expect(details?.contents.map(({ change, key }) => `${change} ${key}`)).toEqual([
    "changed /",
    "changed /sale",
    "removed /sale/last-chance",
    "new /sale/members",
    "new /sale/members/questions",
    "changed /terms",
    "changed catalogue",
  ]);

  const { number, digest } = waiting as { number: number; digest: string };
  await decide(w.db, await actor("priya"), site, number, { decision: "approve", digest });
  expect((await complete(w.db, await actor("clara"), site, number, {})).state).toBe("completed");
});

test("the board names the people who approved what is on live, not their roles", async () => {
  const visitor = w.as("nobody");
  await visitor.post("/sign-in", { email: "sam@example.test", password });
  const board = await (await visitor.get("/sites/example")).text();
  expect(board).toContain("Priya Shah");
  expect(board).toContain("Jon Bell");
});

test("one promotion was rejected, with the reason", async () => {
  const ended = await listPromotions(w.db, site.id, { open: false });
  const [rejected, ...more] = ended.filter(({ state }) => state !== "completed");
  expect(more).toEqual([]);
  expect(rejected?.state).toBe("rejected");
  expect(rejected?.approvals[0]?.comment).toContain("last year’s");
});

test("one change on live is out of band", async () => {
  const outOfBand = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select(["a.key", "c.environment_id"])
    .where("c.out_of_band", "=", 1)
    .execute();
  expect(outOfBand).toEqual([{ key: "/checkout/delivery", environment_id: environmentOf(site, "live").id }]);
});

test("one deployment was recorded two days late", async () => {
  const deployments = await w.db.selectFrom("deployments").selectAll().where("site_id", "=", site.id).execute();
  const late = deployments.filter(({ recorded_at, effective_at }) => recorded_at > effective_at);
  expect(late).toHaveLength(1);
  expect(hoursBetween(late[0])).toBe(50);
});

test("the waiting release does not include everything on beta", async () => {
  const now = { asOf: w.clock.at };
  const [from, to] = [environmentOf(site, "demo"), environmentOf(site, "beta")].map((environment) => ({
    environment,
    moment: now,
  }));
  const ahead = await listDifferences(w.db, site, { from, to } as never);
  const keys = ahead.map(({ key }) => key);
  expect(keys).toEqual(expect.arrayContaining(["/gift-cards", "/shops", "stock-feed"]));
});

test("a page on beta needs software that demo does not have", async () => {
  const manager = await actor("clara");
  const contents = [{ kind: "page" as const, key: "/recipes/planner", version: "v1" }];
  const { number } = await createRelease(w.db, manager, site, { name: "Planner", contents });
  const { blockers } = await canPromote(w.db, manager, site, { release: number, to: "demo" });
  expect(blockers.map((one) => one.message)).toContain(
    "/recipes/planner v1 needs recipe-search >=2.1 <3, but demo would have 2.0.3.",
  );
});

test("nothing in it happens in the future or at a weekend", async () => {
  const events = await w.db.selectFrom("events").selectAll().where("site_id", "=", site.id).execute();
  expect(events.length).toBeGreaterThan(100);
  for (const { recorded_at } of events) {
    expect(recorded_at <= w.clock.at).toBe(true);
    expect([0, 6]).not.toContain(new Date(recorded_at).getUTCDay());
  }
});

async function actor(name: string) {
  const person = await w.db
    .selectFrom("people")
    .select(["id", "name", "kind", "email"])
    .where("email", "=", `${name}@example.test`)
    .executeTakeFirstOrThrow();
  const { roles, permissions } = (await findAccess(w.db, person.id, "example")) as NonNullable<
    Awaited<ReturnType<typeof findAccess>>
  >;
  return { person, roles, permissions, at: w.clock.at };
}

function hoursBetween(row: { effective_at: string; recorded_at: string } | undefined): number {
  return row ? (Date.parse(row.recorded_at) - Date.parse(row.effective_at)) / 3_600_000 : 0;
}
