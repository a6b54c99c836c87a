import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freshDatabaseUrl } from "./support/database.ts";
import { unguard } from "./support/tampering.ts";
import { onTortureDatabase } from "./torture/cast.ts";
import { check } from "./torture/check.ts";
import { torture } from "./torture/torture.ts";

// where others work, too, a server takes its time to start
vi.setConfig({ testTimeout: 240_000 });

let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
});
afterEach(() => drop());

test("killed again and again in the middle of writing, it has lost nothing that it said was recorded", async () => {
  const tale = await torture({ url, seed: 9, servers: 1, enough: (deaths) => deaths === 2 });
  expect(tale.wrong).toEqual([]);
  expect(tale.repeated).toBeGreaterThan(0);
});

test("of two servers on one database either is killed, and the other goes on", async () => {
  const tale = await torture({ url, seed: 10, servers: 2, enough: (deaths) => deaths === 2 });
  expect(tale.wrong).toEqual([]);
  expect(tale.repeated).toBeGreaterThan(0);
});

test("something lost, something half there and something that nobody said would be found", async () => {
  const { ledger, wrong } = await torture({ url, seed: 11, servers: 1, enough: () => true });
  expect(wrong).toEqual([]);
  await onTortureDatabase(url, async (db) => {
    for (const table of ["deployments", "events"]) await unguard(db, table);
    await db.updateTable("deployments").set({ note: "otherwise" }).where("note", "=", "w0-0").execute();
    await db.deleteFrom("events").where("subject", "=", "deployment 2").execute();
  });
  const found = await check(url, ledger);
  expect(found.verified).toBe(false);
  expect(found.wrong).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^w0-0, a deployment that was acknowledged to .*, is not there\.$/),
      "otherwise is there, and nobody said it.",
      expect.stringMatching(/^No event tells: deployment_recorded /),
    ]),
  );
});
