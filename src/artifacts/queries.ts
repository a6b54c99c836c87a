import { sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { beyond } from "../record/artifact-batches.ts";
import { containsText } from "../record/artifact-filter.ts";
import { isEffective, isNotRedundant, placementSeqAsOf, placementTitle } from "../record/as-of.ts";
import { nameSince, nameThen, personSince, personThen } from "../record/former-names.ts";
import { ownMarks, redirectOf, rolledBackMarks } from "../record/promotion-flags.ts";
import { currentTitle } from "../record/titles.ts";
import type { Kind } from "../schema.ts";

export interface ArtifactFilter {
  kind?: Kind | undefined;
  /** Part of a path, name or title. */
  text?: string | undefined;
  /** The last item of the page before. */
  after?: { kind: Kind; key: string } | undefined;
  limit?: number | undefined;
}

/** A site's pages and software, by kind and key. */
export function listArtifacts(db: Database, siteId: string, { kind, text, after, limit = 100 }: ArtifactFilter = {}) {
  let query = db
    .selectFrom("artifacts as a")
    .leftJoin("people as p", "p.id", "a.owner_id")
    .select(["a.id", "a.kind", "a.key", currentTitle.as("title"), "p.name as owner"])
    .where("a.site_id", "=", siteId)
    .orderBy("a.kind")
    .orderBy("a.key")
    .limit(limit);
  if (kind) query = query.where("a.kind", "=", kind);
  if (text) query = query.where(containsText(text));
  if (after) query = query.where(beyond("key", { ...after, section: "" }));
  return query.execute();
}

/** When the next effective placement replaced this one, ISO 8601 UTC; null if it is still there. */
function untilOf(placement: string) {
  const column = (name: string) => sql.ref(`${placement}.${name}`);
  return sql<string | null>`(
    select q.effective_at from placements q
    where q.environment_id = ${column("environment_id")} and q.artifact_id = ${column("artifact_id")}
      and (q.effective_at, q.seq) > (${column("effective_at")}, ${column("seq")}) and ${isEffective("q")}
    order by q.effective_at, q.seq limit 1)`;
}

export type PastPlacement = Awaited<ReturnType<typeof listPlacements>>[number];

export interface TimeRange {
  from?: string | undefined;
  to?: string | undefined;
}

/**
 * Every placement of an artifact in all environments, newest effective time first, corrected ones too. With `from`:
 * those after it, and what was there at that moment.
 */
export async function listPlacements(
  db: Database,
  artifactId: string,
  {
    before,
    limit = 100,
    from,
    to,
  }: TimeRange & { before?: { effective_at: string; seq: number } | undefined; limit?: number } = {},
) {
  let query = db
    .selectFrom("placements as p")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("deployments as d", "d.id", "p.deployment_id")
    .innerJoin("people as pe", "pe.id", "d.person_id")
    .leftJoin("versions as v", "v.id", "p.version_id")
    .leftJoin("promotions as pr", "pr.id", "p.promotion_id")
    .select([
      "p.seq",
      "p.artifact_id",
      "e.slug as environment",
      "v.label as version",
      placementTitle("p").as("title"),
      "v.digest",
      "p.effective_at",
      "d.recorded_at",
    ])
    .select(["d.number as deployment", "p.promotion_id", "pr.number as promotion", "p.out_of_band", "d.baseline"])
    .select(ownMarks())
    .select(redirectOf.as("redirect"))
    .select(["p.deployment_id", "p.version_id", untilOf("p").as("until")])
    .select([
      "pe.kind as person_kind",
      personThen("pe", "d.recorded_at", "d.site_id").as("person"),
      personSince("pe", "d.recorded_at", "d.site_id").as("person_now"),
    ])
    .select([
      nameThen("e", "d.recorded_at").as("environment_name"),
      nameSince("e", "d.recorded_at").as("environment_now"),
    ])
    .where("p.artifact_id", "=", artifactId)
    .where(isNotRedundant("p"))
    .orderBy("p.effective_at", "desc")
    .orderBy("p.seq", "desc")
    .limit(limit);
  if (to) query = query.where("p.effective_at", "<=", to);
  if (from) {
    const seqAtStart = placementSeqAsOf(sql.ref("p.environment_id"), "p.artifact_id", { asOf: from });
    query = query.where(sql<boolean>`(p.effective_at > ${from} or p.seq = ${seqAtStart})`);
  }
  if (before) query = query.where(sql<boolean>`(p.effective_at, p.seq) < (${before.effective_at}, ${before.seq})`);
  const rows = await query.execute();
  const rolledBack = await rolledBackMarks(db, rows);
  return rows.map((row) => ({ ...row, ...rolledBack(row) }));
}

/** An artifact's effective placements in one environment up to a moment, newest first. */
export function listSpans(
  db: Database,
  environmentId: string,
  artifactId: string,
  { to, limit }: { to: string; limit: number },
) {
  return db
    .selectFrom("placements as p")
    .innerJoin("deployments as d", "d.id", "p.deployment_id")
    .leftJoin("versions as v", "v.id", "p.version_id")
    .select(["p.effective_at", "v.label as version", "p.out_of_band", "p.promotion_id", "d.baseline"])
    .where("p.environment_id", "=", environmentId)
    .where("p.artifact_id", "=", artifactId)
    .where("p.effective_at", "<=", to)
    .where(isEffective("p"))
    .orderBy("p.effective_at", "desc")
    .orderBy("p.seq", "desc")
    .limit(limit)
    .execute();
}

export type Span = Awaited<ReturnType<typeof listSpans>>[number];

/** What a timeline needs of the same in a period to be laid out: at most `limit` rows, and what was there before. */
export async function listChanges(
  db: Database,
  environmentId: string,
  artifactId: string,
  { from = "", to, limit }: { from?: string | undefined; to: string; limit: number },
): Promise<Change[]> {
  const rows = await changesIn(db, environmentId, artifactId, from, to, limit);
  if (!from || rows.length === limit) return rows;
  return [...rows, ...(await changesIn(db, environmentId, artifactId, "", from, 1))];
}

const changesIn = precompiled(
  (db, environmentId: string, artifactId: string, from: string, to: string, limit: number) =>
    db
      .selectFrom("placements as p")
      .select(["p.seq", "p.effective_at", "p.version_id", "p.out_of_band"])
      .where("p.environment_id", "=", environmentId)
      .where("p.artifact_id", "=", artifactId)
      .where("p.effective_at", ">", from)
      .where("p.effective_at", "<=", to)
      .where(isEffective("p"))
      .orderBy("p.effective_at", "desc")
      .orderBy("p.seq", "desc")
      .limit(limit),
);

export type Change = Awaited<ReturnType<typeof changesIn>>[number];

/** What a timeline says about these placements, none of which is a removal. */
export const findDrawn = precompiled((db, seqs: number[]) =>
  db
    .selectFrom("placements as p")
    .innerJoin("deployments as d", "d.id", "p.deployment_id")
    .innerJoin("versions as v", "v.id", "p.version_id")
    .select(["p.seq", "v.label as version", "p.promotion_id", "d.baseline"])
    .where("p.seq", "in", seqs),
);

export type DrawnPlacement = Awaited<ReturnType<typeof findDrawn>>[number];

export type RetractedPlacement = Awaited<ReturnType<typeof listRetracted>>[number];

/** The placements of an artifact that were corrected and not reinstated, newest first, at most 100. */
export function listRetracted(
  db: Database,
  artifactId: string,
  { from = "", to }: { from?: string | undefined; to: string },
) {
  return (
    db
      .selectFrom("corrections as c")
      .innerJoin("deployments as d", "d.id", "c.corrected_id")
      // a cross join keeps SQLite from starting with all placements of the artifact
      .crossJoin("placements as p")
      .leftJoin("versions as v", "v.id", "p.version_id")
      .select(["p.environment_id", "p.effective_at", "v.label as version"])
      .where("c.artifact_id", "=", artifactId)
      .where("p.artifact_id", "=", artifactId)
      .whereRef("p.effective_at", "=", "d.effective_at")
      .whereRef("p.deployment_id", "=", "d.id")
      .where("c.stands", "=", 0)
      .where(sql<boolean>`not exists (select 1 from corrections n where n.correction_id = c.id)`)
      .where("d.effective_at", ">", from)
      .where("d.effective_at", "<=", to)
      .orderBy("p.effective_at", "desc")
      .limit(100)
      .execute()
  );
}

/** When an artifact was first placed in any environment, ISO 8601 UTC; undefined if it never was. */
export async function firstPlacedAt(db: Database, artifactId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("placements")
    .select("effective_at")
    .where("artifact_id", "=", artifactId)
    .orderBy("effective_at")
    .limit(1)
    .executeTakeFirst();
  return row?.effective_at;
}

export type VersionFacts = Awaited<ReturnType<typeof findVersions>>[number];

/** These versions with their notes, source, digest and requirements. */
export function findVersions(db: Database, ids: string[]) {
  return inBatches(ids, (batch) =>
    db
      .selectFrom("versions")
      .select(["id", "label", "digest", "source", "requires", "notes", "first_at"])
      .where("id", "in", batch)
      .execute(),
  );
}

/** The open promotions that contain an artifact, with their environment and its version (null: it is removed). */
export function openPromotionsWith(db: Database, siteId: string, artifactId: string) {
  return (
    db
      .selectFrom("open_promotions as o")
      .innerJoin("promotions as p", "p.id", "o.promotion_id")
      // a cross join keeps SQLite from starting with all releases that ever contained the artifact
      .crossJoin("release_contents as c")
      .leftJoin("versions as v", "v.id", "c.version_id")
      .select(["p.id", "p.number", "p.environment_id", "v.label as version"])
      .where("o.site_id", "=", siteId)
      .whereRef("c.release_id", "=", "p.release_id")
      .where("c.artifact_id", "=", artifactId)
      .orderBy("p.number")
      .execute()
  );
}
