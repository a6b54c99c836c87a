import { type RawBuilder, sql } from "kysely";
import { holdersOf } from "../access/holders.ts";
import type { Database } from "../database/connect.ts";
import { substitutesAt } from "../delegations/queries.ts";
import type { Blocker } from "../errors.ts";
import { freezesAt } from "../freezes/queries.ts";
import { frozenBlockers } from "../freezes/rules.ts";
import { correctedSources } from "../record/corrections.ts";
import { type CurrentPlacement, currentPlacements } from "../record/current.ts";
import { listContents, type ReleaseContent } from "../record/releases.ts";
import { withApprovers } from "./approver-rules.ts";
import { blockersOf, hasMovedOn, type VersionNeed } from "./blockers.ts";
import { expiredBlockers } from "./expiry-rules.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { changeOf, type PromotionChange } from "./request-rules.ts";
import { isOpen, type Requirement } from "./rules.ts";
import { type TargetContent, targetContents } from "./target-contents.ts";

export interface ContentChange extends ReleaseContent {
  change: PromotionChange;
  /** What the target has (of a closed promotion: had before), and what the source has now; undefined if never recorded there. */
  inTarget: TargetContent | undefined;
  inSource: CurrentPlacement | undefined;
  /** The correction of its record in the source environment, if that is why it moved on. */
  corrected?: { person: string; person_kind: "person" | "machine"; on: string } | undefined;
  /** Whether the source environment has something else by now. */
  moved_on: boolean;
}

export type PromotionDetails = Promotion & Assessment;

export interface Assessment {
  contents: ContentChange[];
  blockers: Blocker[];
  /** Of an open promotion, with those who can still approve. */
  requirements: Requirement[];
}

/** A promotion with what it changes, or changed, and everything that blocks it; undefined if there is none of that number. */
export async function promotionDetails(
  db: Database,
  siteId: string,
  number: number,
  now: string,
): Promise<PromotionDetails | undefined> {
  const promotion = await findPromotion(db, siteId, number);
  return promotion && assessPromotion(db, siteId, promotion, now);
}

/** `now` (ISO 8601 UTC) decides which tokens are valid and which freezes cover the target. */
export async function assessPromotion(
  db: Database,
  siteId: string,
  promotion: Promotion,
  now: string,
): Promise<PromotionDetails> {
  const contents = await listContents(db, promotion.release_id);
  const inTarget = await targetContents(db, siteId, promotion, contents);
  return { ...promotion, ...(await assess(db, siteId, promotion, contents, inTarget, now)) };
}

type AssessedPromotion = Pick<
  Promotion,
  | "number"
  | "state"
  | "requester_id"
  | "recorders"
  | "checklist"
  | "asked_at"
  | "gate"
  | "rollback_of_id"
  | "release"
  | "bad"
  | "requirements"
  | "approvals"
  | "environment"
  | "from"
  | "from_id"
  | "environment_id"
>;

/** Compares the contents with what the target has, by artifact id, and with what the source environment has now. */
export async function assess(
  db: Database,
  siteId: string,
  promotion: AssessedPromotion,
  contents: ReleaseContent[],
  inTarget: Map<string, TargetContent>,
  now: string,
): Promise<Assessment> {
  const ids = contents.map((content) => content.artifact_id);
  const inSource = await currentPlacements(db, promotion.from_id, ids);
  const movable = promotion.rollback_of_id ? [] : contents;
  const moved = movable.filter((content) => hasMovedOn({ ...content, inSource: inSource.get(content.artifact_id) }));
  const corrected = await correctedSources(db, promotion.from_id, moved);
  const changes = contents.map((content): ContentChange => {
    const id = content.artifact_id;
    const now = { inTarget: inTarget.get(id), inSource: inSource.get(id), corrected: corrected.get(id) };
    return {
      ...content,
      ...now,
      title: content.version_id === null ? (now.inTarget?.title ?? content.title) : content.title,
      change: changeOf(content, now.inTarget),
      moved_on: !promotion.rollback_of_id && hasMovedOn({ ...content, ...now }),
    };
  });
  const completable = isOpen(promotion.state) || promotion.state === "expired";
  const checked = completable && promotion.gate?.check_requirements !== false;
  const needs = checked ? await needsAfter(db, promotion.environment_id, contents) : [];
  const requirements = await requirementsNow(db, siteId, promotion, now);
  const freezes = completable && now ? await freezesAt(db, siteId, promotion.environment_id, now) : [];
  const frozen = frozenBlockers(freezes, now);
  const old = isOpen(promotion.state) ? expiredBlockers(promotion, now) : [];
  const found = blockersOf({ ...promotion, requirements }, promotion.from, changes, needs, now, frozen);
  const blockers = [...old, ...found];
  return { contents: changes, blockers, requirements };
}

/** The requirements with those who can still give the approvals that are missing. */
async function requirementsNow(db: Database, siteId: string, promotion: AssessedPromotion, now: string) {
  const missing = promotion.requirements.filter(({ given, needed }) => given < needed);
  if (!isOpen(promotion.state) || !missing.length) return promotion.requirements;
  const roles = promotion.requirements.map(({ role }) => role);
  const standIns = await substitutesAt(db, siteId, roles, now);
  return withApprovers(promotion, await holdersOf(db, siteId, roles, now), standIns);
}

/**
 * What has to be met in the target after completion: the needs of every version in the release, and of every version
 * that stays in the target and needs software that the release changes.
 */
async function needsAfter(db: Database, environmentId: string, contents: ReleaseContent[]): Promise<VersionNeed[]> {
  const moving = new Set(contents.map((content) => content.artifact_id));
  const software = new Map(
    contents.filter((content) => content.kind === "software").map(({ key, version }) => [key, version]),
  );
  const staying = software.size ? await dependentsIn(db, environmentId, moving, software) : [];
  const arriving = contents
    .filter((content) => content.version !== null)
    .map((content) => ({ ...content, version: content.version as string }));
  const needs = [...arriving, ...staying].flatMap((row) =>
    Object.entries(JSON.parse(row.requires ?? "{}") as Record<string, string>).map(([name, range]) => ({
      key: row.key,
      version: row.version,
      software: name.normalize("NFC"),
      range,
      stays: !moving.has(row.artifact_id),
    })),
  );
  const current = await softwareIn(db, environmentId, [...new Set(needs.map((need) => need.software))]);
  return needs
    .filter((need) => !need.stays || software.has(need.software))
    .map(({ stays: _stays, ...need }) => ({
      ...need,
      present: (software.has(need.software) ? software : current).get(need.software) ?? null,
    }));
}

/** Versions in the environment that do not move and need some of this software. */
async function dependentsIn(
  db: Database,
  environmentId: string,
  moving: Set<string>,
  software: Map<string, string | null>,
) {
  const next = (after: RawBuilder<unknown>) =>
    sql`(select artifact_id from versions where requires is not null ${after} order by artifact_id limit 1)`;
  // steps through the index from one artifact with needs to the next, since few of the environment's have any
  const { rows } = await sql<{ artifact_id: string; key: string; version: string; requires: string }>`
    with recursive needing (id) as (
      select ${next(sql``)}
      union all
      select ${next(sql`and artifact_id > n.id`)} from needing n where n.id is not null)
    select a.id as artifact_id, a.key, v.label as version, v.requires
    from needing n cross join current_placements c join versions v on v.id = c.version_id join artifacts a on a.id = n.id
    where c.environment_id = ${environmentId} and c.artifact_id = n.id and v.requires is not null`.execute(db);
  return rows.filter(
    (row) =>
      !moving.has(row.artifact_id) && [...software.keys()].some((key) => row.requires?.includes(JSON.stringify(key))),
  );
}

/** The current versions of this software in the environment, by its name. */
async function softwareIn(db: Database, environmentId: string, names: string[]): Promise<Map<string, string>> {
  if (!names.length) return new Map();
  const rows = await db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .innerJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "v.label"])
    .where("c.environment_id", "=", environmentId)
    .where("a.site_id", "=", (eb) => eb.selectFrom("environments").select("site_id").where("id", "=", environmentId))
    .where("a.kind", "=", "software")
    .where("a.key", "in", names)
    .execute();
  return new Map(rows.map((row) => [row.key, row.label]));
}
