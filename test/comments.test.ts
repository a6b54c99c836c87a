import { afterEach, beforeEach, expect, test } from "vitest";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { addComment } from "../src/promotions/comments.ts";
import { mentionsIn } from "../src/promotions/mentions.ts";
import { cancel } from "../src/promotions/promotions.ts";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { unguard } from "./support/tampering.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.release("Sale", ["/sale"]);
  await w.ask(1, "demo");
});
afterEach(() => w.close());

const path = "/sites/shop/promotions/1";

const comment = (name: Name, text: string, more = {}) =>
  w.as(name).submit(`${path}/comments`, { comment: text, ...more });

const page = async (name: Name, address = path) => (await w.as(name).get(address)).text();

const inbox = (name: Name) => page(name, "/sites/shop/approvals");

const countOf = async (name: Name) => /class="count">(\d+)/.exec(await inbox(name))?.[1];

const stored = () => w.db.selectFrom("comments").select(["comment", "mentioned"]).orderBy("seq").execute();

test("a comment mentions people, who find it in their inbox until they open the promotion", async () => {
  const shown = await (await comment("ada", "@mara, is this right? @Theo too; ada@mara and @nobody stay text.")).text();
  expect(words(shown)).toContain(
    "Discussion Ada 3 Mar, 10:00 @mara, is this right? @Theo too; ada@mara and @nobody stay text.",
  );
  expect([...shown.matchAll(/<mark>(.*?)<\/mark>/g)].map(([, text]) => text)).toEqual(["@mara", "@Theo"]);
  expect(JSON.parse((await stored())[0]?.mentioned ?? "")).toEqual([
    { id: w.people.mara.id, text: "@mara" },
    { id: w.people.theo.id, text: "@Theo" },
  ]);

  expect(words(await inbox("mara"))).toContain(
    "You were mentioned 1 beta to demo Sale Promotion 1 1 page. A comment mentions you.",
  );
  expect([await countOf("mara"), await countOf("theo"), await countOf("cleo")]).toEqual(["1", "2", undefined]);
  await page("mara");
  expect(await inbox("mara")).not.toContain("You were mentioned");
  const dismissed = await w.as("theo").submit(`${path}/mentions/dismissal`);
  expect(await dismissed.text()).not.toContain("You were mentioned");
  expect([await countOf("mara"), await countOf("theo")]).toEqual([undefined, "1"]);
  expect((await w.as("theo").post(`${path}/mentions/dismissal`)).status).toBe(303);
});

test("nobody is told of mentioning themselves", async () => {
  await comment("ada", "I am @Ada.");
  expect(await inbox("ada")).not.toContain("You were mentioned");
});

test("people go on talking after the promotion has ended, apart from its decisions", async () => {
  await cancel(w.db, await w.by("ada"), w.site, 1, "Too early");
  const shown = words(await (await comment("theo", "What a pity")).text());
  expect(shown).toContain("Comment added.");
  expect(shown).toContain("Discussion Theo 3 Mar, 10:00 What a pity");
  expect(await w.db.selectFrom("approvals").select("id").execute()).toEqual([]);
  expect(words(await page("vera", "/sites/shop/history"))).toContain(
    "Theo commented on promotion 1, Sale, for demo: “What a pity”",
  );
});

test("what is markup in a comment is shown as text, with its line breaks", async () => {
  const shown = await (await comment("ada", "<script>alert(1)</script>\n<b>@Theo</b>")).text();
  expect(shown).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;b&gt;<mark>@Theo</mark>&lt;/b&gt;");
});

test("an empty comment and one of 100,000 characters are refused beside the field, and the text is kept", async () => {
  const empty = await comment("ada", " \n ");
  expect([empty.status, words(await empty.text())]).toEqual([422, expect.stringContaining("Write a comment.")]);
  const text = "x".repeat(100_000);
  const long = await comment("ada", text);
  const shown = await long.text();
  expect([long.status, words(shown)]).toEqual([
    422,
    expect.stringContaining("A comment can have at most 10,000 characters; this one has 100,000."),
  ]);
  expect(shown).toContain(`>\n${text}</textarea>`);
  expect((await comment("ada", "x\u0000y")).status).toBe(422);
  expect(await stored()).toEqual([]);
});

test("a viewer reads the discussion and may not take part, and a stranger does not learn of it", async () => {
  await comment("ada", "Ready");
  expect(words(await page("vera"))).toContain(
    "Ready Viewers may not comment on this site. Ask an administrator for another role.",
  );
  const refused = await comment("vera", "Me too");
  expect([refused.status, words(await refused.text())]).toEqual([
    403,
    expect.stringContaining("Viewers may not comment"),
  ]);
  expect((await comment("oskar", "Me too")).status).toBe(404);
  expect((await w.as("ada").post("/sites/shop/promotions/9/comments", { comment: "Here" })).status).toBe(404);
  expect(await stored()).toHaveLength(1);
});

test("a form that is sent twice adds one comment", async () => {
  await comment("ada", "Once", { key: "a-form" });
  await comment("ada", "Once", { key: "a-form" });
  expect(await stored()).toHaveLength(1);
  await Promise.all([comment("ada", "Twice", { key: "b" }), comment("theo", "Twice", { key: "b" })]);
  expect(await stored()).toHaveLength(3);
});

test("clients read comments in pages and add theirs", async () => {
  const tester = await machine(w, "tester");
  const comments = `${path}/comments`;
  const added = await tester.post(comments, { comment: "Checked for @Mara and @mara" }, { "idempotency-key": "check" });
  expect([added.status, added.body.mentioned, added.body.kind]).toEqual([201, ["@Mara"], "machine"]);
  const again = await tester.post(comments, { comment: "Checked for @Mara and @mara" }, { "idempotency-key": "check" });
  expect(again.body).toEqual(added.body);
  await tester.post(comments, { comment: "Second" });
  const first = await tester.get(`${comments}?limit=1`);
  expect(first.body.items).toEqual([added.body]);
  const second = await tester.get(`${comments}?limit=1&cursor=${first.body.next}`);
  expect([second.body.items[0].comment, second.body.next]).toEqual(["Second", null]);

  expect((await tester.post(comments, { comment: "" })).body.errors).toEqual([
    { path: "comment", message: "Write a comment." },
  ]);
  expect((await tester.post(comments, { comment: "x".repeat(100_000) })).status).toBe(422);
  expect((await tester.get("/sites/shop/promotions/9/comments")).status).toBe(404);
  const viewer = await machine(w, "viewer");
  expect((await viewer.post(comments, { comment: "Me too" })).status).toBe(403);
  expect((await viewer.get(comments)).body.items).toHaveLength(2);
});

test("verify and rebuild know every comment", async () => {
  await comment("ada", "First for @mara");
  await comment("ada", "Second");
  const before = await stored();
  const verdict = await verify(w.db, w.site.id);
  expect(verdict).toHaveProperty("head");
  expect(await rebuild(w.db, w.site.id)).toEqual(verdict);
  expect(await stored()).toEqual(before);
  expect(await inbox("mara")).toContain("You were mentioned");

  await unguard(w.db, "comments");
  const row = await w.db.selectFrom("comments").selectAll().limit(1).executeTakeFirstOrThrow();
  await w.db
    .insertInto("comments")
    .values({ ...row, id: "more" })
    .execute();
  expect(await verify(w.db, w.site.id)).toMatchObject({
    break: { what: "No event records a comment on promotion 1, which is in the database." },
  });
});

test("names are recognised whole, in any case, and the longest first", () => {
  const people = [
    { id: "1", name: "Mara", email: "m.lind@example.test" },
    { id: "2", name: "Mara Lind", email: "mara@example.test" },
    { id: "3", name: "Zoë", email: null },
  ];
  const found = (text: string) => mentionsIn(text, people).map(({ id, text }) => `${id} ${text}`);
  expect(found("@MARA LIND.")).toEqual(["2 @MARA LIND"]);
  expect(found("@Mara: no")).toEqual(["1 @Mara", "2 @Mara"]);
  expect(found("(@m.lind), @zoë!")).toEqual(["1 @m.lind", "3 @zoë"]);
  expect(found("@Marathon @ Mara me@Mara @@")).toEqual([]);
  const start = performance.now();
  expect(found("@a".repeat(5000))).toEqual([]);
  expect(performance.now() - start).toBeLessThan(1000);
});

test("two people comment at once, and both comments are recorded in the chain", async () => {
  const [ada, theo] = [await w.by("ada"), await w.by("theo")];
  await Promise.all([ada, theo].map((actor) => addComment(w.db, actor, w.site, 1, `I am ${actor.person.name}`)));
  expect((await stored()).map((row) => row.comment).sort()).toEqual(["I am Ada", "I am Theo"]);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("a machine comments and reads comments on the command line", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  const words = ["comment", "1", "Built by CI, @Mara", "--key", "build-7"];
  expect(await sitebook(words)).toEqual({ code: 0, out: "Commented on promotion 1. It mentions @Mara.\n", err: "" });
  await sitebook(words);
  expect(await stored()).toHaveLength(1);
  const { out } = await sitebook(["comment", "list", "1"]);
  expect(out).toMatch(/^2026-03-03 10:00 UTC +.*Built by CI, @Mara\n$/);
  expect((await sitebook(["comment", "one", "Hello"])).code).toBe(2);
  expect((await sitebook(["comment", "1", "Two", "words"])).err).toContain("put the comment in quotes");
  expect((await sitebook(["comment", "9", "Hello"])).code).toBe(2);
});
