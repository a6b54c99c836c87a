import { expect, test } from "vitest";
import { isPostgres, openDatabase } from "../src/database/connect.ts";
import { engine, newDatabase } from "./support/database.ts";
import { busyShop } from "./support/every-verb.ts";
import { fullShopUrl } from "./support/full-shop.ts";
import { world } from "./support/world.ts";

// Each worker runs tests on both engines, and keeps the shops that it copies.
test(`all that tests are given is on the engine under test, here ${engine}`, async () => {
  const [shop, busy, another] = [await world(), await busyShop(), await newDatabase()];
  const { url, drop } = await fullShopUrl();
  const full = openDatabase(url);
  const isOnPostgres = expect.getState().testPath?.includes("node_modules/.postgres/");
  for (const { db } of [shop, busy, another, { db: full }]) expect(isPostgres(db)).toBe(isOnPostgres);
  for (const opened of [shop, busy, another]) await opened.close();
  await full.destroy();
  await drop();
});
