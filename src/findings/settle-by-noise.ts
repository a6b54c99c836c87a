import { environmentById, findSiteById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { FindingCode } from "../record/finding-kinds.ts";
import { reconcileDisagreements } from "./disagreements.ts";
import { appendFindings, type Finder } from "./events.ts";
import { findOn } from "./findings.ts";
import { findingKey, settle } from "./reconcile.ts";

const byContent: FindingCode[] = ["drifted", "not_as_approved", "not_there_yet", "servers_disagree"];

interface OpenFinding {
  id: string;
  environment_id: string;
  server_id: string;
  path: string;
  code: FindingCode;
  sentence: string;
}

/**
 * Settles the findings on servers of a site that are none without what is noise now. None of a page is opened, as nobody
 * looked. `about`: the id of the visit that learned noise, or of the mask.
 */
export async function settleByNoise(trx: Database, actor: Finder, siteId: string, about: string): Promise<void> {
  const site = await findSiteById(trx, siteId);
  const open = await trx
    .selectFrom("findings")
    .select(["id", "environment_id", "server_id", "path", "code", "sentence"])
    .where("site_id", "=", siteId)
    .where("settled_at", "is", null)
    .where("code", "in", byContent)
    .execute();
  if (!site || !open.length) return;
  for (const findings of Map.groupBy(open as OpenFinding[], ({ server_id }) => server_id).values())
    await settleOnServer(trx, actor, site, { findings, about });
  const disagreeing = open.filter(({ code }) => code === "servers_disagree").map((one) => one.environment_id);
  for (const environment_id of new Set(disagreeing))
    await reconcileDisagreements(trx, siteId, environmentById(site, environment_id), actor.at);
}

/** All of the findings are of one server. */
async function settleOnServer(
  trx: Database,
  actor: Finder,
  site: Site,
  { findings, about }: { findings: OpenFinding[]; about: string },
): Promise<void> {
  const [{ server_id, environment_id }] = findings as [OpenFinding];
  const environment = environmentById(site, environment_id);
  // what does not depend on the contents stays as it is
  const none = { isHidden: false, elsewhere: [], own: [], links: { broken: new Map(), elsewhere: new Map() } };
  const { pages, found } = await findOn(trx, site, environment, server_id, actor.at, none);
  const still = new Set(found.map(findingKey));
  const shown = new Set(pages.filter(({ outcome }) => outcome === "shown").map(({ path }) => path));
  const gone = findings.filter(
    (one) => one.code !== "servers_disagree" && shown.has(one.path) && !still.has(findingKey(one)),
  );
  await settle(trx, gone, "gone", actor.at);
  const circumstances = { environment, server_id, about, how: "noise" } as const;
  await appendFindings(trx, actor, site.id, { opened: [], settled: gone }, circumstances);
}
