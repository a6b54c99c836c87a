import type { Actor } from "../access/actor.ts";
import { canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import { hashEntry } from "./chain.ts";
import { eventEntries, indexForSearch } from "./search-index.ts";

export const actions = [
  "site_created",
  "site_changed",
  "environment_added",
  "environment_changed",
  "environment_moved",
  "environment_retired",
  "gate_changed",
  "server_added",
  "server_removed",
  "visits_changed",
  "findings_opened",
  "findings_settled",
  "finding_accepted",
  "acceptance_undone",
  "deployment_recorded",
  "placement_corrected",
  "release_made",
  "release_marked_bad",
  "release_mark_lifted",
  "promotion_asked",
  "promotion_scheduled",
  "promotion_due",
  "promotion_approved",
  "promotion_rejected",
  "approval_withdrawn",
  "approval_expired",
  "promotion_expired",
  "checklist_ticked",
  "promotion_cancelled",
  "promotion_superseded",
  "promotion_completed",
  "forced_completion_reviewed",
  "promotion_commented",
  "person_invited",
  "person_renamed",
  "role_given",
  "role_taken",
  "account_closed",
  "role_created",
  "role_changed",
  "role_removed",
  "password_reset",
  "token_created",
  "token_revoked",
  "guest_invited",
  "guest_revoked",
  "webhook_created",
  "webhook_changed",
  "webhook_disabled",
  "webhook_removed",
  "feed_created",
  "feed_revoked",
  "owner_set",
  "delegation_set",
  "delegation_ended",
  "freeze_set",
  "freeze_ended",
] as const;
export type Action = (typeof actions)[number];

export interface NewEvent {
  action: Action;
  /** Names what the event is about so that it never goes out of date: `deployment 42`, `promotion 31`. */
  subject: string;
  subject_id?: string;
  environment_id?: string;
  details: { [key: string]: Json | undefined };
}

/**
 * Appends an event to the site's chain: hash = SHA-256(previous hash ‖ canonical JSON of the entry). Returns its seq.
 * Must be called inside the transaction that makes the change, which has locked the site, so that no other event comes
 * in between.
 */
export async function appendEvent(
  trx: Database,
  actor: Pick<Actor, "at"> & { person: { id: string } },
  siteId: string,
  entry: NewEvent,
): Promise<number> {
  const site = (await headOf(trx, actor.person.id, siteId))[0] as { events: number; head: string; person: string };
  const seq = site.events + 1;
  const content = {
    seq,
    recorded_at: actor.at,
    person_id: actor.person.id,
    action: entry.action,
    subject: entry.subject,
    subject_id: entry.subject_id ?? null,
    environment_id: entry.environment_id ?? null,
    // the name at that time, because people change their names; not the one with which the request came
    details: { person: site.person, ...entry.details },
  };
  const details = canonicalJson(content.details);
  const hash = hashEntry(site.head, content, details);
  const { recorded_at, person_id, action, subject, subject_id, environment_id } = content;
  const about = [recorded_at, person_id, action, subject, subject_id, environment_id] as const;
  await Promise.all([
    insertEvent(trx, siteId, seq, ...about, details, site.head, hash),
    indexForSearch(trx, siteId, eventEntries(content)),
    moveHead(trx, seq, hash, siteId),
  ]);
  return seq;
}

const headOf = precompiled((trx, personId: string, siteId: string) =>
  trx
    .selectFrom("sites as s")
    .innerJoin("people as p", (join) => join.on("p.id", "=", personId))
    .select(["s.events", "s.head", "p.name as person"])
    .where("s.id", "=", siteId),
);

const insertEvent = precompiled(
  (
    trx,
    site_id: string,
    seq: number,
    recorded_at: string,
    person_id: string,
    action: string,
    subject: string,
    subject_id: string | null,
    environment_id: string | null,
    details: string,
    previous_hash: string,
    hash: string,
  ) => {
    const about = { recorded_at, person_id, action, subject, subject_id, environment_id };
    return trx.insertInto("events").values({ site_id, seq, ...about, details, previous_hash, hash });
  },
);

const moveHead = precompiled((trx, events: number, head: string, siteId: string) =>
  trx.updateTable("sites").set({ events, head }).where("id", "=", siteId),
);

/** The moment, but after all events of these sites: what was recorded in the same millisecond has the name of before. */
export async function afterLastEvents(trx: Database, sites: { id: string }[], at: string): Promise<string> {
  const times = [Date.parse(at)];
  for (const { id } of sites) {
    const last = await trx
      .selectFrom("events")
      .select("recorded_at")
      .where("site_id", "=", id)
      .orderBy("seq", "desc")
      .limit(1)
      .executeTakeFirst();
    if (last) times.push(Date.parse(last.recorded_at) + 1);
  }
  return new Date(Math.max(...times)).toISOString();
}
