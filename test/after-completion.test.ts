import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { decide } from "../src/promotions/promotions.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const at = (day: number, clock = "10:00") => `2026-03-${String(day).padStart(2, "0")}T${clock}:00.000Z`;
const promotion = async (number: number) =>
  words(await (await w.as("ada").get(`/sites/shop/promotions/${number}`)).text());

/** Requests a promotion to demo of these pages as they are on beta, and approves it. */
async function approved(keys: string[]): Promise<number> {
  const { number, digest } = await w.ask((await w.release(keys.join(" "), keys)).number, "demo");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  return number;
}

const complete = async (number: number, effective_at = "") =>
  words(await (await w.as("ada").submit(`/sites/shop/promotions/${number}/completion`, { effective_at })).text());

describe("what was completed is said to be there only while it is", () => {
  test("one page that was replaced since", async () => {
    await w.record("beta", ["/sale v1"]);
    expect(await complete(await approved(["/sale"]))).toContain("Completed. It is on demo.");
    expect(await promotion(1)).toContain("by Ada: on demo since 3 Mar, 10:00");

    w.clock.at = at(4);
    await w.record("demo", ["/sale v9"]);

    expect(await promotion(1)).toContain("by Ada: was on demo from 3 Mar, 10:00 to 4 Mar, 10:00; v9 is there now");
    await w.record("demo", ["-/sale"]);
    expect(await promotion(1)).toContain("to 4 Mar, 10:00; it is removed now");
  });

  test("some pages that were replaced or removed", async () => {
    await w.record("beta", ["/a v1", "/b v1", "/c v1"]);
    await complete(await approved(["/a", "/b", "/c"]));
    w.clock.at = at(4);
    await w.record("demo", ["/b v2", "-/c"]);

    expect(await promotion(1)).toContain(
      "on demo since 3 Mar, 10:00, but not all of it: /b is v2 since 4 Mar, 10:00 and /c is removed since 4 Mar, 10:00",
    );
    await w.record("demo", ["/a v2"]);
    expect(await promotion(1)).toContain("to 4 Mar, 10:00; all of it has changed there since");
  });

  test("a completion at a past moment, after which something else was recorded already", async () => {
    await w.record("beta", ["/sale v1"], { effective_at: at(1) });
    await w.record("demo", ["/sale v9"], { effective_at: at(2, "02:41") });
    const number = await approved(["/sale"]);

    expect(await complete(number, "2026-03-02T01:45")).toContain(
      "Completed. It was on demo from 2 March 2026, 01:45 to 2 March 2026, 02:41; v9 is there now.",
    );
  });
});

describe("a promotion whose record was corrected", () => {
  beforeEach(async () => {
    await w.record("beta", ["/sale v1", "/terms v1"]);
    await complete(await approved(["/sale", "/terms"]));
    const line = { deployment: 2, kind: "page" as const, key: "/sale" };
    await correct(w.db, await w.by("ada"), w.site, { ...line, reason: "It was the shoes" });
  });

  test("says so in its state, on its page, in the inbox, with its release, and in the API", async () => {
    expect(await promotion(1)).toContain("Completed, corrected since by Ada: recorded as on demo since 3 Mar, 10:00");
    const page = async (path: string) => words(await (await w.as("vera").get(`/sites/shop/${path}`)).text());
    expect(await page("approvals")).toContain("completed, corrected since");
    expect(await page("releases/1")).toContain("completed, corrected since");
    expect(await page("releases")).toContain("completed, corrected since");
    const viewer = await w.token("viewer");
    expect(await (await viewer.get("/sites/shop/promotions/1")).json()).toMatchObject({
      state: "completed",
      completion: { corrected: true },
    });
  });

  test("is completed as before once the correction is undone", async () => {
    const line = { deployment: 2, kind: "page" as const, key: "/sale", stands: true };
    await correct(w.db, await w.by("ada"), w.site, { ...line, reason: "No, it was right" });

    expect(await promotion(1)).toContain("Completed by Ada: on demo since");
    const viewer = await w.token("viewer");
    expect(await (await viewer.get("/sites/shop/promotions/1")).json()).toMatchObject({
      completion: { corrected: false },
    });
  });
});

test("earlier approvals are one quiet line, not beside what is still missing", async () => {
  await w.record("beta", ["/sale v1"]);
  await complete(await approved(["/sale"]));
  await w.ask(1, "live");

  const page = await (await w.as("mara").get("/sites/shop/promotions/2")).text();

  const gate = words(/<section[^>]*"gate".*?<\/section>/s.exec(page)?.[0] ?? page);
  expect(gate).toContain(
    "Marketing has to approve waiting for you. Marketing: Mara On its way here, approved for demo by Theo (Tester), 3 Mar, 10:00.",
  );
  expect(/<ul class="steps">.*?<\/ul>/s.exec(page)?.[0]).not.toContain("Theo");
});
