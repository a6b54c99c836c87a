import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { keepTallies } from "../src/board/tallies.ts";
import { correct } from "../src/corrections/corrections.ts";
import { record } from "../src/deployments/deployments.ts";
import { rename } from "../src/environments/environments.ts";
import { keepRows } from "../src/kept-rows.ts";
import { changeName } from "../src/people/account.ts";
import { openSession } from "../src/people/sessions.ts";
import { decide } from "../src/promotions/promotions.ts";
import { findSite, type Site } from "../src/sites/queries.ts";
import { changeSite } from "../src/sites/sites.ts";
import { everyVerb } from "./every-verb.ts";
import { seeded } from "./seeded.ts";
import { lineOf, type Name, place, type World, world } from "./world.ts";

let w: World;
const cookies = new Map<Name, string>();
beforeEach(async () => {
  w = await world();
  await signIn();
});
afterEach(() => w.close());

async function signIn(): Promise<void> {
  for (const name of ["ada", "vera"] as const)
    cookies.set(name, `sitebook=${await openSession(w.db, w.people[name].id, w.clock.at)}`);
}

const lists = ["", "/environments/beta", "/environments/live", "/environments/live?size=1000&kind=page"];

/** Of a server that has kept rows all the while, and of one that has just been started. */
async function both(name: Name, list: string): Promise<[kept: string, anew: string]> {
  const anew = createApp(w.db, { baseUrl: "http://sitebook.test", now: () => new Date(w.clock.at) });
  const headers = { cookie: cookies.get(name) ?? "" };
  const page = async ({ request }: Pick<typeof anew, "request">) => {
    const answer = await request(`http://sitebook.test/sites/shop${list}`, { headers });
    expect(answer.status).toBe(200);
    return answer.text();
  };
  return [await page(w.app), await page(anew)];
}

async function expectSame(): Promise<void> {
  for (const list of lists)
    for (const name of ["ada", "vera"] as const) {
      const [kept, anew] = await both(name, list);
      expect(kept).toBe(anew);
    }
}

test("whatever happens, kept rows show what rows read anew show", async () => {
  const steps: (() => Promise<unknown>)[] = [
    () => w.record("beta", ["/ v1", "/sale v1", "/sale/a v1", "search 1"]),
    () => w.record("beta", ["/news v1"]),
    // heads a section from now on
    () => w.record("beta", ["/news/today v1"]),
    // the first that is told of an environment says that all else is not there
    () => w.record("demo", ["/ v1"]),
    () => w.record("live", ["/ v1", "/sale v1"]),
    () => w.record("beta", ["/sale v2"], { effective_at: "2026-03-02T10:00:00.000Z" }),
    () => w.record("beta", ["/sale v2"], { effective_at: "2026-03-01T10:00:00.000Z" }),
    () => w.record("beta", ["-/sale"]),
    async () =>
      record(w.db, await w.by("cleo"), w.site, place(w.site, "beta"), {
        placements: [{ ...lineOf("/news v1"), title: "What is new" }],
      }),
    async () => w.ask((await w.release("One", ["/news", "/sale/a"])).number, "demo"),
    async () =>
      decide(w.db, await w.by("theo"), w.site, 1, { decision: "reject", digest: await digest(1), comment: "No." }),
    async () => w.promote((await w.release("Two", ["/news", "/sale/a", "search"])).number, "demo"),
    () => w.promote(2, "live"),
    async () =>
      correct(w.db, await w.by("ada"), w.site, {
        deployment: 2,
        kind: "page",
        key: "/news",
        reason: "It was not there",
      }),
    async () => rename(w.db, await w.by("iris"), w.site, place(w.site, "demo"), "Preview"),
    // no event tells of it
    () => changeName(w.db, w.people.mara, "Mara Vance"),
    async () => changeSite(w.db, await w.by("iris"), w.site, { name: "Fennel", time_zone: "Asia/Tokyo" }),
    async () => {
      w.clock.at = "2027-01-04T10:00:00.000Z";
      await signIn();
    },
  ];
  await expectSame();
  for (const step of steps) {
    await step();
    await expectSame();
  }
});

test("after all that can be done, and many deployments in any order", async () => {
  const random = seeded(1752);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const keys = ["/sale", "/sale/shoes", "/terms", "/new", "checkout", "/a/b/c"];
  await expectSame();
  await everyVerb(w);
  await expectSame();
  for (let i = 0; i < 40; i++) {
    const lines = Array.from(
      { length: 2 },
      () => `${random() < 0.2 ? "-" : ""}${pick(keys)} v${1 + Math.floor(random() * 4)}`,
    );
    const effective_at = `2026-02-${String(1 + Math.floor(random() * 27)).padStart(2, "0")}T10:00:00.000Z`;
    const [first = "", second = ""] = lines;
    const told = first.split(" ")[0]?.replace("-", "") === second.split(" ")[0]?.replace("-", "") ? [first] : lines;
    await w.record(pick(["beta", "demo", "live"]), told, { effective_at });
    await expectSame();
  }
});

test("a row that is ticked is ticked, and not for who comes next", async () => {
  await w.record("beta", ["/ v1", "/sale v1"]);
  const { id } = await w.db.selectFrom("artifacts").select("id").where("key", "=", "/sale").executeTakeFirstOrThrow();
  await expectSame();
  const [kept, anew] = await both("ada", `?choose=${id}`);
  expect(kept).toBe(anew);
  expect(kept).toContain(`value="${id}" checked`);
  await expectSame();
});

test("what was read before a change is not kept after it", async () => {
  await w.record("beta", ["/ v1"]);
  const [rows, tallies] = [keepRows(), keepTallies()];
  const site = (await findSite(w.db, "shop")) as Site;
  const named = [{ kind: "page" as const, key: "/" }];
  const ask = async (version: string, meanwhile = async () => {}) => {
    const read = async () => {
      await meanwhile();
      return named.map((one) => ({ ...one, version }));
    };
    const [row] = await rows(w.db, site, await tallies(w.db, site), { of: "a list", named, read });
    return row?.version;
  };
  const late = ask("v1", async () => {
    await w.record("beta", ["/ v2"]);
    expect(await ask("v2")).toBe("v2");
  });
  expect(await late).toBe("v1");
  expect(await ask("nobody asks any more")).toBe("v2");
});

async function digest(number: number): Promise<string> {
  const promotion = await w.db
    .selectFrom("promotions")
    .select("digest")
    .where("number", "=", number)
    .executeTakeFirst();
  return promotion?.digest ?? "";
}
