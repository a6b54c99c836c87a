import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccess } from "../src/access/sites.ts";
import { addServer } from "../src/environments/environments.ts";
import { verify } from "../src/integrity/verify.ts";
import { runDueJobs } from "../src/jobs/worker.ts";
import { addMs } from "../src/time/add.ts";
import { chooseReporter } from "../src/visits/reporters.ts";
import { startVisits } from "../src/visits/visits.ts";
import { machine, stranger } from "./support/api.ts";
import { findings, latestVisit, runVisits, serveAt, visit } from "./support/visits.ts";
import { htmlPage, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const hour = () => {
  w.clock.at = addMs(w.clock.at, 3_600_000);
};

const report = "/sites/shop/environments/beta/observations";
const sale = htmlPage("Sale", "<p>Shoes at half price</p>");
const shown = (path: string, html: string) => ({ path, status: 200, html });

const freshSite = async () => {
  w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site ?? w.site;
};

describe("what another observer saw", () => {
  test("is compared with the record as a visit is, and other pages stay as they were seen", async () => {
    await w.record("beta", ["/sale v1", "/about v1", "/blank v1"]);
    const crawler = await machine(w, "contributor");
    const pages = [
      shown("/sale", sale),
      { path: "/about", status: 301, location: "/about-us" },
      { path: "/blank", status: 200, text: "Nothing\nto see", title: "Blank" },
      shown("/new", htmlPage("New", "<p>New</p>")),
    ];
    const { status, body } = await crawler.post(report, { pages });
    expect([status, body]).toEqual([201, { server: "web", pages: 4, changed: 4 }]);
    expect(await findings(w)).toEqual(["beta missing /about", "beta unrecorded /new"]);
    const { items } = (await crawler.get("/sites/shop/findings?kind=unrecorded")).body;
    expect(items).toMatchObject([{ sentence: "The server shows it, and nothing is recorded about it." }]);
    const visited = await latestVisit(w, "beta");
    expect(visited).toMatchObject({ person_id: crawler.machine.id, visited: 4, problem: null, ended_at: w.clock.at });
    expect(words(await (await w.as("vera").get("/sites/shop/observations/beta")).text())).toContain(
      "4 pages, 4 changed",
    );

    hour();
    expect((await crawler.post(report, { pages: [shown("/sale", htmlPage("Sale", "<p>Boots</p>"))] })).body).toEqual({
      server: "web",
      pages: 1,
      changed: 1,
    });
    expect(await findings(w)).toEqual(["beta drifted /sale", "beta missing /about", "beta unrecorded /new"]);
    hour();
    await crawler.post(report, { pages: [shown("/sale", sale), shown("/about", sale.replaceAll("Sale", "About"))] });
    expect(await findings(w)).toEqual(["beta unrecorded /new"]);
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");

    const { items: newest, next } = (await crawler.get(`${report}?path=/sale&limit=2`)).body;
    const { items: oldest } = (await crawler.get(`${report}?path=/sale&cursor=${next}`)).body;
    const since = (hours: number) => addMs(w.clock.at, -hours * 3_600_000);
    expect([...newest, ...oldest]).toMatchObject([
      { server: "web", outcome: "shown", title: "Sale", seen_at: since(0) },
      { title: "Sale", seen_at: since(1) },
      { title: "Sale", seen_at: since(2), text_digest: newest[0].text_digest },
    ]);
    expect(newest[1].text_digest).not.toBe(newest[0].text_digest);
  });

  test("makes the same digests as a visit to the same pages, by HTML or by its text and title", async () => {
    await using beta = await webSite({ "/sale": sale });
    await serveAt(w, "beta", beta.base);
    await w.record("beta", ["/sale v1"]);
    await visit(w, "beta");
    const crawler = await machine(w, "contributor");
    hour();
    expect((await crawler.post(report, { pages: [shown("/sale", sale)] })).body).toMatchObject({ changed: 0 });
    await crawler.post(report, { pages: [{ path: "/sale", status: 200, text: "Shoes at half price", title: "Sale" }] });
    expect(await findings(w)).toEqual([]);
  });

  test("is seen then, and no other page of the server", async () => {
    await using beta = await webSite({ "/sale": sale, "/about": htmlPage("About", "<p>About</p>") });
    await serveAt(w, "beta", beta.base);
    await w.record("beta", ["/sale v1", "/about v1"]);
    const crawler = await machine(w, "contributor");
    const seen = async () => {
      const pages = ["/sale", "/about", "/new"].map((key) => w.as("vera").get(`/sites/shop/artifacts/page?key=${key}`));
      const texts = await Promise.all((await Promise.all(pages)).map(async (page) => words(await page.text())));
      return texts.map((text) => /Seen (.*?) on beta/.exec(text)?.[1]);
    };
    await visit(w, "beta");
    hour();
    await crawler.post(report, { pages: [shown("/sale", sale), shown("/new", sale)] });
    await w.record("beta", ["/new v1"]);
    expect(await seen()).toEqual(["just now", "1 hour ago", "just now"]);
    hour();
    await crawler.post(report, { pages: [shown("/sale", sale)] });
    expect(await seen()).toEqual(["just now", "2 hours ago", "1 hour ago"]);
    await visit(w, "beta");
    expect(await seen()).toEqual(["just now", "just now", "just now"]);
  });

  test("becomes the record where that is kept by observation; what is gone, once two reports say so of the page", async () => {
    await chooseReporter(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), "observation");
    const crawler = await machine(w, "contributor");
    const others = Array.from({ length: 4 }, (_, i) => shown(`/page-${i}`, htmlPage(`Page ${i}`, `<p>${i}</p>`)));
    await crawler.post(report, {
      pages: [shown("/sale", sale), shown("/old", htmlPage("Old", "<p>Old</p>")), ...others],
    });
    const onBeta = async () =>
      ((await crawler.get("/sites/shop/environments/beta/placements")).body.items as { key: string; version: string }[])
        .filter(({ version }) => version !== null)
        .map(({ key }) => key);
    expect(await onBeta()).toEqual(["/old", "/page-0", "/page-1", "/page-2", "/page-3", "/sale"]);
    expect(await findings(w)).toEqual([]);
    const gone = { path: "/old", status: 404 };
    hour();
    await crawler.post(report, { pages: [gone] });
    hour();
    await crawler.post(report, { pages: [shown("/sale", sale)] });
    expect(await onBeta()).toContain("/old");
    hour();
    await crawler.post(report, { pages: [gone] });
    expect(await onBeta()).not.toContain("/old");
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("is saved once for one key, and not while a visit is in progress; a killed server leaves the end to another", async () => {
    await w.record("beta", ["/sale v1", "/about v1"]);
    const crawler = await machine(w, "contributor");
    const body = { pages: [shown("/sale", sale), { path: "/about", status: 404 }] };
    const once = () => crawler.post(report, body, { "idempotency-key": "report-1" });
    const [first, again] = await Promise.all([once(), once()]);
    expect([first.body, again.body]).toEqual([first.body, first.body]);
    expect(await w.db.selectFrom("visits").select("id").execute()).toHaveLength(1);
    expect((await crawler.post(report, { pages: [] }, { "idempotency-key": "report-1" })).status).toBe(422);

    // as if it had been killed before the end
    await w.db.updateTable("visits").set({ ended_at: null }).execute();
    await w.db.deleteFrom("findings").execute();
    const refused = await crawler.post(report, { pages: [shown("/about", sale)] });
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      "A visit to web is in progress. Send the pages again when it has ended.",
    ]);
    w.clock.at = addMs(w.clock.at, 60_000);
    await runVisits(w);
    expect(await findings(w)).toEqual(["beta missing /about"]);
    await startVisits(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"));
    expect((await crawler.post(report, { pages: [shown("/about", sale)] })).status).toBe(409);
    await runDueJobs(w.db, { visit: async () => undefined }, () => w.clock.at);
  });

  test("is refused with a sentence for each wrong field, for a viewer and a stranger, and saves nothing then", async () => {
    await addServer(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), {
      name: "two",
      base_url: "https://two.shop.example",
    });
    await freshSite();
    const crawler = await machine(w, "contributor");
    const refusals = async (body: unknown) => (await crawler.post(report, body)).body.errors;
    expect(await refusals({ pages: [shown("/sale", sale)] })).toEqual([
      { path: "server", message: "Name a server of beta: two or web." },
    ]);
    expect(await refusals({ server: "three", pages: [shown("/sale", sale)] })).toMatchObject([{ path: "server" }]);
    expect(await refusals({ server: "two", pages: [] })).toEqual([
      { path: "pages", message: "Send at least one page." },
    ]);
    const pages = [
      { path: "sale", status: 99, html: "", text: "" },
      { path: "/a", status: 200 },
      { path: "/%61", status: 404, title: "\n", location: "http://" },
    ];
    expect(await refusals({ server: "two", pages })).toEqual([
      { path: "pages.0.status", message: "Enter an HTTP status from 100 to 599." },
      { path: "pages.0.text", message: "Send either html or text." },
      { path: "pages.0.path", message: `A page's path must begin with a slash: "sale" does not.` },
      { path: "pages.1.html", message: "Send the html or text of a page that is shown." },
      { path: "pages.2.title", message: "A title cannot contain control characters." },
      { path: "pages.2.location", message: "This is no address." },
      { path: "pages.2.path", message: "This page is there twice." },
    ]);
    const many = Array.from({ length: 501 }, (_, i) => ({ path: `/${i}`, status: 404 }));
    expect(await refusals({ server: "two", pages: many })).toEqual([
      { path: "pages", message: "Send at most 500 pages at once." },
    ]);
    const [viewer, other] = [await machine(w, "viewer"), await stranger(w)];
    expect((await viewer.post(report, { pages: [] })).status).toBe(403);
    expect((await other.post(report, { pages: [] })).status).toBe(404);
    expect((await other.get(`${report}?path=/sale`)).status).toBe(404);
    expect(await w.db.selectFrom("visits").select("id").execute()).toEqual([]);
    expect((await viewer.get(`${report}?path=/sale`)).body).toEqual({ items: [], next: null });
    expect((await crawler.post(report, { server: "two", pages: [shown("/sale", sale)] })).status).toBe(201);
    expect((await viewer.get(`${report}?path=/sale&server=web`)).body.items).toEqual([]);
    expect((await viewer.get(`${report}?path=/sale&server=two`)).body.items).toHaveLength(1);
  });
});

describe("the settings of observation", () => {
  test("of visits are read and replaced, and credentials are never returned", async () => {
    const administrator = await machine(w, "administrator");
    const path = "/sites/shop/environments/beta/visit-settings";
    const before = (await administrator.get(path)).body;
    expect(before).toMatchObject({ reporter: "people", every_hours: 0, after_deployments: true });
    expect(before.servers).toMatchObject([{ server: "web", honours_robots: true, pages_at_once: 4, credentials: [] }]);
    const settings = {
      honours_robots: false,
      pause_ms: 0,
      link_depth: 2,
      kept_parameters: ["page", "lang"],
      other_hosts: ["cdn.shop.example", "192.0.2.7:8443"],
      credentials: { user: "demo", password: "a secret word", header: "X-Key: 4711" },
    };
    for (let i = 0; i < 2; i++) {
      const { status, body } = await administrator.send(path, {
        method: "PUT",
        headers: { "content-type": "application/json", "idempotency-key": "settings-1" },
        body: JSON.stringify(settings),
      });
      expect([status, body]).toMatchObject([
        200,
        {
          honours_robots: false,
          pause_ms: 0,
          max_pages: 5000,
          link_depth: 2,
          other_hosts: settings.other_hosts,
          credentials: ["Authorization", "X-Key"],
        },
      ]);
    }
    expect(JSON.stringify((await administrator.get(path)).body)).not.toContain("secret");
    expect(await w.db.selectFrom("intents").select("key").execute()).toEqual([]);
    expect((await administrator.put(path, { max_pages: 10 })).body).toMatchObject({
      honours_robots: true,
      max_pages: 10,
      kept_parameters: [],
      other_hosts: [],
      credentials: ["Authorization", "X-Key"],
    });
    expect((await administrator.put(path, { credentials: null })).body).toMatchObject({ credentials: [] });
    expect((await administrator.put(path, { pages_at_once: 11, credentials: { password: "x" } })).body.errors).toEqual([
      { path: "pages_at_once", message: "Enter a number of pages at once from 1 to 10." },
      { path: "password", message: "Enter the user name for this password." },
    ]);

    for (const host of ["*.shop.example", "https://cdn.shop.example/"])
      expect((await administrator.put(path, { other_hosts: [host] })).body.errors).toEqual([
        { path: "other_hosts", message: expect.stringContaining("Enter up to 20 whole names of hosts") },
      ]);

    const schedule = "/sites/shop/environments/beta/visit-schedule";
    expect((await administrator.put(schedule, { every_hours: 6, after_deployments: false })).body).toEqual({
      every_hours: 6,
      after_deployments: false,
    });
    expect((await administrator.put(schedule, { every_hours: 999 })).body.errors).toMatchObject([
      { path: "every_hours" },
    ]);
    const observe = () => administrator.post("/sites/shop/observation", {}, { "idempotency-key": "observe-1" });
    expect((await observe()).body).toEqual({ started: 3 });
    expect((await observe()).body).toEqual({ started: 3 });
    expect((await administrator.get(path)).body).toMatchObject({
      reporter: "observation",
      every_hours: 6,
      after_deployments: false,
    });
    const history = words(await (await w.as("vera").get("/sites/shop/history")).text());
    expect(history).not.toContain("secret");
  });

  test("of masks, noise and checks are listed, added and removed", async () => {
    await using beta = await webSite({});
    let visitors = 0;
    beta.pages["/sale"] = (response) => response.end(htmlPage("Sale", `<p>Shoes</p><i>${++visitors}</i>`));
    await serveAt(w, "beta", beta.base);
    await w.record("beta", ["/sale v1"]);
    await visit(w, "beta");
    await visit(w, "beta");
    const [administrator, contributor] = [await machine(w, "administrator"), await machine(w, "contributor")];
    const { items } = (await contributor.get("/sites/shop/noise?path=/sale")).body;
    expect(items).toMatchObject([{ kind: "words", place: "/html[1]/body[1]/i[1]" }]);
    const forget = `/sites/shop/noise/${items[0].id}/removal`;
    expect((await contributor.post(forget, {})).body).toEqual({ path: "/sale" });
    expect((await contributor.post(forget, {})).status).toBe(404);

    const mask = { kind: "selector", expression: "i" };
    const key = { "idempotency-key": "mask-1" };
    const added = (await administrator.post("/sites/shop/masks", mask, key)).body;
    expect((await administrator.post("/sites/shop/masks", mask, key)).body).toEqual(added);
    expect((await administrator.post("/sites/shop/masks", mask)).body.errors).toEqual([
      { path: "expression", message: "There is such a mask already." },
    ]);
    expect((await administrator.post("/sites/shop/masks", { kind: "pattern", expression: "(" })).status).toBe(422);
    expect((await administrator.get("/sites/shop/masks")).body.items).toEqual([{ id: added.id, ...mask }]);
    const removal = `/sites/shop/masks/${added.id}/removal`;
    const gone = { "idempotency-key": "mask-2" };
    for (let i = 0; i < 2; i++) expect((await administrator.post(removal, {}, gone)).body).toEqual({ expression: "i" });
    expect((await administrator.post(removal, {})).status).toBe(404);
    expect((await administrator.get("/sites/shop/masks")).body.items).toEqual([]);

    const checks = "/sites/shop/environments/beta/checks";
    expect((await administrator.put(`${checks}/dates`, { date_tag: "expires" })).body.date_tag).toBe("expires");
    expect((await administrator.put(`${checks}/dates`, { date_tag: "a b" })).body.errors).toEqual([
      { path: "date_tag", message: "Enter the name of a meta tag, such as review-date." },
    ]);
    expect((await administrator.put(`${checks}/dates`, { date_tag: null })).body.date_tag).toBeNull();
    const probe = { software: "checkout", how: "json", path: "/health", name: "/version" };
    expect((await administrator.put(checks, { hidden: true })).body).toMatchObject({ hidden: true, software: [] });
    for (let i = 0; i < 2; i++)
      expect((await administrator.put(`${checks}/software`, probe)).body.software).toMatchObject([probe]);
    expect((await administrator.put(`${checks}/software`, { ...probe, path: "health" })).body.errors).toEqual([
      { path: "path", message: "Enter a path on the server, such as /health." },
    ]);
    const [{ id }] = (await administrator.get(checks)).body.software;
    expect((await administrator.post(`${checks}/software/${id}/removal`, {})).body).toEqual({ software: "checkout" });
    expect((await administrator.get(checks)).body).toMatchObject({ hidden: true, software: [] });
  });

  test("are neither read nor changed by others, and not by a stranger", async () => {
    const [contributor, other] = [await machine(w, "contributor"), await stranger(w)];
    const beta = "/sites/shop/environments/beta";
    for (const path of [`${beta}/visit-settings`, `${beta}/checks`, "/sites/shop/masks"]) {
      expect((await contributor.get(path)).status).toBe(403);
      expect((await other.get(path)).status).toBe(404);
    }
    expect((await other.get("/sites/shop/noise?path=/sale")).status).toBe(404);
    expect((await contributor.put(`${beta}/visit-settings`, { pause_ms: 0 })).status).toBe(403);
    expect((await contributor.post("/sites/shop/observation", {})).status).toBe(403);
    expect((await other.put(`${beta}/checks`, { hidden: true })).status).toBe(404);
    expect(await w.db.selectFrom("visit_settings").selectAll().execute()).toEqual([]);
  });
});
