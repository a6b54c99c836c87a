import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeServer } from "../src/environments/environments.ts";
import { verify } from "../src/integrity/verify.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { scheduleVisits } from "../src/visits/settings.ts";
import { startDueVisits } from "../src/visits/visits.ts";
import { machine } from "./support/api.ts";
import { findings, latestVisit, runVisits, serveAt, setVisits, visit } from "./support/visits.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
let beta: WebSite;
let demo: WebSite;
const sale = htmlPage("Sale", "<h1>Sale</h1><p>Shoes at half price</p>");
const about = htmlPage("About", "<p>We are a shop</p>");
beforeEach(async () => {
  w = await world();
  beta = await webSite({ "/sale": sale, "/about": about });
  demo = await webSite({ "/sale": sale, "/about": about });
  await serveAt(w, "beta", beta.base);
  await serveAt(w, "demo", demo.base);
  await w.record("beta", ["/sale v1", "/about v1"]);
});
afterEach(async () => {
  await Promise.all([beta.close(), demo.close(), w.close()]);
});

const observations = async () =>
  (
    await w.db
      .selectFrom("observations")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow()
  ).count;

async function shown(person: ReturnType<World["as"]>, path: string) {
  const html = await (await person.get(path)).text();
  return { html, text: words(html) };
}

test("a contributor has beta visited, and the page of the visit says how far it is", async () => {
  const cleo = w.as("cleo");
  const page = "/sites/shop/observations/beta";
  expect((await shown(cleo, page)).text).toContain("never");
  expect((await cleo.post(page)).status).toBe(303);
  expect((await shown(cleo, page)).text).toContain("for its turn");
  await runVisits(w);
  const { html, text } = await shown(cleo, page);
  expect(text).toContain("2 pages, 2 changed");
  expect(html).not.toContain('hx-trigger="every 2s"');
  expect(await findings(w)).toEqual([]);
});

test("a second visit to an unchanged site writes no rows but its own", async () => {
  await visit(w, "beta");
  const before = await observations();
  expect(await visit(w, "beta")).toMatchObject({ visited: 2, changed: 0, problem: null });
  expect(await observations()).toBe(before);
});

test("a page that changes with each visit keeps its last twenty states", async () => {
  await visit(w, "beta");
  for (let i = 0; i < 22; i++) {
    beta.pages["/sale"] = htmlPage("Sale", `<p>Visitor ${i}</p>`);
    await visit(w, "beta");
  }
  beta.pages["/sale"] = (response) => response.writeHead(403).end();
  await visit(w, "beta");
  expect(Number(await observations())).toBe(20 + 1);
});

test("a page of which the server says that it is unchanged is not sent again", async () => {
  let sent = 0;
  beta.pages["/sale"] = (response, { headers }) => {
    if (headers["if-none-match"] === '"1"') return response.writeHead(304).end();
    sent++;
    response.writeHead(200, { "content-type": "text/html", etag: '"1"' }).end(sale);
  };
  await visit(w, "beta");
  expect(await visit(w, "beta")).toMatchObject({ visited: 2, changed: 0 });
  expect(sent).toBe(2); // looked at twice at first, as nothing is known of it
});

describe("findings", () => {
  test("say what is missing, unrecorded, still there and drifted, and are settled when a visit no longer finds it", async () => {
    beta.pages["/robots.txt"] = `Sitemap: ${beta.base}/map.xml`;
    beta.pages["/map.xml"] = sitemapOf(beta.base, ["/sale", "/new"]);
    beta.pages["/new"] = htmlPage("New", "<p>Nobody recorded this</p>");
    delete beta.pages["/about"];
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta missing /about", "beta unrecorded /new"]);

    beta.pages["/about"] = about;
    beta.pages["/sale"] = htmlPage("Sale", "<h1>Sale</h1><p>Shoes at a third of the price</p>");
    await w.record("beta", ["/new v1"]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /sale"]);

    await w.record("beta", ["/sale v2", "-/about"]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta still_there /about"]);
    delete beta.pages["/about"];
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    const settled = await w.db.selectFrom("findings").select("code").where("settled_at", "is not", null).execute();
    expect(settled).toHaveLength(4);
  });

  test("a page that drifted and was restored is fine again", async () => {
    await visit(w, "beta");
    beta.pages["/sale"] = htmlPage("Sale", "<p>Hacked</p>");
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /sale"]);
    beta.pages["/sale"] = sale;
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
  });

  test("demo shows what beta showed of the version, or it is not as approved, or not there yet", async () => {
    await w.record("demo", ["/sale v1", "/about v1"]);
    await visit(w, "beta");
    await visit(w, "demo");
    beta.pages["/sale"] = htmlPage("Sale", "<p>Boots at half price</p>");
    beta.pages["/about"] = htmlPage("About", "<p>We are two shops</p>");
    await w.record("beta", ["/sale v2", "/about v2"]);
    await visit(w, "beta");
    const { number } = await w.release("Boots", ["/sale", "/about"]);
    const promotion = await w.ask(number, "demo");
    await decide(w.db, await w.by("theo"), w.site, promotion.number, { decision: "approve", digest: promotion.digest });
    await complete(w.db, await w.by("ada"), w.site, promotion.number, {});
    demo.pages["/about"] = htmlPage("About", "<p>We are three shops</p>");
    await visit(w, "demo");
    expect(await findings(w)).toEqual(["demo not_as_approved /about", "demo not_there_yet /sale"]);

    Object.assign(demo.pages, { "/sale": beta.pages["/sale"], "/about": beta.pages["/about"] });
    await visit(w, "demo");
    expect(await findings(w)).toEqual([]);
  });

  test("a page that live hides from search engines, one without a title, and two with the same", async () => {
    await using live = await webSite({
      "/sale": htmlPage("Shop", "<p>Sale</p>", '<meta name="robots" content="noindex">'),
      "/about": htmlPage("Shop", "<p>About</p>"),
      "/blank": "<!DOCTYPE html><p>No title</p>",
    });
    await serveAt(w, "live", live.base);
    await w.record("live", ["/sale v1", "/about v1", "/blank v1"]);
    await visit(w, "live");
    expect(await findings(w)).toEqual([
      "live noindex /sale",
      "live title_doubled /about",
      "live title_doubled /sale",
      "live title_empty /blank",
    ]);
  });

  test("a server that is down, or goes down during a visit, is one finding, and the others stay", async () => {
    delete beta.pages["/about"];
    await visit(w, "beta");
    await w.record(
      "beta",
      Array.from({ length: 60 }, (_, i) => `/page-${i} v1`),
    );
    for (let i = 0; i < 60; i++) beta.pages[`/page-${i}`] = htmlPage(`Page ${i}`, `<p>This is page ${i}</p>`);
    let left = 30;
    for (const [path, body] of Object.entries(beta.pages))
      beta.pages[path] = (response) => (left-- > 0 ? response.end(body as string) : response.destroy());
    const broken = await visit(w, "beta");
    expect(broken.problem).toContain("There is no response");
    expect(await findings(w)).toEqual(["beta missing /about", "beta server_down"]);

    await beta.close();
    expect((await visit(w, "beta")).problem).toContain("the connection was refused");
    expect(await findings(w)).toEqual(["beta missing /about", "beta server_down"]);
    const port = Number(new URL(beta.base).port);
    beta = await webSite({ "/sale": sale, "/about": about }, { port });
    for (let i = 0; i < 60; i++) beta.pages[`/page-${i}`] = htmlPage(`Page ${i}`, `<p>This is page ${i}</p>`);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
  });

  test("a page that cannot be observed is no change, and says so; after days it was not observed", async () => {
    await visit(w, "beta");
    for (const answer of [503, 403, 429, 401]) {
      beta.pages["/about"] = (response) =>
        response.writeHead(answer, { "content-type": "text/html" }).end("<p>Wait</p>");
      await visit(w, "beta");
      expect(await findings(w)).toEqual(["beta unobserved /about"]);
    }
    w.clock.at = "2026-03-09T10:00:00.000Z";
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta not_observed_since /about"]);
    beta.pages["/about"] = about;
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
  });

  test("are listed on a page, counted on that of the environment, and in the API", async () => {
    delete beta.pages["/about"];
    await visit(w, "beta");
    const { text } = await shown(w.as("vera"), "/sites/shop/findings?environment=beta");
    expect(text).toContain("missing /about");
    expect(text).toContain("The server answers with status 404.");
    expect(text).toContain("Deploy the page again, or record its removal.");
    expect((await shown(w.as("vera"), "/sites/shop/findings?kind=drifted")).text).toContain("Nothing was found.");
    expect((await shown(w.as("vera"), "/sites/shop/environments/beta")).text).toContain("1 finding");

    const api = await machine(w, "viewer");
    const { body } = await api.get("/sites/shop/findings?environment=beta&kind=missing");
    expect(body.items).toEqual([
      {
        id: expect.any(String),
        environment: "beta",
        server: "web",
        path: "/about",
        code: "missing",
        sentence: "The server answers with status 404.",
        advice: "Deploy the page again, or record its removal.",
        state: "open",
        opened_at: w.clock.at,
        accepted: null,
        settled: null,
      },
    ]);
    expect((await api.post("/sites/shop/environments/beta/visits", {})).status).toBe(403);
    const contributor = await machine(w, "contributor");
    expect((await contributor.post("/sites/shop/environments/beta/visits", {})).body).toEqual({ started: 1 });
    expect((await contributor.post("/sites/shop/environments/beta/visits", {})).body).toEqual({ started: 0 });
  });
});

describe("visits", () => {
  test("that are interrupted go on where they were", async () => {
    await w.record(
      "beta",
      Array.from({ length: 50 }, (_, i) => `/page-${i} v1`),
    );
    for (let i = 0; i < 50; i++) beta.pages[`/page-${i}`] = htmlPage(`Page ${i}`, `<p>This is page ${i}</p>`);
    const stopping = new AbortController();
    beta.pages["/page-9"] = (response) => {
      stopping.abort();
      response.end();
    };
    const stopped = await visit(w, "beta", { stopping: stopping.signal });
    expect(stopped).toMatchObject({ ended_at: null, visited: 40 });
    beta.pages["/page-9"] = htmlPage("Page 9", "<p>This is page 9</p>");
    await runVisits(w);
    expect(await latestVisit(w, "beta")).toMatchObject({ visited: 52, changed: 52, problem: null });
    expect(beta.requested.filter((path) => path === "/about")).toHaveLength(2); // two looks at what is new
  });

  test("with which another server has gone on are gone on with if that was killed", async () => {
    beta.pages["/about"] = (response) => {
      const other = w.db.updateTable("visits").set({ last_path: "/about", visited: 1 });
      void other.execute().then(() => response.end(about));
    };
    expect(await visit(w, "beta")).toMatchObject({ ended_at: null, last_path: "/about" });
    w.clock.at = new Date(Date.parse(w.clock.at) + 60_000).toISOString();
    expect(await runVisits(w)).toBe(1);
    expect(await latestVisit(w, "beta")).toMatchObject({ ended_at: w.clock.at, visited: 2 });
  });

  test("in slices of time end with the same result", async () => {
    await w.record(
      "beta",
      Array.from({ length: 50 }, (_, i) => `/page-${i} v1`),
    );
    for (let i = 0; i < 50; i++) beta.pages[`/page-${i}`] = htmlPage(`Page ${i}`, `<p>This is page ${i}</p>`);
    expect(await visit(w, "beta", { sliceMs: 0 })).toMatchObject({ visited: 52, changed: 52, ended_at: w.clock.at });
    const jobs = await w.db.selectFrom("jobs").select("id").where("kind", "=", "visit").execute();
    expect(jobs.length).toBeGreaterThan(2);
  });

  test("happen every so many hours, and are started once if two servers look", async () => {
    await scheduleVisits(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), 6);
    await startDueVisits(w.db, w.clock.at);
    expect(await runVisits(w)).toBe(0);
    w.clock.at = "2026-03-03T16:00:00.000Z";
    await Promise.all([startDueVisits(w.db, w.clock.at), startDueVisits(w.db, w.clock.at)]);
    expect(await runVisits(w)).toBe(1);
    expect(await latestVisit(w, "beta")).toMatchObject({ visited: 2, person_id: null });
  });

  test("go only to addresses that Sitebook may call", async () => {
    const { problem } = await visit(w, "beta", { isAllowed: (address) => address !== "127.0.0.1" });
    expect(problem).toContain("127.0.0.1 is in a private network, which Sitebook does not call.");
    expect(beta.requested).toEqual([]);
  });

  test("send the credentials of the server to it, and to no other", async () => {
    const seen: (string | undefined)[] = [];
    demo.pages["/sale"] = (response, { headers }) => {
      seen.push(headers.authorization, headers.cookie);
      response.end(sale);
    };
    beta.pages["/sale"] = (response, { headers }) => {
      seen.push(headers.authorization, headers.cookie);
      response.writeHead(302, { location: `${demo.base}/sale` }).end();
    };
    await setVisits(w, "beta", { user: "team", password: "open sesame", cookie: "preview=1" });
    await w.db
      .insertInto("servers")
      .values({ id: "second", environment_id: environmentOf(w.site, "beta").id, name: "b", base_url: demo.base })
      .execute();
    await visit(w, "beta");
    expect(seen.slice(0, 4)).toEqual([`Basic ${btoa("team:open sesame")}`, "preview=1", undefined, undefined]);
    expect(seen.slice(4)).toEqual(seen.slice(0, 4)); // it was looked at again
    const stored = JSON.stringify(await w.db.selectFrom("visit_settings").selectAll().execute());
    const history = JSON.stringify(await w.db.selectFrom("events").select("details").execute());
    for (const text of [stored, history]) expect(text).not.toMatch(/sesame|preview|dGVhb/);
    expect(stored).toContain("Authorization, Cookie");
  });

  test("leave out what robots.txt excludes, unless the administrator says that it is their own site", async () => {
    beta.pages["/robots.txt"] = "User-agent: *\nDisallow: /about";
    await visit(w, "beta");
    expect(beta.requested).not.toContain("/about");
    expect(await findings(w)).toEqual(["beta unobserved /about"]);
    await setVisits(w, "beta", { honours_robots: 0 });
    await visit(w, "beta");
    expect(beta.requested).toContain("/about");
    expect(await findings(w)).toEqual([]);
  });

  test("wait as long as the server asks for, and go on from there", async () => {
    let busy = true;
    beta.pages["/sale"] = (response) =>
      busy ? response.writeHead(429, { "retry-after": "600" }).end() : response.end(sale);
    await visit(w, "beta");
    expect(await latestVisit(w, "beta")).toMatchObject({ ended_at: null, visited: 1 });
    busy = false;
    w.clock.at = new Date(Date.parse(w.clock.at) + 599_000).toISOString();
    expect(await runVisits(w)).toBe(0);
    w.clock.at = new Date(Date.parse(w.clock.at) + 1000).toISOString();
    expect(await runVisits(w)).toBe(1);
    expect(await latestVisit(w, "beta")).toMatchObject({ visited: 2, problem: null });
  });

  test("wait at the first page of all, too, and read the sitemaps then; but not twice for the same page", async () => {
    let busy = true;
    const busyOr =
      (body: string): WebSite["pages"][string] =>
      (response) =>
        busy ? response.writeHead(429, { "retry-after": "7200" }).end() : response.end(body);
    beta.pages["/about"] = busyOr(about);
    beta.pages["/sitemap.xml"] = busyOr(sitemapOf(beta.base, ["/about", "/sale", "/new"]));
    beta.pages["/new"] = htmlPage("New", "<p>New</p>");
    const after = async (hours: number) => {
      w.clock.at = new Date(Date.parse(w.clock.at) + hours * 3_600_000).toISOString();
      await runVisits(w);
      return latestVisit(w, "beta");
    };
    expect(await visit(w, "beta")).toMatchObject({ ended_at: null, visited: 0, pages: 2 });
    busy = false;
    expect(await after(0.99)).toMatchObject({ ended_at: null });
    // an hour at most
    expect(await after(0.01)).toMatchObject({ visited: 3, note: null, problem: null, ended_at: w.clock.at });

    busy = true;
    expect(await visit(w, "beta")).toMatchObject({ ended_at: null });
    expect(await after(1)).toMatchObject({
      visited: 0,
      problem: "The server refuses to answer so many requests (status 429).",
      ended_at: w.clock.at,
    });
  });

  test("are forgotten with their server, and the history still verifies", async () => {
    await visit(w, "beta");
    const place = environmentOf(w.site, "beta");
    await removeServer(w.db, await w.by("iris"), w.site, place, place.servers[0]?.id ?? "");
    expect(await observations()).toBe(0);
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  });
});

describe("the settings of visits", () => {
  test("are changed by an administrator, and are in the history without their secrets", async () => {
    const iris = w.as("iris");
    const path = "/sites/shop/settings/environments/beta/visits";
    const server = environmentOf(w.site, "beta").servers[0]?.id;
    expect((await iris.post(path, { every_hours: "12" })).status).toBe(303);
    const form = {
      robots: "own",
      pages_at_once: "2",
      pause_ms: "50",
      max_pages: "700",
      user: "team",
      password: "hush",
    };
    expect((await iris.post(`${path}/${server}`, form)).status).toBe(303);
    const { html, text } = await shown(iris, path);
    expect(html).toContain('value="12"');
    expect(text).toContain("Stored: Authorization.");
    expect(html).not.toContain("hush");
    const history = (await shown(iris, "/sites/shop/history")).text;
    expect(history).toContain("changed how often Sitebook visits beta: every 12 hours.");
    expect(history).toContain(
      "up to 2 pages at once with 50 ms between them, 700 pages at most, whatever its robots.txt says, credentials Authorization",
    );
    expect((await shown(iris, "/sites/shop/observations/beta")).text).toContain("every 12 hours");
  });

  test("that are wrong are shown again, with what is wrong", async () => {
    const path = `/sites/shop/settings/environments/beta/visits/${environmentOf(w.site, "beta").servers[0]?.id}`;
    const form = {
      robots: "honour",
      pages_at_once: "40",
      pause_ms: "x",
      max_pages: "1",
      header: "Host: other",
      cookie: "",
    };
    const response = await w.as("iris").post(path, form);
    expect(response.status).toBe(422);
    const body = await response.text();
    expect(body).toContain("Enter a number of pages at once from 1 to 10.");
    expect(body).toContain("Enter a number of milliseconds from 0 to 60000.");
    expect(body).toContain("Sitebook sets the header Host itself.");
  });
});
