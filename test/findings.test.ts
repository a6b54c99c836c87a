import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccess, type Site } from "../src/access/sites.ts";
import { addServer } from "../src/environments/environments.ts";
import { acceptFinding } from "../src/findings/accept.ts";
import { setHidden } from "../src/findings/checks.ts";
import { listFindings } from "../src/findings/queries.ts";
import { recordFinding } from "../src/findings/record.ts";
import { verify } from "../src/integrity/verify.ts";
import { chooseNotices } from "../src/notices/choices.ts";
import { messageOf, type StoredNotice } from "../src/notices/message.ts";
import { writeNotices } from "../src/notices/write-notices.ts";
import { addMs } from "../src/time/add.ts";
import { scheduleVisits } from "../src/visits/settings.ts";
import { startDueVisits } from "../src/visits/visits.ts";
import { machine, stranger } from "./support/api.ts";
import { findings, runVisits, serveAt, setVisits, visit } from "./support/visits.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
let beta: WebSite;
const sale = htmlPage("Sale", "<h1>Sale</h1><p>Shoes at half price</p>");
const hotfix = htmlPage("Sale", "<h1>Sale</h1><p>Shoes at a third of the price</p>");
beforeEach(async () => {
  w = await world();
  beta = await webSite({ "/sale": sale, "/about": htmlPage("About", "<p>We are a shop</p>") });
  await serveAt(w, "beta", beta.base);
  await w.record("beta", ["/sale v1", "/about v1"]);
  await visit(w, "beta");
});
afterEach(async () => {
  await Promise.all([beta.close(), w.close()]);
});

/** /sale has drifted on beta; returns the finding's id. */
async function drift(body = hotfix): Promise<string> {
  beta.pages["/sale"] = body;
  await visit(w, "beta");
  return idOf("/sale");
}

const listed = (state: "open" | "accepted" | "settled") => listFindings(w.db, w.site.id, { state, limit: 100 });

async function idOf(path: string): Promise<string> {
  const found = (await listed("open")).find((finding) => finding.path === path);
  if (!found) throw new Error(`nothing is found about ${path}`);
  return found.id;
}

const states = async () => ({
  open: (await listed("open")).map(({ code, path }) => `${code} ${path}`.trim()),
  accepted: (await listed("accepted")).map(({ code, path }) => `${code} ${path}`.trim()),
  settled: (await listed("settled")).map(({ code, path, settled_how }) => `${code} ${path}: ${settled_how}`),
});

const shown = async (who: Name, path: string) => words(await (await w.as(who).get(`/sites/shop${path}`)).text());

const historyText = () => shown("vera", "/history");

describe("a finding is accepted", () => {
  test("with a reason, until something changes, and opened again by an undo", async () => {
    const id = await drift();
    const page = `/sites/shop/findings/${id}`;
    const ada = w.as("ada");
    const empty = await ada.post(`${page}/acceptance`, { reason: " " });
    expect(empty.status).toBe(422);
    expect(words(await empty.text())).toContain("Enter a reason. It is kept in the history.");
    expect(words(await (await ada.submit(`${page}/acceptance`, { reason: "A test of prices" })).text())).toContain(
      "Accepted, until something changes.",
    );
    expect(await states()).toEqual({ open: [], accepted: ["drifted /sale"], settled: [] });
    const accepted = await shown("vera", "/findings?state=accepted&environment=beta&kind=drifted");
    expect(accepted).toContain("by Ada: A test of prices");
    expect(await shown("vera", "/findings")).toContain("Nothing was found.");
    expect(await historyText()).toContain(
      "Ada accepted a finding on the server web of beta: drifted, /sale (“A test of prices”), until something changes.",
    );

    await visit(w, "beta");
    expect((await states()).accepted).toEqual(["drifted /sale"]);
    await ada.submit(`${page}/acceptance/undo`);
    expect((await states()).open).toEqual(["drifted /sale"]);
    expect((await ada.post(`${page}/acceptance/undo`)).status).toBe(409);
    expect(await historyText()).toContain("Ada no longer accepts a finding on the server web of beta: drifted, /sale.");
  });

  test("and opened anew if the server shows something else, or shows it again after it was settled", async () => {
    const id = await drift();
    await acceptFinding(w.db, await w.by("ada"), w.site, id, { reason: "A test" });
    expect(await drift(htmlPage("Sale", "<p>Shoes for free</p>"))).not.toBe(id);
    expect(await states()).toEqual({ open: ["drifted /sale"], accepted: [], settled: ["drifted /sale: changed"] });
    expect(await shown("vera", "/findings?state=settled")).toContain("as something else was found");

    await acceptFinding(w.db, await w.by("ada"), w.site, await idOf("/sale"), { reason: "Once more" });
    beta.pages["/sale"] = sale;
    await visit(w, "beta");
    await drift();
    expect(await states()).toEqual({
      open: ["drifted /sale"],
      accepted: [],
      settled: ["drifted /sale: gone", "drifted /sale: changed"],
    });
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  });

  test("once, if two accept it at once; not by a viewer, and not by a stranger", async () => {
    const id = await drift();
    const page = `/sites/shop/findings/${id}/acceptance`;
    const both = await Promise.all(["ada", "cleo"].map((name) => w.as(name as Name).post(page, { reason: "A test" })));
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([303, 409]));
    const again = await w.as("ada").post(page, { reason: "Another" });
    expect(words(await again.text())).toContain("This finding is accepted already.");
    expect((await w.as("vera").post(page, { reason: "A test" })).status).toBe(403);
    expect((await w.as("oskar").post(page, { reason: "A test" })).status).toBe(404);
    expect(await shown("vera", `/findings/${id}`)).not.toContain("Record it");
    const elsewhere = await findAccess(w.db, w.people.oskar.id, "elsewhere");
    const oskar = { ...(await w.by("ada")), person: w.people.oskar };
    await expect(acceptFinding(w.db, oskar, elsewhere?.site as Site, id, { reason: "Mine" })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe("what was found is recorded", () => {
  const versions = async (environment = "beta") => {
    const rows = await w.db
      .selectFrom("current_placements as c")
      .innerJoin("artifacts as a", "a.id", "c.artifact_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["a.key", "v.label", "v.title", "c.effective_at", "c.out_of_band"])
      .where("c.environment_id", "=", environmentOf(w.site, environment).id)
      .execute();
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  };

  test("as a hotfix with its content as the version, effective since it was first seen", async () => {
    const id = await drift();
    const seenAt = w.clock.at;
    await visit(w, "beta");
    expect(await shown("cleo", `/findings/${id}`)).toContain("It is a hotfix: record it");
    const done = await w.as("cleo").submit(`/sites/shop/findings/${id}/deployment`);
    expect(words(await done.text())).toContain("Deployment 2 recorded. The finding is settled.");
    expect((await versions()).get("/sale")).toMatchObject({
      label: expect.stringMatching(/^seen [0-9a-f]{8}$/),
      title: "Sale",
      effective_at: seenAt,
      out_of_band: 0,
    });
    expect(await states()).toEqual({ open: [], accepted: [], settled: ["drifted /sale: recorded"] });
    expect(await historyText()).toContain(
      "Cleo recorded what the server web of beta shows, which settles 1 finding: drifted, /sale.",
    );
    const again = await w.as("cleo").post(`/sites/shop/findings/${id}/deployment`, { version: "v9" });
    expect([again.status, words(await again.text())]).toEqual([
      409,
      expect.stringContaining("This finding is settled"),
    ]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  });

  test("under the name that the person gives it, if that is not the recorded one", async () => {
    const id = await drift();
    const refused = await w.as("cleo").post(`/sites/shop/findings/${id}/deployment`, { version: "v1" });
    expect(refused.status).toBe(422);
    expect(words(await refused.text())).toContain("v1 is what is recorded already");
    const long = await w.as("cleo").post(`/sites/shop/findings/${id}/deployment`, { version: "v".repeat(201) });
    expect(long.status).toBe(422);
    expect((await w.as("vera").post(`/sites/shop/findings/${id}/deployment`)).status).toBe(403);
    expect((await w.as("oskar").post(`/sites/shop/findings/${id}/deployment`)).status).toBe(404);
    const both = await Promise.all(
      ["v2", "v3"].map(async (version) => recordFinding(w.db, await w.by("cleo"), w.site, id, { version })),
    ).catch((error: unknown) => error);
    expect(both).toMatchObject({ status: 409 });
    expect((await versions()).get("/sale")?.label).toMatch(/^v[23]$/);
  });

  test("as a new page, a removal, a page that is still there, and the old version that was never replaced", async () => {
    beta.pages["/sitemap.xml"] = sitemapOf(beta.base, ["/new"]);
    beta.pages["/new"] = htmlPage("New", "<p>Nobody recorded this</p>");
    delete beta.pages["/about"];
    await w.record("beta", ["/old v1"]);
    beta.pages["/old"] = htmlPage("Old", "<p>Old</p>");
    await visit(w, "beta");
    await w.record("beta", ["-/old"]);
    await visit(w, "beta");
    expect((await states()).open).toEqual(["still_there /old", "missing /about", "unrecorded /new"]);
    for (const path of ["/new", "/about", "/old"])
      await recordFinding(w.db, await w.by("cleo"), w.site, await idOf(path), {});
    const now = await versions();
    expect(now.get("/about")?.label).toBeNull();
    expect(now.get("/new")?.label).toMatch(/^seen /);
    // it is the content that was seen as v1, and it counts after the removal
    expect(now.get("/old")?.label).toBe("v1");
    expect((await states()).open).toEqual([]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
  });

  test("out of band where a gate asks for approvals, on all servers that show it", async () => {
    await using demo = await webSite({ "/sale": sale });
    await using second = await webSite({ "/sale": sale });
    await serveAt(w, "demo", demo.base);
    const place = environmentOf(w.site, "demo");
    await addServer(w.db, await w.by("iris"), w.site, place, { name: "web2", base_url: second.base });
    w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
    await w.record("demo", ["/sale v1"]);
    await visit(w, "demo");
    demo.pages["/sale"] = hotfix;
    await visit(w, "demo");
    expect(await findings(w)).toEqual(["demo drifted /sale", "demo servers_disagree /sale"]);
    second.pages["/sale"] = hotfix;
    await visit(w, "demo");
    expect(await findings(w)).toEqual(["demo drifted /sale", "demo drifted /sale"]);
    await recordFinding(w.db, await w.by("cleo"), w.site, await idOf("/sale"), { version: "v2" });
    expect((await versions("demo")).get("/sale")).toMatchObject({ label: "v2", out_of_band: 1 });
    expect(await findings(w)).toEqual([]);
  });

  test("but not where only the server can be put right", async () => {
    beta.pages["/about"] = htmlPage("", "<p>We are a shop</p>");
    await visit(w, "beta");
    const id = (await listed("open")).find(({ code }) => code === "title_empty")?.id ?? "";
    await expect(recordFinding(w.db, await w.by("cleo"), w.site, id, {})).rejects.toMatchObject({ status: 409 });
    expect(await shown("cleo", `/findings/${id}`)).not.toContain("record it");
  });
});

test("opening and settling of what matters to the record are events, by whoever started the visit or by Sitebook", async () => {
  beta.pages["/about"] = htmlPage("", "<p>We are two shops</p>");
  await drift();
  expect(await historyText()).toContain(
    "Cleo visited the server web of beta, and found 2 findings: drifted, /about; drifted, /sale.",
  );
  await scheduleVisits(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), 1);
  beta.pages["/sale"] = sale;
  w.clock.at = addMs(w.clock.at, 3_600_000);
  await startDueVisits(w.db, w.clock.at);
  await runVisits(w);
  expect(await historyText()).toContain(
    "Sitebook (machine) visited the server web of beta, and no longer found 1 finding: drifted, /sale.",
  );
  const events = await w.db.selectFrom("events").select("action").where("action", "like", "findings%").execute();
  expect(events.map(({ action }) => action).sort()).toEqual(["findings_opened", "findings_settled"]);
});

test("a page that cannot be observed for a while settles nothing that was found in it", async () => {
  const id = await drift();
  await acceptFinding(w.db, await w.by("ada"), w.site, id, { reason: "A test" });
  beta.pages["/sale"] = (response) => response.writeHead(503).end();
  await visit(w, "beta");
  expect(await states()).toEqual({ open: ["unobserved /sale"], accepted: ["drifted /sale"], settled: [] });
  beta.pages["/sale"] = hotfix;
  await visit(w, "beta");
  expect(await states()).toMatchObject({ open: [], accepted: ["drifted /sale"] });
});

describe("more is found", () => {
  test("if a server says another version than is recorded, by JSON, a header or a meta tag", async () => {
    beta.pages["/health"] = '{"build": {"version": "3.4.0"}}';
    beta.pages["/sale"] = (response) => {
      response.writeHead(200, { "content-type": "text/html", "x-shop": "v1.0" });
      response.end(sale.replace("<title>", '<meta name="search" content="9"><title>'));
    };
    const iris = w.as("iris");
    const form = "/sites/shop/settings/environments/beta/findings/software";
    await iris.submit(form, { software: "checkout", how: "json", path: "/health", name: "/build/version" });
    await iris.submit(form, { software: "shop", how: "header", path: "/sale", name: "X-Shop" });
    await iris.submit(form, { software: "search", how: "meta", path: "/sale", name: "Search" });
    await iris.submit(form, { software: "gone", how: "json", path: "/nowhere", name: "" });
    expect(await historyText()).toContain(
      "Iris changed how Sitebook reads the version of checkout from the servers of beta: JSON /build/version at /health.",
    );
    await w.record("beta", ["checkout 3.4.1", "shop 1.0", "search 8"]);
    await visit(w, "beta");
    expect((await listed("open")).map(({ sentence }) => sentence).sort()).toEqual([
      "Its version could not be read: /nowhere answers with status 404.",
      "The server says 3.4.0; 3.4.1 is recorded.",
      "The server says 9; 8 is recorded.",
    ]);
    expect(await shown("vera", "")).toContain("wrong version");
    await recordFinding(w.db, await w.by("cleo"), w.site, await idOf("checkout"), {});
    await w.record("beta", ["search 9"]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta unobserved gone"]);

    const wrong = await iris.post(form, { software: "", how: "json", path: "health", name: "version" });
    expect(wrong.status).toBe(422);
    const text = words(await wrong.text());
    expect(text).toContain("Enter a path on the server, such as /health.");
    expect(text).toContain("Enter a JSON pointer, such as /version or /build/version.");
    expect((await w.as("ada").post(form)).status).toBe(403);
    const { id } = await w.db
      .selectFrom("software_probes")
      .select("id")
      .where("software", "=", "gone")
      .executeTakeFirstOrThrow();
    await iris.submit(`${form}/${id}/removal`);
    expect((await iris.post(`${form}/${id}/removal`)).status).toBe(404);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
  });

  test("if search engines may list what is to be hidden, once for a server", async () => {
    await w.as("iris").submit("/sites/shop/settings/environments/beta/findings", { hidden: "1" });
    await visit(w, "beta");
    expect((await listed("open")).map(({ path, sentence }) => path + sentence)).toEqual([
      "Search engines may list 2 pages of this server, such as /about.",
    ]);
    await setHidden(w.db, await w.by("iris"), w.site, environmentOf(w.site, "beta"), false);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    expect(await historyText()).toContain(
      "Iris changed what Sitebook expects of beta: search engines may list its pages.",
    );
  });

  test("if a live page says that its address is on another environment", async () => {
    const head = `<link rel="canonical" href="${beta.base}/sale">`;
    await using live = await webSite({ "/sale": htmlPage("Sale", "<p>Shoes</p>", head) });
    await serveAt(w, "live", live.base);
    await w.record("live", ["/sale v1"]);
    await visit(w, "live");
    expect(await findings(w)).toContain("live canonical_elsewhere /sale");
  });

  test("but not if the environments are paths of one host", async () => {
    const sale = (body: string) =>
      htmlPage("Sale", `<p>Shoes</p>${body}`, `<link rel="canonical" href="${site.base}/live/sale">`);
    await using site = await webSite({});
    site.pages["/live/sale"] = sale(`<a href="${site.base}/live/about">About</a>`);
    site.pages["/live/about"] = htmlPage("About", "<p>A shop</p>");
    site.pages["/robots.txt"] = `Sitemap: ${site.base}/live/map.xml`;
    site.pages["/live/map.xml"] = sitemapOf(site.base, ["/live/sale", "/live/about"]);
    await serveAt(w, "beta", site.base);
    await serveAt(w, "demo", `${site.base}/demo`);
    await serveAt(w, "live", `${site.base}/live`);
    await w.record("live", ["/sale v1", "/about v1"]);
    expect(await visit(w, "live")).toMatchObject({ visited: 2, problem: null });
    expect(await findings(w)).toEqual([]);
    site.pages["/live/sale"] = sale(`<a href="${site.base}/demo/sale">Demo</a><a href="${site.base}/x">Beta</a>`);
    await w.record("live", ["/sale v2"]);
    await visit(w, "live");
    expect((await listed("open")).map(({ sentence }) => sentence)).toEqual([
      `It links to ${site.base}/demo/sale, which is on demo, and 1 more.`,
    ]);
  });
});

test("a page whose review date has passed is stale, by the meta tag that an administrator names", async () => {
  const due = (date: string) => htmlPage("Sale", "<p>Shoes</p>", `<meta name="Review-Date" content="${date}">`);
  const iris = w.as("iris");
  const path = "/sites/shop/settings/environments/beta/findings";
  beta.pages["/sale"] = (response, { headers }) =>
    headers["if-none-match"]
      ? response.writeHead(304).end()
      : response.writeHead(200, { "content-type": "text/html", etag: '"1"' }).end(due("2026-03-01"));
  await w.record("beta", ["/sale v2"]);
  await visit(w, "beta");
  expect(await findings(w)).toEqual([]);

  expect((await iris.post(`${path}/dates`, { date_tag: "review date" })).status).toBe(422);
  expect((await w.as("ada").post(`${path}/dates`, { date_tag: "review-date" })).status).toBe(403);
  for (let i = 0; i < 2; i++) expect((await iris.post(`${path}/dates`, { date_tag: "review-date" })).status).toBe(303);
  expect(await visit(w, "beta")).toMatchObject({ changed: 0 });
  const [found] = await listed("open");
  expect(found).toMatchObject({ code: "stale", sentence: "Its review date, 1 March 2026, has passed." });
  const text = await historyText();
  expect(text).toContain("Iris named the meta tag review-date for the review dates of pages on beta.");
  expect(text.split("named the meta tag")).toHaveLength(2);

  // today in London, though not yet in UTC; a moment; what is no date; and none
  const stale: boolean[] = [];
  const dates = [
    "2026-06-10",
    "2026-06-09",
    "2026-06-09T23:10:00Z",
    "2026-06-09T22:50:00Z",
    "9 June 2020",
    "2026-02-30",
  ];
  for (const date of dates) {
    beta.pages["/sale"] = due(date);
    w.clock.at = addMs("2026-06-09T23:30:00.000Z", -3_600_000);
    expect(await visit(w, "beta")).toMatchObject({ changed: 0 });
    stale.push((await findings(w)).includes("beta stale /sale"));
  }
  expect(stale).toEqual([false, true, false, true, false, false]);
  beta.pages["/sale"] = due("2020-01-01");
  await visit(w, "beta");
  await w.as("iris").post(`${path}/dates`, { date_tag: "" });
  await visit(w, "beta");
  expect(await findings(w)).toEqual([]);
});

test("files and links that the server does not have, and links from live to another environment", async () => {
  await using live = await webSite({
    "/sale": htmlPage(
      "Sale",
      `<a href="/about#team">About</a><a href="/nowhere">Nowhere</a><a rel="nofollow" href="/logout">Sign out</a><img src="img/shoe.png" srcset="img/shoe.png?w=2 2x"><a href="${beta.base}/sale">Beta</a><a href="https://elsewhere.example/">Elsewhere</a>`,
      '<link rel="stylesheet" href="/app.css"><script src="/app.js"></script>',
    ),
    "/about": htmlPage("About", '<img src="/img/shoe.png"><p>We are a shop</p>'),
    "/app.css": "body {}",
    "/app.js": (response) => response.destroy(),
  });
  await serveAt(w, "live", live.base, { link_depth: 1 });
  await w.record("live", ["/sale v1", "/about v1"]);
  await visit(w, "live", { sliceMs: 0 });
  const sentences = async () =>
    (await listed("open")).map(({ code, path, sentence }) => `${code} ${path} ${sentence}`).sort();
  const gone = "The server answers with status 404.";
  expect(await sentences()).toEqual([
    `broken_asset /about It names /img/shoe.png, which is missing. ${gone}`,
    `broken_asset /sale It names /img/shoe.png, which is missing, and 2 more. ${gone}`,
    `links_elsewhere /sale It links to ${beta.base}/sale, which is on beta.`,
  ]);
  expect(live.requested.filter((path) => path === "/img/shoe.png")).toHaveLength(1);
  expect(live.requested.filter((path) => path === "/about")).toHaveLength(2); // two looks at what is new
  // a link may do something
  expect(live.requested).not.toContain("/logout");

  live.pages["/img/shoe.png"] = "A shoe";
  await w.record("live", ["/sale v2"]);
  live.pages["/sale"] = htmlPage("Sale", "<p>Shoes</p>");
  await visit(w, "live");
  expect(await findings(w)).toEqual([]);
});

describe("on other hosts, files and links", () => {
  let cdn: WebSite;
  let asked: (string | undefined)[];
  let atOnce: number[];
  beforeEach(async () => {
    [asked, atOnce] = [[], []];
    let open = 0;
    cdn = await webSite(
      { "/robots.txt": "User-agent: *\nDisallow: /private" },
      {
        otherwise: (response, { url = "", headers }) => {
          atOnce.push(++open);
          asked.push(url, headers.authorization);
          setTimeout(() => {
            open--;
            response.writeHead(url.startsWith("/gone") ? 404 : 200).end("x".repeat(1000));
          }, 5);
        },
      },
    );
  });
  afterEach(() => cdn.close());

  const settings = () =>
    `/sites/shop/settings/environments/beta/visits/${environmentOf(w.site, "beta").servers[0]?.id}`;
  const form = {
    robots: "honour",
    pages_at_once: "4",
    pause_ms: "0",
    max_pages: "100",
  };
  const choose = (other_hosts: string) => w.as("iris").post(settings(), { ...form, other_hosts });
  const pageWith = (body: string, head = "") => {
    beta.pages["/sale"] = (response, { headers }) =>
      headers["if-none-match"]
        ? response.writeHead(304).end()
        : response
            .writeHead(200, { "content-type": "text/html", etag: '"1"' })
            .end(htmlPage("Sale", `<h1>Sale</h1>${body}`, head));
  };
  const sentences = async () => (await listed("open")).map(({ path, sentence }) => `${path} ${sentence}`);

  test("are asked once a visit, one at a time, where an administrator entered the host, and nowhere else", async () => {
    await using stranger = await webSite({});
    await setVisits(w, "beta", { user: "team", password: "hush" });
    const { base } = cdn;
    pageWith(
      `<a href="${base}/gone/page#top">1</a><a href="${base}/there">2</a><a href="${base}/gone/page">3</a>
<a rel="nofollow" href="${base}/gone/ad">4</a><a href="${base}/private">5</a><a href="${stranger.base}/">6</a>
<img src="${base}/shoe.png" srcset="${base}/gone/shoe.png 2x"><img src="http://10.0.0.1/internal.png">`,
      `<link rel="stylesheet" href="${base}/shop.css"><script src="${base}/gone/shop.js"></script>`,
    );
    await w.record("beta", ["/sale v2"]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    expect(cdn.requested).toEqual([]);

    const wrong = await choose(`${base}/ *.shop.example`);
    expect([wrong.status, words(await wrong.text())]).toEqual([
      422,
      expect.stringContaining("Enter up to 20 whole names of hosts, with spaces between them: cdn.example.com."),
    ]);
    expect((await w.as("ada").post(settings(), form)).status).toBe(403);
    const host = new URL(base).host;
    expect((await choose(`${host}, 10.0.0.1`)).status).toBe(303);
    expect(await (await w.as("iris").get(settings().replace(/\/[^/]+$/, ""))).text()).toContain(`${host} 10.0.0.1`);
    expect(await historyText()).toContain(`checking what is on ${host} and 10.0.0.1.`);

    // the page is unchanged since, and is read again nevertheless
    expect(await visit(w, "beta", { sliceMs: 0 })).toMatchObject({ problem: null });
    expect(await sentences()).toEqual([
      `/sale It names ${base}/gone/page, which is missing, and 2 more. The server answers with status 404.`,
    ]);
    // in their order, each once, and without credentials
    expect(asked.filter(Boolean)).toEqual(
      "/gone/page /gone/shoe.png /gone/shop.js /shoe.png /shop.css /there".split(" "),
    );
    expect(Math.max(...atOnce)).toBe(1);
    expect(stranger.requested).toEqual([]);
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });

    await choose("");
    cdn.requested.length = 0;
    await visit(w, "beta");
    expect([await findings(w), cdn.requested]).toEqual([[], []]);
  });

  test("that do not answer, or have robots.txt refuse it, say nothing; nor is such a host asked for more", async () => {
    const gone = Array.from({ length: 6 }, (_, i) => `<a href="${cdn.base}/gone/${i}">${i}</a>`);
    pageWith(gone.join(""));
    await choose(new URL(cdn.base).host);
    await w.record("beta", ["/sale v2"]);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta broken_asset /sale"]);

    const count = async () => {
      cdn.requested.length = 0;
      await visit(w, "beta");
      return cdn.requested.length;
    };
    for (let i = 0; i < 6; i++)
      cdn.pages[`/gone/${i}`] = (response) => response.writeHead(429, { "retry-after": "600" }).end();
    expect(await count()).toBe(3); // its robots.txt, and twice
    for (let i = 0; i < 6; i++) cdn.pages[`/gone/${i}`] = (response) => response.destroy();
    expect(await count()).toBe(3);
    cdn.pages["/robots.txt"] = (response) => response.writeHead(500).end();
    expect(await count()).toBe(1);
    expect(await findings(w)).toEqual(["beta broken_asset /sale"]);

    // one that leads to a host that was not entered is there
    await using stranger = await webSite({});
    cdn.pages["/robots.txt"] = "";
    for (let i = 0; i < 6; i++)
      cdn.pages[`/gone/${i}`] = (response) => response.writeHead(302, { location: stranger.base }).end();
    expect(await count()).toBe(7);
    expect([await findings(w), stranger.requested]).toEqual([[], []]);
  });
});

test("the board, the environment, the page of a page and the API say what was found", async () => {
  const id = await drift();
  const board = await (await w.as("vera").get("/sites/shop")).text();
  expect(board).toContain(`href="/sites/shop/findings/${id}"`);
  const environment = async (query = "") => (await w.as("vera").get(`/sites/shop/environments/beta${query}`)).text();
  expect((await environment()).split(`href="/sites/shop/findings/${id}"`)).toHaveLength(2);
  expect(await environment(`?as_of=${w.clock.at}`)).not.toContain(`findings/${id}`);
  w.clock.at = addMs(w.clock.at, 12 * 60_000);
  const page = await shown("vera", "/artifacts/page?key=/sale");
  expect(page).toContain("Seen 12 minutes ago on beta: drifted");
  expect(await shown("vera", "/artifacts/page?key=/about")).toContain("Seen 12 minutes ago on beta: as recorded");

  const [viewer, contributor, other] = [await machine(w, "viewer"), await machine(w, "contributor"), await stranger(w)];
  const path = `/sites/shop/findings/${id}`;
  expect((await viewer.get("/sites/shop/findings?code=drifted&limit=1")).body.items).toMatchObject([
    { id, path: "/sale", server: "web", state: "open", accepted: null, settled: null },
  ]);
  expect((await viewer.post(`${path}/acceptance`, { reason: "A test" })).status).toBe(403);
  expect((await other.post(`${path}/acceptance`, { reason: "A test" })).status).toBe(404);
  expect((await contributor.post(`${path}/acceptance`, { reason: "" })).body.errors).toEqual([
    { path: "reason", message: "Enter a reason. It is kept in the history." },
  ]);
  const key = { "idempotency-key": "accept-1" };
  for (let i = 0; i < 2; i++)
    expect((await contributor.post(`${path}/acceptance`, { reason: "A test" }, key)).body).toMatchObject({
      state: "accepted",
      accepted: { person_kind: "machine", reason: "A test", accepted_at: w.clock.at },
    });
  expect(await (await w.as("vera").get("/sites/shop")).text()).not.toContain(`findings/${id}`);
  expect(await environment()).not.toContain(`findings/${id}`);
  expect((await contributor.post(`${path}/acceptance/undo`, {})).body).toMatchObject({ state: "open", accepted: null });
  expect((await contributor.post(`${path}/deployment`, { version: "v2" })).body).toEqual({ number: 2, version: "v2" });
  const settled = await viewer.get("/sites/shop/findings?state=settled&environment=beta");
  expect(settled.body.items).toMatchObject([{ id, settled: { how: "recorded" } }]);
});

test("settled findings are paged, latest first", async () => {
  for (let i = 0; i < 3; i++) {
    await drift();
    beta.pages["/sale"] = sale;
    await visit(w, "beta");
  }
  const viewer = await machine(w, "viewer");
  const all = (await viewer.get("/sites/shop/findings?state=settled")).body.items;
  const paged: unknown[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await viewer.get(`/sites/shop/findings?state=settled&kind=drifted&limit=1${cursor}`);
    paged.push(...body.items);
    if (!body.next) break;
    cursor = `&cursor=${body.next}`;
  }
  expect(paged).toHaveLength(3);
  expect(paged).toEqual(all);
});

test("only those who chose it are told what a visit found, once", async () => {
  await writeNotices(w.db, w.clock.at, true);
  await chooseNotices(w.db, w.people.mara.id, w.site.id, { findings: "now" });
  await drift();
  for (let i = 0; i < 2; i++) await writeNotices(w.db, w.clock.at, true);
  const notices = await w.db.selectFrom("notices").selectAll().execute();
  expect(notices.map(({ person_id, kind }) => [person_id, kind])).toEqual([[w.people.mara.id, "findings"]]);
  const message = await messageOf(w.db, notices[0] as StoredNotice, "https://book.example", w.clock.at);
  expect(message).toMatchObject({
    subject: "Fennel & Co: 1 finding on beta",
    details: ["/sale: It shows something other than it did as v1, and no deployment was recorded since."],
    actions: [{ url: "https://book.example/sites/shop/findings?environment=beta" }],
  });
  expect(await shown("mara", "/notices")).toContain("Findings on the servers");
});
