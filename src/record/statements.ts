import type { Flag, Kind } from "../schema.ts";

/** A page or a piece of software. */
export interface Artifact {
  artifact_id: string;
  kind: Kind;
  key: string;
}

/** What of an artifact is there: no version where it was removed, or was never there. */
export interface State {
  version_id: string | null;
  out_of_band: Flag;
}

/** One line of a deployment, all names resolved to ids. */
export interface ResolvedLine extends Artifact, State {
  version: string | null;
  promotion_id: string | null;
}

/** What a deployment states of an artifact: from a moment on, this is there. */
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

/** A statement that is not corrected, with those of its placements that count: none where it only confirms. */
export interface StoredStatement extends Statement {
  /** The number of its deployment, by which statements for the same moment are ordered. */
  number: number;
  /** `recorded_at` is when it was known to be a change. */
  placements: Pick<Placement, "seq" | "recorded_at">[];
}

/** As much of an environment as decides what a statement about it means. */
export interface StatedEnvironment {
  id: string;
  gate: object | null;
}

export interface ArtifactMoment {
  artifact_id: string;
  at: string;
}

/** What a complete inventory states of an artifact that it does not name. */
export function absent({ gate }: StatedEnvironment) {
  return { version: null, version_id: null, promotion_id: null, out_of_band: gate ? 1 : 0 } as const;
}
