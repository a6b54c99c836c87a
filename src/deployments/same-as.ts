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

interface Copy {
  environment: Environment;
  /** How many pages and software items may be removed from it at most. */
  allowRemovals?: number | undefined;
}

/**
 * Records, as the complete baseline of an environment, what is on another one now. Throws a Refusal with 403 if the actor
 * may not record, with 409 if there is nothing to copy or the environment has other deployments than baselines, and with
 * 422 if it would remove too many.
 */
export function recordSameAs(
  db: Database,
  actor: Actor,
  site: Site,
  from: Environment,
  copy: Copy,
): Promise<RecordedDeployment> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const contents = await currentContents(trx, site.id, from.id);
    return recordCopy(trx, actor, site, { ...copy, from, contents });
  });
}

/** The same for several environments: all of them or none. */
export function recordAllSameAs(
  db: Database,
  actor: Actor,
  site: Site,
  from: Environment,
  copies: Copy[],
): Promise<RecordedDeployment[]> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const contents = await currentContents(trx, site.id, from.id);
    const recorded: RecordedDeployment[] = [];
    for (const copy of copies) recorded.push(await recordCopy(trx, actor, site, { ...copy, from, contents }));
    return recorded;
  });
}

type Contents = Awaited<ReturnType<typeof currentContents>>;

async function recordCopy(
  trx: Database,
  actor: Actor,
  site: Site,
  { environment, from, contents, allowRemovals }: Copy & { from: Environment; contents: Contents },
): Promise<RecordedDeployment> {
  await refuseLateBaseline(trx, environment);
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
}

/** What that would change. */
export async function previewSameAs(
  db: Database,
  site: Site,
  environment: Environment,
  { from, now, known }: { from: Environment; now: string; known: Set<string> },
) {
  const contents = await currentContents(db, site.id, from.id);
  const changes = await previewDeployment(db, site, environment, {
    asOf: now,
    lines: contents,
    complete: true,
    known,
  });
  return { changes, why: whyNotSameAs(environment, from, contents.length) };
}
