import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { snapshot } from "../database/snapshot.ts";
import { notFound } from "../errors.ts";
import { chainHead } from "../integrity/checkpoints.ts";
import { findPromotion } from "../promotions/queries.ts";
import { type Moment, type PlacementSlice, placementsAsOf } from "../record/as-of.ts";
import { listContents } from "../record/releases.ts";

/** What a pack is evidence of: the question, as its verifier reads it. */
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
  /** Every event that brought it about, oldest first. */
  steps: Cells[];
}

/** What a promotion moves or moved, who decided, and all that was done about it. */
export function evidenceOfPromotion(db: Database, site: Site, number: number): Promise<Evidence> {
  return snapshot(db, async (at) => {
    const promotion = (await findPromotion(at, site.id, number)) ?? notFound(`promotion ${number}`);
    const { events } = await chainHead(at, site.id);
    const contents = await listContents(at, promotion.release_id);
    const deployments = promotion.completion ? [promotion.completion.deployment_id] : [];
    const subjects = [promotion.id, promotion.release_id, ...deployments, ...(await correctionsOf(at, deployments))];
    return {
      about: { site: site.slug, events, promotion: number, name: promotion.name, release: promotion.release },
      contents: contents.map((line) => ({ ...line })),
      ...(await happened(at, site, subjects)),
    };
  });
}

/** What stood in an environment at a moment, and all that brought it there. */
export function evidenceOfEnvironment(
  db: Database,
  site: Site,
  environment: Environment,
  moment: Moment,
): Promise<Evidence> {
  return snapshot(db, async (at) => {
    const { events } = await chainHead(at, site.id);
    const lines = await allStanding(at, site, environment, moment);
    const brought = await deploymentsOf(at, site, lines);
    const subjects = [...brought, ...(await correctionsOf(at, brought))];
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
      contents: lines.map((line) => ({ ...line, out_of_band: line.out_of_band ? "yes" : "no" })),
      ...(await happened(at, site, [...subjects, ...lines.map((line) => line.promotion_id)], known_at)),
    };
  });
}

const size = 1000;

async function allStanding(db: Database, site: Site, environment: Environment, moment: Moment) {
  const lines = [];
  for (let after: PlacementSlice["after"]; ; ) {
    const page = await placementsAsOf(db, site.id, environment.id, moment, { after, limit: size, order: "key" });
    lines.push(...page);
    after = page[size - 1];
    if (!after) return lines;
  }
}

/** Whatever was said of these deployments afterwards, that they were wrong or that they stood all the same. */
async function correctionsOf(db: Database, deployments: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < deployments.length; i += size) {
    const rows = await db
      .selectFrom("corrections")
      .select("id")
      .where("corrected_id", "in", deployments.slice(i, i + size))
      .where("whole_id", "is", null)
      .execute();
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}

async function deploymentsOf(db: Database, site: Site, lines: { deployment: number }[]): Promise<string[]> {
  const numbers = [...new Set(lines.map((line) => line.deployment))];
  const ids: string[] = [];
  for (let i = 0; i < numbers.length; i += size) {
    const rows = await db
      .selectFrom("deployments")
      .select("id")
      .where("site_id", "=", site.id)
      .where("number", "in", numbers.slice(i, i + size))
      .execute();
    ids.push(...rows.map((row) => row.id));
  }
  return ids;
}

/** A few at a time: one event may tell of ten thousand lines. */
const few = 50;

async function happened(db: Database, site: Site, subjects: (string | null | undefined)[], knownAt?: string) {
  const ids = [...new Set(subjects.filter((id) => typeof id === "string"))];
  const steps: Cells[] = [];
  for (let i = 0; i < ids.length; i += few) {
    let query = db
      .selectFrom("events")
      .select(["seq", "action", "subject", "recorded_at", "details"])
      .where("site_id", "=", site.id)
      .where("subject_id", "in", ids.slice(i, i + few));
    if (knownAt) query = query.where("recorded_at", "<=", knownAt);
    for (const { seq: event, action, details, ...row } of await query.execute()) {
      const { placements: _, confirmations: __, learned: ___, contents: ____, ...said } = JSON.parse(details);
      const what = action.replaceAll("_", " ");
      steps.push({ ...said, ...row, event, what, said: said.comment ?? said.reason ?? said.note });
    }
  }
  steps.sort((a, b) => Number(a.event) - Number(b.event));
  return {
    steps,
    approvals: steps.filter((step) => step.decision).map((step) => ({ ...step, promotion: step.number })),
  };
}
