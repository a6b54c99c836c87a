import type { Database } from "../database/connect.ts";

/** The next number of its kind on the site; to be called in a transaction that has taken its turn. */
export async function nextNumber(
  trx: Database,
  siteId: string,
  of: "deployments" | "releases" | "promotions",
): Promise<number> {
  const row = await trx
    .updateTable("sites")
    .set((eb) => ({ [of]: eb(of, "+", 1) }))
    .where("id", "=", siteId)
    .returning(`${of} as number`)
    .executeTakeFirstOrThrow();
  return row.number;
}
