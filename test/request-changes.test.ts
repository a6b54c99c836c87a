import { afterEach, beforeEach, expect, test } from "vitest";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { decide } from "../src/promotions/promotions.ts";
import { machine } from "./support/api.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
let digest: string;
/** Ada has requested promotion 1 of three pages and a software item to demo. */
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1", "/terms v1", "/about-us v1", "checkout 3.4.1"]);
  await w.release("Sale", ["/sale", "/terms", "/about-us", "checkout"]);
  ({ digest } = await w.ask(1, "demo"));
});
afterEach(() => w.close());

const approvals = "/sites/shop/promotions/1/approvals";

const page = async (name: Name, path = "/sites/shop/promotions/1") => (await w.as(name).get(path)).text();

const send = (fields: Record<string, string>, name: Name = "theo") =>
  w.as(name).submit(approvals, { digest, ...fields });

const decisions = () => w.db.selectFrom("approvals").select(["decision", "comment"]).execute();

const comments = () =>
  w.db
    .selectFrom("page_comments as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select(["a.key", "c.comment"])
    .orderBy("a.key")
    .execute();

test("a tester rejects with what should change on two pages, which the requester settles with a new release", async () => {
  expect(await page("theo")).toContain("What should change here?");
  const rejected = await send({
    decision: "reject",
    "change /sale": "The price is <b>old</b>",
    "change /terms": "Too long",
  });
  expect(words(await rejected.text())).toContain("Requested changes /sale not changed yet The price is <b>old</b>");
  expect(await comments()).toEqual([
    { key: "/sale", comment: "The price is <b>old</b>" },
    { key: "/terms", comment: "Too long" },
  ]);

  await w.record("beta", ["/sale v2"]);
  for (const path of ["approvals", "promotions/1", "releases/1"]) {
    const shown = words(await page("ada", `/sites/shop/${path}`));
    expect(shown).toContain("/sale changed since The price is <b>old</b>");
    expect(shown).toContain("/terms not changed yet Too long");
    expect(shown).toContain("New release from this one");
  }

  const form = await page("ada", "/sites/shop/releases/new?made_from=1");
  expect(form).toContain('value="Sale (2)"');
  expect(words(form)).toContain("/sale changed since The price is <b>old</b>");
  for (const line of ["page /sale v2", "page /terms v1", "page /about-us v1", "software checkout 3.4.1"])
    expect(form).toContain(`value="${line}" checked`);
  const line = ["page /sale v2", "page /terms v1"];
  const created = await w
    .as("ada")
    .submit("/sites/shop/releases", { name: "Sale (2)", from: "beta", made_from: "1", line });
  expect(words(await created.text())).toContain("Based on 1, Sale");
  expect(words(await page("ada", "/sites/shop/history"))).toContain("from beta, based on release 1.");
  expect(words(await page("ada", "/sites/shop/releases/new?made_from=2"))).toContain("Based on release 2, Sale (2)");
  expect(await page("ada", "/sites/shop/releases/new?made_from=2")).toContain('value="Sale (3)"');
});

test("the history says on how many pages changes were requested, and verify and rebuild know each of them", async () => {
  await send({ decision: "reject", comment: "Not yet", "change /sale": "The price" });
  expect(words(await page("vera", "/sites/shop/history"))).toContain(
    "rejected promotion 1, Sale, for demo (Tester), with changes requested on 1 page.",
  );
  const before = await comments();
  const verdict = await verify(w.db, w.site.id);
  expect(verdict).toHaveProperty("head");
  expect(await rebuild(w.db, w.site.id)).toEqual(verdict);
  expect(await comments()).toEqual(before);
});

test("a rejection without a comment is refused, and with blanks for every page", async () => {
  const refused = await send({ decision: "reject", comment: " ", "change /sale": "  " });
  expect(refused.status).toBe(422);
  expect(words(await refused.text())).toContain(
    "A rejection needs a comment. Say what is wrong, so that it can be fixed.",
  );
  expect(await decisions()).toEqual([]);
});

test("what is too long is refused beside its field, and is still there", async () => {
  const text = "x".repeat(100_000);
  const refused = await send({ decision: "reject", "change /sale": text, "change /terms": "Shorter" });
  expect(refused.status).toBe(422);
  const shown = await refused.text();
  expect(shown).toContain(text);
  expect(words(shown)).toContain("A comment can have at most 10,000 characters; this one has 100,000.");
  expect(shown).toContain(">\nShorter</textarea>");
  expect(await decisions()).toEqual([]);
});

test("an approval that would lose what was written about pages is refused", async () => {
  const refused = await send({ decision: "approve", anyway: "1", "change /sale": "The price" });
  expect(refused.status).toBe(422);
  const shown = await refused.text();
  expect(words(shown)).toContain(
    "You wrote what should change on /sale. Reject the promotion to request that, or clear these fields and approve.",
  );
  expect(shown).toContain(">\nThe price</textarea>");
  expect((await send({ decision: "approve", anyway: "1", "change /sale": "" })).status).toBe(200);
  expect(await decisions()).toEqual([{ decision: "approve", comment: null }]);
});

test("what was written is saved with the ticks, so that it is sent from whichever section is open", async () => {
  const theo = w.as("theo");
  await theo.submit("/sites/shop/promotions/1/looks", { digest, "change /sale": "The price", "change /terms": "Long" });
  await theo.submit("/sites/shop/promotions/1/looks", { digest, "change /terms": "", "change /nowhere": "Here" });
  expect(await page("theo")).toContain(">\nThe price</textarea>");
  expect(await page("mara")).not.toContain("The price");
  await send({ decision: "reject" });
  expect(await comments()).toEqual([{ key: "/sale", comment: "The price" }]);
});

test("a client names pages of the release once each, and reads them again", async () => {
  const tester = await machine(w, "tester");
  const reject = (pages: { key: string; comment: string }[], more = {}) =>
    tester.post(approvals, { decision: "reject", digest, pages, ...more });
  const long = await reject([{ key: "/sale", comment: "x".repeat(10_001) }]);
  expect(long.body.errors).toEqual([
    {
      path: "pages.0.comment",
      message: "A comment can have at most 10,000 characters; this one has 10,001.",
    },
  ]);
  const wrong = await reject([
    { key: "/sale", comment: "The price" },
    { key: "/%73ale", comment: "Again" },
    { key: "/nowhere", comment: "Here" },
    { key: "checkout", comment: "Slow" },
    { key: "/terms", comment: " " },
  ]);
  expect([wrong.status, wrong.body.errors]).toEqual([
    422,
    [
      { path: "pages.1.key", message: "/sale is listed twice." },
      { path: "pages.2.key", message: "The page /nowhere is not in the release." },
      { path: "pages.3.key", message: "The page checkout is not in the release." },
      { path: "pages.4.comment", message: "Say what should change on /terms." },
    ],
  ]);
  expect((await reject([])).body.detail).toContain("A rejection needs a comment.");
  expect((await reject([{ key: "/sale", comment: "No" }], { decision: "approve" })).status).toBe(422);
  expect(await decisions()).toEqual([]);

  const pages = [{ key: "/sale", comment: "The price" }];
  const rejected = await reject(pages);
  expect([rejected.status, rejected.body.approvals[0].pages]).toEqual([201, pages]);
  expect((await tester.get("/sites/shop/promotions/1")).body.approvals[0].pages).toEqual(pages);
  expect((await reject(pages)).status).toBe(201);
  expect(await comments()).toHaveLength(1);
  expect((await (await machine(w, "viewer")).post(approvals, { decision: "reject", digest, pages })).status).toBe(409);
});

test("two rejections at once leave the comments of one", async () => {
  const roles = await Promise.all([w.by("theo"), w.by("theo")]);
  const pages = (comment: string) => [{ key: "/sale", comment }];
  await Promise.all(
    roles.map((actor, i) => decide(w.db, actor, w.site, 1, { decision: "reject", digest, pages: pages(`No ${i}`) })),
  );
  expect([await decisions(), await comments()].map((rows) => rows.length)).toEqual([1, 1]);
});

test("who made the release has its rejection in the inbox too, and only the requester dismisses it", async () => {
  await w.db
    .insertInto("memberships")
    .values({ site_id: w.site.id, person_id: w.people.cleo.id, role: "account-manager", since: w.clock.at })
    .execute();
  await w.as("cleo").post("/sites/shop/releases", { name: "Cleo’s", from: "beta", line: "page /sale v1" });
  const { digest } = await w.ask(2, "demo");
  await w.as("theo").submit("/sites/shop/promotions/2/approvals", { digest, decision: "reject", "change /sale": "No" });
  const cleo = await page("cleo", "/sites/shop/approvals?show=needs");
  expect(words(cleo)).toContain("/sale not changed yet No");
  expect(cleo).not.toContain("Dismiss");
  expect(await page("ada", "/sites/shop/approvals?show=needs")).toContain("Dismiss");
  expect(await page("theo", "/sites/shop/approvals?show=needs")).not.toContain("Rejected, to settle");
});

test("a release made from another one says so in the API", async () => {
  const maker = await machine(w, "account-manager");
  const contents = [{ kind: "page", key: "/sale", version: "v1" }];
  expect((await maker.post("/sites/shop/releases", { name: "Next", contents, made_from: 9 })).status).toBe(404);
  const { number } = (await maker.post("/sites/shop/releases", { name: "Next", contents, made_from: 1 })).body;
  expect((await maker.get(`/sites/shop/releases/${number}`)).body.made_from).toBe(1);
  expect((await maker.get("/sites/shop/releases/1")).body.made_from).toBeNull();
  expect((await w.as("oskar").get("/sites/shop/releases/new?made_from=1")).status).toBe(404);
  expect((await w.as("vera").get("/sites/shop/releases/new?made_from=1")).status).toBe(403);
  expect((await w.as("ada").get("/sites/shop/releases/new?made_from=99")).status).toBe(404);
});
