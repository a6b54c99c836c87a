import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccess } from "../src/access/sites.ts";
import { changeEnvironment, retireEnvironment } from "../src/environments/changes.ts";
import { verify } from "../src/integrity/verify.ts";
import { machine } from "./support/api.ts";
import { tableRows, words } from "./support/words.ts";
import { environmentOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const administrator = () => machine(w, "administrator");
const environments = "/sites/shop/environments";

const patch = async (env: string, body: object, role = "administrator") =>
  (await machine(w, role)).send(`${environments}/${env}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const order = async () =>
  (await (await machine(w, "viewer")).get(environments)).body.items.map(({ slug }: { slug: string }) => slug);

const post = async (path: string, fields: Record<string, string> = {}, name: "iris" | "ada" = "iris") =>
  w.as(name).submit(`/sites/shop/settings/environments${path}`, fields);

describe("an environment is added between two others", () => {
  test("on the page, and then promotions go through it, and the board shows it there", async () => {
    await w.record("beta", ["/sale v1"]);
    const page = await post("", { name: "Acceptance", slug: "", tier: "staging", before: "live" });
    expect(page.status).toBe(200);
    expect(await order()).toEqual(["beta", "demo", "acceptance", "live"]);

    const site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site;
    expect(site?.environments.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(await (await w.as("vera").get("/sites/shop")).text()).toMatch(/demo[\s\S]*Acceptance[\s\S]*live/);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("by the API; first, it needs no approval, since nothing can be promoted to it", async () => {
    const api = await administrator();
    const { status, body } = await api.post(environments, { slug: "alpha", tier: "staging", before: "beta" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ slug: "alpha", position: 1 });
    expect(await order()).toEqual(["alpha", "beta", "demo", "live"]);
    expect((await api.post(environments, { slug: "omega" })).body.position).toBe(5);
  });

  test("but not while a promotion between them is open", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
    const { status, body } = await (await administrator()).post(environments, { slug: "qa", before: "demo" });
    expect(status).toBe(409);
    expect(body.detail).toBe("Promotion 1 is still open there. Complete or cancel it first.");
    expect((await (await administrator()).post(environments, { slug: "qa", before: "live" })).status).toBe(201);
  });
});

describe("an environment is moved", () => {
  test("and the order of before is still known", async () => {
    w.clock.at = "2026-03-04T10:00:00.000Z";
    expect((await patch("demo", { before: null })).body).toMatchObject({ slug: "demo", position: 3 });
    expect(await order()).toEqual(["beta", "live", "demo"]);

    const orderAt = async (at: string) =>
      (await (await machine(w, "viewer")).get(`${environments}?as_of=${at}`)).body.items.map(
        ({ name, position }: { name: string; position: number }) => `${position} ${name}`,
      );
    w.clock.at = "2026-03-06T10:00:00.000Z";
    expect(await orderAt("2026-03-03T10:00:00Z")).toEqual(["1 beta", "2 demo", "3 live"]);
    expect(await orderAt("2026-03-05T10:00:00Z")).toEqual(["1 beta", "2 live", "3 demo"]);
    expect(await (await w.as("vera").get("/sites/shop/history")).text()).toContain(
      "now <bdi>beta</bdi>, <bdi>live</bdi>, <bdi>demo</bdi>.",
    );
  });

  test("and the counts of the board follow", async () => {
    await w.record("beta", ["/sale v2"]);
    await w.record("demo", ["/sale v1"]);
    await w.record("live", ["/sale v2"]);
    expect((await (await w.as("vera").get("/sites/shop")).text()).match(/1 differs from/g)).toHaveLength(2);
    await patch("demo", { before: null });
    const board = await (await w.as("vera").get("/sites/shop")).text();
    expect(board).toContain("same as live");
    expect(board).toContain("1 differs from demo");
  });

  test("but one with a gate does not come first", async () => {
    const { status, body } = await patch("live", { before: "beta" });
    expect(status).toBe(409);
    expect(body.detail).toContain("live would be the first environment, but it needs approvals");
    expect(await order()).toEqual(["beta", "demo", "live"]);
  });
});

describe("an environment is renamed", () => {
  test("and is called by its old name in the past", async () => {
    w.clock.at = "2026-03-02T10:00:00.000Z";
    await w.record("demo", ["/sale v1"]);
    w.clock.at = "2026-03-05T10:00:00.000Z";
    await post("/demo/name", { name: "Staging", tier: "testing", before: "live" });
    const past = await (await w.as("vera").get("/sites/shop/environments/demo?as_of=2026-03-03")).text();
    expect(past).toContain("What was on demo on");
    expect(past).toContain("now called Staging");
    const now = await (await w.as("vera").get("/sites/shop/environments/demo")).text();
    expect(now).toContain("What is on Staging");
    expect(now).not.toContain("now called");
    const history = await (await w.as("vera").get("/sites/shop/history")).text();
    expect(history).toContain("renamed the environment <bdi>demo</bdi> to");
    expect(history).toContain("from staging to testing.");
  });

  test.each(["LIVE", " li ve ", "l\u200bive", "ｌｉｖｅ"])("but not like another one: %j", async (name) => {
    const { status, body } = await patch("demo", { name });
    expect(status).toBe(422);
    expect(body.errors[0].path).toBe("name");
    expect((await (await administrator()).post(environments, { slug: "other", name })).status).toBe(422);
  });

  test("and not when two get the same name at once", async () => {
    const iris = await w.by("iris");
    const rename = (slug: string) =>
      changeEnvironment(w.db, iris, w.site, environmentOf(w.site, slug), { name: "Same" });
    const results = await Promise.allSettled([rename("demo"), rename("live")]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a retired environment", () => {
  beforeEach(async () => {
    await w.record("beta", ["/sale v1"]);
    await w.record("demo", ["/sale v1"]);
    const { status, body } = await (await administrator()).post(`${environments}/demo/retirement`, {});
    expect([status, body.retired_at]).toEqual([201, w.clock.at]);
  });

  test("leaves the order, and the next follows the one before it", async () => {
    expect(await order()).toEqual(["beta", "live"]);
    const board = await (await w.as("vera").get("/sites/shop")).text();
    expect(board).not.toContain("/environments/demo");
    expect((await w.ask((await w.release("Sale", ["/sale"])).number, "live")).number).toBe(1);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("keeps its history", async () => {
    const viewer = await machine(w, "viewer");
    expect((await viewer.get(`${environments}/demo/placements`)).body.items[0]).toMatchObject({
      key: "/sale",
      version: "v1",
    });
    const page = await (await w.as("vera").get("/sites/shop/environments/demo")).text();
    expect(page).toContain("What was last on demo");
    expect(page).toContain("1 page and 0 software items");
    expect((await w.as("vera").get("/sites/shop/compare?from=demo&to=live")).status).toBe(200);
    expect((await w.as("vera").get("/sites/shop/history?environment=demo")).status).toBe(200);
    const history = await (await w.as("vera").get("/sites/shop/artifacts/page?key=/sale")).text();
    expect(tableRows(history)).toContainEqual(expect.arrayContaining(["demo", expect.stringMatching(/\(retired\)$/)]));
    const past = await w.as("vera").get("/sites/shop/search?q=what+was+on+demo+on+3+March+9:59");
    expect(past.headers.get("location")).toMatch(/^\/sites\/shop\/environments\/demo\?as_of=/);
    const where = await (await w.as("vera").get("/sites/shop/search?q=where+is+/sale+on+3+March+9:59")).text();
    expect(words(where)).toContain("not recorded on demo");
    expect(await (await w.as("iris").get("/sites/shop/settings/environments")).text()).toContain("Retired</h2>");
  });

  test("takes no more deployments, and its name is not used again", async () => {
    const api = await administrator();
    const ci = await machine(w, "contributor");
    const { status, body } = await ci.post(`${environments}/demo/deployments`, {
      placements: [{ kind: "page", key: "/sale", version: "v2" }],
    });
    expect([status, body.detail]).toEqual([409, "demo is retired. Its history can be read, but not added to."]);
    // nor one that was on its way already
    await expect(w.record("demo", ["/sale v2"])).rejects.toThrow("demo is retired.");
    expect((await api.post(environments, { slug: "demo" })).status).toBe(422);
  });
});

describe("what was on an environment that was retired since", () => {
  const page = async (path: string) => (await w.as("vera").get(`/sites/shop/${path}`)).text();
  beforeEach(async () => {
    w.clock.at = "2026-03-04T10:00:00.000Z";
    await w.record("demo", ["/sale v1"]);
    await w.record("beta", ["/sale v2", "/only-beta v1"]);
    w.clock.at = "2026-03-06T10:00:00.000Z";
    await retireEnvironment(w.db, await w.by("iris"), w.site, environmentOf(w.site, "demo"));
    w.clock.at = "2026-03-08T10:00:00.000Z";
  });

  test("has a lane in the timeline of its pages, which ends when it was retired", async () => {
    const lanes = await page("artifacts/page?key=/sale");
    expect(lanes).toContain('aria-label="3 lanes, one for each environment');
    expect(lanes).toContain('<bdi>demo</bdi><small class="ago">retired</small>');
    expect(lanes).toMatch(/v1.{0,2} on .{0,2}demo.{0,2} from 4 March 2026, 10:00 until 6 March 2026, 10:00/);
    expect(await page("artifacts/page?key=/only-beta")).toContain('aria-label="2 lanes, one for each environment');
  });

  test("can be compared, at a moment before or as it was at the end", async () => {
    const compared = await page("compare?from=demo&to=beta");
    expect(compared).toContain('<option value="demo" selected>demo (retired)</option>');
    expect(compared).toContain("demo</bdi> on 6 March 2026, 10:00 and <bdi>beta</bdi> now");
    expect(compared).toContain('<bdi class="version">v1</bdi>');
    expect(await page("compare?from=demo&from_at=5 March 2026 10:00&to=beta")).toContain(
      "demo</bdi> on 5 March 2026, 10:00",
    );
    const { body } = await (await machine(w, "viewer")).get("/sites/shop/compare?from=demo&to=beta");
    expect(body.items.map(({ key, from }: { key: string; from: string }) => [key, from])).toContainEqual([
      "/sale",
      "v1",
    ]);
  });

  test("is among the filters of deployments", async () => {
    const list = await page("deployments?environment=demo");
    expect(list).toMatch(
      /<a href="\/sites\/shop\/deployments\?environment=demo" aria-current="(true|page)">(<bdi>)?demo(<\/bdi>)? \(retired\)/,
    );
    expect(list).toContain("Deployment 1");
    expect(list).not.toContain("Deployment 2<");
  });
});

test("which environments there were before the record of a site is refused, since it is unknown", async () => {
  const { status, body } = await (await machine(w, "viewer")).get(`${environments}?as_of=2025-01-01T00:00:00Z`);
  expect([status, body.errors]).toEqual([
    422,
    [
      {
        path: "as_of",
        message:
          "The record of this site begins at 2026-01-05T08:00:00.000Z. Which environments it had before is unknown.",
      },
    ],
  ]);
});

test("an environment with an open promotion, or the only one, is not retired", async () => {
  await w.record("beta", ["/sale v1"]);
  await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
  expect(await (await post("/demo/retirement")).text()).toContain("Promotion 1 is still open there.");
  const elsewhere = await w.as("oskar").submit("/sites/elsewhere/settings/environments/live/retirement");
  expect(elsewhere.status).toBe(200);
  expect(await order()).toEqual(["beta", "demo", "live"]);
});

test("only an administrator changes environments", async () => {
  expect((await patch("demo", { name: "X" }, "account-manager")).status).toBe(403);
  expect((await (await machine(w, "viewer")).post(environments, { slug: "x" })).status).toBe(403);
  expect((await (await machine(w, "viewer")).post(`${environments}/demo/retirement`, {})).status).toBe(403);
  expect((await w.as("ada").post("/sites/shop/settings/environments/demo/retirement")).status).toBe(403);
});
