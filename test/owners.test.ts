import { afterEach, beforeEach, expect, test } from "vitest";
import { setOwner } from "../src/artifacts/owners.ts";
import { withoutTriggers } from "../src/database/append-only.ts";
import { siteTransaction } from "../src/database/site-transaction.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { changeName } from "../src/people/account.ts";
import { appendEvent } from "../src/record/events.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/ v1", "/sale v1", "/sale/shoes v1", "/terms v1", "checkout 3.4.0"]);
});
afterEach(() => w.close());

const owners = async () => {
  const rows = await w.db
    .selectFrom("artifacts as a")
    .innerJoin("people as p", "p.id", "a.owner_id")
    .select(["a.key", "p.name"])
    .where("a.site_id", "=", w.site.id)
    .orderBy("a.key")
    .execute();
  return rows.map(({ key, name }) => `${key} ${name}`);
};
const set = (form: Record<string, string>, name: Name = "ada", kind = "page") =>
  w.as(name).submit(`/sites/shop/artifacts/${kind}/owner`, form);
const pageOf = async (key: string, name: Name = "ada", kind = "page") =>
  (await w.as(name).get(`/sites/shop/artifacts/${kind}?key=${encodeURIComponent(key)}`)).text();

test("an account manager sets the owner of a page, which its page, the board and the history show", async () => {
  expect(await pageOf("/terms")).toContain("nobody");
  const page = await (await set({ key: "/terms", owner: w.people.vera.id })).text();
  expect(page).toContain("Vera owns /terms now.");
  expect(page).toMatch(/Owner: <b><bdi>Vera<\/bdi><\/b>, set by <bdi>Ada/);
  expect(await owners()).toEqual(["/terms Vera"]);
  const history = await (await w.as("vera").get("/sites/shop/history?kind=page&key=/terms")).text();
  expect(history).toMatch(/made <bdi>Vera<\/bdi> the owner of <a [^>]*>(<bdi>)?\/terms(<\/bdi>)?<\/a>/);
  const again = await set({ key: "/terms", owner: "" });
  expect(await again.text()).toMatch(/Owner: <b>nobody<\/b>, set by <bdi>Ada.*Earlier owners.*Vera/s);
  expect(await owners()).toEqual([]);
});

test("a section gets an owner at once: its pages, also its head, and those that are recorded in it later", async () => {
  expect(await (await set({ key: "/sale/shoes", owner: w.people.mara.id, whole: "1" })).text()).toContain(
    "Mara owns the pages in /sale now, also those recorded later. 2 pages changed.",
  );
  expect(await owners()).toEqual(["/sale Mara", "/sale/shoes Mara"]);
  await w.record("beta", ["/sale/hats v1", "/news/1 v1"]);
  expect(await owners()).toEqual(["/sale Mara", "/sale/hats Mara", "/sale/shoes Mara"]);
  expect(words(await pageOf("/sale/hats"))).toContain("Owner: Mara, who owned its section when it was first recorded");
  const history = await (await w.as("vera").get("/sites/shop/history?kind=page&key=/sale")).text();
  expect(history).toContain(
    "made <bdi>Mara</bdi> the owner of 2 pages in <bdi>/sale</bdi>, also of pages recorded later.",
  );
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("a page with an owner of its own keeps it when the page is recorded again, and so does one without", async () => {
  await set({ key: "/sale/shoes", owner: w.people.mara.id, whole: "1" });
  await set({ key: "/sale/shoes", owner: w.people.vera.id });
  await set({ key: "/sale", owner: "" });
  await w.record("demo", ["/sale v2", "/sale/shoes v2"]);
  expect(await owners()).toEqual(["/sale/shoes Vera"]);
});

test("another owner of a section, or none, holds for later pages too, also if no page of today changes", async () => {
  await set({ key: "/sale/shoes", owner: w.people.mara.id, whole: "1" });
  for (const key of ["/sale", "/sale/shoes"]) await set({ key, owner: w.people.vera.id });
  const whole = { key: "/sale", owner: w.people.vera.id, whole: "1" };
  expect(await (await set(whole)).text()).toContain("also those recorded later. 0 pages changed.");
  expect(await (await set(whole)).text()).toContain("Nothing changed.");
  await w.record("beta", ["/sale/hats v1"]);
  await set({ ...whole, owner: "" });
  await w.record("beta", ["/sale/socks v1"]);
  expect(await owners()).toEqual([]);
  expect(words(await pageOf("/sale/hats"))).toMatch(
    /Owner: nobody, set by Ada.*Earlier owners.* Vera, who owned its section/s,
  );
  const history = words(await (await w.as("vera").get("/sites/shop/history?action=owner_set")).text());
  expect(history).toContain("made Vera the owner of pages recorded later in /sale.");
  expect(history).toContain("removed the owner of 3 pages in /sale, also of pages recorded later.");
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("a head that is recorded after its section takes the section's owner, and a page at the top level its own", async () => {
  await w.record("beta", ["/shop/1 v1"]);
  await set({ key: "/shop/1", owner: w.people.mara.id, whole: "1" });
  await set({ key: "/terms", owner: w.people.vera.id, whole: "1" });
  await w.record("beta", ["/shop v1", "/imprint v1", "search 1.0"]);
  expect(await owners()).toEqual(["/ Vera", "/imprint Vera", "/shop Mara", "/shop/1 Mara", "/terms Vera"]);
});

test("an owner that was set when it covered only the pages of that day covers no later page", async () => {
  const ada = await w.by("ada");
  await siteTransaction(w.db, ada, w.site.id, async (trx) => {
    const details = { section: "sale", owner: "Vera", owner_id: w.people.vera.id, count: 0, artifacts: [] };
    const about = { subject: "section /sale", subject_id: "earlier" };
    await appendEvent(trx, ada, w.site.id, { action: "owner_set", ...about, details });
  });
  await w.record("beta", ["/sale/hats v1"]);
  expect(await owners()).toEqual([]);
  await rebuild(w.db, w.site.id);
  expect(await owners()).toEqual([]);
});

test("an owner who is renamed keeps the name of then, also where a section has too many pages to list", async () => {
  await w.record(
    "beta",
    Array.from({ length: 700 }, (_, i) => `/shop/${i} v1`),
  );
  await set({ key: "/shop/1", owner: w.people.mara.id, whole: "1" });
  w.clock.at = "2026-03-04T10:00:00.000Z";
  await changeName(w.db, w.people.mara, "Mara Lind", w.clock.at);
  expect(words(await pageOf("/shop/1"))).toContain("Owner: Mara (now called Mara Lind), set by Ada");
  const history = await (await w.as("vera").get("/sites/shop/history?action=owner_set")).text();
  expect(words(history)).toContain("made Mara the owner of 700 pages in /shop, also of pages recorded later.");
});

test("a software item has an owner, and repeating it records nothing", async () => {
  await set({ key: "checkout", owner: w.people.cleo.id }, "ada", "software");
  const events = await w.db.selectFrom("events").select("seq").execute();
  expect(await (await set({ key: "checkout", owner: w.people.cleo.id }, "ada", "software")).text()).toContain(
    "Nothing changed.",
  );
  expect(await w.db.selectFrom("events").select("seq").execute()).toEqual(events);
  expect(await owners()).toEqual(["checkout Cleo"]);
});

test("who may not set owners is refused, and strangers find nothing", async () => {
  for (const name of ["vera", "cleo", "mara"] as const) {
    const response = await set({ key: "/terms", owner: w.people.vera.id }, name);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("You may not set owners on this site.");
    expect(await pageOf("/terms", name)).not.toContain("Change owner");
  }
  expect((await set({ key: "/terms", owner: w.people.vera.id }, "oskar")).status).toBe(404);
  expect((await set({ key: "/nowhere", owner: w.people.vera.id })).status).toBe(404);
  const stranger = await set({ key: "/terms", owner: w.people.oskar.id });
  expect(stranger.status).toBe(422);
  expect(await stranger.text()).toContain("An owner is a person with a role on this site.");
  expect(await owners()).toEqual([]);
});

test("a machine sets owners by e-mail address, once for each key, and reads them", async () => {
  const api = await w.token("account-manager");
  const call = (body: object, headers?: Record<string, string>) => api.post("/sites/shop/owners", body, headers);
  const body = { section: "/sale", owner: "Mara@example.test" };
  const first = await call(body, { "idempotency-key": "one" });
  expect([first.status, await first.json()]).toEqual([201, { changed: 2, owner: "Mara" }]);
  expect(await (await call(body, { "idempotency-key": "one" })).json()).toEqual({ changed: 2, owner: "Mara" });
  expect(await (await call(body)).json()).toEqual({ changed: 0, owner: "Mara" });
  await w.record("beta", ["/sale/hats v1"]);
  expect(await owners()).toContain("/sale/hats Mara");
  const list = (await (await api.get("/sites/shop/artifacts?q=shoes")).json()) as { items: object[] };
  expect(list.items).toEqual([expect.objectContaining({ key: "/sale/shoes", owner: "Mara" })]);
  for (const [wrong, status, detail] of [
    [{ owner: null }, 422, "Give either kind and key, or a section."],
    [{ kind: "page", key: "/sale", section: "/sale", owner: null }, 422, "Give either kind and key, or a section."],
    [{ section: "/nowhere", owner: null }, 404, "Section /nowhere not found."],
    [{ kind: "page", key: "/sale", owner: "oskar@example.test" }, 422, "An owner is a person with a role"],
  ] as const) {
    const refused = await call(wrong);
    expect(refused.status).toBe(status);
    expect(((await refused.json()) as { detail: string }).detail).toContain(detail);
  }
  const viewer = await w.token("viewer");
  expect((await viewer.post("/sites/shop/owners", body)).status).toBe(403);
});

test("two people set the owner at the same moment: both are recorded, and the last one counts", async () => {
  const of = { kind: "page" as const, key: "/terms" };
  await Promise.all([
    setOwner(w.db, await w.by("ada"), w.site, { of, owner: w.people.vera.id }),
    setOwner(w.db, await w.by("iris"), w.site, { of, owner: w.people.mara.id }),
  ]);
  const rows = await w.db.selectFrom("ownerships").selectAll().orderBy("seq").execute();
  expect(rows).toHaveLength(2);
  const { owner_id } = await w.db
    .selectFrom("artifacts")
    .select("owner_id")
    .where("key", "=", "/terms")
    .executeTakeFirstOrThrow();
  expect(owner_id).toBe(rows[1]?.owner_id);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("a page that is recorded while its section gets an owner has that owner, whichever comes first", async () => {
  await Promise.all([
    setOwner(w.db, await w.by("ada"), w.site, { of: { section: "sale" }, owner: w.people.vera.id }),
    w.record("beta", ["/sale/hats v1"]),
  ]);
  expect(await owners()).toEqual(["/sale Vera", "/sale/hats Vera", "/sale/shoes Vera"]);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("an owner that was changed by hand is noticed, and restored from the events", async () => {
  await setOwner(w.db, await w.by("ada"), w.site, { of: { section: "sale" }, owner: w.people.vera.id });
  await w.db.updateTable("artifacts").set({ owner_id: w.people.mara.id }).where("key", "in", ["/sale", "/"]).execute();
  expect(await verify(w.db, w.site.id)).toMatchObject({
    break: { what: "The owner of / in the database is not the one that the events record." },
  });
  await rebuild(w.db, w.site.id);
  expect(await owners()).toEqual(["/sale Vera", "/sale/shoes Vera"]);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("owners that pages took from their section are noticed when they are missing, and restored from the events", async () => {
  await set({ key: "/sale", owner: w.people.vera.id, whole: "1" });
  await w.record("beta", ["/sale/hats v1"]);
  await withoutTriggers(w.db, ["ownerships", "section_owners"], async () => {
    await w.db.deleteFrom("section_owners").execute();
  });
  expect(await verify(w.db, w.site.id)).toMatchObject({
    break: { what: expect.stringContaining("the event records the owner of the section /sale, which is missing") },
  });
  await rebuild(w.db, w.site.id);
  expect(await owners()).toEqual(["/sale Vera", "/sale/hats Vera", "/sale/shoes Vera"]);
  await w.record("beta", ["/sale/socks v1"]);
  expect(await owners()).toContain("/sale/socks Vera");
  const { site_id, ...row } = await w.db.selectFrom("section_owners").selectAll().executeTakeFirstOrThrow();
  await w.db
    .insertInto("section_owners")
    .values({ site_id, ...row, change_id: "by hand" })
    .execute();
  expect(await verify(w.db, site_id)).toMatchObject({
    break: { what: "No event records the owner of the section /sale." },
  });
  await rebuild(w.db, site_id);
  expect(await verify(w.db, site_id)).toHaveProperty("head");
});
