import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setOwner } from "../src/artifacts/owners.ts";
import { setDelegation } from "../src/delegations/delegations.ts";
import { createFeed } from "../src/feeds/feeds.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { administersAll } from "./support/sign-on.ts";
import { type Name, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const person = (name: Name) => `/sites/shop/settings/people/${w.people[name].id}`;
const page = async (path: string, who: Name = "iris") => (await w.as(who).get(path)).text();
const eventsAfter = async (seq: number) =>
  (
    await w.db
      .selectFrom("events")
      .select("action")
      .where("site_id", "=", w.site.id)
      .where("seq", ">", seq)
      .orderBy("seq")
      .execute()
  ).map(({ action }) => action);
const lastSeq = async () =>
  (await w.db.selectFrom("sites").select("events").where("id", "=", w.site.id).executeTakeFirstOrThrow()).events;
const ownerOf = async (key: string) =>
  (await w.db.selectFrom("artifacts").select("owner_id").where("key", "=", key).executeTakeFirstOrThrow()).owner_id;

describe("removing a person from a site", () => {
  /** Theo is the only tester, requested nothing, and owns a section and a page; Ada requested a promotion. */
  async function busyTheo(): Promise<string> {
    await w.record("beta", ["/sale v1", "/sale/shoes v1", "/sale/hats v1", "/terms v1", "checkout 3.4.1"]);
    await w.ask((await w.release("Spring", ["/sale"])).number, "demo");
    const ada = await w.by("ada");
    await setOwner(w.db, ada, w.site, { of: { section: "sale" }, owner: w.people.theo.id });
    await setOwner(w.db, ada, w.site, { of: { kind: "page", key: "/sale/hats" }, owner: w.people.vera.id });
    await setOwner(w.db, ada, w.site, { of: { kind: "page", key: "/terms" }, owner: w.people.theo.id });
    const period = { from_at: w.clock.at, until_at: "2026-03-20T23:59:59.999Z" };
    const theo = await w.by("theo");
    await setDelegation(w.db, theo, w.site, { ...period, role: "tester", substitute: w.people.vera.id });
    return (await createFeed(w.db, theo, w.site, { what: "calendar:", about: "", name: "Mine" })).path;
  }

  test("lists first what they still have to do, and what happens to it", async () => {
    await busyTheo();
    const shown = await page(`${person("theo")}/removal`);
    expect(shown).toContain("Promotion 1, <bdi>Spring</bdi></a>, to <bdi>demo</bdi>, waits for Tester");
    expect(shown).toContain("Nobody can approve for demo: it needs 1 approval from Tester, and nobody has that role.");
    expect(shown).toMatch(/Owner of<\/h3><div>[^<]*\/sale[^<]*\/sale\/shoes[^<]*\/terms/);
    expect(shown).toMatch(/Owner of later pages in<\/h3><div>\/sale</);
    expect(shown).toContain("Vera for Theo");
    expect(shown).toContain("Calendar");
    expect(shown).not.toContain("/sale/hats");
    const ada = await page(`${person("ada")}/removal`);
    expect(ada).toContain("Open promotions that they requested");
    expect(await page(`${person("vera")}/removal`)).toContain("Substitutes, which end");
    expect(await page(`${person("cleo")}/removal`)).toContain("Nothing waits for them, and they own nothing.");
  });

  test("is where saving somebody without any role leads, with nothing done yet", async () => {
    const saved = await w.as("iris").post(`${person("theo")}/roles`, {});
    expect(saved.headers.get("location")).toBe(`${person("theo")}/removal`);
    expect((await w.as("theo").get("/sites/shop")).status).toBe(200);
  });

  test("ends their place, substitutes and secret addresses, and passes on what they own", async () => {
    const feed = await busyTheo();
    expect((await w.as("nobody").get(feed)).status).toBe(200);
    const before = await lastSeq();
    const removed = await w.as("iris").submit(`${person("theo")}/removal`, { owner: w.people.mara.id });
    expect(await removed.text()).toContain("Theo no longer has a role here.");
    expect(await eventsAfter(before)).toEqual([
      "role_taken",
      "owner_set",
      "owner_set",
      "delegation_ended",
      "feed_revoked",
    ]);
    for (const key of ["/sale", "/sale/shoes", "/terms"]) expect(await ownerOf(key), key).toBe(w.people.mara.id);
    expect(await ownerOf("/sale/hats")).toBe(w.people.vera.id);
    await w.record("beta", ["/sale/new v1"]);
    expect(await ownerOf("/sale/new")).toBe(w.people.mara.id);
    expect((await w.as("theo").get("/sites/shop")).status).toBe(404);
    expect((await w.as("nobody").get(feed)).status).toBe(404);
    expect(await page("/sites/shop/history")).toContain("made <bdi>Mara</bdi> the owner of");
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
    await rebuild(w.db, w.site.id);
    expect(await ownerOf("/sale")).toBe(w.people.mara.id);
    expect(await ownerOf("/sale/hats")).toBe(w.people.vera.id);
  });

  test("leaves what they own without an owner if nobody is selected", async () => {
    await busyTheo();
    await w.as("iris").post(`${person("theo")}/removal`, { owner: "" });
    for (const key of ["/sale", "/terms"]) expect(await ownerOf(key), key).toBeNull();
    expect(await page("/sites/shop/history")).toContain("removed the owner of");
  });

  test("to somebody who is not of this site is refused, and changes nothing", async () => {
    await busyTheo();
    const before = await lastSeq();
    for (const [owner, sentence] of [
      [w.people.oskar.id, "An owner is a person with a role on this site."],
      [w.people.theo.id, "They leave this site. Select somebody else, or nobody."],
    ] as const) {
      const refused = await w.as("iris").post(`${person("theo")}/removal`, { owner });
      expect(refused.status).toBe(422);
      expect(await refused.text()).toContain(sentence);
    }
    expect(await lastSeq()).toBe(before);
    expect(await ownerOf("/terms")).toBe(w.people.theo.id);
  });

  test("is refused for the last administrator, with the reason on the page", async () => {
    const refused = await w.as("iris").post(`${person("iris")}/removal`);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Iris is the last administrator of this site who can sign in.");
    expect((await w.as("iris").get("/sites/shop/settings")).status).toBe(200);
  });

  test("twice finds nobody the second time; others may not do it", async () => {
    await w.as("iris").post(`${person("vera")}/removal`);
    expect((await w.as("iris").post(`${person("vera")}/removal`)).status).toBe(404);
    expect((await w.as("iris").get(`${person("vera")}/removal`)).status).toBe(404);
    expect((await w.as("iris").get(`${person("oskar")}/removal`)).status).toBe(404);
    for (const [who, status] of [
      ["ada", 403],
      ["oskar", 404],
    ] as const) {
      expect((await w.as(who).get(`${person("theo")}/removal`)).status).toBe(status);
      expect((await w.as(who).post(`${person("theo")}/removal`)).status).toBe(status);
    }
    expect((await w.as("theo").get("/sites/shop")).status).toBe(200);
  });
});

describe("closing one's own account", () => {
  const closing = "/account/closing?site=shop";
  const rowOf = (name: Name) =>
    w.db.selectFrom("people").selectAll().where("id", "=", w.people[name].id).executeTakeFirstOrThrow();

  test("needs the password, and ends every way in; the name stays in the record", async () => {
    await w.record("beta", ["/sale v1"]);
    await w.promote((await w.release("Spring", ["/sale"])).number, "demo");
    const [theo, other] = [w.as("theo"), w.as("theo")];
    const feed = (await createFeed(w.db, await w.by("theo"), w.site, { what: "calendar:", about: "", name: "" })).path;
    expect(await (await theo.get("/account?site=shop")).text()).toContain('href="/account/closing?site=shop"');
    expect(await (await theo.get(closing)).text()).toContain("Secret addresses, which are revoked");

    const wrong = await theo.post(closing, { password: "a wrong password" });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain("This is not your password.");
    expect((await rowOf("theo")).email).toBe("theo@example.test");

    const before = await lastSeq();
    const closed = await theo.submit(closing, { password });
    expect(await closed.text()).toContain("Your account is closed.");
    expect(await eventsAfter(before)).toEqual(["role_taken", "feed_revoked", "account_closed"]);
    expect(await rowOf("theo")).toMatchObject({ name: "Theo", email: null, password: null });
    expect((await other.get("/sites/shop")).headers.get("location")).toContain("/sign-in");
    expect((await w.as("nobody").post("/sign-in", { email: "theo@example.test", password })).status).toBe(401);
    expect((await w.as("nobody").get(feed)).status).toBe(404);
    expect(await page("/sites/shop/promotions/1")).toContain("<bdi>Theo</bdi> (<bdi>Tester</bdi>)");
    expect(await page("/sites/shop/history")).toContain("closed the account of <bdi>Theo</bdi>.");
    expect(await page("/sites/shop/settings/security")).toContain("Account closed");
    expect(await page("/sites/shop/settings/people")).not.toContain("Theo");
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("leaves the tokens that they created to the site", async () => {
    await administersAll(w, "theo");
    const created = await (
      await w.as("theo").post("/sites/shop/settings/tokens", { name: "CI", roles: "contributor" })
    ).text();
    const secret = /sb_[\w-]{43}/.exec(created)?.[0];
    await w.as("theo").post(closing, { password });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await w.app.request("http://sitebook.test/api/v1/sites", { headers })).status).toBe(200);
  });

  test("without a password needs a fresh sign-in", async () => {
    await w.db.updateTable("people").set({ password: null }).where("id", "=", w.people.theo.id).execute();
    const theo = w.as("theo");
    await theo.get(closing);
    w.clock.at = "2026-03-03T10:16:00.000Z";
    const late = await theo.post(closing);
    expect(late.status).toBe(409);
    expect(await late.text()).toContain("You have no password, so sign in again first");
    expect((await w.as("theo").post(closing)).status).toBe(303);
    expect((await rowOf("theo")).email).toBeNull();
  });

  test("is refused for the last administrator of a site, with its name, and changes nothing", async () => {
    const refused = await w.as("iris").post(closing, { password });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain(
      "Iris is the last administrator of Fennel &amp; Co who can sign in. Make somebody else an administrator there first.",
    );
    expect((await w.as("iris").get("/sites/shop/settings")).status).toBe(200);
    expect(await rowOf("iris")).toMatchObject({ email: "iris@example.test" });
  });
});

describe("closing the account of somebody else", () => {
  const closing = (name: Name) => `/settings/accounts/${w.people[name].id}/closing?site=shop`;

  test("is for who administers every site: on all sites at once, and once", async () => {
    await administersAll(w, "iris");
    await administersAll(w, "oskar");
    expect(await page(person("oskar"))).toContain(closing("oskar"));
    const shown = await page(closing("oskar"));
    expect(shown).toContain("Close the account of <bdi>Oskar</bdi>");
    expect(shown).toContain("<bdi>Elsewhere</bdi>");
    expect(shown).not.toContain("Your password");
    const closed = await w.as("iris").submit(closing("oskar"));
    expect(await closed.text()).toContain("The account of Oskar is closed.");
    const roles = w.db.selectFrom("memberships").select("role").where("person_id", "=", w.people.oskar.id);
    expect(await roles.execute()).toEqual([]);
    expect(await page("/sites/elsewhere/history")).toContain("<bdi>Iris</bdi> closed the account of <bdi>Oskar</bdi>.");
    expect((await w.as("iris").post(closing("oskar"))).status).toBe(404);
    expect((await w.as("iris").get(closing("oskar"))).status).toBe(404);
  });

  test("is refused to others", async () => {
    expect(await page(person("theo"))).not.toContain("/closing");
    for (const who of ["iris", "ada", "oskar"] as const) {
      expect((await w.as(who).get(closing("theo"))).status).toBe(403);
      const refused = await w.as(who).post(closing("theo"));
      expect(refused.status).toBe(403);
      expect(await refused.text()).toContain("only its owner, or somebody who administers all of them, may close it.");
    }
    expect((await w.as("nobody").get(closing("theo"))).status).toBe(303);
    expect((await w.as("theo").get("/sites/shop")).status).toBe(200);
  });

  test("is not for machines", async () => {
    await administersAll(w, "iris");
    const { machine } = await w.token("contributor");
    expect((await w.as("iris").post(`/settings/accounts/${machine.id}/closing`)).status).toBe(404);
  });
});
