import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { findRelease, type Release } from "../record/releases.ts";
import { whyNotLiftMark, whyNotMark, whyNotMarkReason, whyNotMayMark } from "./rules.ts";

/**
 * Marks a release as bad: nothing can be promoted with it until the mark is lifted. Returns the release afterwards. Throws
 * a Refusal with 403 if the person may not, 409 if it is marked already, and 422 for the reason.
 */
export function markAsBad(db: Database, actor: Actor, site: Site, number: number, reason: string): Promise<Release> {
  return mark(db, actor, site, number, { action: "release_marked_bad", reason, whyNot: whyNotMark });
}

/** Lifts the mark again. Throws a Refusal as `markAsBad`, with 409 if the release is not marked. */
export function liftMark(db: Database, actor: Actor, site: Site, number: number, reason: string): Promise<Release> {
  return mark(db, actor, site, number, { action: "release_mark_lifted", reason, whyNot: whyNotLiftMark });
}

interface Mark {
  action: "release_marked_bad" | "release_mark_lifted";
  reason: string;
  whyNot: (release: Release) => string | undefined;
}

function mark(db: Database, actor: Actor, site: Site, number: number, { action, reason, whyNot }: Mark) {
  refuse(whyNotMayMark(site, actor), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const release = await releaseOf(trx, site, number);
    refuse(whyNot(release));
    refuseFields(fieldErrors({ reason: whyNotMarkReason(reason) }));
    const row = {
      id: newId(Date.parse(actor.at)),
      release_id: release.id,
      lifts_id: release.bad?.id ?? null,
      person_id: actor.person.id,
      reason: reason.trim(),
      marked_at: actor.at,
    };
    await trx.insertInto("release_marks").values(row).execute();
    await appendEvent(trx, actor, site.id, {
      action,
      subject: `release ${number}`,
      subject_id: release.id,
      details: { ...row, number, name: release.name },
    });
    return releaseOf(trx, site, number);
  });
}

const releaseOf = async (trx: Database, site: Site, number: number): Promise<Release> =>
  (await findRelease(trx, site.id, number)) ?? notFound(`release ${number}`);
