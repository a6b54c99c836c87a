import type { Database } from "../database/connect.ts";

/** The next number of a deployment, release, promotion or freeze of the site. Must be called in a transaction that has locked the site. */
export async function nextNumber(
  trx: Database,
  siteId: string,
  counter: "deployments" | "releases" | "promotions" | "freezes",
): Promise<number> {
  const row = await trx
    .updateTable("sites")
    .set((eb) => ({ [counter]: eb(counter, "+", 1) }))
    .where("id", "=", siteId)
    .returning(`${counter} as number`)
    .executeTakeFirstOrThrow();
  return row.number;
}
