import { afterEach, beforeEach, expect, test } from "vitest";
import { revokeToken } from "../src/people/tokens.ts";
import { machine, stranger } from "./support/api.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("live", ["/sale v1", "checkout 3.4.1"]);
});
afterEach(() => w.close());

const path = "/sites/shop/feeds";
const read = async (address: string) => w.app.request(address);

test("a program creates an address, reads it, lists it without its secret, and revokes it", async () => {
  const ci = await machine(w, "viewer");
  const { status, body } = await ci.post(path, { what: "environment:live", name: "Wall screen" });
  expect([status, body.title]).toEqual([201, "Changes on live"]);
  expect(await (await read(body.address)).text()).toContain("/sale");
  const { body: list } = await ci.get(path);
  expect(list.items).toMatchObject([
    { id: body.id, kind: "environment", title: "Changes on live", name: "Wall screen", person: "viewer token" },
  ]);
  expect(JSON.stringify(list)).not.toContain("sbf_");
  expect((await ci.post(`${path}/${body.id}/revocation`, {})).status).toBe(201);
  expect((await read(body.address)).status).toBe(404);
  expect((await ci.post(`${path}/${body.id}/revocation`, {})).status).toBe(404);
});

test("a badge needs software that is recorded, and a repeated request creates another address", async () => {
  const ci = await machine(w, "viewer");
  const wrong = await ci.post(path, { what: "badge_software:live", about: "nothing" });
  expect([wrong.status, wrong.body.errors]).toEqual([
    422,
    [{ path: "about", message: "Enter the name of software that is recorded on this site." }],
  ]);
  expect((await ci.post(path, { what: "cake" })).body.errors).toMatchObject([{ path: "what" }]);
  const request = { what: "badge_software:live", about: "checkout" };
  const key = { "idempotency-key": "badge" };
  const [first, second] = [await ci.post(path, request, key), await ci.post(path, request, key)];
  expect(first.body.address).not.toBe(second.body.address);
  expect(await (await read(second.body.address)).text()).toContain("3.4.1");
});

test("a token sees and revokes only its own addresses, an administrator all, and a stranger none", async () => {
  const owner = await machine(w, "viewer");
  const { body } = await owner.post(path, { what: "calendar:" });
  const other = await machine(w, "contributor");
  expect((await other.get(path)).body.items).toEqual([]);
  expect((await other.post(`${path}/${body.id}/revocation`, {})).status).toBe(404);
  const outsider = await stranger(w);
  expect((await outsider.get(path)).status).toBe(404);
  expect((await outsider.post(path, { what: "calendar:" })).status).toBe(404);
  expect((await outsider.post(`/sites/elsewhere/feeds/${body.id}/revocation`, {})).status).toBe(404);
  expect((await read(body.address)).status).toBe(200);
  const administrator = await machine(w, "administrator");
  expect((await administrator.get(path)).body.items).toHaveLength(1);
  expect((await administrator.post(`${path}/${body.id}/revocation`, {})).status).toBe(201);
});

test("an address ends with the token that created it", async () => {
  const ci = await machine(w, "viewer");
  const { body } = await ci.post(path, { what: "calendar:" });
  const { id } = await w.db
    .selectFrom("tokens")
    .select("id")
    .where("person_id", "=", ci.machine.id)
    .executeTakeFirstOrThrow();
  await w.db.updateTable("tokens").set({ expires_at: w.clock.at }).where("id", "=", id).execute();
  expect((await read(body.address)).status).toBe(200);
  w.clock.at = "2026-03-03T11:00:00.000Z";
  expect((await read(body.address)).status).toBe(404);
  await w.db.updateTable("tokens").set({ expires_at: null }).where("id", "=", id).execute();
  expect((await read(body.address)).status).toBe(200);
  await revokeToken(w.db, await w.by("iris"), w.site, id);
  expect((await read(body.address)).status).toBe(404);
});
