import { afterEach, beforeEach, expect, test } from "vitest";
import { findSite } from "../src/access/sites.ts";
import { setOwner } from "../src/artifacts/owners.ts";
import { type CellState, compareWithNext, type RecordedCell } from "../src/board/rules.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { decide } from "../src/promotions/promotions.ts";
import { createSite } from "../src/sites/sites.ts";
import { machine } from "./support/api.ts";
import { environmentOf, lived, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** The board as people read it: the key of each row, and the words in each of its cells. */
async function board(path = "/sites/shop", name: Parameters<World["as"]>[0] = "ada") {
  const response = await w.as(name).get(path);
  return { status: response.status, ...read(await response.text()) };
}

function read(page: string) {
  const rows = [...page.matchAll(/<tr><td class="pick">.*?<th scope="row"><a [^>]*>(.*?)<\/a>(.*?)<\/tr>/gs)];
  return {
    page,
    text: words(page.slice(page.indexOf("<main"))),
    keys: rows.map(([, key]) => words(key)),
    rows: Object.fromEntries(
      rows.map(([, key, rest = ""]) => [
        words(key),
        [...rest.matchAll(/<td .*?<\/td>/gs)].map(([cell]) => words(cell.replace(/<time.*?<\/time>/gs, ""))),
      ]),
    ),
    selects: [...page.matchAll(/name="((?:un)?select)" value="([^"]*)"/g)].map(([, name, value]) => `${name} ${value}`),
    sections: [...page.matchAll(/<span class="sr">Collapse <\/span><span>(.*?)<\/span><\/label>/gs)].map(
      ([, heading]) => words(heading),
    ),
    chips: [...page.matchAll(/(?:href|formaction)="([^"]*)"[^>]*id="chip-[^>]*>(.*?) <b>([\d,]+)<\/b></g)].map(
      ([, href = "", text, count = ""]) => ({ href: unescaped(href), text, count: Number(count) }),
    ),
    next: unescaped(/(?:formaction|href)="([^"]*)"[^>]*>Next 100</.exec(page)?.[1] ?? ""),
    ticked: [...page.matchAll(/name="choose" value="([^"]*)" checked/g)].map(([, id]) => id),
    elsewhere: words(/<div id="elsewhere">(.*?)<\/div>/s.exec(page)?.[1]),
  };
}

function words(html = ""): string {
  return unescaped(html.replace(/<[^>]*>/g, ""))
    .replace(/\s+/g, " ")
    .trim();
}

function unescaped(text: string): string {
  return text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&");
}

const day = (number: number) => `2026-02-${String(number).padStart(2, "0")}T09:00:00.000Z`;

/** Rows in every state: see the cells in "each cell shows how it compares with the one to its right". */
const shopWithAll = lived(async (w) => {
  w.clock.at = day(1);
  await w.record("beta", ["/ v1", "/about v1", "/old v1", "/sale v1", "/sale/shoes v1", "checkout 3.4.0"]);
  await w.promote((await w.release("First")).number, "demo");
  await w.promote(1, "live");
  w.clock.at = day(2);
  await w.record("beta", ["/about v2", "/sale v2", "/sale/new v1", "-/old", "/news v1"]);
  await w.promote((await w.release("Second", ["/sale"])).number, "demo");
  await w.ask((await w.release("Third", ["/news"])).number, "demo");
  w.clock.at = day(3);
  await w.record("live", ["/sale/shoes v9", "payment 1.0"]);
});

/** Leaves the empty shop for that one. */
async function busyShop() {
  await w.close();
  w = await shopWithAll();
}

test("each cell shows how it compares with the one to its right, and the last who approved it", async () => {
  await busyShop();
  const { rows } = await board();
  expect(rows).toEqual({
    "/": ["v1 same as demo", "v1 same as live", "v1 approved by Mara"],
    "/about": ["v2 ahead of demo", "v1 same as live", "v1 approved by Mara"],
    "/news": ["v1 waiting for Tester", "not deployed", "not deployed"],
    "/old": ["removed still on demo", "v1 same as live", "v1 approved by Mara"],
    "/sale": ["v2 same as demo", "v2 ahead of live", "v1 approved by Mara"],
    "/sale/new": ["v1 not on demo", "not deployed", "not deployed"],
    "/sale/shoes": ["v1 same as demo", "v1 behind live", "v9 out of band"],
    checkout: ["3.4.0 same as demo", "3.4.0 same as live", "3.4.0 approved by Mara"],
    payment: ["never recorded", "never recorded", "1.0 out of band"],
  });
});

test("an environment without any record is unknown, not the same", async () => {
  await w.record("beta", ["/ v1"]);
  expect((await board()).rows["/"]).toEqual(["v1 unknown on demo", "never recorded", "never recorded"]);
});

test("a page removed from two environments is the same in both, and its removal can be approved", async () => {
  await w.record("beta", ["/ v1", "/old v1"]);
  await w.promote((await w.release("First")).number, "demo");
  await w.promote(1, "live");
  await w.record("beta", ["-/old"]);
  await w.promote((await w.release("Away", ["/old"])).number, "demo");
  expect((await board()).rows["/old"]).toEqual([
    "removed same as demo",
    "removed still on live",
    "v1 approved by Mara",
  ]);
  await w.promote(2, "live");
  expect((await board()).rows["/old"]?.[2]).toBe("removed approved by Mara");
});

test("a rollback is behind, whatever the version labels are", async () => {
  w.clock.at = day(1);
  await w.record("beta", ["/ v10"]);
  w.clock.at = day(2);
  await w.record("beta", ["/ v2"]);
  await w.promote((await w.release("Newer")).number, "demo");
  w.clock.at = day(3);
  await w.record("beta", ["/ v10"]);
  expect((await board()).rows["/"]?.[0]).toBe("v10 behind demo");
});

test("a waiting version links to its promotion, and says that it is blocked if the page has moved on", async () => {
  await w.record("beta", ["/ v1"]);
  const promotion = await w.ask((await w.release("First")).number, "demo");
  expect((await board()).page).toContain(`href="/sites/shop/promotions/${promotion.number}"`);
  await w.record("beta", ["/ v2"]);
  expect((await board()).rows["/"]?.[0]).toBe("v2 unknown on demo v1 blocked for demo");
});

test("an approved promotion is shown as approved until it is completed", async () => {
  await w.record("beta", ["/ v1"]);
  const promotion = await w.ask((await w.release("First")).number, "demo");
  await decide(w.db, await w.by("theo"), w.site, promotion.number, { decision: "approve", digest: promotion.digest });
  expect((await board()).rows["/"]?.[0]).toBe("v1 unknown on demo approved for demo");
});

test("a change recorded late says so, with both times", async () => {
  await w.record("beta", ["/ v1"], { effective_at: "2026-03-01T08:00:00Z" });
  const { page } = await board();
  expect(page).toContain('title="recorded late, 3 March 2026, 10:00"');
  await w.record("beta", ["/ v2"]);
  expect((await board()).page).not.toContain("recorded late,");
});

test("names, titles and versions with markup in them are shown as text", async () => {
  const line = { kind: "page" as const, key: "/a<b>", version: "v1&'\"<i>", title: "<script>alert(1)</script>" };
  await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), { placements: [line] });
  const { keys, rows, page } = await board("/sites/shop?text=<script>");
  expect(keys).toEqual(["/a<b>"]);
  expect(rows["/a<b>"]?.[0]).toContain("v1&'\"<i>");
  expect(page).not.toContain("<script>alert");
  for (const text of ["/a&lt;b&gt;", "v1&amp;&#39;&quot;&lt;i&gt;"]) expect(page).toContain(`<bdi>${text}</bdi>`);
});

test.each([
  "",
  "text=sale",
  "text=SALE",
  "kind=page",
  "kind=software",
  "section=/sale",
  "section=/",
  "section=sale&text=shoes",
  "kind=software&section=/sale",
])("each chip shows as many rows as its count, with %j", async (query) => {
  await busyShop();
  const { chips } = await board(`/sites/shop?${query}`);
  expect(chips.map((chip) => chip.text)).toEqual(
    expect.arrayContaining(["Everything", "beta and demo differ", "demo and live differ", "Waiting", "Out of band"]),
  );
  for (const { href, text, count } of chips) {
    const { keys, chips: again } = await board(href);
    expect([text, keys.length]).toEqual([text, count]);
    expect(again.find((chip) => chip.text === text)?.count).toBe(count);
  }
});

test("filters can be combined, and their address shared", async () => {
  await busyShop();
  const keysOf = async (query: string) => (await board(`/sites/shop?${query}`, "vera")).keys;
  expect(await keysOf("differs=beta,demo")).toEqual(["/about", "/news", "/old", "/sale/new"]);
  expect(await keysOf("differs=demo,beta")).toEqual(["/about", "/news", "/old", "/sale/new"]);
  expect(await keysOf("differs=beta,live")).toEqual(["/about", "/news", "/old", "/sale", "/sale/new", "/sale/shoes"]);
  expect(await keysOf("differs=beta,demo&waiting=1")).toEqual(["/news"]);
  expect(await keysOf("out_of_band=1&kind=page")).toEqual(["/sale/shoes"]);
  expect(await keysOf("unknown=1")).toEqual(["payment"]);
  expect(await keysOf("text=/Sale&differs=demo,live")).toEqual(["/sale", "/sale/shoes"]);
  const { chips, sections, text } = await board("/sites/shop?differs=beta,live&text=sale");
  expect(chips.find((chip) => chip.text === "beta and live differ")?.count).toBe(3);
  expect(sections).toEqual(["/sale 3 pages, 3 in progress"]);
  expect(text).toContain("3 of 9 rows");
});

test("text is found literally in keys and titles, in any case, and in an address pasted from a browser", async () => {
  await w.record("beta", ["/sale_1 v1", "/saleX1 v1", "/ÄRZTE/Öffnung v1", "100% v1"]);
  const search = async (text: string) => (await board(`/sites/shop?text=${encodeURIComponent(text)}`)).keys;
  expect(await search("sale_1")).toEqual(["/sale_1"]);
  expect(await search("%")).toEqual(["100%"]);
  expect(await search("SALEx")).toEqual(["/saleX1"]);
  expect(await search("ÄRZTE/O\u0308")).toEqual(["/ÄRZTE/Öffnung"]);
  expect(await search("https://www.shop.example/%C3%84RZTE/%C3%96ffnung?utm=1#top")).toEqual(["/ÄRZTE/Öffnung"]);
  expect(await search("ärzte/öff")).toEqual(["/ÄRZTE/Öffnung"]);
  expect(await search("\u0000")).toHaveLength(4);
  expect(await search("x".repeat(5000))).toEqual([]);
});

test.each([
  ["/CAFÉ v1", "café"],
  ["/uber v1 | Über uns", "über"],
  ["/strasse v1 | Straße", "STRASSE"],
  ["/οδος v1", "ΟΔΟΣ"],
  ["/контакты v1", "КОНТАКТЫ"],
  ["/istanbul v1 | İstanbul", "istanbul"],
  ["/full v1 | ＦＵＬＬ", "full"],
])("%s is found by %s in every list, whatever the case of its script", async (line, text) => {
  const [named = "", title] = line.split(" | ");
  await w.record("beta", ["/other v1"]);
  const [key = "", version = ""] = named.split(" ");
  await recordDeployment(w.db, await w.by("cleo"), w.site, environmentOf(w.site, "beta"), {
    placements: [{ kind: "page", key, version, title }],
  });
  const q = encodeURIComponent(text);
  const api = await machine(w, "viewer");
  const keysAt = async (path: string) =>
    (await api.get(`/sites/shop/${path}`)).body.items.map((item: { key: string }) => item.key);

  expect((await board(`/sites/shop?text=${q}`)).keys).toEqual([key]);
  expect(await keysAt(`artifacts?q=${q}`)).toEqual([key]);
  expect(await keysAt(`environments/beta/placements?q=${q}`)).toEqual([key]);
  const environment = await (await w.as("vera").get(`/sites/shop/environments/beta?text=${q}`)).text();
  expect(environment).toContain(`>${key}<`);
  expect(environment).not.toContain(">/other<");
});

test("pages can be filtered by owner once any page has one", async () => {
  await w.record("beta", ["/ v1", "/a v1"]);
  expect((await board("/sites/shop?owner=nobody")).keys).toEqual(["/", "/a"]);
  expect((await board()).page).not.toContain('name="owner"');
  await setOwner(w.db, await w.by("ada"), w.site, { of: { kind: "page", key: "/a" }, owner: w.people.vera.id });
  expect((await board("/sites/shop?owner=nobody")).keys).toEqual(["/"]);
  const { keys, page, chips } = await board(`/sites/shop?owner=${w.people.vera.id}`);
  expect(keys).toEqual(["/a"]);
  expect(chips[0]).toMatchObject({ text: "Everything", count: 1 });
  expect(page).toContain(`<option value="${w.people.vera.id}" selected>Vera</option>`);
  expect(page).toMatch(/\/a<\/bdi><\/a>.*Owner: <\/span>(<bdi>)?Vera/);
});

test.each([
  ["", 72],
  ["?differs=beta,demo", 72],
  ["?unknown=1", 72],
  ["?text=e", 17],
])(
  "paging with %j shows every row once, in byte order with numbers as numbers, in any script",
  async (filter, last) => {
    const words = ["Zebra", "apple", "Äpfel", "zebra", "Öl", "été", "日本", "_x", "~y", "a-b", "a.b", "A"];
    const pages = Array.from({ length: 260 }, (_, i) => {
      const [section, word] = [words[i % 5], words[i % words.length]];
      return i % 7 === 0 ? `/${word}${i} v1` : `/${section}/${word}${i} v1`;
    });
    await w.record("beta", [...pages, ...words.map((word) => `${word}-service 1`)]);
    const seen: string[] = [];
    const steps: number[] = [];
    for (let path = `/sites/shop${filter}`; path; ) {
      const { keys, next } = await board(path);
      seen.push(...keys);
      steps.push(keys.length);
      path = next;
    }
    const sectionOf = (key: string) => (key.split("/").length > 2 ? key.split("/")[1] : "");
    const numbered = (key: string) => key.replace(/\d+/g, (digits) => digits.padStart(6, "0"));
    const order = (key: string) =>
      Buffer.from(`${key.startsWith("/") ? 0 : 1} ${sectionOf(key)}\u0000${numbered(key)}`);
    const expected = [
      ...pages.map((line) => line.slice(0, -3)),
      ...words.map((word) => `${word.normalize("NFC")}-service`),
    ];
    const matching = filter === "?text=e" ? expected.filter((key) => /e/i.test(key)) : expected;
    expect(seen).toEqual(matching.sort((a, b) => Buffer.compare(order(a), order(b))));
    expect(steps).toEqual([100, 100, last]);
  },
);

test("a section shows its size and what is in progress, also when it continues on the next page", async () => {
  const pages = Array.from({ length: 120 }, (_, i) => `/docs/${String(i).padStart(3, "0")} v1`);
  await w.record("beta", ["/ v1", ...pages, "search 1"]);
  await w.promote((await w.release("All")).number, "demo");
  await w.promote(1, "live");
  await w.record("beta", ["/docs/000 v2", "/docs/110 v2"]);
  const first = await board();
  expect(first.sections).toEqual(["Top level 1 page, the same everywhere", "/docs 120 pages, 2 in progress"]);
  expect(first.text).toContain("First 100 of 122 rows");
  expect(first.next).toBe("/sites/shop?after=page:docs/docs/098");
  const second = await board(first.next);
  expect(second.sections).toEqual([
    "/docs, continued 120 pages, 2 in progress",
    "Software 1 item, the same everywhere",
  ]);
  expect(second.text).toContain("22 more of 122 rows");
  expect(second.page).toMatch(/formaction="\/sites\/shop"[^>]*>Back to the start/);
  expect((await board("/sites/shop?text=docs/11")).sections).toEqual(["/docs 10 of 120 pages, 2 in progress"]);
});

test("rows stay selected across pages and filters without scripts", async () => {
  const pages = Array.from({ length: 120 }, (_, i) => `/docs/${String(i).padStart(3, "0")} v1`);
  await w.record("beta", [...pages, "search 1"]);
  const ids = new Map(
    (await w.db.selectFrom("artifacts").select(["id", "key"]).execute()).map((row) => [row.key, row.id]),
  );
  const choose = ["/docs/001", "/docs/110"].map((key) => ids.get(key) as string);
  const { next } = await board();
  const ada = w.as("ada");
  const onward = read(await (await ada.post(next, { choose, text: "typed but not sent", from: "demo" })).text());
  expect(onward.keys).toHaveLength(21);
  expect(onward.elsewhere).toContain("1 selected, not shown here: /docs/001");
  expect(new Set(onward.ticked)).toEqual(new Set(choose));
  expect(onward.page).toContain('<option value="demo" selected>demo</option>');
  const form = { choose, text: "110", kind: "page", filter: "1" };
  const response = await ada.post("/sites/shop", form, { "hx-request": "true" });
  expect(response.headers.get("hx-push-url")).toBe("/sites/shop?text=110&kind=page");
  const filtered = read(await response.text());
  expect(filtered.keys).toEqual(["/docs/110"]);
  expect(filtered.elsewhere).toContain("/docs/001");
});

const docs = Array.from({ length: 120 }, (_, i) => `/docs/${String(i).padStart(3, "0")}`);

/** Ids of the board's rows by key. */
const idsByKey = async () =>
  new Map((await w.db.selectFrom("artifacts").select(["id", "key"]).execute()).map((row) => [row.key, row.id]));

/** What the board's form sends: the ticked rows, and the address of what is shown. */
function formOf(page: string) {
  const values = [...page.matchAll(/name="choose" value="([^"]*)" checked/g)].map(([, value = ""]) => value);
  return { choose: values, shown: unescaped(/name="shown" value="([^"]*)"/.exec(page)?.[1] ?? "") };
}

const selection = (page: string) => formOf(page).choose.flatMap((value) => value.split(" "));

test("a filter of a state keeps the selection without scripts, and its address", async () => {
  await busyShop();
  const ids = await idsByKey();
  const { chips } = await board();
  const { href = "" } = chips.find(({ text }) => text === "beta and demo differ") ?? {};
  expect(href).toBe("/sites/shop?differs=beta,demo");
  const choose = ["/about", "/sale"].map((key) => ids.get(key) as string);
  const response = await w.as("ada").post(href, { choose });
  const filtered = read(await response.text());
  expect(filtered.keys).toEqual(["/about", "/news", "/old", "/sale/new"]);
  expect(filtered.ticked).toEqual([ids.get("/sale"), ids.get("/about")]);
  expect(filtered.elsewhere).toContain("/sale");
});

test("the Filter button repeats the form at the address that has the filter, if rows are selected", async () => {
  await w.record("beta", ["/a v1", "/b v1"]);
  const choose = [(await idsByKey()).get("/b") as string];
  const response = await w.as("ada").post("/sites/shop", { choose, text: "/a", kind: "page", filter: "1" });
  expect([response.status, response.headers.get("location")]).toEqual([307, "/sites/shop?text=/a&kind=page"]);
  const repeated = await w.as("ada").post("/sites/shop?text=/a&kind=page", { choose, text: "/a", filter: "1" });
  const { keys, elsewhere } = read(await repeated.text());
  expect([keys, elsewhere]).toEqual([["/a"], "1 selected, not shown here: /b"]);
});

test("all rows that a filter shows can be selected at once, also those of further pages", async () => {
  await w.record("beta", [...docs.map((key) => `${key} v1`), "/ v1", "search 1"]);
  const ada = w.as("ada");
  const first = await board("/sites/shop?kind=page");
  expect(first.selects).toContain("select all");
  const all = await (await ada.post("/sites/shop?kind=page", { ...formOf(first.page), select: "all" })).text();
  const ids = await idsByKey();
  expect(selection(all)).toHaveLength(121);
  expect(selection(all)).not.toContain(ids.get("search"));
  expect(read(all).elsewhere).toContain("21 selected, not shown here");
  const cleared = await ada.post("/sites/shop", { ...formOf(all), clear: "1" });
  expect(cleared.headers.get("location"), "the filter stays").toBe("/sites/shop?kind=page");
});

test("a section can be selected and unselected as a whole, and other rows stay selected", async () => {
  await w.record("beta", [...docs.map((key) => `${key} v1`), "/ v1", "search 1", "checkout 1"]);
  const ids = await idsByKey();
  const ada = w.as("ada");
  const press = async (page: string, button: Record<string, string>) =>
    (await ada.post("/sites/shop", { ...formOf(page), ...button })).text();
  const start = { choose: [ids.get("/") as string], shown: "" };
  const withDocs = await (await ada.post("/sites/shop", { ...start, select: "page:docs" })).text();
  expect(selection(withDocs)).toHaveLength(121);
  expect(read(withDocs).selects).toContain("unselect page:docs");
  const withSoftware = await press(withDocs, { select: "software:" });
  expect(selection(withSoftware)).toHaveLength(123);
  expect(new Set(selection(await press(withSoftware, { unselect: "page:docs" })))).toEqual(
    new Set(["/", "search", "checkout"].map((key) => ids.get(key))),
  );
  for (const value of ["page:nowhere", "", "banana", "all' or 1=1"])
    expect(selection(await press(withDocs, { select: value })), value).toHaveLength(121);
});

test("many selected rows that are not in the list are one box, and all go into the release", async () => {
  await w.record("beta", [...docs.map((key) => `${key} v1`), ...docs.map((key) => `/more${key} v1`)]);
  const ada = w.as("ada");
  const all = await (await ada.post("/sites/shop", { ...formOf((await board()).page), select: "all" })).text();
  expect(all).toContain('data-rows="140"');
  expect(selection(all)).toHaveLength(240);
  const release = await (await ada.post("/sites/shop/releases/new", { ...formOf(all), from: "beta" })).text();
  expect(release.match(/name="line"[^>]* checked/g)).toHaveLength(240);
  const filtered = await (await ada.post("/sites/shop?text=docs/00", formOf(all))).text();
  expect(selection(filtered)).toHaveLength(240);
});

test("rows that are added below others replace the address by one that shows them all", async () => {
  await w.record(
    "beta",
    [...docs, ...docs.map((key) => `/more${key}`)].map((key) => `${key} v1`),
  );
  const first = await board("/sites/shop?kind=page");
  const ada = w.as("ada");
  const added = await ada.get(`${first.next}&shown=kind%3Dpage`, { "hx-request": "true" });
  const address = added.headers.get("hx-replace-url") ?? "";
  expect(address).toBe("/sites/shop?kind=page&rows=200");
  const { keys, text } = await board(address);
  expect(keys).toEqual([...first.keys, ...read(await added.text()).keys]);
  expect(text).toContain("First 200 of 240 rows");
  for (const rows of ["0", "-1", "banana", "1e9"])
    expect((await board(`/sites/shop?rows=${rows}`)).keys).toHaveLength(100);
});

test("of a long list only the sections are shown, each of which can be opened and selected", async () => {
  const sections = ["docs", "help", "shop"].map((name) => docs.map((key) => `/${name}${key} v1`));
  await w.record("beta", [...sections.flat(), ...docs.map((key) => `service-${key.slice(6)} v1`), "/ v1"]);
  const more = Array.from({ length: 200 }, (_, i) => `/news/${i} v1`);
  await w.record("beta", more);
  const overview = await board();
  expect(overview.keys).toEqual([]);
  expect(overview.text).toContain("rows in 6 sections");
  expect(overview.text).toMatch(/\/news 200 pages/);
  const ada = w.as("ada");
  const selected = await (await ada.post("/sites/shop", { ...formOf(overview.page), select: "page:news" })).text();
  expect(selection(selected)).toHaveLength(200);
  const opened = read(await (await ada.post("/sites/shop?kind=page&section=/news", formOf(selected))).text());
  expect(overview.page).toContain('formaction="/sites/shop?kind=page&amp;section=/news"');
  expect(opened.keys).toHaveLength(100);
  expect(opened.ticked).toHaveLength(200);
  expect((await board("/sites/shop?rows=100")).keys).toHaveLength(100);
  const viewer = await board("/sites/shop", "vera");
  expect(viewer.page).toContain('<a href="/sites/shop?kind=page&amp;section=/news">/news</a>');
  expect(viewer.page).toContain('href="/sites/shop?rows=100"');
});

test("without selected rows the form leads to the plain address", async () => {
  await w.record("beta", ["/a v1", "/b v1"]);
  const response = await w.as("ada").post("/sites/shop", { text: "/a", kind: "", section: "/", filter: "1" });
  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toBe("/sites/shop?text=/a&section=/");
});

test("rows of another site cannot be selected", async () => {
  await w.record("beta", ["/ v1"]);
  const foreign = { id: "elsewhere-1", site_id: "", kind: "page" as const, key: "/secret", section: "" };
  const site = await findSite(w.db, "elsewhere");
  await w.db
    .insertInto("artifacts")
    .values({ ...foreign, site_id: site?.id ?? "", title: null, owner_id: null })
    .execute();
  const response = await w.as("ada").post("/sites/shop", { choose: ["elsewhere-1", "<b>", "no-such"], filter: "1" });
  const { ticked, page } = read(await response.text());
  expect(ticked).toEqual([]);
  expect(page).not.toContain("/secret");
});

test("all differences between two neighbours can be released in one step", async () => {
  await busyShop();
  const { page } = await board();
  expect(page).toContain('href="/sites/shop/releases/new?from=beta&to=demo"');
  expect(page).toContain('href="/sites/shop/releases/new?from=demo&to=live"');
  await w.promote((await w.release("All")).number, "demo");
  expect((await board()).page).not.toContain("releases/new?from=beta");
});

test("people who cannot create releases see no checkboxes and no bar, and a plain form", async () => {
  await busyShop();
  for (const name of ["vera", "cleo", "mara"] as const) {
    const { page, keys } = await board("/sites/shop", name);
    expect(keys).toHaveLength(9);
    expect(page).not.toMatch(/name="choose"|releases\/new|when-selected/);
    expect(page).toContain('method="get"');
  }
  expect((await board()).page).toContain('formaction="/sites/shop/releases/new"');
});

test("people without a role find nothing, and signed-out people come back after signing in", async () => {
  await w.record("beta", ["/ v1"]);
  expect((await board("/sites/shop", "oskar")).status).toBe(404);
  expect((await w.as("oskar").post("/sites/shop", { choose: "x" })).status).toBe(404);
  const response = await w.as("nobody").get("/sites/shop?waiting=1");
  expect(response.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent("/sites/shop?waiting=1")}`);
});

test("an empty board says what to do first to people who may do it", async () => {
  const ada = await board();
  expect(ada.text).toContain("Nothing recorded yet");
  expect(ada.page).toContain('href="/sites/shop/deployments/new?environment=live"');
  expect(ada.text).toContain("sitebook record live --baseline");
  const vera = await board("/sites/shop", "vera");
  expect(vera.text).toContain("Someone who may record deployments can do that");
  expect(vera.page).not.toContain("deployments/new");
});

test("a filter without matches says so", async () => {
  await w.record("beta", ["/ v1"]);
  const { text } = await board("/sites/shop?text=zebra");
  expect(text).toContain("Nothing matches.");
  expect(text).toContain("0 of 1 row");
});

test.each([
  ["differs=beta,nowhere", 404, "There is no environment &quot;nowhere&quot; on this site."],
  ["differs=beta", 400, "Name two environments to compare, such as differs=beta,demo."],
  ["differs=beta,beta", 400, "Name two environments to compare, such as differs=beta,demo."],
  ["differs=beta,demo,live", 400, "Name two environments to compare, such as differs=beta,demo."],
  ["kind=banana", 400, "There is no kind &quot;banana&quot;. Use page or software."],
  ["after=banana", 200, "That part of the list no longer exists. This is the start."],
  ["after=page:%00/", 200, "That part of the list no longer exists."],
  ["after=page:zz/zz", 200, "Nothing matches."],
  ["waiting=banana&section=/nowhere", 200, "Nothing matches."],
  ["owner=%27%20or%201=1", 200, "Nothing matches."],
])("nonsense in the address, %s, is answered with %i and a sentence", async (query, status, sentence) => {
  await w.record("beta", ["/ v1"]);
  const answer = await board(`/sites/shop?${query}`);
  expect(answer.status).toBe(status);
  expect(answer.page).toContain(sentence);
});

test("any number of environments is shown side by side", async () => {
  const founder = { ...(await w.by("iris")), permissions: new Set(["view", "record", "administer"] as const) };
  const names = ["dev", "test", "demo", "canary", "live"];
  const environments = names.map((slug) => ({ slug }));
  await createSite(w.db, founder, { slug: "five", name: "Five", environments }, ["account-manager"]);
  await createSite(w.db, founder, { slug: "one", name: "One", environments: [{ slug: "only" }] }, ["account-manager"]);
  for (const slug of ["five", "one"]) {
    const site = await findSite(w.db, slug);
    if (!site) throw new Error("the site was not created");
    for (const [i, environment] of site.environments.entries())
      await recordDeployment(w.db, founder, site, environment, {
        effective_at: day(9 - i),
        placements: [
          { kind: "page", key: "/", version: "v1" },
          ...(i < 3 ? [{ kind: "page" as const, key: "/new", version: i ? "v1" : "v2" }] : []),
        ],
      });
  }
  expect((await board("/sites/five", "iris")).rows).toEqual({
    "/": ["v1 same as test", "v1 same as demo", "v1 same as canary", "v1 same as live", "v1 no gate"],
    "/new": ["v2 ahead of test", "v1 same as demo", "v1 not on canary", "not deployed", "not deployed"],
  });
  expect((await board("/sites/five?differs=dev,live", "iris")).keys).toEqual(["/new"]);
  const one = await board("/sites/one", "iris");
  expect(one.rows).toEqual({ "/": ["v1"], "/new": ["v2"] });
  expect(one.chips).toEqual([{ href: "/sites/one", text: "Everything", count: 2 }]);
  expect(one.page).not.toContain('name="choose"');
});

const v = (id: string | null, first_at = day(1)): RecordedCell => ({
  version_id: id,
  version: id,
  first_at,
  created_at: day(1),
  effective_at: day(1),
  recorded_at: day(1),
  out_of_band: 0,
  baseline: 0,
});
const at = (recorded?: RecordedCell, environmentKnown = true): CellState => ({ environmentKnown, recorded });

test.each([
  ["the same version", [at(v("a")), at(v("a"))], "same"],
  ["a newer one", [at(v("a", day(2))), at(v("b"))], "ahead"],
  ["an older one", [at(v("a")), at(v("b", day(2)))], "behind"],
  ["two first deployed at one moment: the later id is newer", [at(v("b")), at(v("a"))], "ahead"],
  ["two that were there already", [at({ ...v("a"), baseline: 1 }), at({ ...v("b", day(2)), baseline: 1 })], "ahead"],
  ["not there", [at(v("a")), at()], "missing"],
  ["removed there", [at(v("a")), at(v(null))], "missing"],
  ["removed here", [at(v(null)), at(v("a"))], "gone"],
  ["removed on both", [at(v(null)), at(v(null))], "same"],
  ["removed here, never there", [at(v(null)), at()], "same"],
  ["on neither", [at(), at()], undefined],
  ["removed there, never here", [at(), at(v(null))], undefined],
  ["there, but never recorded here", [at(), at(v("a"))], "unknown"],
  ["further on, but never recorded in the next", [at(v("a")), at(), at(v("a"))], "unknown"],
  ["nothing recorded for the next environment", [at(v("a")), at(undefined, false)], "unknown"],
  ["nothing recorded for this environment", [at(undefined, false), at(v("a"))], "unknown"],
  ["nothing to its right", [at(v("a"))], undefined],
] as const)("compared with the next: %s", (_, row, comparison) => {
  expect(compareWithNext(row, 0)).toBe(comparison);
});
