import { afterEach, beforeEach, expect, test } from "vitest";
import { verify } from "../src/integrity/verify.ts";
import { countRowsIn, machine } from "./support/api.ts";
import { administersAll } from "./support/sign-on.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

test("a token sees the sites on which it has a role", async () => {
  const viewer = await machine(w, "viewer");
  const { body } = await viewer.get("/sites");
  expect(body).toEqual({ items: [{ slug: "shop", name: "Fennel & Co", time_zone: "Europe/London" }], next: null });
});

test("an administrator's token creates a site, and can use it", async () => {
  const administrator = await machine(w, "administrator");
  const { status, body } = await administrator.post("/sites", {
    slug: "blog",
    name: "The <b>blog</b>",
    time_zone: "Asia/Tokyo",
    environments: [
      { slug: "draft", name: "Draft", servers: [{ name: "a", base_url: "https://draft.blog.example/" }] },
      { slug: "www", name: "WWW", tier: "production" },
    ],
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    slug: "blog",
    name: "The <b>blog</b>",
    time_zone: "Asia/Tokyo",
    environments: [
      { slug: "draft", position: 1, tier: "other", servers: [{ name: "a", base_url: "https://draft.blog.example" }] },
      { slug: "www", position: 2, tier: "production", pages: 0, software: 0, frozen: false },
    ],
  });
  expect((await administrator.get("/sites")).body.items.map((item: { slug: string }) => item.slug)).toEqual([
    "blog",
    "shop",
  ]);
  expect((await administrator.get("/sites/blog/environments")).body.items).toEqual(body.environments);
  expect((await w.as("ada").get("/sites/blog")).status).toBe(404);
});

test("the person who created the token becomes an administrator of the site that it creates", async () => {
  const administrator = await machine(w, "administrator");
  await administrator.post("/sites", { slug: "blog", name: "Blog" });
  expect((await w.as("iris").get("/sites/blog")).status).toBe(200);
});

test("who administers every site administers a new one, too, whoever creates it", async () => {
  await administersAll(w, "iris");
  const create = (slug: string) => w.as("oskar").post("/sites", { "site.name": slug, "site.slug": slug });
  expect((await create("blog")).status).toBe(303);
  expect((await w.as("iris").get("/sites/blog/settings/people")).status).toBe(200);
  expect((await w.as("iris").get("/settings/sign-in")).status).toBe(200);
  const history = await (await w.as("oskar").get("/sites/blog/history")).text();
  expect(history).toMatch(/gave .*Iris.* the role .*Administrator/s);
  const { id } = await w.db.selectFrom("sites").select("id").where("slug", "=", "blog").executeTakeFirstOrThrow();
  expect(await verify(w.db, id)).not.toHaveProperty("break");
  const log = await (await w.as("iris").get("/sites/blog/settings/security")).text();
  expect(log).toContain("Administrator given on blog, by Oskar");

  await w.db.deleteFrom("memberships").where("person_id", "=", w.people.iris.id).where("site_id", "=", id).execute();
  await create("club");
  expect((await w.as("iris").get("/sites/club")).status).toBe(404);
});

test("without environments a site starts with beta, demo and live", async () => {
  const administrator = await machine(w, "administrator");
  const { body } = await administrator.post("/sites", { slug: "blog", name: "Blog" });
  expect(body.time_zone).toBe("UTC");
  expect(body.environments.map((item: { slug: string }) => item.slug)).toEqual(["beta", "demo", "live"]);
});

test("a token without administrator rights cannot create sites", async () => {
  const manager = await machine(w, "account-manager");
  const before = await countRowsIn(w);
  const { status, body } = await manager.post("/sites", { slug: "blog", name: "Blog" });
  expect(status).toBe(403);
  expect(body.detail).toContain("can create another one");
  expect(await countRowsIn(w)).toEqual(before);
});

test("a request that arrives twice at once creates one site, and both get the same response", async () => {
  const administrator = await machine(w, "administrator");
  const post = () => administrator.post("/sites", { slug: "blog", name: "Blog" }, { "idempotency-key": "k" });
  const [first, second] = await Promise.all([post(), post()]);
  expect(first.status).toBe(201);
  expect(second).toMatchObject({ status: 201, body: first.body });
});

test("sites are listed page by page", async () => {
  const administrator = await machine(w, "administrator");
  for (const slug of ["blog", "club"]) await administrator.post("/sites", { slug, name: slug });
  const first = await administrator.get("/sites?limit=2");
  const second = await administrator.get(`/sites?limit=2&cursor=${first.body.next}`);
  const slugs = [...first.body.items, ...second.body.items].map((item: { slug: string }) => item.slug);
  expect(slugs).toEqual(["blog", "club", "shop"]);
  expect(second.body.next).toBeNull();
});

test("all errors of a new site are named at once, and nothing is created", async () => {
  const administrator = await machine(w, "administrator");
  const before = await countRowsIn(w);
  const { status, body } = await administrator.post("/sites", {
    slug: "The Blog",
    name: " ",
    time_zone: "Mars/Olympus",
    environments: [
      { slug: "a", servers: [{ name: "", base_url: "ftp://a.example" }] },
      { slug: "a", name: "x".repeat(201) },
    ],
  });
  expect(status).toBe(422);
  expect(body.errors.map((error: { path: string }) => error.path)).toEqual([
    "slug",
    "name",
    "time_zone",
    "environments.0.servers.0.name",
    "environments.0.servers.0.base_url",
    "environments.1.slug",
    "environments.1.name",
  ]);
  expect((await administrator.post("/sites", { slug: "shop", name: "Again" })).body.errors).toMatchObject([
    { path: "slug" },
  ]);
  expect(await countRowsIn(w)).toEqual(before);
});
