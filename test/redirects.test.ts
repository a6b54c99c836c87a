import { afterEach, beforeEach, expect, test } from "vitest";
import { whyNotRedirect } from "../src/intake/redirects.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { complete, decide } from "../src/promotions/promotions.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/old v1", "/gone v1", "/new v1"]);
  await w.promote((await w.release("Winter", ["/old", "/gone", "/new"])).number, "demo");
  w.clock.at = "2026-03-03T11:00:00.000Z";
  await w.record("beta", ["-/old", "-/gone", "/new v2"]);
});
afterEach(() => w.close());

const page = async (path: string, name: Name = "ada") =>
  words(await (await w.as(name).get(`/sites/shop/${path}`)).text());

/** Posts the form of a new release with these lines, and a redirect for each of these removed pages. */
const postForm = (line: string[], redirects: Record<string, string>) =>
  w.as("ada").post("/sites/shop/releases", {
    name: "Spring",
    from: "beta",
    to: "demo",
    key: "k",
    line,
    redirect_of: Object.keys(redirects),
    redirect: Object.values(redirects),
  });

const digests = async () =>
  (await w.db.selectFrom("releases").select("digest").orderBy("number").execute()).map(({ digest }) => digest);

test("an account manager says where the visitors of a removed page are led, and everyone sees it", async () => {
  const form = await (await w.as("ada").get("/sites/shop/releases/new?from=beta&to=demo")).text();
  expect(words(form)).toContain("Lead visitors to instead of /old");
  expect(form.match(/name="redirect_of"/g)).toHaveLength(2);
  expect((await postForm(["page /old", "page /gone", "page /new v2"], { "/old": "/new", "/gone": "" })).status).toBe(
    303,
  );
  expect(await page("releases/2")).toContain("visitors are led to /new");

  const { number, digest } = await w.ask(2, "demo");
  const toApprove = await page(`promotions/${number}`, "theo");
  expect(toApprove).toContain("Visitors are led to /new.");
  expect(toApprove).toContain("No redirect: visitors are led nowhere.");
  await decide(w.db, await w.by("theo"), w.site, number, { decision: "approve", digest });
  await complete(w.db, await w.by("ada"), w.site, number, {});
  expect(await page(`promotions/${number}`)).toContain("Visitors are led to /new.");
  expect(await page("artifacts/page?key=/old")).toContain("removed visitors are led to /new");
  expect(await page("artifacts/page?key=/gone")).not.toContain("visitors are led");
  expect(await page("history")).toContain("visitors are led to /new");

  const api = await w.token("viewer");
  const release = await (await api.get("/sites/shop/releases/2")).json();
  expect(release).toMatchObject({
    contents: [
      { key: "/gone", version: null, redirect: null },
      { key: "/new", redirect: null },
      { key: "/old", version: null, redirect: "/new" },
    ],
  });
  const history = await (await api.get("/sites/shop/artifacts/page/history?key=/old")).json();
  expect(history).toMatchObject({ items: [{ environment: "demo", version: null, redirect: "/new" }, {}, {}, {}] });
  expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  const before = await w.db
    .selectFrom("release_contents")
    .selectAll()
    .orderBy("release_id")
    .orderBy("artifact_id")
    .execute();
  await rebuild(w.db, w.site.id);
  expect(
    await w.db.selectFrom("release_contents").selectAll().orderBy("release_id").orderBy("artifact_id").execute(),
  ).toEqual(before);
});

test("a redirect is part of what is approved, and a release without any has the digest that it always had", async () => {
  const api = await w.token("account-manager");
  const create = async (redirect?: string | null) => {
    const contents = [{ kind: "page", key: "/old", version: null, redirect }];
    return (await api.post("/sites/shop/releases", { name: "Spring", contents })).json();
  };
  const [without, empty, toNew, toOther] = [
    await create(),
    await create(" "),
    await create("/new"),
    await create("https://other.example/sale"),
  ];
  expect(without).toMatchObject({ contents: [{ kind: "page", key: "/old", version: null }] });
  expect(toOther).toMatchObject({ contents: [{ redirect: "https://other.example/sale" }] });
  expect(empty).toMatchObject({ digest: (without as { digest: string }).digest });
  expect(toNew).not.toMatchObject({ digest: (without as { digest: string }).digest });
  expect(new Set(await digests()).size).toBe(4);
  const event = await w.db.selectFrom("events").select("details").where("subject", "=", "release 2").executeTakeFirst();
  expect(event?.details).not.toContain("redirect");
});

test.each([
  ["/old", "/old is removed, so visitors cannot be led to it."],
  ["/gone", "Visitors of /old cannot be led to /gone: the release removes that, too."],
  ["https://www.shop.example/gone?from=old", "Visitors of /old cannot be led to /gone: the release removes that, too."],
  ["new", "Enter a path such as /new, or a web address that begins with https://."],
  ["javascript:alert(1)", "Enter a path such as /new, or a web address that begins with https://."],
  ["//elsewhere.example", "Enter a path such as /new"],
  ["https://user:secret@shop.example/", "Enter a path such as /new"],
  ["/new#top", "A page's path cannot contain a query or fragment"],
  ["https://shop.example/a b", "A redirect cannot contain spaces."],
  [`https://shop.example/${"a".repeat(2000)}`, "A redirect can have at most 2,000 characters"],
])("a redirect of /old to %s is refused, and nothing is created", async (redirect, sentence) => {
  const refused = await postForm(["page /old", "page /gone"], { "/old": redirect, "/gone": "" });
  const text = await refused.text();
  expect([refused.status, words(text)]).toEqual([422, expect.stringContaining(sentence)]);
  expect(words(text)).not.toContain("No release was created: beta has changed");
  const contents = [
    { kind: "page", key: "/old", version: null, redirect },
    { kind: "page", key: "/gone", version: null },
  ];
  const answer = await (await w.token("account-manager")).post("/sites/shop/releases", { name: "Spring", contents });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({
    errors: [{ path: "contents.0.redirect", message: expect.stringContaining(sentence) }],
  });
  expect(await digests()).toHaveLength(1);
});

test("only a page that is removed can have a redirect, and the field of a line that stays does not count", async () => {
  const rules = { removed: new Set<string>(), baseUrls: [] };
  const line = { kind: "page" as const, key: "/new", version: "v2", redirect: "/sale" };
  expect(whyNotRedirect(line, rules)).toBe("Only a page that is removed can have a redirect; /new is not.");
  expect(whyNotRedirect({ ...line, kind: "software", key: "checkout", version: null }, rules)).toContain("Only a page");
  expect((await postForm(["page /new v2"], { "/old": "/old", "/gone": "/gone" })).status).toBe(303);
});

test("a stranger creates no release, and the same form sent twice creates one", async () => {
  const contents = [{ kind: "page", key: "/old", version: null, redirect: "/new" }];
  const viewer = await (await w.token("viewer")).post("/sites/shop/releases", { name: "Spring", contents });
  expect(viewer.status).toBe(403);
  await Promise.all([postForm(["page /old"], { "/old": "/new" }), postForm(["page /old"], { "/old": "/new" })]);
  expect(await digests()).toHaveLength(2);
});
