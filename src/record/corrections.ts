import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Flag } from "../schema.ts";
import { longTime } from "../time/format.ts";

/** Who said of something in the record that it was wrong, or that it stood all the same, and why. */
export interface Correction {
  id: string;
  corrected_id: string;
  artifact_id: string | null;
  stands: Flag;
  correction_id: string | null;
  whole_id: string | null;
  recorded_at: string;
  person: string;
  reason: string;
  /** The deployment that tells what is right instead. */
  instead: number | null;
}

function corrections(db: Database) {
  return db
    .selectFrom("corrections as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .leftJoin("corrections as w", "w.id", "c.whole_id")
    .leftJoin("deployments as i", "i.id", "c.deployment_id")
    .select(["c.id", "c.corrected_id", "c.artifact_id", "c.stands", "c.correction_id", "c.whole_id", "c.recorded_at"])
    .select(["p.name as person", "i.number as instead"])
    .select(sql<string>`coalesce(c.reason, w.reason)`.as("reason"));
}

const notCorrected = sql<boolean>`not exists (select 1 from corrections n where n.correction_id = c.id)`;

/** The latest correction of each thing that a deployment said, and (no artifact) of it as a whole. */
export function latestCorrections(db: Database, deploymentId: string): Promise<Correction[]> {
  return corrections(db).where("c.corrected_id", "=", deploymentId).where(notCorrected).execute();
}

/** All corrections of what these deployments said of an artifact, oldest first. */
export async function listCorrections(
  db: Database,
  artifactId: string,
  deploymentIds: string[],
): Promise<Correction[]> {
  const rows = await inBatches([...new Set(deploymentIds)], (piece) =>
    corrections(db).where("c.corrected_id", "in", piece).where("c.artifact_id", "=", artifactId).execute(),
  );
  const order = (one: Correction) => one.recorded_at + one.id;
  return rows.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Of these placements those that were corrected after a moment, and still are: as they had been known until then. */
export async function correctedSince(db: Database, seqs: number[], knownAt: string): Promise<Map<number, Correction>> {
  const rows = await inBatches(seqs, (piece) =>
    corrections(db)
      .innerJoin("placements as q", (join) =>
        join.onRef("q.deployment_id", "=", "c.corrected_id").onRef("q.artifact_id", "=", "c.artifact_id"),
      )
      .select("q.seq")
      .where("q.seq", "in", piece)
      .where("c.stands", "=", 0)
      .where("c.recorded_at", ">", knownAt)
      .where(notCorrected)
      .execute(),
  );
  return new Map(rows.map(({ seq, ...correction }) => [seq, correction]));
}

/** What of a deployment is known to be wrong, by the names of the pages and software. */
export function correctedIn(db: Database, siteId: string, number: number) {
  return corrections(db)
    .innerJoin("deployments as d", "d.id", "c.corrected_id")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .select(["a.kind", "a.key"])
    .where("d.site_id", "=", siteId)
    .where("d.number", "=", number)
    .where("c.stands", "=", 0)
    .where(notCorrected)
    .orderBy("a.kind")
    .orderBy("a.key")
    .execute();
}

export interface CorrectedSource {
  artifact_id: string;
  version_id: string | null;
  person: string;
  recorded_at: string;
  reason: string;
  /** When that was, as the site's clocks showed it. */
  on: string;
}

/** Of these versions in an environment: whose record there was corrected, by whom and when. The latest of each. */
export async function correctedSources(
  db: Database,
  environmentId: string,
  contents: { artifact_id: string; version_id: string | null }[],
): Promise<Map<string, CorrectedSource>> {
  const rows = await inBatches(contents, (piece) =>
    corrections(db)
      // "cross" keeps SQLite from walking through all deployments in search of the few that were corrected
      .crossJoin("deployments as d")
      .innerJoin("sites as s", "s.id", "d.site_id")
      .innerJoin("placements as q", (join) =>
        join
          .onRef("q.environment_id", "=", "d.environment_id")
          .onRef("q.artifact_id", "=", "c.artifact_id")
          .onRef("q.effective_at", "=", "d.effective_at")
          .onRef("q.deployment_id", "=", "d.id"),
      )
      .select(["q.artifact_id", "q.version_id", "s.time_zone"])
      .whereRef("d.id", "=", "c.corrected_id")
      .where("d.environment_id", "=", environmentId)
      .where(
        "c.artifact_id",
        "in",
        piece.map((one) => one.artifact_id),
      )
      .where("c.stands", "=", 0)
      .where(notCorrected)
      .orderBy("c.recorded_at")
      .execute(),
  );
  const wanted = new Map(contents.map((one) => [one.artifact_id, one.version_id]));
  const rested = rows.filter((row) => wanted.get(row.artifact_id) === row.version_id);
  return new Map(
    rested.map(({ time_zone, artifact_id, version_id, person, recorded_at, reason }) => [
      artifact_id,
      { artifact_id, version_id, person, recorded_at, reason, on: longTime(recorded_at, time_zone) },
    ]),
  );
}
