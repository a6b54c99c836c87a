import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { snapshot } from "../database/snapshot.ts";
import { notFound } from "../errors.ts";
import { chainHead } from "../integrity/checkpoints.ts";
import { findPromotion } from "../promotions/queries.ts";
import { type Moment, type PlacementAsOf, type PlacementSlice, placementsAsOf } from "../record/as-of.ts";
import { listContents } from "../record/releases.ts";

/** What a pack is evidence of, as its verifier reads it: a promotion, or an environment at a moment. */
export interface EvidenceSubject {
  site: string;
  /** How many events there were when its tables were read. */
  events: number;
  promotion?: number;
  name?: string;
  release?: number;
  environment?: string;
  environment_id?: string;
  as_of?: string;
  known_at?: string | undefined;
}

type Cells = Record<string, string | number | null | undefined>;

export interface Evidence {
  about: EvidenceSubject;
  contents: Cells[];
  approvals: Cells[];
  /** Every event that led to it, oldest first. */
  steps: Cells[];
}

/** A promotion's contents, its approvals and its events. Throws a Refusal with 404 if there is none of this number. */
export function evidenceOfPromotion(db: Database, site: Site, number: number): Promise<Evidence> {
  return snapshot(db, async (trx) => {
    const promotion = (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
    const { events } = await chainHead(trx, site.id);
    const contents = await listContents(trx, promotion.release_id);
    const deployments = promotion.completion ? [promotion.completion.deployment_id] : [];
    const corrections = await correctionsOf(trx, deployments);
    const subjects = [promotion.id, promotion.release_id, ...deployments, ...corrections];
    return {
      about: { site: site.slug, events, promotion: number, name: promotion.name, release: promotion.release },
      contents: contents.map((line) => ({ ...line, title: line.version === null ? null : line.title })),
      ...(await loadSteps(trx, site, subjects)),
    };
  });
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
    return {
      about: {
        site: site.slug,
        events,
        environment: environment.slug,
        environment_id: environment.id,
        as_of,
        known_at,
      },
      contents: lines.map((line) => ({ ...line, ...flagsOf(line) })),
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
  const ids: string[] = [];
  for (let i = 0; i < deployments.length; i += batchSize) {
    const rows = await db
      .selectFrom("corrections")
      .select("id")
      .where("corrected_id", "in", deployments.slice(i, i + batchSize))
      .where("whole_id", "is", null)
      .execute();
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}

async function deploymentsOf(db: Database, site: Site, lines: { deployment: number }[]): Promise<string[]> {
  const numbers = [...new Set(lines.map((line) => line.deployment))];
  const ids: string[] = [];
  for (let i = 0; i < numbers.length; i += batchSize) {
    const rows = await db
      .selectFrom("deployments")
      .select("id")
      .where("site_id", "=", site.id)
      .where("number", "in", numbers.slice(i, i + batchSize))
      .execute();
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}

/** Smaller, for one event may have ten thousand lines. */
const eventBatchSize = 50;

async function loadSteps(db: Database, site: Site, subjects: (string | null | undefined)[], knownAt?: string) {
  const ids = [...new Set(subjects.filter((id) => typeof id === "string"))];
  const steps: Cells[] = [];
  for (let i = 0; i < ids.length; i += eventBatchSize) {
    let query = db
      .selectFrom("events")
      .select(["seq", "action", "subject", "recorded_at", "details"])
      .where("site_id", "=", site.id)
      .where("subject_id", "in", ids.slice(i, i + eventBatchSize));
    if (knownAt) query = query.where("recorded_at", "<=", knownAt);
    for (const { seq: event, action, details, ...row } of await query.execute()) {
      const { placements: _, confirmations: __, learned: ___, contents: ____, ...facts } = JSON.parse(details);
      const what = action.replaceAll("_", " ");
      steps.push({ ...facts, ...row, event, what, said: facts.comment ?? facts.reason ?? facts.note });
    }
  }
  steps.sort((a, b) => Number(a.event) - Number(b.event));
  return {
    steps,
    approvals: steps.filter((step) => step.decision).map((step) => ({ ...step, promotion: step.number })),
  };
}
