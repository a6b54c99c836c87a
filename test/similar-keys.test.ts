import { afterEach, beforeEach, expect, test } from "vitest";
import { machine } from "./support/api.ts";
import { commandLineMachine } from "./support/command-line.ts";
import { words } from "./support/words.ts";
import { type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
  await w.record("beta", ["/sale v1", "/café/menü v1", "checkout 3.4.1"]);
});
afterEach(() => w.close());

const path = "/sites/shop/environments/beta/deployments";
const placements = (...keys: string[]) => ({
  placements: keys.map((key) => ({ kind: key.startsWith("/") ? "page" : "software", key, version: "v2" })),
});
const preview = async (...keys: string[]) => {
  const lines = keys.map((key) => `${key.startsWith("/") ? "page" : "software"} ${key} v2`).join("\n");
  const form = { environment: "beta", lines, key: crypto.randomUUID() };
  return words(await (await w.as("cleo").post("/sites/shop/deployments/new", form)).text());
};

test.each([
  ["case", "/SALE", "/sale"],
  ["case in any script", "/CAFÉ/MENÜ", "/café/menü"],
  ["a closing slash", "/sale/", "/sale"],
  ["both", "/Sale/", "/sale"],
  ["compatible characters", "/ｓａｌｅ", "/sale"],
  ["case, of software", "Checkout", "checkout"],
])("a new key that differs only in %s is pointed out, and recorded", async (_, key, known) => {
  const sentence = `${key} is new, and differs from ${known} only in case, a closing slash or the form of a character.`;
  expect(await preview(key)).toContain(sentence);
  const api = await machine(w, "contributor");
  const { status, body } = await api.post(path, placements(key));
  const kind = key.startsWith("/") ? "page" : "software";
  expect([status, body.changed, body.similar_keys]).toEqual([201, 1, [{ kind, key, known }]]);
  const again = await api.post(path, placements(key));
  expect(again.body, "it is known by now").not.toHaveProperty("similar_keys");
});

test("keys of another kind, of another site, longer ones and known ones are not pointed out", async () => {
  const keys = ["/sale/shoes", "/sal", "/sale-2", "sale", "/checkout", "/sale"];
  expect(await preview(...keys)).not.toContain("only in case");
  const { body } = await (await machine(w, "contributor")).post(path, placements(...keys));
  expect(body).not.toHaveProperty("similar_keys");
});

test("two new keys of one list are compared with each other, and a title does not matter", async () => {
  const api = await machine(w, "contributor");
  await api.post(path, { placements: [{ kind: "page", key: "/terms", version: "v1", title: "Terms" }] });
  const found = "2 new paths or names differ from known ones only in case, a closing slash or the form of a character";
  expect(await preview("/new", "/NEW", "/Terms")).toContain(`${found}: /NEW (/new) and /Terms (/terms).`);
});

test("the command line says it after record and import", async () => {
  const sitebook = await commandLineMachine(w, "contributor");
  expect((await sitebook(["record", "beta", "page /SALE v2"])).out).toContain(
    "/SALE is new, and differs from /sale only in case, a closing slash or the form of a character.",
  );
});
