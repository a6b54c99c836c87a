import type { Actor } from "../access/actor.ts";
import { roleNames } from "../access/roles.ts";
import { findEnvironment, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, Refusal, refuse, refuseFields } from "../errors.ts";
import { freezeRelease, releaseDigest } from "../record/freeze-release.ts";
import { normalKey } from "../record/keys.ts";
import { artifactKey, inPart } from "../text.ts";
import { promotionDigest } from "./eligibility.ts";
import { openPromotion } from "./open-promotions.ts";
import { type Outcome, outcome } from "./promotions.ts";
import { findPromotion, listPromotions, type Promotion } from "./queries.ts";
import { type RollbackLine, replacedLines } from "./replaced-lines.ts";
import {
  type RequestedLine,
  whyNothingToRestore,
  whyNotMayRollBack,
  whyNotRestore,
  whyNotRollBack,
  whyNotRollbackReason,
} from "./rollback-rules.ts";

export interface RollbackRequest {
  reason: string;
  /** The lines to put back; undefined: all that can be. */
  contents?: RequestedLine[] | undefined;
}

export interface RollbackPreview {
  promotion: Promotion;
  lines: RollbackLine[];
  /** Why no rollback can be requested at all; undefined if one can. */
  whyNot: string | undefined;
}

/** What a rollback of this promotion would put back now. Throws a Refusal with 404 if there is none of that number. */
export async function previewRollback(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
): Promise<RollbackPreview> {
  const promotion = (await findPromotion(db, site.id, number)) ?? notFound(`promotion ${number}`);
  const lines = await replacedLines(db, promotion);
  const environment = findEnvironment(site, promotion.environment.slug);
  const whyNot =
    whyNotMayRollBack(environment, actor, await roleNames(db)) ??
    whyNotRollBack(promotion) ??
    whyNothingToRestore(promotion, lines);
  return { promotion, lines, whyNot };
}

/**
 * Requests the promotion that puts back what a completed one replaced in its target: of the lines in `contents`, or of
 * all. It gets a release of its own. Throws a Refusal with 403 if the person may not, 409 if the promotion was not
 * completed, nothing is left to restore, or the same rollback is open; and 422 for the reason, or for a line.
 */
export function rollBack(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  { reason, contents }: RollbackRequest,
): Promise<Outcome> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
    const environment = findEnvironment(site, promotion.environment.slug);
    refuse(whyNotMayRollBack(environment, actor, await roleNames(trx)), 403);
    refuseFields(fieldErrors({ reason: whyNotRollbackReason(reason) }));
    refuse(whyNotRollBack(promotion));
    const replaced = await replacedLines(trx, promotion);
    refuse(whyNothingToRestore(promotion, replaced), 409, "nothing_to_restore");
    const lines = selectLines(promotion, replaced, contents);
    const isPartial = lines.length < replaced.filter((line) => line.restorable).length;
    const release = { digest: releaseDigest(lines), rollback_of_id: promotion.id };
    const digest = promotionDigest(site, release, environment);
    const open = await listPromotions(trx, site.id, { open: true, environment: environment.id, limit: 1000 });
    const same = open.find((other) => other.requested_digest === digest);
    if (same) throw new Refusal(409, `Already requested: promotion ${same.number}.`, { code: "already_asked" });
    const { id, ...frozen } = await freezeRelease(trx, actor, site, {
      name: rollbackName(promotion, isPartial),
      notes: null,
      environment,
      lines,
      details: { rollback_of: number, ...(isPartial && { rollback_in_part: 1 }) },
    });
    const asked = await openPromotion(trx, actor, site, {
      release: { ...frozen, id },
      from: environment,
      environment,
      contents: lines,
      digest,
      fields: { note: reason.trim() },
      rollbackOf: { ...promotion, inPart: isPartial },
      open,
    });
    return outcome(trx, site, asked, actor.at);
  });
}

/** A rollback of a rollback is named by its number, so that names do not grow. */
function rollbackName({ name, number, rollback_of_id }: Promotion, isPartial: boolean): string {
  return `Rollback${inPart(isPartial)} of ${rollback_of_id ? `promotion ${number}` : name}`.slice(0, 200);
}

function selectLines(
  promotion: Promotion,
  replaced: RollbackLine[],
  contents: RequestedLine[] | undefined,
): RollbackLine[] {
  if (!contents) return replaced.filter((line) => line.restorable);
  if (!contents.length) refuseFields([{ path: "contents", message: "Select at least one page or software item." }]);
  const requested = contents.map((line) => ({ ...line, key: normalKey(line.kind, line.key) }));
  const byName = new Map(replaced.map((line) => [artifactKey(line), line]));
  refuseFields(
    requested.flatMap((line, i) => {
      const message = whyNotRestore(promotion, line, byName);
      return message ? [{ path: `contents.${i}.key`, message }] : [];
    }),
  );
  const names = new Set(requested.map(artifactKey));
  return replaced.filter((line) => names.has(artifactKey(line)));
}
