import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { setGate } from "./support/gates.ts";
import { administersAll } from "./support/sign-on.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await administersAll(w, "iris");
});
afterEach(() => w.close());

const roles = "/settings/roles";
const legal = { name: "Legal", slug: "legal", permissions: ["assign"] };
const page = async (path: string, who: Name = "iris") => (await w.as(who).get(path)).text();
const submit = (path: string, fields = {}, who: Name = "iris") => w.as(who).submit(path, fields);
const roleRow = (slug: string) => w.db.selectFrom("roles").selectAll().where("slug", "=", slug).executeTakeFirst();
const roleEvents = async () =>
  (await w.db.selectFrom("events").select(["action", "site_id"]).where("subject", "like", "role %").execute()).map(
    ({ action }) => action,
  );
const give = (name: Name, ...slugs: string[]) =>
  submit(`/sites/shop/settings/people/${w.people[name].id}/roles`, { roles: slugs });

describe("an administrator of every site", () => {
  test("creates a role, with an event in each site, and gives it to somebody", async () => {
    const created = await submit(roles, legal);
    expect(await created.text()).toContain("Role Legal created.");
    expect(await roleEvents()).toEqual(["role_created", "role_created"]);
    expect(JSON.parse((await roleRow("legal"))?.permissions ?? "")).toEqual(["view", "assign"]);
    expect(await page("/sites/shop/history")).toContain("created the role <bdi>Legal</bdi>: may set owners.");
    await give("vera", "legal");
    expect((await w.by("vera")).permissions.has("assign")).toBe(true);
    expect(await page("/sites/shop/history")).toContain("the role Legal.");
    expect(await page("/account/security")).toContain("Role Legal created");
    expect(await page("/sites/shop/settings?")).toContain('href="/settings/roles?site=shop"');
  });

  test("is shown what is wrong with a role, beside what was typed", async () => {
    const refused = await w.as("iris").post(roles, { ...legal, name: "tester", slug: "Not a slug" });
    expect(refused.status).toBe(422);
    const text = await refused.text();
    expect(text).toContain("There is already a role Tester. Enter another name.");
    expect(text).toContain("A short name has 1 to 40 lower-case letters");
    expect(text).toContain('value="Not a slug"');
    const taken = await w.as("iris").post(roles, { ...legal, slug: "viewer" });
    expect(await taken.text()).toContain("Another role has this short name.");
    const unknown = await w.as("iris").post(roles, { ...legal, permissions: ["everything"] });
    expect(await unknown.text()).toContain("There is no permission &quot;everything&quot;.");
    expect(await roleEvents()).toEqual([]);
  });

  test("changes what a role may: people have it from the next request on", async () => {
    const saved = await submit(`${roles}/viewer`, { name: "Viewer", permissions: ["record"] });
    expect(await saved.text()).toContain("Role saved.");
    expect((await w.as("vera").get("/sites/shop/deployments/new")).status).toBe(200);
    const history = await page("/sites/shop/history");
    expect(history).toContain("changed the role <bdi>Viewer</bdi>: may record deployments; before: may see everything");
    const again = await submit(`${roles}/viewer`, { name: "Viewer", permissions: ["record"] });
    expect(await again.text()).toContain("Nothing changed.");
    expect(await roleEvents()).toHaveLength(2);
  });

  test("cannot take the settings away from a site, nor from the role of administrators", async () => {
    await submit(roles, { name: "Owner", slug: "owner", permissions: ["administer"] });
    const elsewhere = await w.db
      .selectFrom("sites")
      .select("id")
      .where("slug", "=", "elsewhere")
      .executeTakeFirstOrThrow();
    await w.db.updateTable("memberships").set({ role: "owner" }).where("site_id", "=", elsewhere.id).execute();
    const refused = await w.as("iris").post(`${roles}/owner`, { name: "Owner" });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain(
      "Without this permission of Owner, nobody who can sign in could change the settings of Elsewhere.",
    );
    const admins = await w.as("iris").post(`${roles}/administrator`, { name: "Admin", permissions: ["record"] });
    expect(admins.status).toBe(422);
    expect(await admins.text()).toContain("This role always may change the settings: whoever creates a site gets it.");
    expect(await roleRow("administrator")).toMatchObject({ name: "Administrator" });
  });

  test("removes a role that nobody has and no gate needs; otherwise all reasons are shown", async () => {
    await submit(roles, legal);
    await give("vera", "legal");
    await setGate(w, "live", { requirements: [{ role: "legal", count: 1 }] });
    const sentence =
      "Legal cannot be removed yet: 1 person or token has it and the gate of live on Fennel &amp; Co names it.";
    expect(await page(`${roles}/legal`)).toContain(sentence);
    const refused = await w.as("iris").post(`${roles}/legal/removal`);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain(sentence);
    await setGate(w, "live", { requirements: [{ role: "marketing", count: 1 }] });
    await give("vera", "viewer");
    expect(await (await submit(`${roles}/legal/removal`)).text()).toContain("Role Legal removed.");
    expect(await roleRow("legal")).toBeUndefined();
    expect((await w.as("iris").post(`${roles}/legal/removal`)).status).toBe(404);
    const history = await page("/sites/shop/history");
    expect(history).toContain("removed the role <bdi>Legal</bdi>.");
    expect(history).toContain("the role Legal.");
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });

  test("cannot remove a role that Sitebook gives, or in which somebody decided", async () => {
    expect(await page(`${roles}/tester`)).toContain(
      "Tester stays: new demo environments ask for it. You can rename it.",
    );
    await submit(roles, legal);
    await setGate(w, "demo", { requirements: [{ role: "legal", count: 1 }] });
    await give("theo", "legal");
    await w.record("beta", ["/sale v1"]);
    await w.promote((await w.release("Spring", ["/sale"])).number, "demo");
    await give("theo", "tester");
    await setGate(w, "demo", { requirements: [{ role: "tester", count: 1 }] });
    const sentence = "Legal stays: the record has decisions, substitutes or guests in it. You can rename it.";
    expect(await page(`${roles}/legal`)).toContain(sentence);
    expect((await w.as("iris").post(`${roles}/legal/removal`)).status).toBe(409);
  });
});

describe("a role that is renamed", () => {
  const rename = async (name: string) => {
    w.clock.at = new Date(Date.parse(w.clock.at) + 3_600_000).toISOString();
    return submit(`${roles}/tester`, { name });
  };
  const promoted = async (key: string) => {
    await w.record("beta", [`${key} v1`]);
    return w.promote((await w.release(key, [key])).number, "demo");
  };

  test("keeps its name of then where somebody decided in it", async () => {
    await promoted("/sale");
    await rename("Quality");
    await promoted("/terms");
    const first = await page("/sites/shop/promotions/1");
    expect(first).toContain('(<bdi>Tester</bdi> <span class="ago">(now called <bdi>Quality</bdi>)</span>)');
    expect(await page("/sites/shop/promotions/2")).toContain("<bdi>Theo</bdi> (<bdi>Quality</bdi>)");
    const history = await page("/sites/shop/history");
    expect(history).toContain("changed the role <bdi>Tester</bdi>: now called <bdi>Quality</bdi>.");
    expect(history).toMatch(/\(Quality\)[\s\S]*\(Tester\)/);
    expect(await page("/sites/shop/search?q=who+approved+/sale+on+demo")).toContain("(<bdi>Tester</bdi>)");
    expect(await page("/sites/shop/search?q=who+approved+/terms+on+demo")).toContain("(<bdi>Quality</bdi>)");
  });

  test("keeps all former names through verify and rebuild", async () => {
    await promoted("/sale");
    await rename("Quality");
    await rename("Testing");
    await rename("Tester");
    expect(await page("/sites/shop/promotions/1")).not.toContain("now called");
    const names = () =>
      w.db.selectFrom("former_names").select(["of_id", "name"]).orderBy("site_id").orderBy("seq").execute();
    const before = await names();
    expect(before).toHaveLength(6);
    await rebuild(w.db, w.site.id);
    expect(await names()).toEqual(before);
    expect(await verify(w.db, w.site.id)).not.toHaveProperty("break");
  });
});

test("who administers one site only, or none, cannot change roles", async () => {
  await submit(roles, legal);
  const sentence = "Roles are the same on all sites, so only somebody who administers all of them may change them.";
  for (const who of ["oskar", "ada"] as const) {
    for (const path of [roles, `${roles}/legal`]) {
      const shown = await w.as(who).get(path);
      expect(shown.status).toBe(403);
      expect(await shown.text()).toContain(sentence);
    }
    expect((await w.as(who).post(roles, { ...legal, slug: "other", name: "Other" })).status).toBe(403);
    expect((await w.as(who).post(`${roles}/legal/removal`)).status).toBe(403);
  }
  expect(await page("/sites/elsewhere/settings", "oskar")).not.toContain(roles);
  expect((await w.as("nobody").get(roles)).status).toBe(303);
  expect(await roleRow("other")).toBeUndefined();
  expect(await roleRow("legal")).toBeDefined();
});
