import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findAccess } from "../src/access/sites.ts";
import { setOwner } from "../src/artifacts/owners.ts";
import { correct } from "../src/corrections/corrections.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { changeEnvironment, retireEnvironment } from "../src/environments/changes.ts";
import { addServer, createEnvironment } from "../src/environments/environments.ts";
import { changeName } from "../src/people/account.ts";
import { createToken } from "../src/people/tokens.ts";
import { cancel } from "../src/promotions/promotions.ts";
import { createRelease } from "../src/releases/releases.ts";
import { addressOf, everyPage } from "./support/every-page.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

// A name from right to left reorders the words around it unless it is isolated from them. Everything that people name in
// this site is Hebrew, so that a Hebrew letter outside of a <bdi> is in a place that was forgotten.

const page = "/מבצע/נעליים";
const software = "שירות";

const lines = (version: string, title: string) => [
  { kind: "page" as const, key: page, version, title, requires: { [software]: version === "גרסה2" ? "9" : version } },
  { kind: "page" as const, key: "/מבצע", version },
  { kind: "software" as const, key: software, version },
];

let w: World;
let site: World["site"];

/** With the names and environments of now. */
async function freshSite() {
  const access = await findAccess(w.db, w.people.iris.id, "shop");
  if (!access) throw new Error("the shop is gone");
  return access.site;
}

beforeAll(async () => {
  w = await world();
  site = w.site;
  const [iris, ada, cleo] = [await w.by("iris"), await w.by("ada"), await w.by("cleo")];
  await w.db.updateTable("sites").set({ name: "חנות" }).where("id", "=", site.id).execute();
  const names = { iris: "איריס", ada: "עדה", cleo: "קליאו", theo: "תאו", mara: "מרה", vera: "ורה" };
  for (const [name, hebrew] of Object.entries(names))
    await changeName(w.db, w.people[name as Name], hebrew, w.clock.at);
  for (const [slug, name] of Object.entries({ beta: "ביתא", demo: "הדגמה", live: "חי" }))
    await changeEnvironment(w.db, iris, site, environmentOf(site, slug), { name });
  site = await freshSite();
  const on = (slug: string) => environmentOf(site, slug);
  const record = async (slug: string, version: string, title = "כותרת") =>
    recordDeployment(w.db, cleo, site, on(slug), { placements: lines(version, title) });
  await createEnvironment(w.db, iris, site, { slug: "old", name: "ישן" });
  site = await freshSite();
  await record("old", "גרסה0");
  await retireEnvironment(w.db, iris, site, on("old"));
  site = await freshSite();
  await addServer(w.db, iris, site, on("live"), { name: "שרת", base_url: "https://live2.shop.example" });
  await createToken(w.db, iris, site, { name: "אסימון", roles: ["tester"], expires_at: null } as never);
  await record("beta", "גרסה1");
  const differences = { from: "beta", to: "demo" };
  const first = await createRelease(w.db, ada, site, { name: "אביב", differences });
  await w.promote(first.number, "demo");
  await w.ask(first.number, "live");
  await record("live", "גרסה9", "אחרת");
  await record("beta", "גרסה2", "חדשה");
  const second = await createRelease(w.db, ada, site, { name: "קיץ", differences });
  await cancel(w.db, ada, site, (await w.ask(second.number, "demo")).number, "Later");
  await w.ask(second.number, "demo");
  await record("beta", "גרסה3");
  await setOwner(w.db, ada, site, { of: { kind: "page", key: page }, owner: w.people.mara.id });
  await correct(w.db, ada, site, { deployment: 2, kind: "page", key: page, reason: "Another page" });
});
afterAll(() => w.close());

const hebrew = /[\u0590-\u05ff]/;

/** Elements that show their text apart from all else. */
const isolating = new Set(["bdi", "title", "option", "textarea", "text", "style"]);

/** The texts with Hebrew letters that no element isolates, with what is before them. */
function exposed(markup: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  for (const [token, closing, name, text] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>|([^<]+)/gi)) {
    if (text !== undefined) {
      const bare = text.replace(/\u2068[^\u2069]*\u2069/g, "");
      if (hebrew.test(bare) && !open.some((tag) => isolating.has(tag)))
        found.push(`<${open.slice(-3).join("><")}> ${text}`);
    } else if (closing) open.splice(open.lastIndexOf(name as string), 1);
    else if (!/^(?:meta|link|input|br|hr|img|wbr)$/.test(name as string) && !token.endsWith("/>"))
      open.push(name as string);
  }
  return found;
}

/** The site's numbers, keys and people in place of those of the long history for which the list was written. */
const inThisSite = (path: string) =>
  path
    .replace(/:many-released/g, "1")
    .replace(/:(?:many|completed)/g, "1")
    .replace(/:open/g, "4")
    .replace(/:(?:cancelled|superseded|rejected)/g, "3")
    .replace(/key=(?!service)[^&]+/g, `key=${encodeURIComponent(page)}`)
    .replace(/key=service[^&]*/g, `key=${encodeURIComponent(software)}`)
    .replace(/\/often|\/part[^&+]*/g, encodeURIComponent(page));

const paths = [
  ...everyPage.filter(({ who, path }) => who !== "machine" && !/\.(?:csv|jsonl|json|zip)|healthz|readyz/.test(path)),
  ...[1, 2, 3, 4].map((number) => ({ who: "ada" as const, path: `/sites/shop/promotions/${number}` })),
  ...[1, 2, 3, 4, 5].map((number) => ({ who: "vera" as const, path: `/sites/shop/deployments/${number}` })),
  ...[
    "/releases/1",
    "/releases/2",
    "/deployments?environment=old",
    "/environments/old",
    "/environments/demo",
    "/environments/beta",
  ].flatMap((path) => [
    { who: "ada" as const, path: `/sites/shop${path}` },
    { who: "theo" as const, path: `/sites/shop${path}` },
  ]),
  ...[
    "where is כותרת",
    `who approved ${page} on חי`,
    `where is ${page}`,
    `when did ${page} change on ביתא`,
    "what did תאו approve",
    "what waits",
    "what changed on ביתא",
    "אביב",
    "גרסה1",
    "קליאו",
  ].map((question) => ({ who: "vera" as const, path: `/sites/shop/search?q=${encodeURIComponent(question)}` })),
  ...[
    "/compare?from=old&to=live",
    "/compare?from=beta&to=demo",
    "/compare?from=demo&to=live",
    "/compare?from=beta~1&to=beta",
    "/compare?from=beta@nonsense&to=live",
  ].map((path) => ({ who: "ada" as const, path: `/sites/shop${path}` })),
  ...["/settings/environments/demo", "/settings/environments/old", "/settings/people/:theo"].map((path) => ({
    who: "iris" as const,
    path: `/sites/shop${path}`,
  })),
];

describe("names from right to left do not reorder the words around them", () => {
  test("on any page", async () => {
    const found = new Map<string, string>();
    let shown = 0;
    for (const { who, path } of paths) {
      const address = await addressOf(w, { who: "ada", path: inThisSite(path) });
      const response = await w.as(who as Name).get(address);
      if (response.status !== 200 && response.status !== 422) continue;
      // feeds are read by other programs, which show each text by itself
      if (path.startsWith("/feeds/")) continue;
      const markup = await response.text();
      if (hebrew.test(markup)) shown += 1;
      expect(/="[^"<>]*<bdi/.exec(markup)?.[0], `an attribute of ${address}`).toBeUndefined();
      for (const text of exposed(markup)) if (!found.has(text)) found.set(text, address);
    }
    expect([...found].map(([text, address]) => `${address}: ${text}`)).toEqual([]);
    expect(shown).toBeGreaterThan(100);
  });

  test("in the notices and refusals after forms", async () => {
    const posted: [Name, string, Record<string, string>][] = [
      ["ada", "/promotions", { release: "1", to: "demo", key: "" }],
      ["ada", "/promotions/4/completion", { effective_at: "" }],
      ["ada", "/releases", { name: "", from: "beta", to: "demo" }],
      ["cleo", "/deployments", { environment: "live", lines: `${page} גרסה4`, step: "preview" }],
      ["cleo", "/deployments", { environment: "live", lines: `${page}/חדש גרסה4 עוד` }],
      ["ada", `/artifacts/page/owner`, { key: page, owner: w.people.vera.id }],
      ["iris", "/settings/environments/demo/retirement", {}],
      ["iris", "/settings/environments/demo/name", { name: "חי", tier: "staging" }],
      ["iris", "/settings/tokens", { name: "אסימון", role: "nobody" }],
    ];
    for (const [who, path, fields] of posted) {
      const markup = await (await w.as(who).submit(`/sites/shop${path}`, fields)).text();
      expect(markup, path).toMatch(hebrew);
      expect(exposed(markup), path).toEqual([]);
    }
  });

  test("in the page of an evidence pack", async () => {
    for (const path of ["promotions/1", "environments/demo"]) {
      const response = await w.as("vera").get(`/sites/shop/${path}/evidence.zip`);
      const files = unzipSync(new Uint8Array(await response.arrayBuffer()));
      const markup = new TextDecoder().decode(files["index.html"]);
      // a cell has nothing else in it
      expect(exposed(markup.replace(/<td>[^<]*<\/td>/g, "")), path).toEqual([]);
    }
  });
});
