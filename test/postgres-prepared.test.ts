import { sql } from "kysely";
import { expect, test } from "vitest";
import { findDrawn } from "../src/artifacts/queries.ts";
import { newId } from "../src/database/ids.ts";
import { listPromotions } from "../src/promotions/queries.ts";
import { endOfTime, placementSeqAsOf } from "../src/record/as-of.ts";
import { engine, freshDatabase, newDatabase } from "./support/database.ts";
import { world } from "./support/world.ts";

test.runIf(engine === "postgres")("a query of a new connection stays prepared, with lists of any length", async () => {
  const { db, close } = await newDatabase();
  await db.connection().execute(async (connection) => {
    const select = (slugs: string[]) =>
      connection.selectFrom("roles").select("slug").where("slug", "in", slugs).orderBy("slug").execute();
    const prepared = async () => {
      const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(
        connection,
      );
      return rows.filter((row) => row.statement.includes('from "roles"')).length;
    };
    expect(await select(["tester"])).toEqual([{ slug: "tester" }]);
    expect(await prepared()).toBe(1);
    expect(await select(["tester", "viewer", "nobody"])).toEqual([{ slug: "tester" }, { slug: "viewer" }]);
    expect(await prepared()).toBe(1);
    // an empty list is written in another way
    expect(await select([])).toEqual([]);
    expect(await prepared()).toBe(2);
  });
  await close();
});

test.runIf(engine === "postgres")("a query with a list is not planned again each time", async () => {
  const { db, close } = await newDatabase();
  const planned = await db.connection().execute(async (connection) => {
    // as it is outside of tests
    await sql`set plan_cache_mode = auto`.execute(connection);
    for (let i = 0; i < 10; i++) await listPromotions(connection, newId(), { releases: [newId()] });
    const { rows } = await sql<{ planned: number }>`
      select custom_plans as planned from pg_prepared_statements where statement like '%from "promotions"%' and statement not like '%custom_plans%'`.execute(
      connection,
    );
    return rows.map((row) => row.planned);
  });
  expect(planned).toEqual([5]);
  await close();
});

test("an empty list of numbers finds nothing, and a longer one does afterwards", async () => {
  const w = await world();
  await w.record("beta", ["/sale v1"]);
  const placements = w.db.selectFrom("placements").select("seq");
  expect(await placements.where("seq", "in", []).execute()).toEqual([]);
  expect(await placements.where("seq", "in", [1]).execute()).toHaveLength(1);
  expect(await findDrawn(w.db, [])).toEqual([]);
  expect(await findDrawn(w.db, [1])).toMatchObject([{ seq: 1, version: "v1" }]);
  await w.close();
});

test.runIf(engine === "postgres")("a plan that is made while a table is small uses its index", async () => {
  const { db, close } = await freshDatabase();
  await sql`vacuum analyze artifacts`.execute(db);
  const { rows } = await sql<Record<string, string>>`explain select id from artifacts where id = 'x'`.execute(db);
  expect(Object.values(rows[0] ?? {})).toEqual([expect.stringMatching(/^Index .*Scan/)]);
  await close();
});

test.runIf(engine === "postgres")(
  "in a book that was never analyzed, what was there is sought for each page",
  async () => {
    const { db, close } = await newDatabase();
    const found = placementSeqAsOf("beta", "a.id", { asOf: endOfTime });
    const { rows } = await sql`explain select ${found} from artifacts a`.execute(db);
    expect(JSON.stringify(rows)).toMatch(/placements_as_of.*\(artifact_id = a\.id\)/);
    await close();
  },
);
