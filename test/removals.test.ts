import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { whyNotRemove } from "../src/record/removals.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const pages = (count: number) => Array.from({ length: count }, (_, i) => `/page-${i} v1`);
const path = "/sites/shop/environments/live/deployments";
const deployments = () => w.db.selectFrom("deployments").select("number").execute();
const kept = { kind: "page", key: "/page-0", version: "v1" };

test("a complete list may remove ten, or a fifth of what is there; an empty one nothing", () => {
  const why = (listed: number, present: number, removed: number, allowed?: number) =>
    whyNotRemove({ environment: "live", listed, present, removed }, allowed);
  expect(why(1, 11, 10)).toBeUndefined();
  expect(why(80, 100, 20)).toBeUndefined();
  expect(why(79, 100, 21)).toBe(
    "This complete list would remove 21 of 100 pages and software items on live. If that is right, allow 21 removals.",
  );
  expect(why(0, 2, 2)).toBe(
    "This complete list is empty: it would remove all 2 pages and software items on live. If that is right, allow 2 removals.",
  );
  expect(why(0, 0, 0)).toBe(
    "This complete list is empty, and nothing is on live. List at least one page or software item.",
  );
  expect(why(79, 100, 21, 21)).toBeUndefined();
  expect(why(0, 2, 2, 2)).toBeUndefined();
  expect(why(9, 11, 2, 1)).toContain("would remove 2 of 11");
});

describe("the API", () => {
  test("refuses a list that would remove much, records nothing, and takes it once that is allowed", async () => {
    await w.record("live", pages(12));
    const ci = await machine(w, "contributor");
    const body = { complete: true, placements: [kept] };

    const refused = await ci.post(path, body);

    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: "removals_not_allowed",
      detail:
        "This complete list would remove 11 of 12 pages and software items on live. If that is right, allow 11 removals.",
    });
    expect(await deployments()).toHaveLength(1);
    expect((await ci.post(path, { ...body, allow_removals: 10 })).status).toBe(422);
    const { status, body: answer } = await ci.post(path, { ...body, allow_removals: 11 });
    expect(status).toBe(201);
    expect(answer).toMatchObject({ changed: 11, removed: 11, unchanged: 1 });
  });

  test("counts what was there at the moment of a list recorded late", async () => {
    await w.record("live", pages(12), { effective_at: "2026-03-02T09:00:00Z" });
    const ci = await machine(w, "contributor");
    const early = { complete: true, effective_at: "2026-03-01T09:00:00Z", placements: [kept] };
    expect((await ci.post(path, early)).status).toBe(201);
    expect((await ci.post(path, { complete: true, placements: [] })).body.detail).toContain("remove all 12");
  });

  test("of two lists at once, the second is judged by what the first left", async () => {
    await w.record("live", pages(12));
    const ci = await machine(w, "contributor");
    const body = { complete: true, allow_removals: 11, placements: [kept] };
    const answers = await Promise.all([ci.post(path, body), ci.post(path, body)]);
    expect(new Set(answers.map((answer) => answer.body.removed))).toEqual(new Set([0, 11]));
  });
});

test("an empty pipe does not empty live", async () => {
  await w.record("live", pages(3));
  const empty = await commandLineMachine(w, "contributor");
  const refused = await empty(["record", "live", "--complete"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("This complete list is empty: it would remove all 3 pages and software items on live.");
  const json = await empty(["record", "live", "--complete", "--json"]);
  expect(JSON.parse(json.out)).toMatchObject({ status: 422, code: "removals_not_allowed" });
  expect((await empty(["record", "live", "--complete", "--allow-removals", "all"])).code).toBe(2);
  const allowed = await empty(["record", "live", "--complete", "--allow-removals", "3"]);
  expect(allowed.out).toBe("Deployment 2 on live: 3 changed, 3 removed. 3 out of band: no promotion covers this.\n");
});

describe("the form", () => {
  const form = (fields: Record<string, string>) => ({
    environment: "live",
    when: "",
    note: "Stocktaking",
    source: "",
    lines: "/page-0 v1",
    complete: "1",
    key: crypto.randomUUID(),
    ...fields,
  });

  test("asks once, and records it when that is confirmed", async () => {
    await w.record("live", pages(12));
    const cleo = w.as("cleo");
    const preview = await (await cleo.post("/sites/shop/deployments/new", form({}))).text();
    expect(preview).toContain("Remove 11 pages and software items not listed here");
    expect(preview).toContain("This complete list would remove 11 of 12 pages and software items on live.");

    const refused = await cleo.post("/sites/shop/deployments", form({}));
    expect(refused.status).toBe(422);
    const again = await refused.text();
    expect(again).toContain("Tick this box if that is right, or complete the list.");
    expect(again).toContain("Stocktaking");
    expect(again).toContain("Record 11 changes");
    expect(await deployments()).toHaveLength(1);

    // the box is ticked after the preview, which need not be shown again
    const previewed = /name="previewed" value="(\w+)"/.exec(again)?.[1] ?? "";
    expect(previewed).not.toBe("");
    const confirmed = form({ allow_removals: "11", previewed });
    const done = await (await cleo.submit("/sites/shop/deployments", confirmed)).text();
    expect(done).toContain("Deployment 2 recorded: 11 changed, 11 removed, 1 unchanged.");
  });

  test("does not ask about a few", async () => {
    await w.record("live", pages(3));
    const preview = await (await w.as("cleo").post("/sites/shop/deployments/new", form({}))).text();
    expect(preview).not.toContain("allow_removals");
  });
});
