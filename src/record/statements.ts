import type { Flag, Kind } from "../schema.ts";

/** A page or a software item. */
export interface Artifact {
  artifact_id: string;
  kind: Kind;
  key: string;
}

/** The state of an artifact in an environment. No version: it was removed, or never there. */
export interface State {
  version_id: string | null;
  out_of_band: Flag;
}

/** One line of a deployment, all names resolved to ids. */
export interface ResolvedLine extends Artifact, State {
  version: string | null;
  promotion_id: string | null;
}

/** A deployment's statement about an artifact: from this moment on, it is in this state. */
export interface Statement extends ResolvedLine {
  deployment_id: string;
  environment_id: string;
  effective_at: string;
  recorded_at: string;
}

/** A statement that was written as a change. */
export interface Placement extends Statement {
  seq: number;
}

/** A statement that is not corrected, with those of its placements that count: none if it only confirms. */
export interface StoredStatement extends Statement {
  /** The number of its deployment, by which statements for the same moment are ordered. */
  number: number;
  /** `recorded_at`: when it was known to be a change. */
  placements: Pick<Placement, "seq" | "recorded_at">[];
}

/** The part of an environment that decides what a statement about it means. */
export interface StatedEnvironment {
  id: string;
  gate: object | null;
}

/** Identifies the statement of a deployment about an artifact, as a key of maps and sets. */
export const statementKey = (statement: { deployment_id: string; artifact_id: string }): string =>
  `${statement.deployment_id} ${statement.artifact_id}`;

export interface ArtifactMoment {
  artifact_id: string;
  at: string;
}

/** What a complete inventory states about an artifact that it does not list. A baseline needs no promotion. */
export function absent({ gate }: StatedEnvironment, baseline: boolean) {
  return { version: null, version_id: null, promotion_id: null, out_of_band: gate && !baseline ? 1 : 0 } as const;
}
