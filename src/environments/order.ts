import type { Database } from "../database/connect.ts";
import { dropSectionCounts } from "../record/section-counts.ts";

/** The place after all others, where the slug of an environment is expected. */
export const lastPlace = "-";

/** The environments with this one before the one with the slug `before`, or as the last one. */
export function placeBefore<E extends { slug: string }>(environments: E[], environment: E, before?: string): E[] {
  const others = environments.filter(({ slug }) => slug !== environment.slug);
  const found = others.findIndex(({ slug }) => slug === before);
  return found < 0 ? [...others, environment] : others.toSpliced(found, 0, environment);
}

export function whyNotBefore(environments: { slug: string }[], before: string | undefined): string | undefined {
  if (!before || before === lastPlace || environments.some(({ slug }) => slug === before)) return;
  return `There is no environment ${before.slice(0, 60)} in use.`;
}

/** Numbers the environments in this order. The counts of the site's rows compare each with the next, so they are dropped. */
export async function writeOrder(trx: Database, siteId: string, ids: string[]): Promise<void> {
  // out of the way first: no two may have the same position, not even for a moment
  await trx
    .updateTable("environments")
    .set((eb) => ({ position: eb("position", "+", 1000) }))
    .where("site_id", "=", siteId)
    .where("position", ">", 0)
    .execute();
  for (const [i, id] of ids.entries())
    await trx
      .updateTable("environments")
      .set({ position: i + 1 })
      .where("id", "=", id)
      .execute();
  await dropSectionCounts(trx, siteId);
}

export function openPromotions(trx: Database, siteId: string) {
  return trx
    .selectFrom("open_promotions as o")
    .innerJoin("promotions as p", "p.id", "o.promotion_id")
    .select(["p.number", "p.from_id", "p.environment_id"])
    .where("o.site_id", "=", siteId)
    .orderBy("p.number")
    .execute();
}
