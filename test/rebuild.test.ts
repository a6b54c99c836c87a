import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../src/database/connect.ts";
import { rebuild } from "../src/integrity/rebuild.ts";
import { verify } from "../src/integrity/verify.ts";
import { findPromotion } from "../src/promotions/queries.ts";
import { saveTicks } from "../src/promotions/review-ticks.ts";
import type { Schema } from "../src/schema.ts";
import { busyShop } from "./support/every-verb.ts";
import { unguard } from "./support/tampering.ts";
import type { World } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await busyShop();
});
afterEach(() => w.close());

const tables = [
  "deployments",
  "placements",
  "confirmations",
  "repeats",
  "current_placements",
  "releases",
  "release_contents",
  "release_marks",
  "promotions",
  "schedules",
  "due_moments",
  "open_promotions",
  "approvals",
  "completions",
  "forced_completions",
  "forced_reviews",
  "cancellations",
  "corrections",
  "looks",
  "unsettled_rejections",
  "ownerships",
  "section_owners",
  "former_names",
  "artifacts",
  "versions",
] as const satisfies (keyof Schema)[];

test("an operator rebuilds a sound record, and every row is the same as before", async () => {
  await tick();
  const before = await allRows(w.db);
  const result = await rebuild(w.db, w.site.id);
  expect(result).toEqual(await verify(w.db, w.site.id));
  expect(await allRows(w.db)).toEqual(before);
});

test("rows that were changed, removed or added by hand are restored as they were recorded", async () => {
  await tick();
  const before = await allRows(w.db);
  await damage();
  expect(await verify(w.db, w.site.id)).toHaveProperty("break");
  await rebuild(w.db, w.site.id);
  expect(await allRows(w.db)).toEqual(before);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("after a rebuild the tables refuse changes again, and deployments can be recorded", async () => {
  await rebuild(w.db, w.site.id);
  await expect(w.db.updateTable("approvals").set({ role: "viewer" }).execute()).rejects.toThrow("append-only");
  await expect(w.db.deleteFrom("placements").execute()).rejects.toThrow("append-only");
  await w.record("beta", ["/after v1"]);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("the record of another site is not changed", async () => {
  const before = await w.db.selectFrom("events").selectAll().execute();
  const other = await w.db.selectFrom("sites").select("id").where("slug", "=", "elsewhere").executeTakeFirstOrThrow();
  await rebuild(w.db, other.id);
  expect(await w.db.selectFrom("events").selectAll().execute()).toEqual(before);
  expect(await verify(w.db, w.site.id)).toHaveProperty("head");
});

test("with broken events the rebuild is refused, and nothing is changed", async () => {
  await unguard(w.db, "events");
  await unguard(w.db, "approvals");
  await w.db
    .updateTable("events")
    .set({ subject: "deployment 0" })
    .where("site_id", "=", w.site.id)
    .where("seq", "=", 20)
    .execute();
  await w.db.updateTable("approvals").set({ comment: "Damaged" }).execute();
  const before = await allRows(w.db);
  await expect(rebuild(w.db, w.site.id)).rejects.toThrow(
    "The events themselves are broken. Event 20 is not what was recorded",
  );
  expect(await allRows(w.db)).toEqual(before);
});

async function tick(): Promise<void> {
  const [open] = await w.db
    .selectFrom("promotions as p")
    .innerJoin("open_promotions as o", "o.promotion_id", "p.id")
    .innerJoin("release_contents as r", "r.release_id", "p.release_id")
    .select(["p.number", "r.artifact_id"])
    .execute();
  const promotion = await findPromotion(w.db, w.site.id, open?.number ?? 0);
  if (!promotion) throw new Error("no promotion is open");
  await saveTicks(w.db, await w.by("theo"), promotion, { shown: [], ticked: [open?.artifact_id ?? ""] });
}

async function damage(): Promise<void> {
  for (const table of tables) await unguard(w.db, table);
  await w.db.deleteFrom("current_placements").execute();
  await w.db.deleteFrom("open_promotions").execute();
  await w.db.deleteFrom("completions").execute();
  await w.db
    .updateTable("approvals")
    .set({ decision: "approve", comment: null })
    .where("decision", "=", "reject")
    .execute();
  await w.db.updateTable("placements").set({ version_id: null, effective_at: "2026-02-03T00:00:00.000Z" }).execute();
  await w.db.updateTable("deployments").set({ note: "Never mind" }).execute();
  await w.db.updateTable("versions").set({ digest: "sha256:0" }).execute();
  await w.db.updateTable("artifacts").set({ title: "Nothing", key: sql<string>`key || '-'` }).execute();
  const [row] = await w.db.selectFrom("placements").selectAll().execute();
  if (!row) throw new Error("there are no placements");
  const { seq: _, ...forged } = row;
  await w.db.insertInto("placements").values(forged).execute();
  await w.db.deleteFrom("release_contents").execute();
}

/** All rows of these tables, sorted. */
async function allRows(db: Database): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const table of tables) {
    const all = await db
      .selectFrom(table as "looks")
      .selectAll()
      .execute();
    rows[table] = all.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();
  }
  return rows;
}
