import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freshDatabaseUrl } from "./support/database.ts";
import { unguard } from "./support/tampering.ts";
import { onTortureDatabase } from "./torture/cast.ts";
import { check } from "./torture/check.ts";
import { torture } from "./torture/torture.ts";

// on a busy machine a server takes long to start
vi.setConfig({ testTimeout: 240_000 });

let url: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ url, drop } = await freshDatabaseUrl());
});
afterEach(() => drop());

test("two servers, of which first one is killed while they write and then both, lose nothing, and the check would find what is lost or forged", async () => {
  const { ledger, dueUntil, arrived, wrong, repeated, repeatedAtKills } = await torture({
    url,
    seed: 20,
    servers: 2,
    enough: (kills) => kills === 2,
  });
  expect(wrong).toEqual([]);
  // the other one went on
  expect(repeatedAtKills[1]).toBeGreaterThan(0);
  expect(repeated).toBeGreaterThan(repeatedAtKills[1] as number);

  const mark = ledger.of("acknowledged").find(({ type }) => type === "deployment")?.mark as string;
  await onTortureDatabase(url, async (db) => {
    for (const table of ["deployments", "events"]) await unguard(db, table);
    await db.updateTable("deployments").set({ note: "another" }).where("note", "=", mark).execute();
    await db.deleteFrom("events").where("subject", "=", "deployment 2").execute();
  });
  const { secret, received } = arrived.webhooks;
  const forged = received.map(({ body, ...request }) => ({
    ...request,
    body: body.replace('"subject":"deployment 1"', '"subject":"deployment 3"'),
  }));
  const found = await check(url, ledger, dueUntil, { mails: [], webhooks: { secret, received: forged } });
  expect(found.verified).toBe(false);
  expect(found.wrong).toEqual(
    expect.arrayContaining([
      expect.stringMatching(`^${mark}, a deployment that was acknowledged to .*, is not recorded\\.$`),
      "another is recorded, and no client sent it.",
      expect.stringMatching(/^There is no event for deployment_recorded /),
      expect.stringMatching(/^A request msg_\S+ arrived at the webhook, and its signature is wrong\.$/),
      expect.stringMatching(
        /^The webhook did not accept event \d+ as deployment\.recorded; its delivery is delivered /,
      ),
      expect.stringMatching(/^The webhook got event \d+ as deployment\.recorded, which no event caused\.$/),
    ]),
  );
});
