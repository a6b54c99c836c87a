import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { verify } from "../src/integrity/verify.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { unguard } from "./support/tampering.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const form = (fields: Record<string, string> = {}) => ({
  environment: "live",
  when: "",
  note: "",
  source: "",
  lines: "page /sale v1\nsoftware checkout 3.4.1",
  key: crypto.randomUUID(),
  ...fields,
});

const line = (key: string, version: string | null = "v1") => ({ kind: "page", key, version });
const baseline = ["/sale v1", "/terms v1"];
const text = async (response: Response | Promise<Response>) => (await response).text();
const placements = async (environment: string) => {
  const { body } = await (await machine(w, "viewer")).get(`/sites/shop/environments/${environment}/placements`);
  return body.items as {
    key: string;
    version: string;
    out_of_band: boolean;
    baseline: boolean;
    approved_by: object[];
  }[];
};
const flags = async (environment: string) =>
  (await placements(environment)).map((row) => `${row.key} ${row.version} ${row.baseline} ${row.out_of_band}`);
const currentOutOfBand = async () =>
  (await w.db.selectFrom("current_placements").select("out_of_band").execute()).map((row) => row.out_of_band);

describe("the form to record a deployment", () => {
  const checked = /name="baseline" value="1" checked/;

  test("proposes a baseline where nothing was recorded, and not where something was", async () => {
    await w.record("beta", ["/sale v1"]);
    const cleo = w.as("cleo");
    expect(await text(cleo.get("/sites/shop/deployments/new?environment=live"))).toMatch(checked);
    const beta = await text(cleo.get("/sites/shop/deployments/new?environment=beta"));
    expect(beta).not.toMatch(checked);
    expect(beta).toContain("Possible on demo and live, where nothing else is recorded.");
  });

  test("offers no baseline once every environment has other deployments", async () => {
    for (const environment of ["beta", "demo", "live"]) await w.record(environment, ["/sale v1"]);
    expect(await text(w.as("cleo").get("/sites/shop/deployments/new"))).not.toContain('name="baseline"');
  });

  test("records a baseline: not out of band, and every page says who recorded it", async () => {
    const cleo = w.as("cleo");
    const preview = await text(cleo.post("/sites/shop/deployments/new", form({ baseline: "1" })));
    expect(preview).not.toContain("it will be flagged");

    const page = await text(cleo.submit("/sites/shop/deployments", form({ baseline: "1" })));

    expect(page).toContain("what was already on live when the record began");
    expect(page).not.toContain("out of band");
    const sentence = "in the baseline of 3 Mar, recorded by Cleo";
    const pages = ["", "/environments/live", "/artifacts/page?key=/sale", "/search?q=who+approved+/sale+on+live"];
    for (const path of pages) expect(words(await text(cleo.get(`/sites/shop${path}`))), path).toContain(sentence);
    expect(await text(cleo.get("/sites/shop/history"))).toContain("as a baseline: 2 changed");
    expect(await text(cleo.get("/sites/shop/deployments"))).toContain('<span class="is baseline">baseline</span>');
    expect(await currentOutOfBand()).toEqual([0, 0]);
  });

  test("refuses a baseline where another deployment was recorded, and keeps what was typed", async () => {
    await w.record("live", ["/sale v1"]);
    for (const path of ["/sites/shop/deployments/new", "/sites/shop/deployments"]) {
      const answer = await w.as("cleo").post(path, form({ baseline: "1", note: "Before the move" }));
      expect(answer.status).toBe(422);
      const page = await text(answer);
      expect(page).toContain("live already has a deployment that is not a baseline.");
      expect(page).toContain("Before the move");
    }
    expect(await flags("live")).toEqual(["/sale v1 false true"]);
  });
});

describe("the API", () => {
  const post = async (environment: string, body: object) =>
    (await machine(w, "contributor")).post(`/sites/shop/environments/${environment}/deployments`, body);

  test("records baselines, as many as are needed, and a deployment after them", async () => {
    const first = await post("live", { baseline: true, placements: [line("/sale"), line("/old")] });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ changed: 2, out_of_band: 0 });
    await post("live", { baseline: true, complete: true, placements: [line("/sale"), line("/terms")] });
    expect(await flags("live")).toEqual(["/sale v1 true false", "/terms v1 true false"]);

    await post("live", { placements: [line("/sale", "v2")] });

    expect(await flags("live")).toEqual(["/sale v2 false true", "/terms v1 true false"]);
    const viewer = await machine(w, "viewer");
    expect((await viewer.get("/sites/shop/deployments/2")).body).toMatchObject({ baseline: true, out_of_band: 0 });
    const { items } = (await viewer.get("/sites/shop/artifacts/page/history?key=/sale")).body;
    expect(items.map((row: { baseline: boolean }) => row.baseline)).toEqual([false, true]);
    const tooLate = await post("live", { baseline: true, placements: [line("/new")] });
    expect(tooLate.status).toBe(409);
    expect(tooLate.body).toMatchObject({ code: "baseline_too_late", errors: [{ path: "baseline" }] });
  });

  test("refuses a baseline that names a promotion, and a client that may not record", async () => {
    const both = await post("live", { baseline: true, promotion: 1, placements: [line("/sale")] });
    expect(both.status).toBe(422);
    expect(both.body.detail).toBe(
      "A baseline records what was already there, so no promotion brought it. Leave out one of the two.",
    );
    const viewer = await w.token("viewer");
    const body = { baseline: true, placements: [line("/sale")] };
    expect((await viewer.post("/sites/shop/environments/live/deployments", body)).status).toBe(403);
  });

  test("of a baseline and a deployment at the same time, the baseline is recorded first or not at all", async () => {
    const bodies = [{ placements: [line("/a")] }, { baseline: true, placements: [line("/b")] }];
    const [plain, other] = await Promise.all(bodies.map((body) => post("live", body)));
    expect(plain?.status).toBe(201);
    const { items } = (await (await machine(w, "viewer")).get("/sites/shop/deployments")).body;
    const first = (items as { number: number; baseline: boolean }[]).find(({ number }) => number === 1);
    expect(other?.status).toBe(first?.baseline ? 201 : 409);
  });
});

test("a machine that recorded a baseline is named as one, and the lanes of the page mark it", async () => {
  const api = await machine(w, "contributor");
  await api.post("/sites/shop/environments/live/deployments", { baseline: true, placements: [line("/sale")] });
  for (const path of ["", "/environments/live", "/artifacts/page?key=/sale", "/search?q=where+is+/sale"]) {
    const page = await text(w.as("vera").get(`/sites/shop${path}`));
    expect(words(page), path).toMatch(/in the baseline of 3 Mar, recorded by .+ \(machine\)/);
    expect(page, path).toMatch(/recorded by <bdi>/);
  }
  const lanes = await text(w.as("vera").get("/sites/shop/artifacts/page?key=/sale"));
  expect(lanes).toContain("v1 on live since 3 March 2026, 10:00, baseline</title>");
  expect(lanes).toContain('<path class="ground"');
});

test("the command line records and imports baselines", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  await sitebook(["record", "live", "/sale v1", "--baseline"]);
  expect(await flags("live")).toEqual(["/sale v1 true false"]);
  expect((await sitebook(["log", "live"])).out).toContain("baseline");
  await w.record("live", ["/sale v2"]);
  const { code, err } = await sitebook(["record", "live", "/terms v1", "--baseline"]);
  expect(code).toBe(1);
  expect(err).toContain("live already has a deployment that is not a baseline.");
});

test("an export and the evidence name the baseline", async () => {
  await w.record("live", baseline, { baseline: true });
  const csv = await text(w.as("vera").get("/sites/shop/environments/live/export.csv"));
  const [head = "", row = ""] = csv.split("\r\n");
  expect(
    head.endsWith(
      ",out_of_band,baseline,before_approval,rollback_of,rollback_in_part,rolled_back_by,rolled_back_in_part,without_gate",
    ),
  ).toBe(true);
  expect(row.endsWith(",false,true,false,,false,,false,false")).toBe(true);
});

describe("later records", () => {
  test("a change recorded late, from before the baseline, leaves the baseline as it is", async () => {
    await w.record("live", baseline, { baseline: true, effective_at: "2026-03-02T09:00:00Z" });
    await w.record("live", ["/sale v0", "/gone v1"], { effective_at: "2026-03-01T09:00:00Z" });
    expect(await flags("live")).toEqual(["/gone v1 false true", "/sale v1 true false", "/terms v1 true false"]);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("a complete baseline also says, for what came before it, that it was not there and needed no promotion", async () => {
    const at = { effective_at: "2026-03-02T09:00:00Z" };
    await w.record("live", baseline, { ...at, baseline: true, complete: true });
    await w.record("live", ["/gone v1"], { effective_at: "2026-03-01T09:00:00Z" });
    expect(await flags("live")).toEqual(["/sale v1 true false", "/terms v1 true false"]);
    expect(await currentOutOfBand()).toEqual([0, 0, 0]);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("what is right instead of a line of a baseline is in the baseline too", async () => {
    await w.record("live", baseline, { baseline: true });
    await w.record("live", ["/new v1"]);
    const ada = await w.by("ada");
    const wrong = { deployment: 1, kind: "page", key: "/sale", reason: "It was the old one" } as const;
    await correct(w.db, ada, w.site, { ...wrong, instead: { version: "v0" } });
    expect(await flags("live")).toEqual(["/new v1 false true", "/sale v0 true false", "/terms v1 true false"]);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("a deployment that was marked as wrong leaves room for a baseline", async () => {
    await w.record("live", baseline);
    await correct(w.db, await w.by("ada"), w.site, { deployment: 1, reason: "It was the baseline" });
    await w.record("live", baseline, { baseline: true });
    expect(await flags("live")).toEqual(["/sale v1 true false", "/terms v1 true false"]);
  });

  test("verify notices a deployment that was made a baseline behind its back", async () => {
    await w.record("live", baseline);
    await unguard(w.db, "deployments");
    await w.db.updateTable("deployments").set({ baseline: 1 }).execute();
    const { break: found } = (await verify(w.db, w.site.id)) as { break: { what: string } };
    expect(found.what).toContain("deployment 1");
    expect(found.what).toContain("baseline");
  });
});
