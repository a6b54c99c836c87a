import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const form = (fields: Record<string, string>) => ({
  environment: "beta",
  when: "",
  note: "",
  source: "",
  lines: "",
  key: crypto.randomUUID(),
  ...fields,
});

const deployments = () => w.db.selectFrom("deployments").selectAll().orderBy("number").execute();
const placements = () => w.db.selectFrom("placements").selectAll().orderBy("seq").execute();
const currentVersions = async (environment: string) => {
  const rows = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .innerJoin("environments as e", "e.id", "c.environment_id")
    .select(["a.key", "v.label"])
    .where("e.slug", "=", environment)
    .orderBy("a.key")
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.label]));
};

describe("the form to record a deployment", () => {
  test("a contributor previews the changes, and nothing is recorded yet", async () => {
    await w.record("beta", ["/sale v1", "/about v1"]);

    const page = await w
      .as("cleo")
      .post("/sites/shop/deployments/new", form({ lines: "page /sale v2\npage /new v1\n/about v1\npage /sale/old -" }));
    const text = await page.text();

    expect(page.status).toBe(200);
    expect(text).toContain("1 new, 1 changed, 0 removed, 2 unchanged.");
    expect(text).toContain("Record 2 changes");
    expect(await deployments()).toHaveLength(1);
  });

  describe("changed after its preview", () => {
    const sentence = "This was changed after its preview, so nothing was recorded yet.";
    const previewedIn = async (page: Response) => /name="previewed" value="(\w+)"/.exec(await page.text())?.[1] ?? "";
    const preview = async (fields: Record<string, string>) =>
      previewedIn(await w.as("cleo").post("/sites/shop/deployments/new", form(fields)));

    test.each([
      ["its lines", { lines: "page /sale v3" }, "page /sale v3"],
      ["the environment", { environment: "demo" }, "Changes to demo"],
      ["the moment", { when: "2026-03-02T10:00" }, "2026-03-02T10:00"],
      ["to a complete list", { complete: "1" }, "1 removed"],
    ])("(%s) it is previewed again first, and then recorded", async (_, change, shown) => {
      await w.record("beta", ["/sale v1", "/old v1"], { effective_at: "2026-03-01T10:00:00.000Z" });
      const fields = { lines: "page /sale v2", ...change };
      const stale = await preview({ lines: "page /sale v2" });

      const answer = await w.as("cleo").post("/sites/shop/deployments", form({ ...fields, previewed: stale }));
      expect(answer.status).toBe(409);
      const text = await answer.clone().text();
      expect(text).toContain(sentence);
      expect(text).toContain(shown);
      expect(await deployments()).toHaveLength(1);

      const previewed = await previewedIn(answer);
      expect((await w.as("cleo").post("/sites/shop/deployments", form({ ...fields, previewed }))).status).toBe(303);
      expect(await deployments()).toHaveLength(2);
    });

    test("(to a baseline) it is previewed again first, and then recorded as one", async () => {
      const stale = await preview({ lines: "page /sale v2" });
      const fields = { lines: "page /sale v2", baseline: "1" };
      const answer = await w.as("cleo").post("/sites/shop/deployments", form({ ...fields, previewed: stale }));
      expect(answer.status).toBe(409);
      expect(await deployments()).toEqual([]);

      const previewed = await previewedIn(answer);
      expect((await w.as("cleo").post("/sites/shop/deployments", form({ ...fields, previewed }))).status).toBe(303);
      expect(await deployments()).toMatchObject([{ baseline: 1 }]);
    });

    test("(a file selected since) it is previewed again first", async () => {
      const sent = new FormData();
      const stale = await preview({ lines: "page /sale v2" });
      for (const [name, value] of Object.entries(form({ lines: "page /sale v2", previewed: stale })))
        sent.set(name, value);
      sent.set("file", new File(["page /sale v3\n"], "lines.txt"));
      const answer = await w.as("cleo").upload("/sites/shop/deployments", sent);
      expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining(sentence)]);
      expect(await deployments()).toEqual([]);
    });

    test("(only the note, or how lines end) it is recorded", async () => {
      const previewed = await preview({ lines: "page /sale v2\npage /about v1" });
      const fields = { lines: "page /sale v2\r\npage /about v1", note: "A note", previewed };
      expect((await w.as("cleo").post("/sites/shop/deployments", form(fields))).status).toBe(303);
    });
  });

  test("a contributor records the previewed lines", async () => {
    await w.record("beta", ["/sale v1"]);

    const page = await w
      .as("cleo")
      .submit(
        "/sites/shop/deployments",
        form({ lines: "page /sale v2\nsoftware checkout 3.4.1", note: "Sale texts", source: "9f2c41d" }),
      );
    const text = await page.text();

    expect(text).toContain("Deployment 2 recorded: 2 changed.");
    expect(text).toContain("Sale texts");
    expect(await currentVersions("beta")).toEqual({ "/sale": "v2", checkout: "3.4.1" });
  });

  test("a form that is posted twice is recorded once", async () => {
    const same = form({ lines: "page /sale v1" });

    const first = await w.as("cleo").post("/sites/shop/deployments", same);
    const second = await w.as("cleo").post("/sites/shop/deployments", same);

    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(await deployments()).toHaveLength(1);
  });

  test("a past moment is read in the site's time zone, and shown as recorded late", async () => {
    w.clock.at = "2026-07-10T10:00:00.000Z";

    const page = await w
      .as("cleo")
      .submit("/sites/shop/deployments", form({ lines: "page /sale v1", when: "2026-07-08T15:30" }));

    expect((await deployments())[0]?.effective_at).toBe("2026-07-08T14:30:00.000Z");
    const list = await (await w.as("vera").get("/sites/shop/deployments")).text();
    expect(words(await page.text())).toContain("8 Jul, 15:30");
    expect(list).toContain("recorded 1 day later");
  });

  test("a moment in the future is refused beside its field", async () => {
    const page = await w
      .as("cleo")
      .post("/sites/shop/deployments", form({ lines: "page /sale v1", when: "2026-03-03T10:02" }));

    expect(page.status).toBe(422);
    expect(await page.text()).toMatch(/id="when-error">[^<]*in the future/);
    expect(await deployments()).toEqual([]);
  });

  test("each line with an error is listed with its number and the problem, and stays in the form", async () => {
    const lines = "page /sale v1\npage sale v1\nbanana /x v1\nsoftware checkout\n/sale v2\n/a b c d\npage /q?x v1";
    const page = await w.as("cleo").post("/sites/shop/deployments", form({ lines }));
    const text = await page.text();

    expect(page.status).toBe(422);
    expect(text).toContain("6 lines need fixing. Nothing was recorded.");
    expect(text).toContain("A page&#39;s path must begin with a slash");
    expect(text).toContain("A line must begin with page or software, not &quot;banana&quot;.");
    expect(text).toContain("The version is missing. Write - for a removal.");
    expect(text).toContain("/sale is already listed in line 1.");
    expect(text).toContain("banana /x v1");
    expect(await deployments()).toEqual([]);
  });

  test("a contributor pastes or uploads CSV, TSV and JSON lines", async () => {
    const upload = async (text: string) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(form({}))) body.set(name, value);
      body.set("file", new File([text], "inventory.csv"));
      return w.as("cleo").upload("/sites/shop/deployments", body);
    };
    await upload('kind,path,version,title\npage,/sale,v1,"Sale, at last"\nsoftware,checkout,3.4.1,\n');
    await w.as("cleo").post("/sites/shop/deployments", form({ lines: "page\t/about\tv1\npage\t/terms\tv2" }));
    await w.as("cleo").post(
      "/sites/shop/deployments",
      form({
        lines:
          '{"kind":"page","key":"/help","version":"v1","requires":{"checkout":">=3"}}\n{"kind":"page","key":"/about","version":null}',
      }),
    );

    expect(await currentVersions("beta")).toEqual({
      "/about": null,
      "/help": "v1",
      "/sale": "v1",
      "/terms": "v2",
      checkout: "3.4.1",
    });
    const titles = await w.db.selectFrom("artifacts").select("title").where("key", "=", "/sale").execute();
    expect(titles).toEqual([{ title: "Sale, at last" }]);
  });

  test("an uploaded file that is not text is refused with a sentence", async () => {
    const body = new FormData();
    for (const [name, value] of Object.entries(form({}))) body.set(name, value);
    body.set("file", new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1, 2])], "page.png"));

    const page = await w.as("cleo").upload("/sites/shop/deployments", body);

    expect(page.status).toBe(422);
    expect(await page.text()).toContain("This file is not text.");
    expect(await deployments()).toEqual([]);
  });

  test("markup that a contributor types is shown as text", async () => {
    const nasty = "<script>alert(1)</script>'; drop table sites; --";
    const page = await w
      .as("cleo")
      .submit("/sites/shop/deployments", form({ lines: `page,/x,"<b>v1</b>",${nasty}`, note: nasty, source: nasty }));

    expect(await page.text()).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&#39;; drop table sites; --");
    expect((await deployments())[0]?.note).toBe(nasty);
  });

  test("a viewer is refused with the reason, and a person without a role finds no such page", async () => {
    const refused = await w.as("vera").post("/sites/shop/deployments", form({ lines: "page /sale v1" }));

    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("You may not record deployments on this site.");
    expect((await w.as("oskar").post("/sites/shop/deployments", form({ lines: "page /sale v1" }))).status).toBe(404);
    expect((await w.as("oskar").get("/sites/shop/deployments/1")).status).toBe(404);
    expect(await deployments()).toEqual([]);
  });

  test("an environment or deployment that does not exist is not found", async () => {
    expect(
      (await w.as("cleo").post("/sites/shop/deployments", form({ environment: "moon", lines: "page /sale v1" })))
        .status,
    ).toBe(404);
    expect((await w.as("cleo").get("/sites/shop/deployments/99")).status).toBe(404);
    expect((await w.as("cleo").get("/sites/shop/deployments?environment=moon")).status).toBe(404);
  });
});

describe("a recorded deployment", () => {
  test("writes a placement for a removal, and none for an unchanged version", async () => {
    await w.record("beta", ["/sale v1", "/old v1"]);
    const recorded = await w.record("beta", ["/sale v1", "-/old", "-/never"]);

    expect(recorded).toEqual({ number: 2, changed: 1, unchanged: 2, removed: 1, out_of_band: 0 });
    expect(await placements()).toHaveLength(3);
    expect(await currentVersions("beta")).toEqual({ "/old": null, "/sale": "v1" });
  });

  test("that is a complete inventory removes what it does not list", async () => {
    await w.record("beta", ["/a v1", "/b v1", "/c v1"]);
    const recorded = await w.record("beta", ["/a v1", "/b v2"], { complete: true });

    expect(recorded).toMatchObject({ changed: 2, unchanged: 1 });
    expect(await currentVersions("beta")).toEqual({ "/a": "v1", "/b": "v2", "/c": null });
  });

  test("that is recorded late does not undo a later change", async () => {
    await w.record("beta", ["/sale v3"], { effective_at: "2026-03-02T12:00:00Z" });
    await w.record("beta", ["/sale v2"], { effective_at: "2026-03-01T12:00:00Z" });

    expect(await currentVersions("beta")).toEqual({ "/sale": "v3" });
    expect(await placements()).toHaveLength(2);
  });

  test("that confirmed a version becomes a change, once an earlier change is recorded", async () => {
    await w.record("beta", ["/sale v1"], { effective_at: "2026-03-01T12:00:00Z" });
    await w.record("beta", ["/sale v1"], { effective_at: "2026-03-03T09:00:00Z" });
    await w.record("beta", ["/sale v2"], { effective_at: "2026-03-02T12:00:00Z" });

    expect(await currentVersions("beta")).toEqual({ "/sale": "v1" });
    expect(await placements()).toHaveLength(3);
  });

  test("that is a complete inventory removes a page that is only recorded later, for an earlier moment", async () => {
    await w.record("beta", ["/a v1"], { effective_at: "2026-03-03T09:00:00Z", complete: true });
    await w.record("beta", ["/late v1"], { effective_at: "2026-03-02T12:00:00Z" });

    expect(await currentVersions("beta")).toEqual({ "/a": "v1", "/late": null });
  });

  test("without a promotion, in an environment with a gate, is flagged out of band", async () => {
    const recorded = await w.record("live", ["/sale v9"]);

    expect(recorded.out_of_band).toBe(1);
    const page = await (await w.as("vera").get("/sites/shop/deployments/1")).text();
    expect(page).toContain("out of band");
  });

  test("of an approved promotion is not out of band", async () => {
    await w.record("beta", ["/sale v1", "/about v1"]);
    const promotion = await w.ask((await w.release("Sale", ["/sale"])).number, "demo");
    const early = await w.record("demo", ["/sale v1"], {
      promotion: promotion.number,
      effective_at: "2026-03-03T08:00:00Z",
    });
    await w.as("theo").post(`/sites/shop/promotions/${promotion.number}/approvals`, {
      decision: "approve",
      digest: promotion.digest,
      anyway: "1",
    });

    expect(early.out_of_band).toBe(1);
    expect(await w.record("demo", ["/sale v1", "/about v1"], { promotion: promotion.number })).toMatchObject({
      changed: 2,
      out_of_band: 1,
    });
  });

  test("is refused if the same version has another digest", async () => {
    const lines = (digest: string) =>
      form({ lines: `{"kind":"page","key":"/sale","version":"v1","digest":"${digest}"}` });
    await w.as("cleo").post("/sites/shop/deployments", lines("aaa"));

    const page = await w.as("cleo").post("/sites/shop/deployments", lines("bbb"));

    expect(page.status).toBe(422);
    expect(await page.text()).toContain(
      "/sale v1 is already recorded with other content (digest aaa, not bbb). New content needs a new version.",
    );
    expect(await deployments()).toHaveLength(1);
  });

  test("gets its own number, also if several are recorded at the same time", async () => {
    await Promise.all([w.record("beta", ["/a v1"]), w.record("beta", ["/b v1"]), w.record("demo", ["/c v1"])]);

    expect((await deployments()).map((deployment) => deployment.number)).toEqual([1, 2, 3]);
    const events = await w.db
      .selectFrom("events")
      .select(["seq", "previous_hash", "hash"])
      .where("site_id", "=", w.site.id)
      .orderBy("seq")
      .execute();
    expect(events.every((event, i) => i === 0 || event.previous_hash === events[i - 1]?.hash)).toBe(true);
  });
});
