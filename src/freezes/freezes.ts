import type { Actor } from "../access/actor.ts";
import { type Environment, refuseRetiredNow } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { nextNumber } from "../record/numbers.ts";
import { type Freeze, listFreezes } from "./queries.ts";
import { lastEnd, normalRule } from "./recurrence.ts";
import { freezeErrors, whyNotEnd, whyNotFreezeReason } from "./rules.ts";

export interface NewFreeze {
  /** ISO 8601 UTC; undefined: now. */
  from?: string | undefined;
  /** ISO 8601 UTC, the end of the first window if it recurs; undefined: until somebody ends it. */
  until?: string | undefined;
  reason: string;
  /** An RFC 5545 recurrence rule in the site's time zone, which begins with the first window. */
  recurrence?: string | undefined;
}

/**
 * Freezes an environment: from then on no promotion to it is completed. Throws a Refusal with 403, with 409 for a retired
 * environment, or with 422 and each wrong field: `from`, `until`, `recurrence`, `reason`.
 */
export function setFreeze(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  request: NewFreeze,
): Promise<Freeze> {
  refuse(whyNotMay(actor, "freeze"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    await refuseRetiredNow(trx, environment);
    const { time_zone } = await trx
      .selectFrom("sites")
      .select("time_zone")
      .where("id", "=", site.id)
      .executeTakeFirstOrThrow();
    // a start that the form showed as the present minute is now, so that nothing is frozen in the past
    const starts_at = request.from && request.from > actor.at ? request.from : actor.at;
    const times = {
      starts_at,
      ends_at: request.until ?? null,
      recurrence: normalRule(request.recurrence ?? "") || null,
    };
    const { reason } = request;
    refuseFields(freezeErrors({ ...times, from: request.from ?? actor.at, reason }, time_zone, actor.at));
    const row = {
      id: newId(Date.parse(actor.at)),
      site_id: site.id,
      number: await nextNumber(trx, site.id, "freezes"),
      environment_id: environment.id,
      ...times,
      time_zone,
      last_ends_at: lastEnd({ ...times, time_zone }),
      reason: reason.trim(),
      person_id: actor.person.id,
      created_at: actor.at,
    };
    await trx.insertInto("freezes").values(row).execute();
    await appendEvent(trx, actor, site.id, {
      action: "freeze_set",
      subject: `freeze ${row.number}`,
      subject_id: row.id,
      environment_id: environment.id,
      details: { environment: environment.slug, ...row },
    });
    return freezeByNumber(trx, site, row.number);
  });
}

/**
 * Ends a freeze that covers this moment, or will. Throws a Refusal with 403, with 404 for an unknown number, with 409 if it
 * is over or was ended, or with 422 without a reason.
 */
export function endFreeze(db: Database, actor: Actor, site: Site, number: number, reason: string): Promise<Freeze> {
  refuse(whyNotMay(actor, "freeze"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const freeze = await freezeByNumber(trx, site, number);
    refuse(whyNotEnd(freeze, actor.at));
    refuseFields(fieldErrors({ reason: whyNotFreezeReason(reason, "Ending a freeze") }));
    const row = { freeze_id: freeze.id, person_id: actor.person.id, reason: reason.trim(), ended_at: actor.at };
    await trx.insertInto("freeze_ends").values(row).execute();
    await appendEvent(trx, actor, site.id, {
      action: "freeze_ended",
      subject: `freeze ${number}`,
      subject_id: freeze.id,
      environment_id: freeze.environment_id,
      details: { number, environment: freeze.environment, ...row },
    });
    return freezeByNumber(trx, site, number);
  });
}

async function freezeByNumber(db: Database, site: Site, number: number): Promise<Freeze> {
  const [freeze] = await listFreezes(db, site.id, { number });
  return freeze ?? notFound(`freeze ${number}`);
}
