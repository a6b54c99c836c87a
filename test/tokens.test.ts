import { afterEach, beforeEach, expect, test } from "vitest";
import { findToken } from "../src/access/tokens.ts";
import { createToken } from "../src/people/tokens.ts";
import { type World, world } from "./support/world.ts";

let w: World;

beforeEach(async () => {
  w = await world();
});

afterEach(() => w.close());

const settings = "/sites/shop/settings/tokens";

const ci = { name: "CI", roles: ["contributor"], until: "" };

async function secretOn(page: Response): Promise<string> {
  return /class="secret"[^>]*>(sb_[\w-]{43})</.exec(await page.text())?.[1] ?? "";
}

test("a token is shown once, stored as a hash, and is a machine with its roles", async () => {
  const page = await w.as("iris").post(settings, ci);
  expect(page.status).toBe(201);
  const secret = await secretOn(page);

  const token = await findToken(w.db, secret, w.clock.at);
  expect(token).toMatchObject({ person: { name: "CI", kind: "machine", email: null }, site_id: w.site.id });
  const stored = JSON.stringify([
    await w.db.selectFrom("tokens").selectAll().execute(),
    await w.db.selectFrom("intents").selectAll().execute(),
    await w.db.selectFrom("events").selectAll().execute(),
  ]);
  expect(stored).not.toContain(secret);
  expect(stored).not.toContain(secret.slice(3));
  const list = await (await w.as("iris").get(settings)).text();
  expect(list).toMatch(/CI.*Contributor.*by <bdi>Iris<\/bdi>.*until revoked/s);
  expect(list).not.toContain(secret);
});

test("the same form sent twice creates one token", async () => {
  await w.as("iris").post(settings, ci);
  const again = await w.as("iris").post(settings, ci);
  expect(again.status).toBe(422);
  expect(await again.text()).toContain("There is already a token CI on this site.");
  expect(await w.db.selectFrom("tokens").select("id").execute()).toHaveLength(1);
});

test("two requests at the same moment create one token", async () => {
  const actor = await w.by("iris");
  const results = await Promise.allSettled([1, 2].map(() => createToken(w.db, actor, w.site, ci)));
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("a revoked token is refused at once", async () => {
  const secret = await secretOn(await w.as("iris").post(settings, ci));
  const { id } = await w.db.selectFrom("tokens").select("id").executeTakeFirstOrThrow();
  const call = () =>
    w.app.request("http://sitebook.test/api/v1/sites/shop/environments", {
      headers: { authorization: `Bearer ${secret}` },
    });
  expect((await call()).status).toBe(200);

  const page = await w.as("iris").submit(`${settings}/${id}/revocation`);
  expect(await page.text()).toContain("CI revoked.");
  expect((await call()).status).toBe(401);
  await w.as("iris").post(`${settings}/${id}/revocation`);
  const events = await w.db
    .selectFrom("events")
    .select("action")
    .where("action", "like", "token_%")
    .orderBy("seq")
    .execute();
  expect(events.map(({ action }) => action)).toEqual(["token_created", "token_revoked"]);
  expect((await w.as("iris").post(settings, ci)).status).toBe(201);
});

test("a token expires at the end of its last day in the site's time zone", async () => {
  const secret = await secretOn(await w.as("iris").post(settings, { ...ci, until: "2026-06-30" }));
  expect(await findToken(w.db, secret, "2026-06-30T22:59:59.999Z")).toBeDefined();
  expect(await findToken(w.db, secret, "2026-06-30T23:00:00.000Z")).toBeUndefined();
  w.clock.at = "2026-07-01T09:00:00.000Z";
  expect(await (await w.as("iris").get(settings)).text()).toContain("expired");
});

test.each([
  [{ name: "" }, "Enter a name."],
  [{ name: "x".repeat(201) }, "A name can have at most 200 characters; this one has 201."],
  [{ name: "a\u0000b" }, "A name cannot contain control characters"],
  [{ roles: [] }, "Select at least one role."],
  [{ roles: ["king"] }, "There is no role &quot;king&quot;"],
  [{ until: "2026-03-02" }, "This date is in the past. Enter a later one."],
  [{ until: "soon" }, "Enter a date like 2026-12-31."],
  [{ until: "2026-02-31" }, "Enter a date like 2026-12-31."],
])("%j is refused beside its field", async (wrong, sentence) => {
  const page = await w.as("iris").post(settings, { ...ci, ...wrong });
  expect(page.status).toBe(422);
  expect(await page.text()).toContain(sentence);
  expect(await w.db.selectFrom("tokens").select("id").execute()).toEqual([]);
});

test("only administrators create and revoke tokens, and people without a role find none", async () => {
  await w.as("iris").post(settings, ci);
  const { id } = await w.db.selectFrom("tokens").select("id").executeTakeFirstOrThrow();
  for (const [name, status] of [
    ["ada", 403],
    ["oskar", 404],
  ] as const) {
    expect((await w.as(name).get(settings)).status).toBe(status);
    expect((await w.as(name).post(settings, { ...ci, name: "Other" })).status).toBe(status);
    expect((await w.as(name).post(`${settings}/${id}/revocation`)).status).toBe(status);
  }
  expect((await w.as("oskar").post(`/sites/elsewhere/settings/tokens/${id}/revocation`)).status).toBe(404);
  await expect(createToken(w.db, await w.by("ada"), w.site, ci)).rejects.toThrow("You may not change the settings");
  const { revoked_at } = await w.db.selectFrom("tokens").select("revoked_at").executeTakeFirstOrThrow();
  expect(revoked_at).toBeNull();
});
