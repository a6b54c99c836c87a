import { afterEach, beforeEach, expect, test } from "vitest";
import { createApi } from "../src/api-app.ts";
import { setFreeze } from "../src/freezes/freezes.ts";
import { machine } from "./support/api.ts";
import { environmentOf, lived, type World } from "./support/world.ts";

let w: World;
const shop = lived(async (w) => {
  await w.record("beta", ["/ v1"]);
  await w.ask((await w.release("Spring", ["/"])).number, "demo");
  await setFreeze(w.db, await w.by("ada"), w.site, environmentOf(w.site, "live"), { reason: "Audit" });
});
beforeEach(async () => {
  w = await shop();
});
afterEach(() => w.close());

const values: Record<string, string> = {
  site: "shop",
  env: "beta",
  n: "1",
  role: "tester",
  id: "019ca12b-7c00-7000-8000-0123456789ab",
  delivery: "019ca12b-7c00-7000-8000-0123456789ab",
};

/** With these everybody who sees the site changes their own addresses of feeds, and no others. */
const ownCalls = /\/feeds(\/\{id\}\/revocation)?$/;

/** Every other call of the OpenAPI document that changes something, with an address that exists. */
const changingCalls = createApi("http://sitebook.test")
  .openAPIRegistry.definitions.flatMap((definition) => (definition.type === "route" ? [definition.route] : []))
  .filter(({ method, path }) => method !== "get" && path.startsWith("/api/") && !ownCalls.test(path))
  .map(({ method, path }) => ({
    method: method.toUpperCase(),
    path: path.replace("/api/v1", "").replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ""),
  }));

const stored = async () => ({
  events: await w.db.selectFrom("events").select("seq").execute(),
  sites: await w.db.selectFrom("sites").select("slug").execute(),
});

test("there are calls of each kind that change something", () => {
  expect(changingCalls.length).toBeGreaterThan(20);
  expect(new Set(changingCalls.map(({ method }) => method))).toEqual(new Set(["POST", "PUT", "PATCH"]));
});

test.each(changingCalls)(
  "a viewer's $method $path is refused with 403, whatever its body is",
  async ({ method, path }) => {
    const viewer = await machine(w, "viewer");
    const before = await stored();
    const json = { "content-type": "application/json" };
    const requests: RequestInit[] = [
      { headers: json, body: "{}" },
      { headers: json, body: '{"nonsense":' },
      { headers: json, body: '{"nonsense":[1]}' },
      { headers: { ...json, "idempotency-key": "again" }, body: "{}" },
      { headers: { "content-type": "text/plain" }, body: "nonsense" },
      {},
    ];
    for (const request of requests) {
      const { status, body } = await viewer.send(path, { method, ...request });
      expect([status, body.errors ?? []], JSON.stringify(request)).toEqual([403, []]);
    }
    expect(await stored()).toEqual(before);
  },
);

test("who may, and sends a wrong body, still reads what is wrong with it", async () => {
  const administrator = await machine(w, "administrator");
  const { status, body } = await administrator.post("/sites", {});
  expect([status, body.errors]).toEqual([
    422,
    expect.arrayContaining([{ path: "slug", message: '"slug" is missing.' }]),
  ]);
  const tester = await machine(w, "tester");
  expect((await tester.post("/sites/shop/promotions/1/approvals", {})).status).toBe(422);
  expect((await tester.post("/sites/shop/promotions/99/approvals", {})).status).toBe(404);
});

const pageValues: Record<string, string> = { site: "shop", kind: "page" };

/** Forms with which nobody changes more than their own: what they read, ticked, put off, decided or follow, and their substitutes. */
const ownForms: Record<string, number> = {
  "/sites/shop/delegations": 422,
  "/sites/shop/notices": 303,
  "/sites/shop/notices/address-confirmation": 303,
  "/sites/shop/notices/follow": 422,
  "/sites/shop/notices/:id/unfollow": 303,
  "/sites/shop/feeds": 422,
  "/sites/shop/feeds/:id/revocation": 404,
  "/sites/shop/first-steps/later": 303,
  "/sites/shop/delegations/beta/end": 404,
  "/sites/shop/promotions/1/mentions/dismissal": 303,
  "/sites/shop/promotions/1/looks": 303,
  "/sites/shop/promotions/1/withdrawal": 409,
  "/sites/shop/promotions/1/forced-review": 409,
  "/sites/shop/promotions/1/dismissal": 409,
};

test("a viewer's empty form is refused with 403 by every page of the site that changes something", async () => {
  const posts = w.app.routes.filter(({ method, path }) => method === "POST" && path.startsWith("/sites/:site/"));
  const answers: string[] = [];
  for (const pattern of new Set(posts.map(({ path }) => path))) {
    const path = pattern.replace(
      /:(\w+)(\{(?:[^{}]|\{[^{}]*\})*\})?/g,
      (_, name: string, form = "") =>
        pageValues[name] ?? (form.includes("36") ? w.people.mara.id : form ? "1" : "beta"),
    );
    const { status } = await w.as("vera").post(path);
    if (status !== (ownForms[path.replace(w.people.mara.id, ":id")] ?? 403)) answers.push(`${status} ${path}`);
  }
  expect(answers).toEqual([]);
});

test("a viewer's empty form for a new site is refused with 403", async () => {
  expect((await w.as("vera").post("/sites")).status).toBe(403);
  expect((await w.as("iris").post("/sites")).status).toBe(422);
});
