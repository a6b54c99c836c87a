import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import type { DeliveredEvent } from "./deliveries.ts";

interface NewEvent {
  seq: number;
  action: string;
  subject_id: string | null;
  recorded_at: string;
}

/** New events of a site with what else they are told as. */
export async function withFacts(trx: Database, siteId: string, events: NewEvent[]): Promise<DeliveredEvent[]> {
  const idsOf = (...actions: string[]) => [
    ...new Set(
      events.flatMap(({ action, subject_id }) => (subject_id && actions.includes(action) ? [subject_id] : [])),
    ),
  ];
  const promotionIds = idsOf(...requesting, "promotion_approved", "promotion_completed");
  const promotions = promotionIds.length
    ? await listPromotions(trx, siteId, { ids: promotionIds, limit: promotionIds.length })
    : [];
  const removing = new Set(await inBatches(idsOf("deployment_recorded"), (batch) => thoseThatRemove(trx, batch)));
  const details = await detailsOf(trx, siteId, events);
  return events.map((event) => {
    const promotion = promotions.find(({ id }) => id === event.subject_id);
    const { carried_over, forced = "", findings = [] } = details.get(event.seq) ?? {};
    return {
      ...event,
      needsApproval: promotion && needsApproval(event.action, promotion),
      approved: promotion?.state === "approved",
      carriedOver: carried_over !== undefined,
      rollback: Boolean(promotion?.rollback_of_id),
      unfrozen: forced.split(", ").includes("frozen"),
      removes: removing.has(event.subject_id ?? ""),
      drift: findings.some(({ code }) => code === "drifted"),
    };
  });
}

/** The actions after which approvals may be needed. */
const requesting = ["promotion_asked", "approval_withdrawn", "approval_expired"];

/** What its gate asks for is fixed with the request; but whether an approval that has ended is missed can change. */
const needsApproval = (action: string, { requirements, state }: Promotion): boolean =>
  action === "promotion_asked" ? requirements.length > 0 : state === "waiting";

/** By their own lines: what follows for them from something that is recorded later is recorded then. */
async function thoseThatRemove(trx: Database, deploymentIds: string[]): Promise<string[]> {
  const rows = await trx
    .selectFrom("deployments as d")
    .innerJoin("placements as p", (join) =>
      join.onRef("p.deployment_id", "=", "d.id").onRef("p.recorded_at", "=", "d.recorded_at"),
    )
    .select("p.deployment_id")
    .distinct()
    .where("d.id", "in", deploymentIds)
    .where("p.version_id", "is", null)
    .execute();
  return rows.map(({ deployment_id }) => deployment_id);
}

interface Details {
  carried_over?: object;
  /** The codes of what was passed over. */
  forced?: string;
  findings?: { code: string }[];
}

/** Of those events whose details say more, by number. */
async function detailsOf(trx: Database, siteId: string, events: NewEvent[]): Promise<Map<number, Details>> {
  const telling = ["promotion_approved", "promotion_completed", "findings_opened", "findings_settled"];
  const seqs = events.flatMap(({ seq, action }) => (telling.includes(action) ? [seq] : []));
  if (!seqs.length) return new Map();
  const rows = await trx
    .selectFrom("events")
    .select(["seq", "details"])
    .where("site_id", "=", siteId)
    .where("seq", "in", seqs)
    .execute();
  return new Map(rows.map(({ seq, details }) => [seq, JSON.parse(details) as Details]));
}
