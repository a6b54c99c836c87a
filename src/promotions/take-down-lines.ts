import type { Database } from "../database/connect.ts";
import { currentPlacements } from "../record/current.ts";
import { listContents } from "../record/releases.ts";
import type { Promotion } from "./queries.ts";
import type { TakeDownLine } from "./take-down-rules.ts";
import { targetContents } from "./target-contents.ts";

/** What the take-down of a promotion leaves, with what the promotion brings, replaced, and what is there now; empty if it has none. */
export async function takeDownLines(db: Database, siteId: string, promotion: Promotion): Promise<TakeDownLine[]> {
  if (!promotion.schedule?.take_down_release_id) return [];
  const prepared = await listContents(db, promotion.schedule.take_down_release_id);
  const contents = await listContents(db, promotion.release_id);
  const ids = prepared.map((line) => line.artifact_id);
  const current = await currentPlacements(db, promotion.environment_id, ids);
  const replaced = await targetContents(db, siteId, promotion, contents);
  const brought = new Map(contents.map((content) => [content.artifact_id, content.version_id]));
  const none = { version_id: null, version: null };
  return prepared.map(({ artifact_id, kind, key, version_id, version, redirect }) => ({
    kind,
    key,
    version_id,
    version,
    redirect,
    brought: brought.get(artifact_id) ?? null,
    replaced: replaced.get(artifact_id) ?? none,
    current: current.get(artifact_id) ?? none,
  }));
}
