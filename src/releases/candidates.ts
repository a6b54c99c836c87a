import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { artifactIds } from "../record/artifacts.ts";
import { type CurrentPlacement, currentDifferences, currentPlacements } from "../record/current.ts";
import type { Kind } from "../schema.ts";
import { compareText } from "../text.ts";

/** A row that could be in a release, in its current version. */
export interface Candidate {
  artifact_id: string;
  kind: Kind;
  key: string;
  title: string | null;
  /** null: it was removed from the environment, so the release removes it. */
  version: string | null;
  /** The version in the target now; null if it was removed there, undefined if it was never recorded there. */
  inTarget: string | null | undefined;
  selected: boolean;
}

export interface Candidates {
  rows: Candidate[];
  /** How many of the selected rows were never recorded in the environment. */
  unknown: number;
}

/**
 * The selected rows, and unselected everything else that differs between the two environments. `known` are the ids of the
 * environments of which anything was recorded.
 */
export async function listCandidates(
  db: Database,
  site: Site,
  from: Environment,
  to: Environment | undefined,
  selected: "all" | Set<string>,
  known: Set<string>,
): Promise<Candidates> {
  const differences = to ? await currentDifferences(db, site.id, from.id, to.id) : [];
  const byId = new Map(differences.map((row): [string, CurrentPlacement] => [row.artifact_id, row]));
  const others = selected === "all" ? [] : [...selected].filter((id) => !byId.has(id));
  for (const [id, row] of await currentPlacements(db, from.id, others)) byId.set(id, row);
  const inTarget = to && (await currentPlacements(db, to.id, known.has(to.id) ? [...byId.keys()] : []));
  const rows = [...byId.values()].sort(bySection).map(({ artifact_id, kind, key, title, version }) => ({
    artifact_id,
    kind,
    key,
    title,
    version,
    inTarget: inTarget?.get(artifact_id)?.version,
    selected: selected === "all" || selected.has(artifact_id),
  }));
  return { rows, unknown: others.filter((id) => !byId.has(id)).length };
}

/** The artifact ids of these lines; lines that name no artifact of the site are left out. */
export async function selectedIds(db: Database, siteId: string, lines: { kind: Kind; key: string }[]) {
  return new Set((await artifactIds(db, siteId, lines)).values());
}

function bySection(a: CurrentPlacement, b: CurrentPlacement): number {
  return compareText(a.kind, b.kind) || compareText(a.section, b.section) || compareText(a.key, b.key);
}
