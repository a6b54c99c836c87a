import { sql } from "kysely";
import { expect, test } from "vitest";
import { engine, freshDatabase } from "./support/database.ts";

test.runIf(engine === "postgres")(
  "what is asked a second time on a connection is kept prepared, lists of any length as one",
  async () => {
    const { db, close } = await freshDatabase();
    await db.connection().execute(async (one) => {
      const ask = (slugs: string[]) =>
        one.selectFrom("roles").select("slug").where("slug", "in", slugs).orderBy("slug").execute();
      const prepared = async () => {
        const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(one);
        return rows.filter((row) => row.statement.includes('from "roles"')).length;
      };
      expect(await ask(["tester"])).toEqual([{ slug: "tester" }]);
      expect(await prepared()).toBe(0);
      expect(await ask(["tester", "viewer", "nobody"])).toEqual([{ slug: "tester" }, { slug: "viewer" }]);
      expect(await ask([])).toEqual([]);
      expect(await prepared()).toBe(1);
    });
    await close();
  },
);
