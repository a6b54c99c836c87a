import { type Environment, environmentBefore } from "../access/environments.ts";
import { environmentById, findSiteById, type Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { observationRule } from "../observer/observation-rule.ts";
import type { Visit } from "../sightings/queries.ts";
import { badLinks } from "./bad-links.ts";
import { isHidden, recordedVersions } from "./checks.ts";
import { isUnobserved, reconcileDisagreements } from "./disagreements.ts";
import { appendFindings, type Finder } from "./events.ts";
import { type ReadVersion, wrongSoftware } from "./probe-rules.ts";
import { type FindingChanges, reconcile } from "./reconcile.ts";
import { type Found, findingsOf, learnedDigest, type Setting } from "./rules.ts";
import { seenPages } from "./seen-pages.ts";

export interface VisitResult {
  /** It does not answer, so that this is the only thing found, and all else stays as it was. */
  problem?: string | null | undefined;
  /** What the server says about its software; undefined: it was not asked. */
  versions?: ReadVersion[];
  /** The only pages that were looked at; undefined: all. */
  paths?: Set<string>;
}

/** Opens and settles the findings of a server after a visit, in the transaction that ends it. */
export async function reconcileFindings(
  trx: Database,
  actor: Finder,
  visit: Visit,
  { problem = null, versions }: VisitResult,
): Promise<void> {
  const site = await findSiteById(trx, visit.site_id);
  if (!site) return;
  const environment = environmentById(site, visit.environment_id);
  const changes =
    problem === null
      ? await reconcileVisited(trx, { site, environment, visit, versions, now: actor.at })
      : await reconcileDown(trx, visit, problem, actor.at);
  const { id: about, server_id } = visit;
  await appendFindings(trx, actor, site.id, changes, { environment, server_id, about, how: "visit" });
}

const aboutOf = ({ site_id, environment_id, server_id }: Visit) => ({ site_id, environment_id, server_id });

function reconcileDown(trx: Database, visit: Visit, problem: string, now: string): Promise<FindingChanges> {
  const down: Found = { path: "", code: "server_down", sentence: problem, content: null };
  return reconcile(trx, [down], { about: aboutOf(visit), now, stays: () => true });
}

interface Visited {
  site: Site;
  environment: Environment;
  visit: Visit;
  versions: ReadVersion[] | undefined;
  now: string;
}

async function reconcileVisited(
  trx: Database,
  { site, environment, visit, versions, now }: Visited,
): Promise<FindingChanges> {
  const elsewhere = site.environments
    .filter(({ id }) => id !== environment.id)
    .flatMap(({ name, servers }) => servers.map(({ base_url }) => ({ environment: name, base_url })));
  const otherUrls = elsewhere.map(({ base_url }) => base_url);
  const { pages, found } = await findOn(trx, site, environment, visit.server_id, now, {
    isHidden: await isHidden(trx, environment.id),
    elsewhere,
    own: environment.servers.map(({ base_url }) => base_url),
    links: await badLinks(trx, visit.server_id, otherUrls),
  });
  await learn(trx, pages, environment.id, now);
  const software = wrongSoftware(versions ?? [], await recordedVersions(trx, site.id, environment.id));
  const unobserved = new Set([...pages.filter(isUnobserved), ...software.filter(isUnread)].map(({ path }) => path));
  const changes = await reconcile(trx, [...found, ...software], {
    about: aboutOf(visit),
    now,
    stays: ({ path, code }) =>
      code === "servers_disagree" ||
      (!versions && path !== "" && !path.startsWith("/")) ||
      (unobserved.has(path) && !/^(unobserved|not_observed_since)$/.test(code)),
  });
  await reconcileDisagreements(trx, site.id, environment, now);
  return changes;
}

const isUnread = ({ code }: Found): boolean => code === "unobserved";

/** What is found in the pages of a server as they were seen last. `others`: what does not depend on their texts. */
export async function findOn(
  trx: Database,
  site: Site,
  environment: Environment,
  server_id: string,
  now: string,
  others: Pick<Setting, "isHidden" | "elsewhere" | "own" | "links">,
) {
  const before = environmentBefore(site.environments, environment);
  const about = { server_id, environment_id: environment.id };
  const pages = await seenPages(trx, about, { siteId: site.id, beforeId: before?.id });
  const found = findingsOf(pages, {
    ...others,
    tier: environment.tier,
    hasRecord: pages.some(({ isRecorded }) => isRecorded),
    isObserved: (await observationRule(trx, environment.id)).reporter === "observation",
    before: before?.name,
    now,
    zone: site.time_zone,
  });
  return { pages, found };
}

/** Keeps by which digest versions are known here from now on. */
async function learn(
  trx: Database,
  pages: Awaited<ReturnType<typeof seenPages>>,
  environment_id: string,
  seen_at: string,
): Promise<void> {
  const learned = pages.flatMap((page) => {
    const text_digest = learnedDigest(page);
    const { version_id, content } = page;
    return text_digest && version_id ? [{ version_id, environment_id, text_digest, content, seen_at }] : [];
  });
  await inBatches(learned, (rows) =>
    trx
      .insertInto("seen_versions")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["version_id", "environment_id"]).doUpdateSet((eb) => ({
          text_digest: eb.ref("excluded.text_digest"),
          content: eb.ref("excluded.content"),
          seen_at,
        })),
      )
      .execute(),
  );
}
