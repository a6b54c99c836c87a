import { afterEach, beforeEach, expect, test } from "vitest";
import { machine, stranger } from "./support/api.ts";
import { administersAll } from "./support/sign-on.ts";
import { type World, world } from "./support/world.ts";

let w: World;
let ci: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  w = await world();
  ci = await machine(w, "administrator");
});
afterEach(() => w.close());

const roleEvents = async () =>
  (await w.db.selectFrom("events").select("action").where("action", "like", "role\\_%").execute()).length;
const storedRoles = () => w.db.selectFrom("roles").selectAll().orderBy("slug").execute();

const legal = { slug: "legal", name: "Legal", permissions: ["assign"] };

test("a program that administers every site creates, changes, lists and removes a role", async () => {
  await administersAll(w, ci.machine);
  const created = await ci.post("/roles", legal);
  expect([created.status, created.body]).toEqual([201, { ...legal, permissions: ["view", "assign"] }]);
  const changed = await ci.put("/roles/legal", { name: "Lawyers", permissions: ["promote"] });
  expect([changed.status, changed.body]).toEqual([
    200,
    { slug: "legal", name: "Lawyers", permissions: ["view", "promote"] },
  ]);
  const { body } = await ci.get("/roles");
  expect(body.items).toContainEqual({ slug: "legal", name: "Lawyers", permissions: ["view", "promote"], holders: 0 });
  expect(body.items.find((role: { slug: string }) => role.slug === "tester").holders).toBe(1);
  const removed = await ci.post("/roles/legal/removal", {});
  expect([removed.status, removed.body]).toEqual([201, { slug: "legal", name: "Lawyers" }]);
  expect((await ci.post("/roles/legal/removal", {})).status).toBe(404);
});

test("repeating a request records nothing more", async () => {
  await administersAll(w, ci.machine);
  await ci.post("/roles", legal);
  const before = await w.db.selectFrom("events").select("seq").execute();
  const again = await ci.post("/roles", legal);
  expect([again.status, again.body.errors.map(({ path }: { path: string }) => path)]).toEqual([422, ["name", "slug"]]);
  expect((await ci.put("/roles/legal", { name: "Legal", permissions: ["assign"] })).status).toBe(200);
  expect(await w.db.selectFrom("events").select("seq").execute()).toEqual(before);
});

test("a role is refused with its sentence", async () => {
  await administersAll(w, ci.machine);
  const unknown = await ci.post("/roles", { ...legal, permissions: ["fly"] });
  expect([unknown.status, unknown.body.errors]).toEqual([
    422,
    [{ path: "permissions", message: 'There is no permission "fly".' }],
  ]);
  const needed = await ci.post("/roles/tester/removal", {});
  expect([needed.status, needed.body.detail]).toEqual([409, expect.stringContaining("Tester stays")]);
  expect((await ci.put("/roles/nothing", { name: "X", permissions: [] })).status).toBe(404);
  const keeps = await ci.put("/roles/administrator", { name: "Administrator", permissions: [] });
  expect([keeps.status, keeps.body.detail]).toEqual([422, expect.stringContaining("always may change the settings")]);
});

test("a token that administers one site of several reads and changes no role", async () => {
  const before = await storedRoles();
  for (const client of [ci, await stranger(w), await machine(w, "viewer")]) {
    const answers = [
      await client.get("/roles"),
      await client.post("/roles", legal),
      await client.put("/roles/tester", { name: "X", permissions: [] }),
      await client.post("/roles/tester/removal", {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(answers[0]?.body.detail).toContain("Roles are the same on all sites");
  }
  expect(await storedRoles()).toEqual(before);
  expect(await roleEvents()).toBe(0);
});
