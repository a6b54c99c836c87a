import { sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Blocker } from "../errors.ts";
import type { Freeze } from "../freezes/queries.ts";
import { frozenBlockers, frozenCode } from "../freezes/rules.ts";
import type { Kind } from "../schema.ts";
import { assessPromotion } from "./assessment.ts";
import { badReleaseOf, movedOn } from "./blockers.ts";
import type { Promotion } from "./queries.ts";

/** What blocks each of these open promotions apart from missing approvals, by promotion id; only of those that are blocked. */
export type OpenBlockers = Map<string, Blocker[]>;

export async function openBlockers(
  db: Database,
  siteId: string,
  open: Promotion[],
  now: string,
): Promise<OpenBlockers> {
  const blockers = await deadEnds(db, open);
  // what versions require may be brought by another promotion while approvals are collected, so it matters at the end
  for (const promotion of open) {
    if (promotion.state !== "approved" || blockers.has(promotion.id)) continue;
    // withFrozen adds freezes, which the cached summary must leave out
    const assessed = await assessPromotion(db, siteId, promotion, now);
    const lasting = assessed.blockers.filter(({ code }) => code !== frozenCode);
    if (lasting.length) blockers.set(promotion.id, lasting);
  }
  return blockers;
}

/** The same with the freezes that cover this moment, which keep approved promotions from completion. `freezes` are of the site. */
export function withFrozen(blockers: OpenBlockers, open: Promotion[], freezes: Freeze[], now: string): OpenBlockers {
  const byEnvironment = Map.groupBy(freezes, (freeze) => freeze.environment_id);
  const all = new Map(blockers);
  for (const { id, environment_id } of open.filter(({ state }) => state === "approved")) {
    const frozen = frozenBlockers(byEnvironment.get(environment_id) ?? [], now);
    if (frozen.length) all.set(id, [...(blockers.get(id) ?? []), ...frozen]);
  }
  return all;
}

interface MovedContent {
  promotion_id: string;
  kind: Kind;
  key: string;
  version_id: string | null;
  version: string | null;
  in_source: string | null;
  source_version_id: string | null;
  source_version: string | null;
}

/** Why nothing would come of approving these promotions, by promotion id: a bad release, or what the source has by now. */
export async function deadEnds(db: Database, open: Promotion[]): Promise<OpenBlockers> {
  const rows = await inBatches(
    open.map((promotion) => promotion.id),
    (batch) => movedContents(db, batch),
  );
  const byPromotion = Map.groupBy(rows, (row) => row.promotion_id);
  const blockers: OpenBlockers = new Map();
  for (const promotion of open) {
    const contents = (byPromotion.get(promotion.id) ?? []).map(({ key, version_id, version, ...source }) => ({
      key,
      version_id,
      version,
      inSource: source.in_source ? { version_id: source.source_version_id, version: source.source_version } : undefined,
    }));
    const reasons = [...badReleaseOf(promotion), ...movedOn(promotion.from, contents)];
    if (reasons.length) blockers.set(promotion.id, reasons);
  }
  return blockers;
}

/** The contents of these promotions that are not in their source environment any more, in the order of their keys. */
async function movedContents(db: Database, promotionIds: string[]): Promise<MovedContent[]> {
  const { rows } = await sql<MovedContent>`
    select p.id as promotion_id, a.kind, a.key, c.version_id, v.label as version,
      s.artifact_id as in_source, s.version_id as source_version_id, sv.label as source_version
    from promotions p
    join release_contents c on c.release_id = p.release_id
    left join current_placements s on s.environment_id = p.from_id and s.artifact_id = c.artifact_id
    join artifacts a on a.id = c.artifact_id
    left join versions v on v.id = c.version_id
    left join versions sv on sv.id = s.version_id
    where ${inList("p.id", promotionIds)} and p.rollback_of_id is null and (s.artifact_id is null or s.version_id is distinct from c.version_id)`.execute(
    db,
  );
  // bytewise as in the database, which would otherwise sort the contents of all promotions
  return rows.sort((a, b) => Buffer.compare(Buffer.from(a.kind + a.key), Buffer.from(b.kind + b.key)));
}
