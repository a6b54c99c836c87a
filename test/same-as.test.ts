import { afterEach, beforeEach, expect, test } from "vitest";
import { recordSameAs } from "../src/deployments/same-as.ts";
import { verify } from "../src/integrity/verify.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { words } from "./support/words.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("live", ["/sale v1", "/terms v2", "checkout 3.4.1"], { baseline: true });
});
afterEach(() => w.close());

const path = "/sites/shop/deployments/same-as";
const query = "?environment=demo&from=live";
const get = async (name: Name, address: string) => w.as(name).get(address);
const text = async (response: Response | Promise<Response>) => (await response).text();
const fields = (more: Record<string, string> = {}) => ({
  environment: "demo",
  from: "live",
  removals: "0",
  key: crypto.randomUUID(),
  ...more,
});
const contents = async (environment: string) => {
  const { body } = await (await machine(w, "viewer")).get(`/sites/shop/environments/${environment}/placements`);
  return (body.items as { key: string; version: string; baseline: boolean; out_of_band: boolean }[]).map(
    (row) => `${row.key} ${row.version} ${row.baseline} ${row.out_of_band}`,
  );
};
const copied = ["/sale v1 true false", "/terms v2 true false", "checkout 3.4.1 true false"];

test("demo is filled from live in one step, after a preview that records nothing", async () => {
  expect(await text(get("cleo", "/sites/shop/environments/demo"))).toContain(`${path}${query.replace("&", "&amp;")}`);
  const preview = await text(get("cleo", path + query));
  expect(preview).toContain("3 recorded for the first time, 0 new, 0 changed, 0 removed, 0 unchanged.");
  expect(preview).toContain("Record 3 changes");
  expect(await contents("demo")).toEqual([]);

  const page = await text(w.as("cleo").submit(path, fields()));

  expect(page).toContain("demo is the same as live, 3 changed.");
  expect(words(page)).toContain("in the baseline of 3 Mar, recorded by Cleo");
  expect(await contents("demo")).toEqual(copied);
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
});

test("a repeated form records once", async () => {
  const cleo = w.as("cleo");
  const form = fields();
  await Promise.all([cleo.post(path, form), cleo.post(path, form)]);
  expect(await w.db.selectFrom("deployments").select("number").execute()).toHaveLength(2);
});

test("what live does not have is removed from demo's baseline, as the preview says", async () => {
  await w.record("demo", ["/old v1"], { baseline: true });
  const cleo = w.as("cleo");
  const preview = await text(cleo.get(path + query));
  expect(preview).toContain("3 recorded for the first time, 0 new, 0 changed, 1 removed");
  expect(preview).toContain('name="removals" value="1"');
  await cleo.post(path, fields({ removals: "1" }));
  expect(await contents("demo")).toEqual(copied);
  expect(await text(cleo.get(path + query))).toContain("demo is already the same as live.");
});

test("more removals than the preview named are not recorded, and the new ones are shown", async () => {
  await w.record("demo", ["/old v1", "/older v1"], { baseline: true });
  const answer = await w.as("cleo").post(path, fields({ removals: "1" }));
  expect(answer.status).toBe(422);
  expect(await text(answer)).toContain("It would now remove 2 pages and software items; check it again.");
  expect(await contents("demo")).toEqual(["/old v1 true false", "/older v1 true false"]);
});

test("it is neither offered nor done where something else was recorded, or where there is nothing to copy", async () => {
  const empty = await text(get("cleo", `${path}?environment=live&from=beta`));
  expect(empty).toContain("Nothing is recorded on beta, so there is nothing to copy to live.");
  await w.record("demo", ["/sale v2"]);
  expect(await text(get("cleo", "/sites/shop/environments/demo"))).not.toContain("same-as");
  const why = "demo already has a deployment that is not a baseline.";
  expect(await text(get("cleo", path + query))).toContain(why);
  const answer = await w.as("cleo").post(path, fields());
  expect(answer.status).toBe(409);
  expect(await text(answer)).toContain(why);
  const from = environmentOf(w.site, "live");
  const again = recordSameAs(w.db, await w.by("cleo"), w.site, from, { environment: from });
  await expect(again).rejects.toThrow("Select another environment than live itself.");
});

test("a viewer may not, and a stranger does not learn that there is such a site", async () => {
  expect((await w.as("vera").post(path, fields())).status).toBe(403);
  expect((await get("vera", path + query)).status).toBe(403);
  expect(await text(get("vera", "/sites/shop/environments/demo"))).not.toContain("same-as");
  expect((await w.as("oskar").post(path, fields())).status).toBe(404);
});

test("a machine does the same with the API, once for each key, and gets the same refusals", async () => {
  const api = await machine(w, "contributor");
  const post = (environment: string, body: object, key?: string) =>
    api.post(`/sites/shop/environments/${environment}/same-as`, body, key ? { "idempotency-key": key } : {});
  const first = await post("demo", { from: "live" }, "once");
  expect(first).toMatchObject({ status: 201, body: { changed: 3, unchanged: 0, removed: 0, out_of_band: 0 } });
  expect((await post("demo", { from: "live" }, "once")).body).toEqual(first.body);
  expect(await contents("demo")).toEqual(copied);

  const old = Array.from({ length: 11 }, (_, i) => `/old-${i} v1`);
  await w.record("demo", old, { baseline: true });
  const refused = await post("demo", { from: "live" });
  expect(refused).toMatchObject({ status: 422, body: { code: "removals_not_allowed" } });
  expect(await post("demo", { from: "live", allow_removals: 11 })).toMatchObject({
    status: 201,
    body: { removed: 11 },
  });

  expect((await post("demo", { from: "moon" })).status).toBe(404);
  expect((await post("moon", { from: "live" })).status).toBe(404);
  expect((await post("demo", { from: "demo" })).body.detail).toBe("Select another environment than demo itself.");
  expect((await post("demo", { from: "beta" })).status).toBe(409);
  await w.record("demo", ["/sale v2"]);
  const late = await post("demo", { from: "live" });
  expect(late.body.detail).toContain("demo already has a deployment that is not a baseline.");
  const viewer = await machine(w, "viewer");
  expect((await viewer.post("/sites/shop/environments/demo/same-as", { from: "live" })).status).toBe(403);
});

test("so does the command line", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  expect(await sitebook(["same-as", "demo", "live"])).toMatchObject({
    code: 0,
    out: "Deployment 2 on demo: 3 changed. It is the same as live.\n",
  });
  expect(await contents("demo")).toEqual(copied);
  expect(await sitebook(["same-as", "demo", "beta"])).toMatchObject({
    code: 1,
    err: "Nothing is recorded on beta, so there is nothing to copy to demo.\n",
  });
  expect(await sitebook(["same-as", "demo"])).toMatchObject({
    code: 2,
    err: "Name two environments, like sitebook same-as demo live.\n",
  });
});
