import type { Name, World } from "./world.ts";

/** Makes a person or a token an administrator of every site: then they may change what is the same on all of them. */
export async function administersAll(
  w: Pick<World, "db" | "people" | "clock">,
  who: Name | { id: string },
): Promise<void> {
  const { id: person_id } = typeof who === "string" ? w.people[who] : who;
  const sites = await w.db.selectFrom("sites").select("id").execute();
  await w.db
    .insertInto("memberships")
    .values(
      sites.map(({ id }) => ({
        site_id: id,
        person_id,
        role: "administrator",
        since: w.clock.at,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
