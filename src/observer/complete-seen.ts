import { observerActor } from "../access/observer.ts";
import { environmentById, findSiteById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { Refusal } from "../errors.ts";
import { complete } from "../promotions/promotions.ts";
import { listPromotions } from "../promotions/queries.ts";
import { seenInTarget } from "../promotions/seen-in-target.ts";
import { listContents } from "../record/releases.ts";
import type { Visit } from "../sightings/queries.ts";

/**
 * Completes the approved promotions of which all pages are seen on every server of the environment as they were approved,
 * where their gates allow that. What blocks a person blocks it, too. Software cannot be seen, so a promotion that contains
 * some is left to a person.
 */
export async function completeSeen(db: Database, visit: Visit, now: string): Promise<void> {
  const site = await findSiteById(db, visit.site_id);
  if (!site) return;
  const open = await listPromotions(db, site.id, { open: true, environment: visit.environment_id });
  const waiting = open.filter(({ state, gate }) => state === "approved" && gate?.completed_by_observation);
  for (const promotion of waiting.reverse()) {
    const contents = await listContents(db, promotion.release_id);
    const { servers } = environmentById(site, visit.environment_id);
    const since =
      contents.every(({ kind }) => kind === "page") && (await seenInTarget(db, promotion, contents, servers));
    if (since) await completeUnlessBlocked(db, site, promotion.number, { effective_at: since, now });
  }
}

async function completeUnlessBlocked(
  db: Database,
  site: Site,
  number: number,
  { effective_at, now }: { effective_at: string; now: string },
): Promise<void> {
  try {
    await complete(db, await observerActor(db, site.id, now), site, number, { effective_at });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
