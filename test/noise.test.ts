import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeServer } from "../src/environments/environments.ts";
import { acceptFinding } from "../src/findings/accept.ts";
import { addMask } from "../src/observations/masks.ts";
import { contentOf } from "../src/observations/states.ts";
import { chooseReporter } from "../src/visits/reporters.ts";
import { findings, serveAt, visit } from "./support/visits.ts";
import { htmlPage, sitemapOf, type WebSite, webSite } from "./support/web-site.ts";
import { words } from "./support/words.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
let beta: WebSite;
let demo: WebSite;
/** How often a page was requested, on any server. */
let requests: number;
beforeEach(async () => {
  requests = 0;
  w = await world();
  beta = await webSite({ "/sale": moving("Shoes at half price"), "/about": htmlPage("About", "<p>We are a shop</p>") });
  demo = await webSite({ ...beta.pages });
  await serveAt(w, "beta", beta.base);
  await serveAt(w, "demo", demo.base);
  await w.record("beta", ["/sale v1", "/about v1"]);
});
afterEach(async () => {
  await Promise.all([beta.close(), demo.close(), w.close()]);
});

/** A page of which a counter, nonces, relative dates, the order of three teasers, and two of five offers differ each time. */
const moving =
  (text: string, more = ""): WebSite["pages"][string] =>
  (response) => {
    const n = ++requests;
    const teaser = (name: string) => `<li class="teaser"><a href="/${name}?from=${n}">${name}</a></li>`;
    const teasers = ["boots", "hats", "gloves"].map((_, i, all) => teaser(all[(i * (1 + (n % 2)) + n) % 3] as string));
    const offers = [1, 2].map(
      (i) => `<div class="offer"><h3>Offer ${(n * i) % 5}</h3><p>Only ${(n * i) % 5} left</p></div>`,
    );
    const banner = n % 3 ? "" : '<div class="banner">Register now</div>';
    const body = `${banner}<h1>Sale</h1><p>${text}</p><p>Visitor <b>${n}</b> of today</p><ul>${teasers.join("")}</ul>
<section>${offers.join("")}</section><p>Changed <time>${n} minutes ago</time></p><form><input type="hidden" name="csrf" value="${n}"></form>${more}`;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(htmlPage("Sale", body, `<script nonce="${n}">var visitor = ${n}</script>`));
  };

async function shown(person: ReturnType<World["as"]>, path: string) {
  const html = await (await person.get(path)).text();
  return { html, text: words(html) };
}

const noise = (path = "/sale") =>
  w.db.selectFrom("learned_noise").select(["id", "kind", "place", "example"]).where("path", "=", path).execute();

const countOf = async (table: "observed_contents" | "learned_noise" | "observations") =>
  Number(
    (
      await w.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as("count"))
        .executeTakeFirstOrThrow()
    ).count,
  );

describe("what differs from one request to the next", () => {
  test("in a page of which most is in random order, beside a counter, leaves the rest", async () => {
    let n = 0;
    const orders = ["abc", "bca", "cab", "acb", "cba", "bac"];
    const small =
      (text: string): WebSite["pages"][string] =>
      (response) => {
        const teasers = (orders[n++ % 6] ?? "")
          .split("")
          .map((x) => `<div class="teaser"><a href="/${x}">${x}</a></div>`);
        response.setHeader("content-type", "text/html");
        response.end(
          htmlPage("Small", `<main><h1>Small</h1><p>${text}</p><p>Visitor ${n}</p>${teasers.join("")}</main>`),
        );
      };
    beta.pages["/about"] = small("The text of it");
    for (let i = 0; i < 3; i++) await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    beta.pages["/about"] = small("Another text");
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /about"]);
  });

  test("is no finding in ten visits, on any environment, and a real change is one afterwards", async () => {
    for (let i = 0; i < 10; i++) {
      await visit(w, "beta");
      expect(await findings(w)).toEqual([]);
    }
    expect(new Set((await noise()).map(({ kind }) => kind)).size).toBeGreaterThan(1);
    expect(await noise("/about")).toEqual([]);
    await w.record("demo", ["/sale v1", "/about v1"]);
    for (let i = 0; i < 3; i++) {
      await visit(w, "demo");
      expect(await findings(w)).toEqual([]);
    }
    beta.pages["/sale"] = moving("Shoes at a third of the price");
    demo.pages["/sale"] = moving("Shoes at half price", "<p>Hacked</p>");
    await visit(w, "beta");
    await visit(w, "demo");
    expect(await findings(w)).toEqual(["beta drifted /sale", "demo drifted /sale"]);
  });

  test("is no new version where the record is kept by observation", async () => {
    const place = environmentOf(w.site, "demo");
    await chooseReporter(w.db, await w.by("iris"), w.site, place, "observation");
    demo.pages["/sitemap.xml"] = sitemapOf(demo.base, ["/sale"]);
    const recorded = () => w.db.selectFrom("placements").select("seq").where("environment_id", "=", place.id).execute();
    for (let i = 0; i < 5; i++) await visit(w, "demo");
    expect(await recorded()).toHaveLength(1);
    demo.pages["/sale"] = moving("Shoes at a third of the price");
    for (let i = 0; i < 3; i++) await visit(w, "demo");
    expect(await recorded()).toHaveLength(2);
    expect(await findings(w)).toEqual([]);
  });

  test("costs one request for each page once it is known, and a few while it is learned", async () => {
    for (let i = 0; i < 6; i++) await visit(w, "beta");
    const before = requests;
    expect(await visit(w, "beta")).toMatchObject({ changed: 0 });
    expect(requests - before).toBeLessThanOrEqual(4);
  });

  test("was learned on one server, and settles what was found on another before", async () => {
    await w.record("demo", ["/sale v1", "/about v1"]);
    const steady = htmlPage("Sale", "<h1>Sale</h1><p>Visitor <b>1</b></p>");
    const counting: WebSite["pages"][string] = (response) =>
      response.setHeader("content-type", "text/html").end(steady.replace("1</b>", `${++requests}</b>`));
    Object.assign(beta.pages, { "/sale": steady });
    Object.assign(demo.pages, { "/sale": steady });
    await visit(w, "beta");
    await visit(w, "demo");
    demo.pages["/sale"] = steady.replace("1</b>", "7</b>");
    await visit(w, "demo");
    expect(await findings(w)).toEqual(["demo drifted /sale"]);
    requests = 10;
    beta.pages["/sale"] = counting;
    await visit(w, "beta");
    expect(await findings(w)).toEqual([]);
    expect(await noise()).toMatchObject([{ kind: "words", place: "/html[1]/body[1]/p[1]/b[1]", example: "11" }]);
  });

  test("leaves a finding accepted that was found in the same content", async () => {
    const robots = '<meta name="robots" content="noindex">';
    await using live = await webSite({
      "/sale": (response) => response.end(htmlPage("Sale", `<h1>Sale</h1><p>${++requests}</p>`, robots)),
    });
    await serveAt(w, "live", live.base);
    await w.record("live", ["/sale v1"]);
    await visit(w, "live");
    const { id } = await w.db
      .selectFrom("findings")
      .select("id")
      .where("code", "=", "noindex")
      .executeTakeFirstOrThrow();
    await acceptFinding(w.db, await w.by("ada"), w.site, id, { reason: "It is launched tomorrow" });
    for (let i = 0; i < 3; i++) await visit(w, "live");
    const rows = await w.db.selectFrom("findings").select(["id", "settled_at"]).where("path", "=", "/sale").execute();
    expect(rows).toEqual([{ id, settled_at: null }]);
  });

  test("everywhere says nothing, which is said", async () => {
    beta.pages["/sale"] = (response) => response.end(htmlPage(`Page ${++requests}`, `<p>Text ${requests * 7}</p>`));
    for (let i = 0; i < 3; i++) await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta unobserved /sale"]);
    expect((await shown(w.as("vera"), "/sites/shop/findings")).text).toContain(
      "It shows something else at each request.",
    );
    beta.pages["/sale"] = (response) =>
      response.end(
        htmlPage("Sale", Array.from({ length: 150 }, (_, i) => `<p>${++requests}</p><h2>${i}</h2>`).join("")),
      );
    await visit(w, "beta");
    expect(await noise()).toEqual([]);
    expect(await findings(w)).toEqual(["beta unobserved /sale"]);
  });

  test("is compared again once it is forgotten, by people who record", async () => {
    const counting = (n: number) => htmlPage("Sale", `<h1>Sale</h1><p>Visitor ${n}</p>`);
    beta.pages["/sale"] = (response) => response.end(counting(++requests));
    await visit(w, "beta");
    const page = "/sites/shop/observations/beta/page?path=/sale";
    const [{ id } = { id: "" }] = await noise();
    expect((await shown(w.as("vera"), page)).text).toContain("/html[1]/body[1]/p[1] text Visitor 1");
    expect((await shown(w.as("vera"), page)).html).not.toContain("Forget");
    expect((await w.as("vera").post("/sites/shop/observations/beta/page", { noise: id })).status).toBe(403);
    const cleo = w.as("cleo");
    const forgotten = await cleo.post("/sites/shop/observations/beta/page", { noise: id, server: "web" });
    expect([forgotten.status, forgotten.headers.get("location")]).toEqual([
      303,
      "/sites/shop/observations/beta/page?path=%2Fsale&server=web",
    ]);
    expect(await noise()).toEqual([]);
    expect((await cleo.post("/sites/shop/observations/beta/page", { noise: id })).status).toBe(404);
    beta.pages["/sale"] = counting(99);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /sale"]);
  });
});

test("a wall, a challenge, an empty and a busy server are no change, and the next one is against what was shown last", async () => {
  const about = beta.pages["/about"] as string;
  await visit(w, "beta");
  const html = { "content-type": "text/html" };
  const answers: [string, WebSite["pages"][string]][] = [
    [
      "accept cookies",
      (response) => response.writeHead(302, { location: "https://shop.example/cookie-wall?to=/" }).end(),
    ],
    ["they are people", htmlPage("Just a moment...", "<script>window._cf_chl_opt={}</script>")],
    [
      "they are people",
      (response) => response.writeHead(202, { ...html, "x-amzn-waf-action": "challenge" }).end("<p>x"),
    ],
    ["they are people", '<iframe id="main-iframe" src="/_Incapsula_Resource?x=1">Request unsuccessful</iframe>'],
    ["The page is empty.", htmlPage("About", "")],
    ["maintenance", (response) => response.writeHead(503, html).end("<p>Back soon")],
  ];
  for (const [reason, answer] of answers) {
    beta.pages["/about"] = answer;
    await visit(w, "beta");
    const found = await w.db
      .selectFrom("findings")
      .select(["code", "sentence"])
      .where("settled_at", "is", null)
      .execute();
    expect(found).toEqual([{ code: "unobserved", sentence: expect.stringContaining(reason) }]);
  }
  beta.pages["/about"] = about;
  await visit(w, "beta");
  expect(await findings(w)).toEqual([]);
  beta.pages["/about"] = answers[0]?.[1] ?? "";
  await visit(w, "beta");
  beta.pages["/about"] = htmlPage("About", "<p>We are two shops</p>");
  await visit(w, "beta");
  expect(await findings(w)).toEqual(["beta drifted /about"]);
});

describe("the contents of pages", () => {
  test("are kept once for all servers, as long as a state refers to them", async () => {
    const same = htmlPage("Sale", "<p>Shoes</p>");
    Object.assign(beta.pages, { "/sale": same });
    Object.assign(demo.pages, { "/sale": same });
    await w.record("demo", ["/sale v1", "/about v1"]);
    await visit(w, "beta");
    await visit(w, "demo");
    expect([await countOf("observations"), await countOf("observed_contents")]).toEqual([4, 2]);
    for (let i = 0; i < 25; i++) {
      beta.pages["/sale"] = htmlPage("Sale", `<p>Shoes ${i}</p>`);
      await visit(w, "beta");
    }
    expect(await countOf("observed_contents")).toBe(2 + 20);
    await w.db.deleteFrom("seen_versions").execute();
    for (const place of ["beta", "demo"].map((slug) => environmentOf(w.site, slug)))
      await removeServer(w.db, await w.by("iris"), w.site, place, place.servers[0]?.id ?? "");
    expect(await countOf("observed_contents")).toBe(0);
  });
});

describe("masks", () => {
  const masks = "/sites/shop/settings/masks";
  const offer = (hour: number) => htmlPage("Sale", `<h1>Sale</h1><p class="offer">Offer of hour ${hour}</p>`);
  const learned = async () => {
    beta.pages["/sale"] = offer(1);
    await visit(w, "beta");
    beta.pages["/sale"] = offer(2);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /sale"]);
  };

  test("are previewed on what changed last, settle what was found, and are in the history", async () => {
    await learned();
    const iris = w.as("iris");
    const form = { kind: "selector", expression: "p.offer" };
    const preview = words(await (await iris.post(masks, form)).text());
    expect(preview).toContain("Of the 1 page that changed on the last visits, 1 would have been unchanged.");
    expect((await shown(iris, masks)).text).toContain("No masks yet.");
    const other = await iris.post(masks, { ...form, expression: "h1", previewed: "selector p.offer" });
    expect(words(await other.text())).toContain("1 page that changed on the last visits, 0 would have been unchanged.");
    expect((await iris.post(masks, { ...form, previewed: "selector p.offer" })).status).toBe(303);
    expect(await findings(w)).toEqual([]);
    beta.pages["/sale"] = offer(3);
    expect(await visit(w, "beta")).toMatchObject({ changed: 0 });
    expect((await shown(iris, "/sites/shop/history")).text).toContain("had visits leave out the elements p.offer.");

    const { id } = await w.db.selectFrom("masks").select("id").executeTakeFirstOrThrow();
    expect((await iris.post(`${masks}/${id}/removal`)).status).toBe(303);
    expect((await iris.post(`${masks}/${id}/removal`)).status).toBe(404);
    expect(await findings(w)).toEqual([]);
    expect(await visit(w, "beta")).toMatchObject({ changed: 1 });
    beta.pages["/sale"] = offer(4);
    await visit(w, "beta");
    expect(await findings(w)).toEqual(["beta drifted /sale"]);
    expect((await shown(iris, "/sites/shop/history")).text).toContain("had visits compare again the elements p.offer.");
  });

  test("can be patterns, and wrong ones are shown again with what is wrong", async () => {
    await learned();
    const iris = w.as("iris");
    const pattern = { kind: "pattern", expression: String.raw`hour \d+` };
    expect((await iris.post(masks, { ...pattern, previewed: String.raw`pattern hour \d+` })).status).toBe(303);
    expect(await findings(w)).toEqual([]);
    for (const [kind, expression, why] of [
      ["pattern", String.raw`hour \d+`, "There is such a mask already."],
      ["pattern", "(?=x)", "A pattern cannot look ahead or behind"],
      ["selector", "p[", "This CSS selector cannot be read"],
      ["selector", " ", "Enter a CSS selector."],
    ] as const) {
      const response = await iris.post(masks, { kind, expression });
      expect(response.status).toBe(422);
      expect(words(await response.text())).toContain(why);
    }
  });

  test("count for a visit during which they are added", async () => {
    beta.pages["/sale"] = offer(1);
    await visit(w, "beta");
    const iris = await w.by("iris");
    let added: ReturnType<typeof addMask> | undefined;
    beta.pages["/sale"] = async (response) => {
      added ??= addMask(w.db, iris, w.site, { kind: "selector", expression: "p.offer" });
      await added;
      response.setHeader("content-type", "text/html").end(offer(2));
    };
    expect(await visit(w, "beta")).toMatchObject({ changed: 0 });
    expect(await findings(w)).toEqual([]);
  });

  test("are for administrators only", async () => {
    for (const name of ["cleo", "ada"] as const)
      expect(
        (await w.as(name).post(masks, { kind: "selector", expression: "p", previewed: "selector p" })).status,
      ).toBe(403);
    expect(await w.db.selectFrom("masks").selectAll().execute()).toEqual([]);
  });
});

describe("the page of what a server shows", () => {
  const page = "/sites/shop/observations/beta/page?path=/about";

  test("has the last states, and what changed in words and side by side", async () => {
    expect((await shown(w.as("vera"), page)).text).toContain("No visit has seen this page here yet.");
    await visit(w, "beta");
    beta.pages["/about"] = htmlPage("About us", '<p>We are two shops</p><a href="/jobs">Jobs</a>');
    await visit(w, "beta");
    const { html, text } = await shown(w.as("vera"), page);
    expect(text).toContain("1 line added, 1 changed and 1 link added; title changed from “About” to “About us”.");
    expect(html).toContain("<del>a shop</del>");
    expect(html).toContain("<ins>two shops</ins>");
    beta.pages["/about"] = (response) => response.writeHead(404).end();
    await visit(w, "beta");
    beta.pages["/about"] = htmlPage("About us", "<p>We are closed</p>");
    await visit(w, "beta");
    const { servers } = environmentOf(w.site, "beta");
    const last = await contentOf(w.db, servers[0]?.id ?? "", "/about");
    expect([last?.content, last?.seen_at]).toEqual([expect.stringContaining("<p>We are closed</p>"), w.clock.at]);
    expect(await contentOf(w.db, servers[0]?.id ?? "", "/none")).toBeUndefined();
    const later = await shown(w.as("vera"), page);
    expect(later.text).toContain("The server answers with status 404.");
    const [, first] = [...later.html.matchAll(/<option value="([^"]+)"/g)].map(([, id]) => id);
    const between = await shown(w.as("vera"), `${page}&to=${first}`);
    expect(between.text).toContain("from “About” to “About us”");
    expect((await shown(w.as("vera"), "/sites/shop/findings")).html).toContain(
      'href="/sites/shop/observations/beta/page?path=/about&amp;server=web"',
    );
  });

  test("is there for those who may see the site, and for pages and servers that there are", async () => {
    for (const wrong of [
      `${page}&server=other`,
      "/sites/shop/observations/beta/page?path=about",
      page.replace("beta", "x"),
    ])
      expect((await w.as("vera").get(wrong)).status).toBe(404);
    expect((await w.as("oskar").get(page)).status).toBe(404);
  });
});
