import { afterEach, beforeEach, expect, test } from "vitest";
import { links } from "./support/words.ts";
import { type Name, password, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1"]);
  await w.ask((await w.release("Sale & more", ["/sale"])).number, "demo");
});
afterEach(() => w.close());

test("a waiting promotion offers its link, and a mail with a ready text, and skips to the decision", async () => {
  const page = await (await w.as("ada").get("/sites/shop/promotions/1")).text();

  expect(page).toContain('data-copy="http://sitebook.test/sites/shop/promotions/1">Copy link');
  const mail = new URL(links(page)["Write a mail"] ?? "");
  expect(mail.searchParams.get("subject")).toBe("Sale & more: approval for demo needed (Tester)");
  expect(mail.searchParams.get("body")).toContain("http://sitebook.test/sites/shop/promotions/1");
  expect(links(page)["Skip to the decision"]).toBe("#decision");
  expect(page).toMatch(/<div class="bar verdict" id="decision" tabindex="-1">/);
});

test("one that has ended offers neither", async () => {
  const { digest } = await w.db.selectFrom("promotions").select("digest").executeTakeFirstOrThrow();
  await w.as("theo").post("/sites/shop/promotions/1/approvals", { decision: "reject", digest, comment: "No" });
  const page = await (await w.as("ada").get("/sites/shop/promotions/1")).text();
  expect(page).not.toMatch(/Copy link|Write a mail|Skip to the decision/);
});

test("who is asked for one decision signs in to its promotion, everybody else to the board", async () => {
  const entrance = async (name: Name) => {
    const visitor = w.as("nobody");
    const signedIn = await visitor.post("/sign-in", { email: `${name}@example.test`, password });
    expect(signedIn.headers.get("location")).toBe("/");
    return (await visitor.get("/")).headers.get("location");
  };
  expect([await entrance("theo"), await entrance("mara"), await entrance("ada")]).toEqual([
    "/sites/shop/promotions/1",
    "/sites/shop",
    "/sites/shop",
  ]);
  await w.record("beta", ["/sale v2"]);
  expect(await entrance("theo")).toBe("/sites/shop");
});
