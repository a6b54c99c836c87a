import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { settleByNoise } from "../findings/settle-by-noise.ts";
import { appendEvent } from "../record/events.ts";
import { type MadeDigests, prepareDigests, remakeDigests } from "./digests.ts";
import { filtersOf, masksOf } from "./filters.ts";
import { whyNotMask } from "./mask-rules.ts";
import type { Mask } from "./view.ts";

/** Leaves something out of all pages of a site. Throws a Refusal with 403, or 422 for a wrong expression. */
export async function addMask(db: Database, actor: Actor, site: Pick<Site, "id">, mask: Mask): Promise<{ id: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  // whether it is there already is asked later, as a repeated request gets its first answer again
  refuseFields(fieldErrors({ expression: whyNotMask(mask, []) }));
  const made = await prepared(db, site.id, [...(await masksOf(db, site.id)), mask]);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    refuseFields(fieldErrors({ expression: whyNotMask(mask, await masksOf(trx, site.id)) }));
    const row = { id: newId(Date.parse(actor.at)), site_id: site.id, ...mask, created_at: actor.at };
    await trx.insertInto("masks").values(row).execute();
    await masksChanged(trx, actor, site.id, {
      id: row.id,
      details: { masked: mask.expression, kind: mask.kind },
      made,
    });
    return { id: row.id };
  });
}

/** Has visits compare again what a mask left out. Throws a Refusal with 403 or 404. */
export async function removeMask(
  db: Database,
  actor: Actor,
  site: Pick<Site, "id">,
  id: string,
): Promise<{ expression: string }> {
  refuse(whyNotMay(actor, "administer"), 403);
  const masks = await masksOf(db, site.id);
  const made = await prepared(
    db,
    site.id,
    masks.filter((mask) => mask.id !== id),
  );
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const mask = await trx
      .deleteFrom("masks")
      .where("id", "=", id)
      .where("site_id", "=", site.id)
      .returning(["kind", "expression"])
      .executeTakeFirst();
    const { kind, expression } = mask ?? notFound("mask");
    await masksChanged(trx, actor, site.id, { id, details: { unmasked: expression, kind }, made });
    return { expression };
  });
}

/** Throws a Refusal unless this person may add the mask. */
export async function refuseMask(db: Database, actor: Actor, site: Pick<Site, "id">, mask: Mask): Promise<void> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(fieldErrors({ expression: whyNotMask(mask, await masksOf(db, site.id)) }));
}

const prepared = async (db: Database, siteId: string, masks: Mask[]): Promise<MadeDigests> =>
  prepareDigests(db, siteId, await filtersOf(db, siteId, { masks }));

async function masksChanged(
  trx: Database,
  actor: Actor,
  siteId: string,
  { id, details, made }: { id: string; details: Record<string, string>; made: MadeDigests },
): Promise<void> {
  await remakeDigests(trx, siteId, await filtersOf(trx, siteId), { made });
  await settleByNoise(trx, actor, siteId, id);
  await appendEvent(trx, actor, siteId, {
    action: "visits_changed",
    subject: "masks",
    subject_id: id,
    details,
  });
}
