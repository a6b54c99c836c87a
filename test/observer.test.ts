import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccess, type Site } from "../src/access/sites.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { decide } from "../src/promotions/promotions.ts";
import { findPromotion } from "../src/promotions/queries.ts";
import { startVisitsAfterEvents } from "../src/visits/after-events.ts";
import { chooseReporter, observeSite } from "../src/visits/reporters.ts";
import { scheduleVisits } from "../src/visits/settings.ts";
import { machine } from "./support/api.ts";
import { setGate } from "./support/gates.ts";
import { findings, latestVisit, runVisits, serveAt, setVisits, visit } from "./support/visits.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
const sites: Record<string, WebSite> = {};
beforeEach(async () => {
  w = await world();
});
afterEach(async () => {
  await Promise.all([w.close(), ...Object.values(sites).map((site) => site.close())]);
  for (const name of Object.keys(sites)) delete sites[name];
});

/** Has an environment on a server of its own with these pages, which its sitemap lists. */
async function serve(environment: string, pages: Record<string, string>): Promise<WebSite> {
  const site = await webSite(pages);
  sites[environment] = site;
  list(site, Object.keys(pages));
  await serveAt(w, environment, site.base);
  return site;
}

const list = (site: WebSite, paths: string[]) =>
  Object.assign(site.pages, { "/sitemap.xml": sitemapOf(site.base, paths) });

const pages = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`/page-${i}`, htmlPage(`Page ${i}`, `<p>This is page ${i}</p>`)]),
  );

const observe = async (environment: string) =>
  chooseReporter(w.db, await w.by("iris"), w.site, environmentOf(w.site, environment), "observation");

/** What is on an environment, such as "/page-1 seen 3f9a8b7c", and whether it came out of band. */
async function contents(environment: string): Promise<string[]> {
  const rows = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .innerJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "v.label", "c.out_of_band"])
    .where("c.environment_id", "=", environmentOf(w.site, environment).id)
    .orderBy("a.key")
    .execute();
  return rows.map(({ key, label, out_of_band }) => `${key} ${label}${out_of_band ? " out of band" : ""}`);
}

const deployments = async (environment: string) =>
  w.db
    .selectFrom("deployments as d")
    .innerJoin("people as p", "p.id", "d.person_id")
    .select(["d.number", "d.effective_at", "d.seen_otherwise_at", "d.baseline", "d.changed", "p.name"])
    .where("d.environment_id", "=", environmentOf(w.site, environment).id)
    .orderBy("d.number")
    .execute();

const shown = async (name: Name, path: string) => words(await (await w.as(name).get(path)).text());

/** The pages of which the board says that they differ between two environments. */
async function differing(from: string, to: string): Promise<string[]> {
  const html = await (await w.as("ada").get(`/sites/shop?differs=${from},${to}`)).text();
  return [...new Set(html.match(/\/page-\d+/g))];
}

const laterBy = (ms: number) => new Date(Date.parse(w.clock.at) + ms).toISOString();

test("a site that nobody reports has a true board after one click, and stays true", async () => {
  for (const name of ["beta", "demo", "live"]) await serve(name, pages(30));
  expect(await shown("iris", "/sites/shop")).toContain("Let Sitebook look for itself");
  expect(await shown("cleo", "/sites/shop")).not.toContain("Let Sitebook look for itself");
  expect((await w.as("cleo").post("/sites/shop/observations")).status).toBe(403);
  const again = [1, 2].map(() => w.as("iris").post("/sites/shop/observations"));
  expect((await Promise.all(again)).map(({ status }) => status)).toEqual([303, 303]);
  expect(await runVisits(w)).toBe(3);

  const all = await contents("live");
  expect(all).toHaveLength(30);
  expect(all[0]).toMatch(/^\/page-0 seen [\da-f]{8}$/);
  expect([await contents("beta"), await contents("demo")]).toEqual([all, all]);
  expect(await deployments("live")).toMatchObject([{ baseline: 1, changed: 30, name: "Observer" }]);
  expect([await differing("beta", "demo"), await differing("demo", "live")]).toEqual([[], []]);
  expect(await shown("iris", "/sites/shop")).toContain("Page 7");
  expect(await shown("iris", "/sites/shop")).not.toContain("Let Sitebook look for itself");

  const changed = htmlPage("Page 7", "<p>This is page 7, rewritten</p>");
  const before = w.clock.at;
  Object.assign(sites.beta?.pages ?? {}, { "/page-7": changed });
  await visit(w, "beta");
  expect(await differing("beta", "demo")).toEqual(["/page-7"]);
  expect(await shown("ada", "/sites/shop?differs=beta,demo")).toContain("ahead");
  expect((await deployments("beta"))[1]).toMatchObject({
    changed: 1,
    seen_otherwise_at: before,
    effective_at: w.clock.at,
  });
  expect(await shown("vera", "/sites/shop/history")).toMatch(
    /Observer \(machine\) recorded deployment 4 on beta: 1 changed, which happened between .*10:00 and .*11:00\./,
  );
  expect(await shown("vera", "/sites/shop/deployments/4")).toContain("last seen otherwise");
  await visit(w, "beta");
  expect(await deployments("beta")).toHaveLength(2);

  Object.assign(sites.demo?.pages ?? {}, { "/page-7": changed });
  await visit(w, "demo");
  expect(await differing("beta", "demo")).toEqual([]);
  expect(await differing("demo", "live")).toEqual(["/page-7"]);
  expect(await findings(w)).toEqual([]);
  await rebuild(w.db, w.site.id);
  expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  expect(await differing("demo", "live")).toEqual(["/page-7"]);
});

describe("an environment that is kept by observation", () => {
  test("has a page as removed that is gone from sitemap and server for two visits, and as it is when it comes back", async () => {
    const beta = await serve("beta", pages(3));
    await observe("beta");
    await visit(w, "beta");
    delete beta.pages["/page-1"];
    await visit(w, "beta");
    await visit(w, "beta");
    expect(await contents("beta")).toHaveLength(3); // the sitemap still has it
    list(beta, ["/page-0", "/page-2"]);
    await visit(w, "beta");
    expect((await contents("beta")).map((line) => line.split(" ")[0])).toEqual(["/page-0", "/page-2"]);
    expect(await findings(w)).toEqual([]);

    beta.pages["/page-1"] = htmlPage("Page 1", "<p>It is back</p>");
    await visit(w, "beta");
    expect(await contents("beta")).toHaveLength(3);
    beta.pages["/page-0"] = (response) => response.writeHead(500).end();
    list(beta, ["/page-1", "/page-2"]);
    for (let i = 0; i < 3; i++) await visit(w, "beta");
    expect(await contents("beta")).toHaveLength(3);
    expect(await shown("iris", "/sites/shop/observations/beta")).toContain("observation: these visits");
  });

  test("loses no pages by itself if most of them are gone, or if its server is down", async () => {
    const beta = await serve("beta", pages(30));
    await observe("beta");
    await visit(w, "beta");
    const before = await contents("beta");
    for (let i = 5; i < 30; i++) delete beta.pages[`/page-${i}`];
    list(beta, ["/page-0"]);
    await visit(w, "beta");
    await visit(w, "beta");
    expect(await contents("beta")).toEqual(before);
    expect((await latestVisit(w, "beta")).note).toContain("25 of 30 pages are gone from beta.");
    await beta.close();
    expect((await visit(w, "beta")).problem).toContain("refused");
    expect(await contents("beta")).toEqual(before);
  });

  test("says so if what was seen cannot be recorded, and ends its visit", async () => {
    await serve("beta", pages(1));
    await observe("beta");
    await visit(w, "beta");
    const [seen = ""] = await contents("beta");
    const other = await serve("demo", { "/page-0": htmlPage("Page 0", "<p>Another one</p>") });
    await observe("demo");
    await visit(w, "demo");
    const [label = ""] = (await contents("demo")).map((line) => line.replace(/^\S+ | out of band$/g, ""));
    expect(label).not.toBe(seen);
    await w.db.updateTable("versions").set({ digest: "of something else" }).where("label", "=", label).execute();
    await w.db.deleteFrom("seen_versions").execute();
    await serveAt(w, "live", other.base);
    await observe("live");
    await visit(w, "live");
    const { ended_at, note } = await latestVisit(w, "live");
    expect(ended_at).toBe(w.clock.at);
    expect(note).toContain("What was seen could not be recorded: /page-0 seen");
    expect(await contents("live")).toEqual([]);
  });

  test("takes the versions that people recorded for what they are, and their word for what they recorded since", async () => {
    const beta = await serve("beta", pages(2));
    const demo = await serve("demo", pages(2));
    await w.record("beta", ["/page-0 v1", "/page-1 v1"]);
    await visit(w, "beta");
    await observe("demo");
    await visit(w, "demo");
    expect(await contents("demo")).toEqual(["/page-0 v1", "/page-1 v1"]);

    const changed = htmlPage("Page 0", "<p>Another one</p>");
    beta.pages["/page-0"] = changed;
    await w.record("beta", ["/page-0 v2"]);
    await visit(w, "beta");
    await w.record("demo", ["/page-0 v2"]);
    await visit(w, "demo");
    expect(await contents("demo")).toEqual(["/page-0 v2 out of band", "/page-1 v1"]);
    expect(await findings(w)).toEqual(["demo not_there_yet /page-0"]);
    demo.pages["/page-0"] = changed;
    demo.pages["/page-1"] = htmlPage("Page 1", "<p>A hotfix</p>");
    await visit(w, "demo");
    expect(await contents("demo")).toEqual([
      "/page-0 v2 out of band",
      expect.stringMatching(/^\/page-1 seen .* out of band$/),
    ]);
    expect(await findings(w)).toEqual([]);
  });

  test("has what all of its servers show", async () => {
    const beta = await serve("beta", pages(2));
    await using other = await webSite(pages(2));
    list(other, ["/page-0", "/page-1"]);
    const { id } = environmentOf(w.site, "beta");
    await w.db
      .insertInto("servers")
      .values({ id: "second", environment_id: id, name: "b", base_url: other.base })
      .execute();
    w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
    await observe("beta");
    await visit(w, "beta");
    const before = await contents("beta");
    expect(before).toHaveLength(2);
    const changed = htmlPage("Page 0", "<p>Another one</p>");
    beta.pages["/page-0"] = changed;
    await visit(w, "beta");
    expect(await contents("beta")).toEqual(before);
    other.pages["/page-0"] = changed;
    await visit(w, "beta");
    expect(await contents("beta")).not.toEqual(before);
    expect((await deployments("beta")).at(-1)).toMatchObject({ effective_at: w.clock.at });
  });

  test("is chosen by an administrator in the settings of visits, and only where there is a server", async () => {
    await serve("beta", pages(1));
    const path = "/sites/shop/settings/environments/beta/visits";
    expect((await w.as("ada").post(`${path}/reporter`, { reporter: "observation" })).status).toBe(403);
    expect((await w.as("iris").post(`${path}/reporter`, { reporter: "observation" })).status).toBe(303);
    expect((await w.as("iris").post(`${path}/reporter`, { reporter: "observation" })).status).toBe(303);
    expect((await w.as("iris").post(path, { every_hours: "4", after: "no" })).status).toBe(303);
    expect(await (await w.as("iris").get(path)).text()).toMatch(/value="observation" selected/);
    const history = await shown("iris", "/sites/shop/history");
    expect(history.match(/changed who reports what is on beta: observation, visited every 1 hour\./g)).toHaveLength(1);
    expect(history).toContain("every 4 hours, not after deployments.");
    const url = "/sites/shop/environments/beta/reporter";
    const put = { method: "PUT", headers: { "content-type": "application/json" }, body: '{"reporter":"people"}' };
    expect((await (await machine(w, "contributor")).send(url, put)).status).toBe(403);
    expect((await (await machine(w, "administrator")).send(url, put)).body).toEqual({ reporter: "people" });
    expect(await shown("iris", "/sites/shop/history")).toContain("what is on beta: people and machines.");
    await w.db.deleteFrom("visit_settings").execute();
    await w.db.deleteFrom("servers").execute();
    const bare = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
    const iris = await w.by("iris");
    const place = environmentOf(bare, "demo");
    await expect(async () => chooseReporter(w.db, iris, bare, place, "observation")).rejects.toThrow(
      "demo has no server",
    );
    await expect(async () => observeSite(w.db, iris, bare)).rejects.toThrow("No environment has a server.");
  });
});

describe("an approved promotion whose pages are all seen on its target", () => {
  const sale = htmlPage("Sale", "<p>Boots at half price</p>");

  /** A promotion of a changed and a removed page to demo, which shows neither yet. */
  async function promotion(rules: Parameters<typeof setGate>[2]) {
    const beta = await serve("beta", pages(2));
    const demo = await serve("demo", pages(2));
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }], ...rules });
    for (const name of ["beta", "demo"]) {
      await w.record(name, ["/page-0 v1", "/page-1 v1"], { baseline: name === "demo" });
      await visit(w, name);
    }
    beta.pages["/page-0"] = sale;
    await w.record("beta", ["/page-0 v2", "-/page-1"]);
    await visit(w, "beta");
    const { number } = await w.release("Boots", ["/page-0", "/page-1"]);
    const { number: asked, digest } = await w.ask(number, "demo");
    list(demo, ["/page-0"]);
    demo.pages["/page-0"] = sale;
    await visit(w, "demo");
    const approve = async () => decide(w.db, await w.by("theo"), w.site, asked, { decision: "approve", digest });
    return { demo, number: asked, approve };
  }

  test("is completed by the Observer where the gate allows it, since it was first seen so", async () => {
    const { demo, number, approve } = await promotion({ completed_by_observation: true });
    await approve();
    await visit(w, "demo");
    expect((await findPromotion(w.db, w.site.id, number))?.state).toBe("approved"); // page 1 is still there
    delete demo.pages["/page-1"];
    await visit(w, "demo");
    const completed = await findPromotion(w.db, w.site.id, number);
    expect(completed).toMatchObject({
      state: "completed",
      completion: { person: "Observer", effective_at: w.clock.at, completed_at: w.clock.at },
    });
    expect(await contents("demo")).toEqual(["/page-0 v2"]);
    expect(await shown("vera", `/sites/shop/promotions/${number}`)).toContain("Observer");
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  });

  test("waits while something blocks it, as for a person", async () => {
    const { demo, number, approve } = await promotion({
      completed_by_observation: true,
      checklist: ["Prices are right"],
    });
    await approve();
    delete demo.pages["/page-1"];
    await visit(w, "demo");
    expect((await findPromotion(w.db, w.site.id, number))?.state).toBe("approved");
    expect((await latestVisit(w, "demo")).ended_at).toBe(w.clock.at);
  });

  test("is offered to be completed since that moment where the gate does not", async () => {
    const { demo, number, approve } = await promotion({});
    await approve();
    delete demo.pages["/page-1"];
    await visit(w, "demo");
    const at = w.clock.at;
    w.clock.at = laterBy(600_000);
    const html = await (await w.as("ada").get(`/sites/shop/promotions/${number}`)).text();
    expect(words(html)).toContain("All pages were seen on demo as approved, since");
    const [, typed = ""] = /name="effective_at"[^>]*value="([^"]+)"/.exec(html) ?? [];
    await w.as("ada").post(`/sites/shop/promotions/${number}/completion`, { effective_at: typed });
    expect((await findPromotion(w.db, w.site.id, number))?.completion).toMatchObject({
      effective_at: at,
      person: "Ada",
    });
  });

  test("is not out of band where Sitebook keeps the record and only some of it is there", async () => {
    const { demo, number, approve } = await promotion({});
    await approve();
    await observe("demo");
    demo.pages["/page-0"] = htmlPage("Sale", "<p>Almost</p>");
    await visit(w, "demo");
    expect((await contents("demo"))[0]).toMatch(/seen .* out of band$/);
    demo.pages["/page-0"] = sale;
    await visit(w, "demo");
    expect(await contents("demo")).toEqual(["/page-0 v2", "/page-1 v1"]);
    expect((await findPromotion(w.db, w.site.id, number))?.state).toBe("approved");
  });
});

describe("visits", () => {
  test("start after deployments to environments that are visited, once, and again if one was in progress", async () => {
    const beta = await serve("beta", pages(2));
    await startVisitsAfterEvents(w.db, w.clock.at);
    await w.record("beta", ["/page-0 v1"]);
    await startVisitsAfterEvents(w.db, w.clock.at);
    expect(await runVisits(w)).toBe(0); // never visited

    await visit(w, "beta");
    await w.record("beta", ["/page-1 v1"]);
    await Promise.all([startVisitsAfterEvents(w.db, w.clock.at), startVisitsAfterEvents(w.db, w.clock.at)]);
    expect(await runVisits(w)).toBe(1);
    await startVisitsAfterEvents(w.db, w.clock.at);
    expect(await runVisits(w)).toBe(0);

    beta.pages["/page-0"] = recordsDuringVisit();
    await visit(w, "beta");
    const { started_at, ended_at } = await latestVisit(w, "beta");
    const count = await w.db.selectFrom("visits").select("id").where("ended_at", "is not", null).execute();
    expect([started_at, ended_at, count.length]).toEqual([w.clock.at, w.clock.at, 4]);

    await scheduleVisits(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), 6, {
      afterDeployments: false,
    });
    await w.record("beta", ["/page-0 v9"]);
    await startVisitsAfterEvents(w.db, w.clock.at);
    expect(await runVisits(w)).toBe(0);
  });

  /** A page that is deployed while it is visited, the first time. */
  function recordsDuringVisit() {
    let isFirst = true;
    return async (response: { end(body: string): void }) => {
      if (isFirst) {
        isFirst = false;
        await w.record("beta", ["/page-0 v2"]);
        await startVisitsAfterEvents(w.db, w.clock.at);
      }
      response.end(htmlPage("Page 0", "<p>This is page 0</p>"));
    };
  }

  test("follow links to pages of the same host as far as they are asked to", async () => {
    const link = (href: string) => `<a href="${href}">on</a>`;
    const beta = await serve("beta", {});
    beta.pages["/"] = htmlPage(
      "Home",
      `<p>Home</p>${link("b?utm=1#top")}${link("https://elsewhere.example/x")}${link("/list?page=2&s=1")}${link("/a.pdf?x")}<a rel="nofollow" href="/no">no</a>`,
    );
    beta.pages["/b"] = htmlPage("B", `<p>B</p>${link("/a")}${link("./b")}`);
    beta.pages["/a"] = htmlPage("A", `<p>A</p>${link("/far")}`);
    beta.pages["/list?page=2"] = htmlPage("List", "<p>More</p>");
    beta.pages["/far"] = htmlPage("Far", "<p>Far away</p>");
    beta.pages["/a.pdf"] = "A document";
    await setVisits(w, "beta", { link_depth: 2, kept_parameters: "page" });
    await observe("beta");
    expect(await visit(w, "beta")).toMatchObject({ pages: 5, visited: 5, problem: null });
    expect((await contents("beta")).map((line) => line.split(" ")[0])).toEqual(["/", "/a", "/a.pdf", "/b"]);
    expect(beta.requested.filter((path) => path === "/b")).toHaveLength(2); // two looks at what is new
    expect(beta.requested).not.toContain("/far");

    await setVisits(w, "beta", { link_depth: 3, max_pages: 6 });
    beta.pages["/a"] = htmlPage("A", `<p>A</p>${link("/far")}${link("/farther")}`);
    await visit(w, "beta");
    expect(await contents("beta")).toHaveLength(5);
    expect(beta.requested).not.toContain("/farther");
    delete beta.pages["/far"];
    for (let i = 0; i < 3; i++) await visit(w, "beta");
    expect(await contents("beta")).toHaveLength(4);
  });

  test("end in a calendar without end, and where one page has twenty addresses", async () => {
    const beta = await webSite({}, { otherwise: (response, { url }) => response.end(endless(url ?? "")) });
    sites.beta = beta;
    await serveAt(w, "beta", beta.base, { link_depth: 10, max_pages: 40 });
    await w.record("beta", ["/calendar/1 v1"]);
    const endless = (url: string) => {
      const month = Number(/^\/calendar\/(\d+)$/.exec(url)?.[1] ?? 0);
      if (month) return htmlPage(`Month ${month}`, `<p>${month}</p><a href="/calendar/${month + 1}">Next</a>`);
      if (url !== "/") return htmlPage("The page", "<p>The same everywhere</p>");
      return htmlPage("Home", Array.from({ length: 20 }, (_, i) => `<a href="/same/${i}">Page</a>`).join(""));
    };
    expect(await visit(w, "beta")).toMatchObject({ pages: 32, visited: 32, problem: null });
    expect(beta.requested.filter((path) => path.startsWith("/calendar/12"))).toEqual([]);
    const kept = await w.db.selectFrom("observed_contents").select("digest").execute();
    expect(kept).toHaveLength(13);
  });

  test("connect to another address with the host of the server, within what may be called", async () => {
    const beta = await serve("beta", pages(1));
    const hosts: (string | undefined)[] = [];
    beta.pages["/page-0"] = (response, { headers }) => {
      hosts.push(headers.host);
      response.end(pages(1)["/page-0"]);
    };
    await serveAt(w, "beta", "http://www.shop.example", { connect_to: new URL(beta.base).host });
    await w.record("beta", ["/page-0 v1"]);
    expect(await visit(w, "beta")).toMatchObject({ visited: 1, problem: null });
    expect(new Set(hosts)).toEqual(new Set(["www.shop.example"]));
    expect(await findings(w)).toEqual([]);
    const { problem } = await visit(w, "beta", { isAllowed: (address) => address !== "127.0.0.1" });
    expect(problem).toContain("127.0.0.1 is in a private network");

    const path = `/sites/shop/settings/environments/beta/visits/${environmentOf(w.site, "beta").servers[0]?.id}`;
    const form = { robots: "honour", pages_at_once: "2", pause_ms: "0", max_pages: "10" };
    const wrong = { connect_to: "http://x/", link_depth: "11", kept_parameters: "a=b" };
    const refused = await w.as("iris").post(path, { ...form, ...wrong });
    expect(refused.status).toBe(422);
    const text = words(await refused.text());
    expect(text).toContain("Enter a host name or an IP address, with a port if needed");
    expect(text).toContain("Enter a number of links from 0 to 10.");
    expect(text).toContain("Enter up to 20 names of parameters");
    expect((await w.as("iris").post(path, { ...form, connect_to: "[2001:db8::7]:8443", link_depth: "2" })).status).toBe(
      303,
    );
    expect(await shown("iris", "/sites/shop/history")).toContain("connecting to [2001:db8::7]:8443, following 2 links");
  });
});
