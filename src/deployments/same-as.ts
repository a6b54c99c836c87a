import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { refuse } from "../errors.ts";
import { refuseLateBaseline } from "../record/baseline.ts";
import { currentContents } from "../record/current.ts";
import { deploy } from "../record/deploy.ts";
import { previewDeployment } from "./queries.ts";
import type { RecordedDeployment } from "./record.ts";

/** Why an environment cannot be recorded as the same as another. `count`: how much is there on the other one. */
function whyNotSameAs(environment: Environment, from: Environment, count: number): string | undefined {
  if (environment.id === from.id) return `Select another environment than ${environment.name} itself.`;
  if (!count) return `Nothing is recorded on ${from.name}, so there is nothing to copy to ${environment.name}.`;
}

/**
 * Records, as the complete baseline of an environment, what is on another one now. `allowRemovals`: how many pages and
 * software items may be removed from it at most. Throws a Refusal with 403 if the actor may not record, with 409 if there
 * is nothing to copy or the environment has other deployments than baselines, and with 422 if it would remove too many.
 */
export function recordSameAs(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  { from, allowRemovals }: { from: Environment; allowRemovals?: number | undefined },
): Promise<RecordedDeployment> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    await refuseLateBaseline(trx, environment);
    const contents = await currentContents(trx, site.id, from.id);
    refuse(whyNotSameAs(environment, from, contents.length));
    const { id: _, ...recorded } = await deploy(trx, actor, site, environment, {
      effectiveAt: actor.at,
      complete: true,
      allowRemovals,
      baseline: true,
      note: `Same as ${from.name}`,
      source: null,
      lines: contents.map(({ artifact_id, kind, key, version_id, version }) => ({
        artifact_id,
        kind,
        key,
        version_id,
        version,
        promotion_id: null,
        out_of_band: 0,
      })),
    });
    return recorded;
  });
}

/** What that would change. */
export async function previewSameAs(
  db: Database,
  site: Site,
  environment: Environment,
  { from, now }: { from: Environment; now: string },
) {
  const contents = await currentContents(db, site.id, from.id);
  const changes = await previewDeployment(db, site, environment, now, contents, true);
  return { changes, why: whyNotSameAs(environment, from, contents.length) };
}
