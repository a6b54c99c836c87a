import type { Name, World } from "./world.ts";

/** Makes somebody an administrator of every site: then they may change how people sign in. */
export async function administersAll(w: Pick<World, "db" | "people" | "clock">, name: Name): Promise<void> {
  const sites = await w.db.selectFrom("sites").select("id").execute();
  await w.db
    .insertInto("memberships")
    .values(
      sites.map(({ id }) => ({
        site_id: id,
        person_id: w.people[name].id,
        role: "administrator",
        since: w.clock.at,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
