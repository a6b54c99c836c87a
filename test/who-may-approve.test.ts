import { afterEach, beforeEach, expect, test } from "vitest";
import { changeRoles } from "../src/people/people.ts";
import { revokeToken } from "../src/people/tokens.ts";
import { words } from "./support/words.ts";
import { type Name, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.release("Sale", ["/sale"]);
});
afterEach(() => w.close());

const page = async (name: Name, path: string) => words(await (await w.as(name).get(`/sites/shop/${path}`)).text());
const roles = async (name: Name, ...given: string[]) =>
  changeRoles(w.db, await w.by("iris"), w.site, w.people[name].id, given);
const people = "settings/people";

test("who may approve is named before the request, on the promotion, and in the API", async () => {
  await roles("vera", "viewer", "tester");
  const machine = await w.token("tester");
  expect(await page("ada", "releases/1")).toContain(
    "Needs approval by Tester. Tester: Theo, Vera, tester token (machine).",
  );

  await w.ask(1, "demo");

  const promotion = await page("ada", "promotions/1");
  expect(promotion).toContain("Tester has to approve waiting. Tester: Theo, Vera, tester token (machine)");
  expect(promotion).toContain("Tester has not approved it yet. Theo, Vera or tester token (machine) can.");
  expect(await (await machine.get("/sites/shop/promotions/1")).json()).toMatchObject({
    requirements: [
      {
        role: "tester",
        people: [
          { person: "Theo", kind: "person" },
          { person: "Vera", kind: "person" },
          { person: "tester token", kind: "machine" },
        ],
      },
    ],
  });
  expect(await page("iris", people)).not.toContain("Nobody can approve");
});

test("where nobody but the requester can, that is said before, on the promotion, and to administrators", async () => {
  await roles("theo", "viewer");
  await roles("ada", "account-manager", "tester");
  const sentence =
    "1 approval from Tester cannot be given: nobody else has that role. Ask an administrator to give somebody the role.";
  expect(await page("ada", "releases/1")).toContain(sentence);

  const { blockers } = await w.ask(1, "demo");

  expect(blockers).toEqual([{ code: "approvals_missing", message: `Tester has not approved it yet. ${sentence}` }]);
  expect(await page("ada", "promotions/1")).toContain(sentence);
  expect(await page("iris", people)).toContain(
    "Nobody can approve for demo what Ada requests: too few others have the role Tester.",
  );
});

test("where nobody has the role at all, too", async () => {
  await roles("theo", "viewer");
  expect(await page("ada", "releases/1")).toContain("1 approval from Tester cannot be given: nobody has that role.");
  expect(await page("iris", people)).toContain(
    "Nobody can approve for demo: it needs 1 approval from Tester, and nobody has that role.",
  );
});

test("people who have not accepted their invitation cannot approve yet, and that is said", async () => {
  await roles("theo", "viewer");
  const lena = { name: "Lena", email: "lena@example.test", roles: "tester" };
  await w.as("iris").post("/sites/shop/settings/people", lena);
  const sentence = "1 approval from Tester cannot be given yet: Lena has not accepted the invitation.";
  expect(await page("ada", "releases/1")).toContain(sentence);
  await w.ask(1, "demo");
  expect(await page("ada", "promotions/1")).toContain(`Tester has not approved it yet. ${sentence}`);
  const viewer = await w.token("viewer");
  expect(await (await viewer.get("/sites/shop/promotions/1")).json()).toMatchObject({ requirements: [{ people: [] }] });
  const gap =
    "Nobody can approve for demo yet: it needs 1 approval from Tester, and Lena has not accepted the invitation.";
  expect(await page("iris", people)).toContain(gap);

  await w.db.updateTable("people").set({ password: "set" }).where("email", "=", lena.email).execute();
  expect(await page("ada", "promotions/1")).toContain("Tester has not approved it yet. Lena can.");
  expect(await page("iris", people)).not.toContain("Nobody can approve");
});

test("a revoked token is not named", async () => {
  const machine = await w.token("tester");
  const token = await w.db
    .selectFrom("tokens")
    .select("id")
    .where("person_id", "=", machine.machine.id)
    .executeTakeFirstOrThrow();
  await revokeToken(w.db, await w.by("iris"), w.site, token.id);

  const { blockers } = await w.ask(1, "demo");

  expect(blockers[0]?.message).toBe("Tester has not approved it yet. Theo can.");
});

test("a role that was lost, or a person gone, since their approval is said", async () => {
  const { digest } = await w.ask(1, "demo");
  await w.as("theo").post("/sites/shop/promotions/1/approvals", { decision: "approve", digest, anyway: "1" });
  expect(await page("ada", "promotions/1")).not.toContain("no longer");

  await roles("theo", "viewer");
  expect(await page("ada", "promotions/1")).toContain("no longer Tester");

  await roles("theo");
  expect(await page("ada", "promotions/1")).toContain("no longer on this site");
});
