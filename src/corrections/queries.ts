import { sql } from "kysely";
import { inChunks } from "../artifacts/artifacts.ts";
import type { Database } from "../database/open.ts";
import type { Flag } from "../schema.ts";

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
export function latestOf(db: Database, deploymentId: string): Promise<Correction[]> {
  return corrections(db).where("c.corrected_id", "=", deploymentId).where(notCorrected).execute();
}

/** All corrections of what was ever said of an artifact, oldest first. */
export function correctionsOf(db: Database, artifactId: string): Promise<Correction[]> {
  return corrections(db).where("c.artifact_id", "=", artifactId).orderBy("c.recorded_at").orderBy("c.id").execute();
}

/** Of these placements those that were corrected after a moment, and still are: as they had been known until then. */
export async function wrongSince(db: Database, seqs: number[], knownAt: string): Promise<Map<number, Correction>> {
  const rows = await inChunks(seqs, (piece) =>
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
