import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { snapshot } from "../database/snapshot.ts";
import { notFound } from "../errors.ts";
import { chainHead } from "../integrity/checkpoints.ts";
import { findPromotion, listPromotions, type Promotion } from "../promotions/queries.ts";
import { type Moment, type PlacementAsOf, type PlacementSlice, placementsAsOf } from "../record/as-of.ts";
import { formerNames, nameAt } from "../record/former-names.ts";
import { listContents, type ReleaseContent } from "../record/releases.ts";
import { type Replaced, replacedVersions } from "./replaced.ts";
import { type Cells, loadSteps, localTimes } from "./steps.ts";

/** What a pack is evidence of, as its verifier reads it: a promotion, or an environment at a moment. */
export interface EvidenceSubject {
  site: string;
  /** How many events there were when its tables were read. */
  events: number;
  /** The time zone of the site's times beside those in UTC. */
  zone: string;
  /** Of the history the pack has only what concerns the subject. */
  extract?: true;
  promotion?: number;
  name?: string;
  release?: number;
  environment?: string;
  environment_id?: string;
  as_of?: string;
  known_at?: string | undefined;
}

export interface Evidence {
  about: EvidenceSubject;
  /** Of an environment at a moment: what it was called then. */
  nameThen?: string;
  /** What the same is called now, if that differs. */
  nameNow?: string | undefined;
  contents: Cells[];
  /** What the gates of its promotions required. */
  gates: Cells[];
  approvals: Cells[];
  /** Every event that led to it, oldest first. */
  steps: Cells[];
}

/**
 * A promotion's contents with what they replaced, and the gates, approvals and events of its release up to there, so that
 * all gates on its way are included. `whole`: with the whole history of the site, instead of an extract. Throws a Refusal
 * with 404 if there is no promotion of this number.
 */
export function evidenceOfPromotion(
  db: Database,
  site: Site,
  number: number,
  { whole }: { whole: boolean },
): Promise<Evidence> {
  return snapshot(db, async (trx) => {
    const promotion = (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
    const { events } = await chainHead(trx, site.id);
    const contents = await listContents(trx, promotion.release_id);
    const replaced = await replacedVersions(
      trx,
      promotion,
      contents.map((line) => line.artifact_id),
    );
    const [environment, environment_id] = [promotion.environment.slug, promotion.environment_id];
    const about = { promotion: number, name: promotion.name, release: promotion.release, environment, environment_id };
    return {
      about: { site: site.slug, events, zone: site.time_zone, ...about, ...(!whole && { extract: true as const }) },
      contents: contents.map((line) => ({ ...line, ...changeOf(line, replaced.get(line.artifact_id)) })),
      ...(await loadSteps(trx, site, await subjectsOf(trx, site, promotion))),
    };
  });
}

/** In words what a line of the release does in the target. What it removes has the title that it had there. */
function changeOf(
  { version, title }: Pick<ReleaseContent, "version" | "title">,
  replaced: Replaced | undefined,
): Cells {
  const before = replaced?.version;
  if (version === null)
    return { title: replaced?.title, change: "removed", version: "removed", replaced: before ?? "" };
  return { title, change: !before ? "new" : version === before ? "same" : "changed", version, replaced: before ?? "" };
}

/**
 * The ids of its release, of the promotions of that release up to it, of what they led to, and of the take-downs that were
 * approved with them. The approvals of a take-down are those of the promotion that it takes down.
 */
async function subjectsOf(db: Database, site: Site, promotion: Promotion): Promise<string[]> {
  const ofRelease = { releases: [promotion.release_id], before: promotion.number + 1, limit: 1000 };
  const numbers = promotion.is_take_down && promotion.rollback_of ? [promotion.rollback_of] : [];
  const all = await listPromotions(db, site.id, ofRelease);
  if (numbers.length) all.push(...(await listPromotions(db, site.id, { numbers })));
  const releases = [
    ...new Set(all.map(({ release_id }) => release_id)),
    ...(await takeDownsOf(
      db,
      all.map(({ id }) => id),
    )),
  ];
  const deployments = all.flatMap(({ completion }) => (completion ? [completion.deployment_id] : []));
  return [...releases, ...all.map(({ id }) => id), ...deployments, ...(await correctionsOf(db, deployments))];
}

/** The releases that were prepared as take-downs of these promotions. */
async function takeDownsOf(db: Database, promotionIds: string[]): Promise<string[]> {
  const rows = await inBatches(promotionIds, (batch) =>
    db.selectFrom("schedules").select("take_down_release_id").where("promotion_id", "in", batch).execute(),
  );
  return rows.flatMap((row) => row.take_down_release_id ?? []);
}

/** An environment's contents at a moment, and the approvals and events that led to them. */
export function evidenceOfEnvironment(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
): Promise<Evidence> {
  return snapshot(db, async (trx) => {
    const { events } = await chainHead(trx, site.id);
    const lines = await allPlacements(trx, site, environment, moment);
    const deployments = await deploymentsOf(trx, site, lines);
    const subjects = [...deployments, ...(await correctionsOf(trx, deployments))];
    const { asOf: as_of, knownAt: known_at } = moment;
    const nameThen = nameAt(await formerNames(trx, [environment.id]), environment, as_of);
    return {
      nameThen,
      nameNow: environment.name === nameThen ? undefined : environment.name,
      about: {
        site: site.slug,
        events,
        zone: site.time_zone,
        environment: environment.slug,
        environment_id: environment.id,
        as_of,
        known_at,
      },
      contents: lines.map((line) => ({ ...line, ...flagsOf(line), ...localTimes(line, site.time_zone) })),
      ...(await loadSteps(trx, site, [...subjects, ...lines.map((line) => line.promotion_id)], known_at)),
    };
  });
}

const flagsOf = (line: PlacementAsOf) => ({
  out_of_band: line.out_of_band ? "yes" : "no",
  baseline: line.baseline ? "yes" : "no",
});

const batchSize = 1000;

async function allPlacements(db: Database, site: Site, environment: Environment, moment: Moment) {
  const lines = [];
  for (let after: PlacementSlice["after"]; ; ) {
    const page = await placementsAsOf(db, site.id, environment.id, moment, { after, limit: batchSize, order: "key" });
    lines.push(...page);
    after = page[batchSize - 1];
    if (!after) return lines;
  }
}

/** The ids of the corrections of these deployments, and of those that undid them. */
async function correctionsOf(db: Database, deployments: string[]): Promise<string[]> {
  const corrections = db.selectFrom("corrections").select("id").where("whole_id", "is", null);
  const rows = await inBatches(deployments, (batch) => corrections.where("corrected_id", "in", batch).execute());
  return rows.map(({ id }) => id);
}

async function deploymentsOf(db: Database, site: Site, lines: { deployment: number }[]): Promise<string[]> {
  const deployments = db.selectFrom("deployments").select("id").where("site_id", "=", site.id);
  const numbers = [...new Set(lines.map((line) => line.deployment))];
  const rows = await inBatches(numbers, (batch) => deployments.where("number", "in", batch).execute());
  return rows.map(({ id }) => id);
}
