import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { artifactIds } from "../record/artifacts.ts";
import { type CurrentPlacement, currentDifferences, currentPlacements } from "../record/current.ts";
import type { Kind } from "../schema.ts";
import { compareText } from "../text.ts";

/** A row that a release could hold, as it stands now. */
export interface Candidate {
  artifact_id: string;
  kind: Kind;
  key: string;
  title: string | null;
  /** Nothing: it was removed there, and so the release removes it. */
  version: string | null;
  /** What the environment that it is meant for holds; undefined where it never had it. */
  there: string | null | undefined;
  chosen: boolean;
}

export interface Candidates {
  rows: Candidate[];
  /** Chosen rows of which nothing was ever recorded there. */
  unknown: number;
}

/** What was chosen, and what else differs between the two environments: that is what the release leaves behind. */
export async function listCandidates(
  db: Database,
  site: Site,
  from: Environment,
  to: Environment | undefined,
  chosen: "all" | Set<string>,
): Promise<Candidates> {
  const differing = to ? await currentDifferences(db, site.id, from.id, to.id) : [];
  const found = new Map(differing.map((one): [string, CurrentPlacement] => [one.artifact_id, one]));
  const others = chosen === "all" ? [] : [...chosen].filter((id) => !found.has(id));
  for (const one of (await currentPlacements(db, from.id, others)).values()) found.set(one.artifact_id, one);
  const there = to ? await currentPlacements(db, to.id, [...found.keys()]) : new Map<string, CurrentPlacement>();
  const rows = [...found.values()].sort(inOrder).map(({ artifact_id, kind, key, title, version }) => ({
    artifact_id,
    kind,
    key,
    title,
    version,
    there: there.get(artifact_id)?.version,
    chosen: chosen === "all" || chosen.has(artifact_id),
  }));
  return { rows, unknown: others.filter((id) => !found.has(id)).length };
}

/** The ids behind what a form names; what it names wrongly is not there. */
export async function selectedIds(db: Database, siteId: string, lines: { kind: Kind; key: string }[]) {
  return new Set((await artifactIds(db, siteId, lines)).values());
}

function inOrder(a: CurrentPlacement, b: CurrentPlacement): number {
  return compareText(a.kind, b.kind) || compareText(a.section, b.section) || compareText(a.key, b.key);
}
