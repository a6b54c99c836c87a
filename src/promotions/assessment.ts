import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/connect.ts";
import type { Blocker } from "../errors.ts";
import { correctedSources } from "../record/corrections.ts";
import { type CurrentPlacement, currentPlacements } from "../record/current.ts";
import { listContents, type ReleaseContent } from "../record/releases.ts";
import { blockersOf, hasMovedOn, type UnmetNeed } from "./blockers.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { changeOf, isOpen, type PromotionChange } from "./rules.ts";
import { type TargetContent, targetContents } from "./target-contents.ts";

export interface ContentChange extends ReleaseContent {
  change: PromotionChange;
  /** What the target holds, and what the environment before it holds now; undefined where it was never recorded there. */
  there: TargetContent | undefined;
  before: CurrentPlacement | undefined;
  /** Who said that it had been recorded wrongly there, where that is why. */
  corrected?: { person: string; on: string } | undefined;
  /** The environment before holds something else by now. */
  moved_on: boolean;
}

export type PromotionDetails = Promotion & Assessment;

export interface Assessment {
  contents: ContentChange[];
  blockers: Blocker[];
}

/** A promotion with what it would change, or did, and everything that stands in its way; nothing where there is none of that number. */
export async function promotionDetails(
  db: Database,
  siteId: string,
  number: number,
): Promise<PromotionDetails | undefined> {
  const promotion = await findPromotion(db, siteId, number);
  return promotion && assessPromotion(db, siteId, promotion);
}

export async function assessPromotion(db: Database, siteId: string, promotion: Promotion): Promise<PromotionDetails> {
  const contents = await listContents(db, promotion.release_id);
  const there = await targetContents(db, siteId, promotion, contents);
  return { ...promotion, ...(await assess(db, promotion, contents, there)) };
}

type AssessedPromotion = Pick<
  Promotion,
  "number" | "state" | "asker_id" | "gate" | "requirements" | "environment" | "from" | "from_id" | "environment_id"
>;

/** Holds the contents against what the target holds, and against what the environment before it holds now. */
export async function assess(
  db: Database,
  promotion: AssessedPromotion,
  contents: ReleaseContent[],
  there: Map<string, TargetContent>,
): Promise<Assessment> {
  const ids = contents.map((one) => one.artifact_id);
  const before = await currentPlacements(db, promotion.from_id, ids);
  const moved = contents.filter((one) => hasMovedOn({ ...one, before: before.get(one.artifact_id) }));
  const corrected = await correctedSources(db, promotion.from_id, moved);
  const changing = contents.map((one): ContentChange => {
    const id = one.artifact_id;
    const now = { there: there.get(id), before: before.get(id), corrected: corrected.get(id) };
    return { ...one, ...now, change: changeOf(one, now.there), moved_on: hasMovedOn({ ...one, ...now }) };
  });
  const needs = isOpen(promotion.state) ? await needsOf(db, promotion.environment_id, contents) : [];
  return { contents: changing, blockers: blockersOf(promotion, promotion.from, changing, needs) };
}

/**
 * What would have to be true in the target afterwards: the needs of every version in the release, and of every version
 * that stays there and leans on software which the release changes.
 */
async function needsOf(db: Database, environmentId: string, contents: ReleaseContent[]): Promise<UnmetNeed[]> {
  const moving = new Set(contents.map((one) => one.artifact_id));
  const software = new Map(contents.filter((one) => one.kind === "software").map((one) => [one.key, one.version]));
  const staying = software.size ? await leaningIn(db, environmentId, moving, software) : [];
  const arriving = contents
    .filter((one) => one.version !== null)
    .map((one) => ({ ...one, version: one.version as string }));
  const wanted = [...arriving, ...staying].flatMap((one) =>
    Object.entries(JSON.parse(one.requires ?? "{}") as Record<string, string>).map(([name, range]) => ({
      key: one.key,
      version: one.version,
      software: name.normalize("NFC"),
      range,
      stays: !moving.has(one.artifact_id),
    })),
  );
  const elsewhere = await softwareIn(db, environmentId, [...new Set(wanted.map((one) => one.software))]);
  return wanted
    .filter((need) => !need.stays || software.has(need.software))
    .map((need) => ({
      key: need.key,
      version: need.version,
      software: need.software,
      range: need.range,
      present: software.has(need.software)
        ? (software.get(need.software) ?? null)
        : (elsewhere.get(need.software) ?? null),
    }));
}

async function leaningIn(
  db: Database,
  environmentId: string,
  moving: Set<string>,
  software: Map<string, string | null>,
) {
  const next = (after: RawBuilder<unknown>) =>
    sql`(select artifact_id from versions where requires is not null ${after} order by artifact_id limit 1)`;
  // from one to the next that ever needed anything: few do, of all that stands there
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
