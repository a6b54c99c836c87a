import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { longTime } from "../time/format.ts";
import { personSince, personThen } from "./former-names.ts";

/**
 * A correction of a deployment or one of its lines, or (`stands`) the undoing of one: by whom, when and why. `person_now`: what
 * the person is called now, if they were renamed since. `instead`: the number of the deployment that records what is right.
 */
export type Correction = Awaited<ReturnType<ReturnType<typeof corrections>["execute"]>>[number];

function corrections(db: Database) {
  return db
    .selectFrom("corrections as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .innerJoin("deployments as cd", "cd.id", "c.corrected_id")
    .leftJoin("corrections as w", "w.id", "c.whole_id")
    .leftJoin("deployments as i", "i.id", "c.deployment_id")
    .select(["c.id", "c.corrected_id", "c.artifact_id", "c.stands", "c.correction_id", "c.whole_id", "c.recorded_at"])
    .select("p.kind as person_kind")
    .select([
      personThen("p", "c.recorded_at", "cd.site_id").as("person"),
      personSince("p", "c.recorded_at", "cd.site_id").as("person_now"),
    ])
    .select("i.number as instead")
    .select(sql<string>`coalesce(c.reason, w.reason)`.as("reason"));
}

const notCorrected = sql<boolean>`not exists (select 1 from corrections n where n.correction_id = c.id)`;

/** The latest correction of each line of a deployment, and (without an artifact) of the whole deployment. */
export function latestCorrections(db: Database, deploymentId: string): Promise<Correction[]> {
  return corrections(db).where("c.corrected_id", "=", deploymentId).where(notCorrected).execute();
}

/** All corrections of an artifact's lines in these deployments, oldest first. */
export async function listCorrections(
  db: Database,
  artifactId: string,
  deploymentIds: string[],
): Promise<Correction[]> {
  const rows = await inBatches([...new Set(deploymentIds)], (batch) =>
    corrections(db).where("c.corrected_id", "in", batch).where("c.artifact_id", "=", artifactId).execute(),
  );
  const order = ({ recorded_at, id }: Correction) => recorded_at + id;
  return rows.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The corrections in force of these placements that were recorded after `knownAt`, by the placement's seq. */
export async function correctedSince(db: Database, seqs: number[], knownAt: string): Promise<Map<number, Correction>> {
  const rows = await inBatches(seqs, (batch) =>
    corrections(db)
      .innerJoin("placements as q", (join) =>
        join.onRef("q.deployment_id", "=", "c.corrected_id").onRef("q.artifact_id", "=", "c.artifact_id"),
      )
      .select("q.seq")
      .where("q.seq", "in", batch)
      .where("c.stands", "=", 0)
      .where("c.recorded_at", ">", knownAt)
      .where(notCorrected)
      .execute(),
  );
  return new Map(rows.map(({ seq, ...correction }) => [seq, correction]));
}

/** The corrected lines of a deployment, by page and software item. */
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
  person_kind: "person" | "machine";
  recorded_at: string;
  reason: string;
  /** `recorded_at` in the site's time zone, for people. */
  on: string;
}

/** The latest correction of each of these versions that was recorded wrongly in this environment, by artifact id. */
export async function correctedSources(
  db: Database,
  environmentId: string,
  contents: { artifact_id: string; version_id: string | null }[],
): Promise<Map<string, CorrectedSource>> {
  const rows = await inBatches(contents, (batch) =>
    corrections(db)
      // "cross" keeps SQLite from scanning all deployments for the few that were corrected
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
        batch.map((content) => content.artifact_id),
      )
      .where("c.stands", "=", 0)
      .where(notCorrected)
      .orderBy("c.recorded_at")
      .execute(),
  );
  const versionIds = new Map(contents.map((content) => [content.artifact_id, content.version_id]));
  const matching = rows.filter((row) => versionIds.get(row.artifact_id) === row.version_id);
  return new Map(
    matching.map(({ time_zone, artifact_id, version_id, person, person_kind, recorded_at, reason }) => [
      artifact_id,
      { artifact_id, version_id, person, person_kind, recorded_at, reason, on: longTime(recorded_at, time_zone) },
    ]),
  );
}
