import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import type { CorrectionRequest } from "../src/corrections/rules.ts";
import { verify } from "../src/integrity/verify.ts";
import { replayMoment } from "../src/record/replay.ts";
import { environmentOf, type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1", "checkout 3.4.1"], { effective_at: "2026-03-01T09:00:00Z" });
  await w.record("beta", ["/sale v2", "/new v1"], { effective_at: "2026-03-02T09:00:00Z" });
  w.clock.at = "2026-03-03T12:00:00.000Z";
});
afterEach(() => w.close());

const sale = { kind: "page" as const, key: "/sale" };
const correctAs = async (name: Name, request: Partial<CorrectionRequest> & { deployment: number }) =>
  correct(w.db, await w.by(name), w.site, { reason: "It was another page", ...request });
const adaCorrects = (request: Parameters<typeof correctAs>[1]) => correctAs("ada", request);

/** The page of an environment, at the moments of the query. */
async function environmentPage(environment: string, query = ""): Promise<string> {
  return (await w.as("vera").get(`/sites/shop/environments/${environment}${query}`)).text();
}

async function current(key: string, environment = "beta"): Promise<string | null | undefined> {
  const row = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select("v.label")
    .where("a.key", "=", key)
    .where("c.environment_id", "=", environmentOf(w.site, environment).id)
    .executeTakeFirst();
  return row?.label;
}

const actions = async () => (await w.db.selectFrom("events").select("action").execute()).map((event) => event.action);
const form = (more: Record<string, string> = {}) => ({
  deployment: "2",
  kind: "page",
  line: "/sale",
  reason: "It was the shoes",
  right: "nothing",
  ...more,
});

describe("an account manager corrects one line", () => {
  test("and it no longer counts, but stays struck through with who corrected it and why", async () => {
    const ada = w.as("ada");
    const artifact = await (await ada.get("/sites/shop/artifacts/page?key=/sale")).text();
    expect(artifact).toContain("/sites/shop/corrections/new?deployment=2&amp;kind=page&amp;key=/sale");
    const formPage = await (await ada.get("/sites/shop/corrections/new?deployment=2&kind=page&key=/sale")).text();
    expect(formPage).toContain("Deployment 2 recorded /sale");
    expect(formPage).toContain("recorded 1 day later");

    const text = await (await ada.submit("/sites/shop/corrections", form())).text();

    expect(text).toContain("Corrected /sale.");
    expect(text).toContain('<tr class="corrected">');
    expect(text).toContain("by <bdi>Ada</bdi>: “It was the shoes”");
    expect(await current("/sale")).toBe("v1");
    expect(await current("/new")).toBe("v1");
    expect(await verify(w.db, w.site.id)).toHaveProperty("head");
  });

  test("of the past: what was there then changes, and not what is there now", async () => {
    await adaCorrects({ deployment: 1, ...sale });
    expect(await current("/sale")).toBe("v2");
    expect(await environmentPage("beta", "?as_of=2026-03-01T12:00Z")).not.toContain("/sale");
  });

  test("and the environment as known before shows the line, marked as corrected since", async () => {
    await adaCorrects({ deployment: 2, ...sale, reason: "It was the shoes" });
    const then = await environmentPage("beta", "?as_of=2026-03-02T12:00Z&known_at=2026-03-03T11:00Z");
    expect(then).toContain("The record is different today");
    expect(then).toContain("It was the shoes");
    expect(then).toMatch(/<tr class="corrected">.*?\/sale.*?v2/s);
    const now = await environmentPage("beta", "?as_of=2026-03-02T12:00Z");
    expect(now).toContain("as it is known today");
    expect(now).not.toContain("It was the shoes");
  });

  test("and records in the same step what is right, even in another environment and at another time", async () => {
    const text = await (
      await w.as("ada").submit(
        "/sites/shop/corrections",
        form({
          right: "version",
          version: "v7",
          environment: "demo",
          when: "2026-03-02 11:00",
        }),
      )
    ).text();
    expect(text).toContain("Deployment 3 records what is right.");
    expect(await current("/sale")).toBe("v1");
    expect(await current("/sale", "demo")).toBe("v7");
    const page = await (await w.as("vera").get("/sites/shop/deployments/3")).text();
    expect(page).toContain("correction of deployment 2");
    expect(page).toContain("out of band");
  });

  test("that only confirmed the state: a change recorded late for before it now counts until today", async () => {
    await w.record("beta", ["/new v1"], { effective_at: "2026-03-03T09:00:00Z" });
    await adaCorrects({ deployment: 3, kind: "page", key: "/new" });
    await w.record("beta", ["/new v2"], { effective_at: "2026-03-02T20:00:00Z" });
    expect(await current("/new")).toBe("v2");
  });

  test("and a later confirmation becomes the change that it was", async () => {
    await w.record("beta", ["/sale v2"], { effective_at: "2026-03-02T15:00:00Z" });
    await adaCorrects({ deployment: 2, ...sale });
    expect(await environmentPage("beta", "?as_of=2026-03-02T12:00Z")).toMatch(/\/sale<.*?v1/s);
    expect(await current("/sale")).toBe("v2");
  });

  test("that was the only one of its page: the page is then unknown, not removed", async () => {
    await adaCorrects({ deployment: 2, kind: "page", key: "/new" });
    expect(await current("/new")).toBeUndefined();
    expect(await (await w.as("vera").get("/sites/shop/artifacts/page?key=/new")).text()).toContain("Never recorded on");
  });
});

test("a whole deployment is marked as wrong, that is undone, and one line is corrected again", async () => {
  const text = await (
    await w.as("ada").submit("/sites/shop/corrections", { deployment: "2", reason: "Of another site" })
  ).text();
  expect(text).toContain("Corrected deployment 2 (2 lines).");
  expect(text).toContain("Of another site");
  expect([await current("/sale"), await current("/new")]).toEqual(["v1", undefined]);
  const history = await (await w.as("ada").get("/sites/shop/history")).text();
  expect(history.split("Of another site")).toHaveLength(2); // the reason is in the sentence, not again below it
  w.clock.at = "2026-03-03T12:01:00.000Z";
  const again = await (await w.as("ada").get("/sites/shop/corrections/new?deployment=2")).text();
  expect(again).toContain("Undo correction");
  await adaCorrects({ deployment: 2, stands: true, reason: "No, of this one" });
  expect([await current("/sale"), await current("/new")]).toEqual(["v2", "v1"]);
  w.clock.at = "2026-03-03T12:02:00.000Z";
  await adaCorrects({ deployment: 2, ...sale, reason: "All but this" });
  expect([await current("/sale"), await current("/new")]).toEqual(["v1", "v1"]);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("the form counts all lines of a large deployment, and lists the first of them", async () => {
  await w.record(
    "beta",
    Array.from({ length: 205 }, (_, i) => `/page-${i} v1`),
  );
  const page = await (await w.as("ada").get("/sites/shop/corrections/new?deployment=3")).text();
  expect(page).toContain("The whole of deployment 3: 205 lines on beta");
  expect(page).toContain("And 5 more lines.");
});

test("a line corrected on its own stays corrected when the correction of the whole deployment is undone", async () => {
  await adaCorrects({ deployment: 2, ...sale });
  await adaCorrects({ deployment: 2 });
  await adaCorrects({ deployment: 2, stands: true });
  expect([await current("/sale"), await current("/new")]).toEqual(["v1", "v1"]);
});

describe("a correction is shown on what depends on it", () => {
  test("an open promotion is blocked and names the correction; its release shows it", async () => {
    await w.release("Spring", ["/sale"]);
    await w.ask(1, "demo");
    await adaCorrects({ deployment: 2, ...sale, reason: "It was the shoes" });
    const promotion = await (await w.as("ada").get("/sites/shop/promotions/1")).text();
    expect(promotion).toContain("On 3 March 2026, 12:00 Ada corrected the record of /sale v2 on beta.");
    const release = await (await w.as("ada").get("/sites/shop/releases/1")).text();
    expect(release).toContain("It was the shoes");
  });

  test("a completed promotion shows that its own deployment was corrected", async () => {
    await w.release("Spring", ["/sale"]);
    await w.promote(1, "demo");
    await adaCorrects({ deployment: 3, ...sale, instead: { version: "v2", effective_at: "2026-03-03T11:30:00Z" } });
    const text = await (await w.as("vera").get("/sites/shop/promotions/1")).text();
    expect(text).toContain("Part of what was deployed has been corrected");
    const [placement] = await w.db
      .selectFrom("current_placements")
      .selectAll()
      .where("environment_id", "=", environmentOf(w.site, "demo").id)
      .execute();
    // the promotion that allowed the wrong line allows the right one
    expect(placement).toMatchObject({ effective_at: "2026-03-03T11:30:00.000Z", out_of_band: 0 });
  });
});

describe("a correction is refused", () => {
  test("without a reason, with too long a reason or another invalid field; the form comes back filled in", async () => {
    const ada = w.as("ada");
    const bare = await ada.post("/sites/shop/corrections", form({ reason: "  ", right: "version", version: "v9" }));
    expect(bare.status).toBe(422);
    const text = await bare.text();
    expect(text).toContain("Enter a reason: what was wrong, and how do you know?");
    expect(text).toContain('value="v9"');
    for (const [more, sentence] of [
      [{ reason: "x".repeat(10_001) }, "A reason can have at most 10,000 characters"],
      [{ right: "version", version: "" }, "Enter the version that was there."],
      [{ right: "version", version: "v3", when: "in a while" }, "is not a valid date and time"],
      [{ right: "version", version: "v3", when: "2027-01-01 10:00" }, "in the future"],
      [{ right: "version", version: "v2" }, "This is the same as what was recorded."],
      [{ right: "version", version: "v3", environment: "moon" }, "There is no environment moon."],
    ] as const) {
      const answer = await ada.post("/sites/shop/corrections", form(more));
      expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(sentence)]);
    }
    expect(await actions()).not.toContain("placement_corrected");
  });

  test("if the line has already been corrected; and undoing is refused if it has not", async () => {
    await adaCorrects({ deployment: 2, ...sale, reason: "It was the shoes" });
    await expect(adaCorrects({ deployment: 2, ...sale })).rejects.toMatchObject({
      status: 409,
      message: "/sale in deployment 2 has already been corrected by Ada: “It was the shoes”",
    });
    await expect(adaCorrects({ deployment: 1, ...sale, stands: true })).rejects.toMatchObject({
      status: 409,
      message: "/sale in deployment 1 is not marked as wrong: it has not been corrected.",
    });
    const again = await w.as("ada").post("/sites/shop/corrections", form());
    expect(again.status).toBe(409);
    expect(await again.text()).toContain("has already been corrected");
  });

  test("if the deployment or line does not exist, or for a person without a role on the site", async () => {
    await expect(adaCorrects({ deployment: 99 })).rejects.toMatchObject({ status: 404 });
    await expect(adaCorrects({ deployment: 1, kind: "page", key: "/new" })).rejects.toMatchObject({
      status: 422,
      message: "Deployment 1 did not record /new.",
    });
    const ada = w.as("ada");
    for (const query of [
      "deployment=99",
      "deployment=abc",
      "deployment=1&kind=page&key=/new",
      "deployment=1&kind=ship&key=x",
    ])
      expect((await ada.get(`/sites/shop/corrections/new?${query}`)).status).toBe(404);
    expect((await ada.post("/sites/elsewhere/corrections", form())).status).toBe(404);
    expect((await w.as("oskar").post("/sites/shop/corrections", form())).status).toBe(404);
    expect((await w.as("nobody").post("/sites/shop/corrections", form())).headers.get("location")).toContain(
      "/sign-in",
    );
  });

  test("for a person who may not correct: no link, no form, no correction", async () => {
    const cleo = w.as("cleo");
    expect(await (await cleo.get("/sites/shop/deployments/2")).text()).not.toContain("corrections/new");
    expect((await cleo.get("/sites/shop/corrections/new?deployment=2")).status).toBe(403);
    expect((await cleo.post("/sites/shop/corrections", form())).status).toBe(403);
    await expect(correctAs("cleo", { deployment: 2 })).rejects.toMatchObject({ status: 403 });
  });
});

test("a form sent twice corrects once; of two corrections at the same moment the second is refused", async () => {
  const ada = w.as("ada");
  const sent = form({ key: "once-and-again" });
  for (let i = 0; i < 2; i++) expect((await ada.post("/sites/shop/corrections", sent)).status).toBe(303);
  const race = await Promise.allSettled([
    adaCorrects({ deployment: 1, ...sale }),
    adaCorrects({ deployment: 1, ...sale }),
  ]);
  expect(race.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect((await actions()).filter((action) => action === "placement_corrected").length).toBe(2);
});

test("a program corrects by the API and records what is right; placements are listed as known then and now", async () => {
  const manager = await w.token("account-manager");
  const path = "/sites/shop/corrections";
  const body = { deployment: 2, ...sale, reason: "It was the shoes", instead: { version: "v5" } };
  const first = await manager.post(path, body, { "idempotency-key": "k1" });
  expect([first.status, await first.json()]).toEqual([201, { deployment: 2, corrected: 1, instead: 3 }]);
  expect((await manager.post(path, body, { "idempotency-key": "k1" })).status).toBe(201);
  expect((await manager.post(path, body)).status).toBe(409);
  expect((await manager.post(path, { deployment: 2, reason: "" })).status).toBe(422);
  expect((await manager.post(path, { ...body, kind: undefined })).status).toBe(422);
  expect((await manager.post(path, { deployment: 2, reason: "x", instead: { version: "v1" } })).status).toBe(422);
  expect((await (await w.token("contributor")).post(path, body)).status).toBe(403);
  const versions = async (query: string) => {
    const answer = await manager.get(`/sites/shop/environments/beta/placements?${query}`);
    const list = (await answer.json()) as { unknown: boolean; items: { key: string; version: string }[] };
    return [list.unknown, list.items.map((item) => `${item.key} ${item.version}`)];
  };
  expect(await versions("q=sale")).toEqual([false, ["/sale v5"]]);
  expect(await versions("q=sale&known_at=2026-03-03T11:00:00Z")).toEqual([false, ["/sale v2"]]);
  expect(await versions("as_of=2026-02-01T00:00:00Z")).toEqual([true, []]);
  const compared = await manager.get(
    "/sites/shop/compare?from=beta&to=beta&from_known_at=2026-03-03T11:00:00Z&kind=page",
  );
  expect(await compared.json()).toMatchObject({ items: [{ key: "/sale", from: "v2", to: "v5" }], unknown: [] });
});

test("compare shows what was known then beside what is known now", async () => {
  await adaCorrects({ deployment: 2, ...sale });
  const text = await (
    await w.as("vera").get("/sites/shop/compare?from=beta&to=beta&from_known_at=2026-03-03T11:00")
  ).text();
  expect(text).toContain("as known on");
  expect(text).toMatch(/\/sale.*v2.*v1/s);
  const wrong = await w.as("vera").get("/sites/shop/compare?from=beta&to=beta&known_at=2027-01-01T10:00");
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining("Recorded by: ")]);
});

test("the history shows a correction as a sentence, with its reason once", async () => {
  await adaCorrects({ deployment: 2, ...sale, reason: "It was the shoes", instead: { version: null } });
  const text = await (await w.as("vera").get("/sites/shop/history")).text();
  expect(text.split("It was the shoes")).toHaveLength(2);
  expect(text).toContain("correct: removed from");
});

test("a deployment that waited for a correction is recorded after it, so that what was known stays known", async () => {
  w.clock.at = "2026-03-03T11:59:00.000Z";
  await adaCorrects({ deployment: 2, ...sale });
  w.clock.at = "2026-03-03T11:58:00.000Z";
  await w.record("beta", ["/late v1"], { effective_at: "2026-03-01T09:00:00Z" });
  const [last] = await w.db.selectFrom("deployments").select("recorded_at").orderBy("number", "desc").execute();
  expect(last?.recorded_at).toBe("2026-03-03T11:59:00.000Z");
});

test("of two deployments for one moment the one recorded later counts, also after its correction was undone", async () => {
  const effective_at = "2026-03-02T12:00:00Z";
  await w.record("beta", ["/sale v2"], { effective_at });
  await w.record("beta", ["/sale v3"], { effective_at });
  await adaCorrects({ deployment: 2, ...sale });
  await adaCorrects({ deployment: 4, ...sale });
  expect(await current("/sale")).toBe("v2");
  await adaCorrects({ deployment: 4, ...sale, stands: true });
  expect(await current("/sale")).toBe("v3");
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

describe("replaying the statements for one moment", () => {
  const statement = (number: number, version_id: string | null, seqs: number[] = [], more: object = {}) => {
    const line = { artifact_id: "a", kind: "page" as const, key: "/a", version: version_id, version_id };
    const at = { deployment_id: `${number}`, environment_id: "e", effective_at: "", recorded_at: "" };
    const common = { ...line, ...at, promotion_id: null, out_of_band: 0 as const, ...more };
    return { ...common, number, placements: seqs.map((seq) => ({ seq, recorded_at: "" })) };
  };
  const replayed = (before: string | null, statements: ReturnType<typeof statement>[], out_of_band: 0 | 1 = 0) => {
    const { state, toPlace, redundant } = replayMoment({ version_id: before, out_of_band }, statements);
    return {
      state: state.version_id,
      toPlace: toPlace?.number,
      redundant: redundant.map((placement) => placement.seq),
    };
  };

  test("a confirmation that proves to be a change is placed, and a placement that proves to be none is redundant", () => {
    expect(replayed("v1", [statement(1, "v2")])).toEqual({ state: "v2", toPlace: 1, redundant: [] });
    expect(replayed("v1", [statement(1, "v1", [5])])).toEqual({ state: "v1", toPlace: undefined, redundant: [5] });
    expect(replayed("v1", [statement(1, "v2", [5])])).toEqual({ state: "v2", toPlace: undefined, redundant: [] });
    expect(replayed("v1", [])).toEqual({ state: "v1", toPlace: undefined, redundant: [] });
  });

  test("a promotion of what is there out of band is a change, without one it is not", () => {
    const promoted = statement(1, "v1", [], { promotion_id: "p" });
    expect(replayed("v1", [promoted], 1)).toEqual({ state: "v1", toPlace: 1, redundant: [] });
    expect(replayed("v1", [statement(1, "v1")], 1)).toEqual({ state: "v1", toPlace: undefined, redundant: [] });
  });

  test("the one recorded later counts, and its placement comes last", () => {
    const [first, second] = [statement(1, "v2", [5]), statement(2, "v3", [4])];
    expect(replayed("v1", [second, first])).toEqual({ state: "v3", toPlace: 2, redundant: [4] });
  });

  test("of statements without a placement only the last that changes something is placed", () => {
    const three = [statement(1, "v2"), statement(2, "v3"), statement(3, "v3")];
    expect(replayed("v1", three)).toEqual({ state: "v3", toPlace: 2, redundant: [] });
  });
});
