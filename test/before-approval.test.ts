import { afterEach, beforeEach, expect, test } from "vitest";
import { complete, decide } from "../src/promotions/promotions.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const page = async (path: string) => words(await (await w.as("vera").get(`/sites/shop${path}`)).text());

/** Ada requests both pages for demo; they are approved at 12:00, and recorded as there since `effective_at`. */
async function promoted(effective_at: string): Promise<void> {
  await w.record("beta", ["/sale v1", "/terms v1"], { effective_at: "2026-03-01T09:00:00.000Z" });
  const { number, digest } = await w.ask((await w.release("Spring", ["/sale", "/terms"])).number, "demo");
  w.clock.at = "2026-03-03T12:00:00.000Z";
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, { effective_at });
}

async function flags(): Promise<boolean[]> {
  const viewer = await w.token("viewer");
  const json = async (path: string) =>
    (await (await viewer.get(`/sites/shop${path}`)).json()) as { items: { before_approval: boolean }[] };
  const exported = await (await w.as("vera").get("/sites/shop/environments/demo/export.jsonl")).text();
  const { before_approval } = JSON.parse(exported.split("\n")[0] ?? "") as { before_approval: boolean };
  const placements = await json("/environments/demo/placements");
  const deployment = (await (await viewer.get("/sites/shop/deployments/2")).json()) as {
    before_approval: boolean;
    placements: { before_approval: boolean }[];
  };
  const history = await json("/artifacts/page/history?key=/sale");
  const listed = await json("/deployments?environment=demo");
  const artifacts = (await (await viewer.get("/sites/shop/artifacts?q=/sale")).json()) as {
    items: { placements: { environment: string; before_approval: boolean }[] }[];
  };
  const promotion = (await (await viewer.get("/sites/shop/promotions/1")).json()) as {
    completion: { before_approval: boolean };
  };
  const board = JSON.parse((await (await w.as("vera").get("/sites/shop/export.jsonl")).text()).split("\n")[0] ?? "");
  return [
    before_approval,
    board.demo_before_approval === true,
    placements.items[0]?.before_approval === true,
    history.items[0]?.before_approval === true,
    deployment.placements[0]?.before_approval === true,
    deployment.before_approval,
    listed.items[0]?.before_approval === true,
    artifacts.items[0]?.placements.find(({ environment }) => environment === "demo")?.before_approval === true,
    promotion.completion.before_approval,
  ];
}

test("what was there before its approval is flagged wherever it is shown", async () => {
  await promoted("2026-03-03T11:00:00.000Z");

  expect(await page("")).toContain("there before approval");
  expect(await page("/environments/demo")).toContain("there before approval");
  expect(await page("/environments/demo?as_of=2026-03-03T11:30Z")).toContain("there before approval");
  expect(await page("/artifacts/page?key=/sale")).toContain("there before approval");
  expect(await page("/search?q=where+is+/sale")).toContain("there before approval");
  expect(await page("/search?q=who+approved+/sale+on+demo")).toContain("there before approval");
  expect(await page("/deployments/2")).toContain("there before approval");
  expect(await page("/promotions/1")).toContain("before it was approved on 3 Mar, 12:00");
  expect(await flags()).toEqual(Array(9).fill(true));
  const csv = await (await w.as("vera").get("/sites/shop/environments/demo/export.csv")).text();
  expect(csv.split("\r\n").slice(0, 2)).toEqual([
    expect.stringMatching(/,out_of_band,baseline,before_approval,/),
    expect.stringMatching(/,false,false,true,,false,,false,false$/),
  ]);
});

test("the command line and the list of pages say it too, and what is of the baseline", async () => {
  await w.record("live", ["/sale v0"], { baseline: true });
  await promoted("2026-03-03T11:00:00.000Z");
  const sitebook = await commandLineMachine(w, "viewer");
  expect((await sitebook(["log", "demo"])).out).toMatch(/promotion 1; there before approval/);
  expect((await sitebook(["log", "live"])).out).not.toContain("before approval");
  const artifacts = await (await (await w.token("viewer")).get("/sites/shop/artifacts?q=/sale")).json();
  expect(artifacts).toMatchObject({
    items: [
      {
        placements: [
          { environment: "beta", baseline: false, before_approval: false },
          { environment: "demo", baseline: false, before_approval: true },
          { environment: "live", baseline: true, before_approval: false },
        ],
      },
    ],
  });
});

test("what came after its approval is not", async () => {
  await promoted("2026-03-03T12:00:00.000Z");

  for (const path of ["", "/environments/demo", "/artifacts/page?key=/sale", "/deployments/2", "/promotions/1"])
    expect(await page(path)).not.toMatch(/there before approval|before it was approved on/);
  expect(await flags()).toEqual(Array(9).fill(false));
});

test("an approval that the gate did not need any more does not count", async () => {
  await w.record("beta", ["/sale v1", "/terms v1"], { effective_at: "2026-03-01T09:00:00.000Z" });
  const { number, digest } = await w.ask((await w.release("Spring", ["/sale", "/terms"])).number, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  w.clock.at = "2026-03-03T12:00:00.000Z";
  const tester = await w.token("tester");
  const second = await tester.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest });
  expect(second.status).toBe(201);
  await complete(w.db, await w.by("ada"), w.site, number, { effective_at: "2026-03-03T11:00:00.000Z" });

  expect(await flags()).toEqual(Array(9).fill(false));
  expect(await page("/promotions/1")).not.toContain("before it was approved");
});

test("an approval by a token is marked as a machine's wherever it is named", async () => {
  await w.record("beta", ["/sale v1"]);
  const { digest, number } = await w.ask((await w.release("Spring", ["/sale"])).number, "demo");
  const tester = await w.token("tester");
  await tester.post("/sites/shop/promotions/1/approvals", { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, {});

  expect(await page("/promotions/1")).toContain("tester token (machine, Tester) approved");
  expect(await page("/approvals")).toContain("tester token (machine, Tester) approved it");
  expect(await page("/environments/demo")).toContain("tester token (machine)");
  expect(await page("/artifacts/page?key=/sale")).toContain("tester token (machine)");
  expect(await page("/history")).toContain("tester token (machine) approved promotion 1");
  expect(await page("/search?q=who+approved+/sale+on+demo")).toContain("tester token (machine, Tester) approved");
  expect(await page("/search?q=what+did+the+tester+approve")).toContain("for demo, by tester token (machine) on");
  expect(await (await w.as("vera").get("/sites/shop")).text()).toContain(
    "; approved by tester token (machine), tester,",
  );
  const promotion = await (await tester.get("/sites/shop/promotions/1")).json();
  expect(promotion).toMatchObject({ approvals: [{ person: "tester token", kind: "machine" }] });
  const placements = await (await tester.get("/sites/shop/environments/demo/placements")).json();
  expect(placements).toMatchObject({ items: [{ approved_by: [{ person: "tester token", kind: "machine" }] }] });
  const csv = await (await w.as("vera").get("/sites/shop/environments/demo/export.csv")).text();
  expect(csv).toContain('"tester token, machine, tester, 2026-03-03T10:00:00.000Z"');
});
