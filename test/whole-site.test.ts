import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findAccess, type Site } from "../src/access/sites.ts";
import { addServer } from "../src/environments/environments.ts";
import { setDateTag, setHidden, setProbe } from "../src/findings/checks.ts";
import { chooseReporter } from "../src/visits/reporters.ts";
import { engine } from "./support/database.ts";
import { noiseSource, realPages, realSite, type ServedPage, type ServedPages } from "./support/real-site.ts";
import { seeded, shuffled } from "./support/seeded.ts";
import { runVisits, serveAt, setVisits, visit } from "./support/visits.ts";
import type { WebSite } from "./support/web-site.ts";
import { environmentOf, type World, world } from "./support/world.ts";

// some 16,000 pages are looked at
vi.setConfig({ testTimeout: 240_000 });

// a copy of a real site, with all that differs from one request to the next, as the issue about observations asks for it
const names = ["beta", "demo", "live"] as const;
type Place = (typeof names)[number];
const whole = engine === "sqlite";
const counts = whole ? { beta: 500, demo: 500, live: 84 } : { beta: 90, demo: 90, live: 84 };
/** How often it is visited again after all was found. */
const further = whole ? 10 : 3;
const moments = { beta: "2022-03-01", demo: "2022-02-15", live: "2022-01-20" };
const seed = 14;
const random = seeded(seed);
const noindex = '<meta name="robots" content="noindex">';

let w: World;
const noise = noiseSource(seed);
/** What each server shows: live has two, once there is a record. */
const served: Record<Place, ServedPages[]> = { beta: [], demo: [], live: [] };
const sites: Record<string, WebSite> = {};
/** Pages that are the same on all environments, and to which no other links. */
let plain: string[];
let linked: string[];
beforeEach(async () => {
  w = await world();
  for (const name of names) {
    const isShort = !whole || name === "live";
    served[name] = [await realPages(moments[name], counts[name], { isShort })];
  }
  const common = [...onServer("live").keys()].filter((path) => /^\/($|en\/)/.test(path));
  linked = common.slice(0, 8);
  plain = shuffled(common.slice(8), random);
  for (const page of onServer("demo").values()) page.head = noindex;
  for (const name of names) {
    sites[name] = await realSite(onServer(name), { noise, linked });
    await serveAt(w, name, sites[name].base, { pages_at_once: 10, link_depth: name === "beta" ? 1 : 0 });
  }
});
afterEach(async () => {
  await Promise.all([w.close(), ...Object.values(sites).map((site) => site.close())]);
});

const onServer = (name: Place): ServedPages => served[name][0] as ServedPages;
const take = (): string => plain.pop() as string;

/** How each page of an environment compares with the next one, by what the servers show. */
function expectedBoard(name: "beta" | "demo"): Record<string, string> {
  const [here, there, ...further] = names.slice(names.indexOf(name)).map(onServer) as [ServedPages, ServedPages];
  const compared = [...here].map(([path, { version }]) => {
    const other = there.get(path);
    return [path, !other ? "missing" : other.version === version ? "same" : "ahead"];
  });
  const elsewhere = [there, ...further].flatMap((pages) => [...pages.keys()]).filter((path) => !here.has(path));
  return Object.fromEntries([...compared, ...elsewhere.map((path) => [path, "unknown"])]);
}

async function board() {
  const text = await (await w.as("vera").get("/sites/shop/export.jsonl?kind=page")).text();
  const lines = text.trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line)).filter(({ key }) => key);
  const column = (name: Place) =>
    Object.fromEntries(
      rows.flatMap((row) => {
        const is = row[`${name}_compared_with_next`];
        return is ? [[row.key, is]] : [];
      }),
    );
  return { beta: column("beta"), demo: column("demo") };
}

/** All findings, such as "live web missing /sale", those that are settled after the others. */
async function allFindings() {
  const rows = await w.db
    .selectFrom("findings as f")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .innerJoin("servers as s", "s.id", "f.server_id")
    .select(["f.id", "e.slug", "s.name", "f.code", "f.path", "f.settled_at"])
    .execute();
  const texts = (list: typeof rows) =>
    list.map((one) => `${one.slug} ${one.name} ${one.code} ${one.path}`.trim()).sort();
  return {
    open: texts(rows.filter(({ settled_at }) => settled_at === null)),
    settled: texts(rows.filter(({ settled_at }) => settled_at !== null)),
  };
}

/** Visits all servers, after a new build of the site. */
async function visitAll() {
  noise.build++;
  for (const name of names) await visit(w, name);
}

test("a real site that moves all the time has a true board after one click, each change is found, and nothing else", async () => {
  expect((await w.as("iris").post("/sites/shop/observations")).status).toBe(303);
  // each in one job, however busy the machine is
  expect(await runVisits(w, { sliceMs: 600_000 })).toBe(3);
  expect(await board()).toEqual({ beta: expectedBoard("beta"), demo: expectedBoard("demo") });
  expect(new Set(Object.values(expectedBoard("demo")))).toEqual(new Set(["same", "ahead", "missing", "unknown"]));

  await peopleReport();
  await visitAll();
  expect(await allFindings()).toEqual({ open: [], settled: [] });

  const { changes, expected, undo } = await changeMuch();
  expect(changes).toBe(40);
  await visitAll();
  const found = { open: expected.sort(), settled: [] };
  expect(await allFindings()).toEqual(found);

  for (let i = 0; i < further; i++) {
    await visitAll();
    expect(await allFindings()).toEqual(found);
  }

  for (const mend of undo) mend();
  await visitAll();
  expect(await allFindings()).toEqual({ open: [], settled: found.open });
});

/** Has people report what was seen, and an administrator add a server, a software item, what is hidden and where review dates are. */
async function peopleReport(): Promise<void> {
  const iris = await w.by("iris");
  for (const name of names) await chooseReporter(w.db, iris, w.site, environmentOf(w.site, name), "people");
  await setHidden(w.db, iris, w.site, environmentOf(w.site, "demo"), true);
  await setDateTag(w.db, iris, w.site, environmentOf(w.site, "beta"), "review-date");
  const second: ServedPages = new Map([...onServer("live")].map(([path, page]) => [path, { ...page }]));
  served.live.push(second);
  sites.web2 = await realSite(second, { noise, linked });
  await addServer(w.db, iris, w.site, environmentOf(w.site, "live"), { name: "web2", base_url: sites.web2.base });
  w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
  await setVisits(w, "live", { pages_at_once: 10 });
  const probe = { software: "checkout", how: "json", path: "/health", name: "/version" };
  await setProbe(w.db, iris, w.site, environmentOf(w.site, "live"), probe);
  for (const site of [sites.live, sites.web2]) if (site) site.pages["/health"] = '{"version":"3.4.1"}';
  await w.record("live", ["checkout 3.4.1"]);
}

/** Makes 40 changes, of every kind that can be found. Returns what is to be found, and how each is mended. */
async function changeMuch() {
  const early = await promoteTooEarly();
  const expected: string[] = [];
  const undo: (() => void)[] = [];
  let changes = 0;
  const serversOf = (name: Place) => (name === "live" ? ["web", "web2"] : ["web"]);
  const expectFound = (name: Place, path: string, codes: string[]) => {
    for (const server of serversOf(name))
      for (const code of codes) expected.push(`${name} ${server} ${code} ${path}`.trim());
  };
  const set = (pages: ServedPages, path: string, patch: Partial<ServedPage>) => {
    const before = pages.get(path);
    pages.set(path, { version: "1", ...before, ...patch });
    undo.push(() => (before ? pages.set(path, before) : pages.delete(path)));
  };
  const change = (name: Place, patch: Partial<ServedPage>, codes: string[], path = take()): string => {
    changes++;
    for (const pages of served[name]) set(pages, path, patch);
    expectFound(name, path, codes);
    return path;
  };
  const demo = sites.demo?.base;

  const gone = change("live", { status: 404 }, ["missing"]);
  change("beta", { status: 404 }, ["missing"]);
  for (const name of ["demo", "live"] as const) change(name, { status: 410 }, ["missing"]);
  change("beta", { status: 500 }, ["missing"]);
  change("demo", { leadsTo: "https://elsewhere.example/" }, ["missing"]);
  change("live", { leadsTo: linked[0] as string }, ["missing"]);

  change("beta", {}, ["unrecorded"], "/en/new-one");
  change("beta", {}, ["unrecorded"], "/en/new-two");
  change("demo", { head: noindex }, ["unrecorded"], "/en/new-one");
  change("beta", { isUnlisted: true }, ["unrecorded"], "/en/hidden");
  change("beta", { isUnlisted: true }, ["unrecorded"], "/en/hidden-too");
  set(onServer("beta"), take(), { body: '<a href="/en/hidden"></a><a href="/en/hidden-too"></a>' });

  for (const name of names) change(name, { text: "Now at half price" }, ["drifted"]);
  change("beta", { version: "hacked" }, ["drifted"]);
  change("demo", { title: "Another title" }, ["drifted"]);

  for (const [name, [other = "", old = ""]] of Object.entries(early) as [Place, string[]][]) {
    // once it is mended, it shows what was approved
    for (const pages of served[name])
      for (const path of [other, old]) pages.set(path, { ...pages.get(path), version: "2" });
    change(name, { version: "another" }, ["not_as_approved"], other);
    change(name, { version: "1" }, ["not_there_yet"], old);
  }

  for (const name of ["beta", "demo"] as const) {
    const path = change(name, {}, ["still_there"]);
    await w.record(name, [`-${path}`]);
    undo.push(() => served[name].map((pages) => pages.delete(path)));
  }

  const [, second] = served.live as [ServedPages, ServedPages];
  const uneven = take();
  set(second, uneven, { text: "Only here" });
  expected.push(`live web2 drifted ${uneven}`, `live web2 servers_disagree ${uneven}`);
  for (const site of [sites.live, sites.web2])
    if (site) {
      site.pages["/health"] = '{"version":"3.4.0"}';
      undo.push(() => Object.assign(site.pages, { "/health": '{"version":"3.4.1"}' }));
    }
  expectFound("live", "checkout", ["wrong_software"]);
  changes += 2;

  change("demo", { body: '<img src="/assets/gone.png">' }, ["broken_asset"]);
  change("live", { head: '<link rel="stylesheet" href="/assets/gone.css">' }, ["broken_asset"]);
  change("beta", { head: '<script src="/assets/gone.js"></script>' }, ["broken_asset"]);
  change("beta", { body: '<a href="/en/nowhere"></a>' }, ["broken_asset"]);
  change("live", { body: `<a href="${gone}"></a>` }, ["broken_asset"]);
  change("beta", { head: '<meta name="review-date" content="2021-01-01">' }, ["stale"]);
  change("live", { head: noindex }, ["noindex"]);
  change("live", { headers: { "x-robots-tag": "noindex" } }, ["noindex"]);
  change("demo", { head: "" }, []);
  expectFound("demo", "", ["indexed"]);
  change("live", { head: `<link rel="canonical" href="${demo}${take()}">` }, ["canonical_elsewhere"]);
  change("live", { body: `<a href="${demo}${take()}"></a>` }, ["links_elsewhere"]);
  change("beta", { title: "" }, ["drifted", "title_empty"]);
  const original = take();
  change("live", { title: `${original.slice(1).replaceAll("/", " ")} page` }, ["drifted", "title_doubled"]);
  expectFound("live", original, ["title_doubled"]);
  change("live", { status: 403 }, ["unobserved"]);
  change("beta", { status: 401 }, ["unobserved"]);
  return { changes, expected, undo };
}

/**
 * Promotions to demo and live of two pages each that are marked as done, and are not on the servers yet. Returns the pages by
 * environment.
 */
async function promoteTooEarly(): Promise<Record<"demo" | "live", string[]>> {
  const pages = { demo: [take(), take()], live: [take(), take()] };
  const all = [...pages.demo, ...pages.live];
  for (const path of all) onServer("beta").set(path, { version: "2" });
  await w.record(
    "beta",
    all.map((path) => `${path} v2`),
  );
  await visit(w, "beta");
  await w.promote((await w.release("First", pages.live)).number, "demo");
  for (const path of pages.live) onServer("demo").set(path, { version: "2", head: noindex });
  await visit(w, "demo");
  await w.promote((await w.release("Second", pages.demo)).number, "demo");
  await w.promote((await w.release("Third", pages.live, "demo")).number, "live");
  return pages;
}
