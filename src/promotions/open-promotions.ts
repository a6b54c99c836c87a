import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import type { Gate } from "../access/gates.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { enqueue } from "../jobs/queue.ts";
import { type Action, appendEvent, type NewEvent } from "../record/events.ts";
import { nextNumber } from "../record/numbers.ts";
import { listContents } from "../record/releases.ts";
import { withSectionCounts } from "../record/section-counts.ts";
import { promotionExpiry } from "./expiry-rules.ts";
import { perRequestField, type RequestFieldName } from "./fields.ts";
import type { Promotion } from "./queries.ts";
import { settleRejections } from "./rejections.ts";

interface NewPromotion {
  release: { id: string; number: number; name: string };
  from: Environment;
  environment: Environment;
  contents: { artifact_id: string }[];
  digest: string;
  fields: { [Name in RequestFieldName]?: string | undefined };
  /** The completed promotion that it rolls back. */
  rollbackOf?: { id: string; number: number; inPart: boolean } | undefined;
  /** Whether it is the take-down of that one. */
  takeDown?: boolean | undefined;
  /** The open promotions to the same environment, of which it replaces those that it includes. */
  open: Promotion[];
}

/** Writes a requested promotion with its event, and returns its number. Must be called inside a verb's transaction. */
export async function openPromotion(
  trx: Database,
  actor: Actor,
  site: Site,
  { release, from, environment, contents, digest, fields, rollbackOf, takeDown, open }: NewPromotion,
): Promise<number> {
  const row = {
    id: newId(Date.parse(actor.at)),
    site_id: site.id,
    number: await nextNumber(trx, site.id, "promotions"),
    release_id: release.id,
    from_id: from.id,
    environment_id: environment.id,
    gate_id: environment.gate?.id ?? null,
    digest,
    ...perRequestField((name) => fields[name]?.trim() || null),
    rollback_of_id: rollbackOf?.id ?? null,
    rollback_in_part: rollbackOf?.inPart ? (1 as const) : (0 as const),
    person_id: actor.person.id,
    asked_at: actor.at,
  };
  await trx.insertInto("promotions").values(row).execute();
  await markOpen(trx, site, { ...row, gate: environment.gate }, contents);
  await settleRejections(trx, site.id, row, contents);
  await appendPromotionEvent(trx, actor, site, { ...row, name: release.name, environment }, "promotion_asked", {
    ...row,
    release: release.number,
    from: from.slug,
    rollback_of: rollbackOf?.number,
    rollback_in_part: row.rollback_in_part || undefined,
    takes_down: takeDown,
  });
  // a rollback does not end what is on its way, and the reverse
  const replaceable = open.filter((older) => (older.rollback_of_id === null) === (row.rollback_of_id === null));
  for (const older of replaceable) await supersede(trx, actor, site, older, { ...row, environment, contents });
  return row.number;
}

/** Closes an older open promotion if the newer one promotes every artifact of it too. */
async function supersede(
  trx: Database,
  actor: Actor,
  site: Site,
  older: Promotion,
  newer: { id: string; number: number; environment: Environment; contents: { artifact_id: string }[] },
): Promise<void> {
  const covered = new Set(newer.contents.map((content) => content.artifact_id));
  const contents = await listContents(trx, older.release_id);
  if (!contents.every((content) => covered.has(content.artifact_id))) return;
  const reason = `Replaced by promotion ${newer.number}.`;
  await markClosed(trx, site, older, contents);
  const row = {
    promotion_id: older.id,
    person_id: actor.person.id,
    reason,
    superseded_by: newer.id,
    cancelled_at: actor.at,
    expired_at: null,
  };
  await trx.insertInto("cancellations").values(row).execute();
  await appendPromotionEvent(trx, actor, site, older, "promotion_superseded", { by: newer.number, ...row });
}

/** Lists the promotion as open, counts its rows as waiting on the board, and sees to it that it expires if its gate says so. */
async function markOpen(
  trx: Database,
  site: Site,
  promotion: { id: string; environment_id: string; gate: Gate | null; asked_at: string },
  contents: { artifact_id: string }[],
): Promise<void> {
  const due = promotionExpiry(promotion);
  if (due) await enqueue(trx, { site_id: site.id, kind: "promotion_expiry", ref: promotion.id, run_at: due });
  const row = { promotion_id: promotion.id, site_id: site.id, environment_id: promotion.environment_id };
  await withSectionCounts(trx, site, idsOf(contents), () => trx.insertInto("open_promotions").values(row).execute());
}

/** Undoes `markOpen`. */
export async function markClosed(
  trx: Database,
  site: Site,
  { id }: { id: string },
  contents: { artifact_id: string }[],
): Promise<void> {
  await withSectionCounts(trx, site, idsOf(contents), () =>
    trx.deleteFrom("open_promotions").where("promotion_id", "=", id).execute(),
  );
}

const idsOf = (contents: { artifact_id: string }[]): string[] => contents.map((content) => content.artifact_id);

/** Appends an event about a promotion, which names it and its target. Returns the number of the event. */
export const appendPromotionEvent = (
  trx: Database,
  actor: Parameters<typeof appendEvent>[1],
  site: { id: string },
  promotion: Pick<Promotion, "id" | "number" | "name"> & { environment: { id: string; slug: string } },
  action: Action,
  details: NewEvent["details"],
): Promise<number> =>
  appendEvent(trx, actor, site.id, {
    action,
    subject: `promotion ${promotion.number}`,
    subject_id: promotion.id,
    environment_id: promotion.environment.id,
    details: { number: promotion.number, name: promotion.name, environment: promotion.environment.slug, ...details },
  });
