import { sql } from "kysely";
import type { Database } from "../database/open.ts";
import { afterKey, contains } from "../environments/as-of.ts";
import type { Kind } from "../schema.ts";
import { inChunks } from "./artifacts.ts";

export interface Filter {
  kind?: Kind | undefined;
  /** Part of a path, name or title. */
  text?: string | undefined;
  /** Where the page before ended. */
  after?: { kind: Kind; key: string } | undefined;
  limit?: number | undefined;
}

/** In the order of kind and key. */
export function listArtifacts(db: Database, siteId: string, { kind, text, after, limit = 100 }: Filter = {}) {
  let query = db
    .selectFrom("artifacts as a")
    .select(["a.id", "a.kind", "a.key", "a.title"])
    .where("a.site_id", "=", siteId)
    .orderBy("a.kind")
    .orderBy("a.key")
    .limit(limit);
  if (kind) query = query.where("a.kind", "=", kind);
  if (text) query = query.where(contains(text));
  if (after) query = query.where(afterKey(after));
  return query.execute();
}

/** Takes the key as `normalKey` gives it. */
export function findArtifact(db: Database, siteId: string, kind: Kind, key: string) {
  return db
    .selectFrom("artifacts")
    .select(["id", "kind", "key", "title", "section"])
    .where("site_id", "=", siteId)
    .where("kind", "=", kind)
    .where("key", "=", key)
    .executeTakeFirst();
}

/** What stands of these in each environment now; removals too. */
export function standingNow(db: Database, ids: string[]) {
  return inChunks(ids, (piece) =>
    db
      .selectFrom("current_placements as c")
      .innerJoin("environments as e", "e.id", "c.environment_id")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["c.artifact_id", "e.slug as environment", "v.label as version", "c.effective_at", "c.out_of_band"])
      .where("c.artifact_id", "in", piece)
      .execute(),
  );
}

export type Placed = Awaited<ReturnType<typeof historyOf>>[number];

/** Every placement of it in all environments, newest first by when it took effect. */
export function historyOf(
  db: Database,
  artifactId: string,
  { before, limit = 100 }: { before?: { effective_at: string; seq: number } | undefined; limit?: number } = {},
) {
  let query = db
    .selectFrom("placements as p")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("deployments as d", "d.id", "p.deployment_id")
    .leftJoin("versions as v", "v.id", "p.version_id")
    .leftJoin("promotions as pr", "pr.id", "p.promotion_id")
    .select(["p.seq", "e.slug as environment", "v.label as version", "v.digest", "p.effective_at", "p.recorded_at"])
    .select(["d.number as deployment", "p.promotion_id", "pr.number as promotion", "p.out_of_band"])
    .where("p.artifact_id", "=", artifactId)
    .orderBy("p.effective_at", "desc")
    .orderBy("p.seq", "desc")
    .limit(limit);
  if (before) query = query.where(sql<boolean>`(p.effective_at, p.seq) < (${before.effective_at}, ${before.seq})`);
  return query.execute();
}

/** Who said of these placements that they were wrong, and why; oldest first. */
export function correctionsOf(db: Database, seqs: number[]) {
  return inChunks(seqs, (piece) =>
    db
      .selectFrom("corrections as c")
      .innerJoin("people as p", "p.id", "c.person_id")
      .select(["c.placement_seq", "c.recorded_at", "p.name as person", "c.reason"])
      .where("c.placement_seq", "in", piece)
      .orderBy("c.recorded_at")
      .execute(),
  );
}
