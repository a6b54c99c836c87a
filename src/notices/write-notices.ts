import { randomBytes } from "node:crypto";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { enqueue, maxAttempts } from "../jobs/queue.ts";
import type { Need } from "../promotions/need-rules.ts";
import { addMs } from "../time/add.ts";
import { removeOldDeliveries, writeDeliveries } from "../webhooks/deliveries.ts";
import { withFacts } from "../webhooks/facts.ts";
import { deliveriesOf } from "./choices.ts";
import { type DigestDelivery, nextDigestAt } from "./digest-rules.ts";
import { needsOf } from "./needs.ts";
import { type EventOccasion, type NoticedEvent, occasionOf } from "./occasions.ts";
import { type Delivery, type NoticeKind, noticesFor } from "./rules.ts";

/** How many events of a site are looked at in one transaction. */
const maxEvents = 200;

/** What promotions need can change with the clock, such as when a freeze ends. */
const recheckMs = 5 * 60_000;

/**
 * Writes the notices that follow from what happened on every site since the last time. The events are in the chain since
 * the transaction that caused them, and where this got to is written together with the notices, so that a kill loses none
 * and two servers write none twice. `mailIsSetUp`: otherwise notices are written as stopped.
 */
export async function writeNotices(db: Database, now: string, mailIsSetUp: boolean): Promise<void> {
  const sites = await db
    .selectFrom("sites as s")
    .leftJoin("notice_progress as p", "p.site_id", "s.id")
    .select(["s.id", "s.time_zone", "s.events", "p.seq", "p.checked_at"])
    .execute();
  for (const { events, seq, checked_at, ...site } of sites) {
    const isBehind = events > (seq ?? 0) || (checked_at ?? "") < addMs(now, -recheckMs);
    if (!isBehind) continue;
    await catchUp(db, { ...site, seq, events }, now, mailIsSetUp);
    await removeOld(db, now);
  }
}

/** More than a site will ever have. */
const maxEvent = 2 ** 31 - 1;

/**
 * Brings a past into a site, of which nobody has to be told: notices begin with what happens afterwards. If it is killed in
 * between, they begin with the next round.
 */
export async function withoutNotices(db: Database, site_id: string, now: string, bring: () => Promise<void>) {
  const ahead = { seq: maxEvent, checked_at: now };
  await db
    .insertInto("notice_progress")
    .values({ site_id, ...ahead })
    .onConflict((conflict) => conflict.column("site_id").doUpdateSet(ahead))
    .execute();
  await bring();
  await db
    .updateTable("notice_progress")
    .set((eb) => ({ seq: eb.selectFrom("sites").select("events").where("id", "=", site_id) }))
    .where("site_id", "=", site_id)
    .where("seq", "=", maxEvent)
    .execute();
}

interface SiteProgress {
  id: string;
  time_zone: string;
  /** Of the last event for which notices were written; null for a new site. */
  seq: number | null;
  events: number;
}

/** For how long it is shown what was sent. */
const keptMs = 90 * 24 * 3_600_000;

async function removeOld(db: Database, now: string): Promise<void> {
  await db.deleteFrom("notices").where("ended_at", "<", addMs(now, -keptMs)).execute();
  await removeOldDeliveries(db, addMs(now, -keptMs));
}

async function catchUp(db: Database, site: SiteProgress, now: string, mailIsSetUp: boolean): Promise<void> {
  for (let from = site.seq; ; ) {
    const until = Math.min((from ?? 0) + maxEvents, site.events);
    const isMine = await db.transaction().execute(async (trx) => {
      if (!(await moveProgress(trx, site.id, from, until, now))) return false;
      const events = await eventsBetween(trx, site.id, from ?? 0, until);
      await insertNotices(trx, site, await noticesOf(trx, site.id, events, until, now), now, mailIsSetUp);
      await writeDeliveries(trx, site.id, await withFacts(trx, site.id, events), now);
      return true;
    });
    // if another server was faster, it goes on
    if (!isMine || until >= site.events) return;
    from = until;
  }
}

/** False if another server has moved it meanwhile. */
async function moveProgress(
  trx: Database,
  site_id: string,
  from: number | null,
  seq: number,
  checked_at: string,
): Promise<boolean> {
  if (from === null) {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto("notice_progress")
      .values({ site_id, seq, checked_at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { numUpdatedRows } = await trx
    .updateTable("notice_progress")
    .set({ seq, checked_at })
    .where("site_id", "=", site_id)
    .where("seq", "=", from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

interface NewNotice extends Pick<EventOccasion, "topic" | "promotion_id"> {
  person_id: string;
  kind: NoticeKind;
  seq: number;
}

const eventsBetween = (trx: Database, siteId: string, from: number, until: number): Promise<NoticedEvent[]> =>
  trx
    .selectFrom("events")
    .select(["seq", "person_id", "action", "subject_id", "recorded_at"])
    .where("site_id", "=", siteId)
    .where("seq", ">", from)
    .where("seq", "<=", until)
    .orderBy("seq")
    .execute();

async function noticesOf(
  trx: Database,
  siteId: string,
  events: NoticedEvent[],
  until: number,
  now: string,
): Promise<NewNotice[]> {
  const needed = await newNeeds(trx, siteId, events, until, now);
  const notices = [...needed];
  for (const event of events) {
    const occasion = await occasionOf(trx, siteId, event);
    if (!occasion) continue;
    const { topic, promotion_id } = occasion;
    notices.push(...noticesFor(occasion).map((notice) => ({ ...notice, topic, promotion_id, seq: event.seq })));
  }
  return notices.filter((notice, i) => isFirst(notices, notice, i));
}

/** Of several about one event or one need, a person gets the first. */
const isFirst = (all: NewNotice[], { person_id, topic, seq, kind }: NewNotice, i: number): boolean =>
  all.findIndex(
    (one) => one.person_id === person_id && one.topic === topic && (one.seq === seq || one.kind === kind),
  ) === i;

const kindOfNeed: Record<Need, NoticeKind> = {
  decision: "approval_needed",
  completion: "completion_needed",
  due: "completion_needed",
  settlement: "request_blocked",
};

/** What promotions need by now and did not need before. A person who caused it has it in their inbox, and gets no notice. */
async function newNeeds(
  trx: Database,
  siteId: string,
  events: NoticedEvent[],
  seq: number,
  now: string,
): Promise<NewNotice[]> {
  const known = await trx
    .selectFrom("noticed_needs")
    .select(["promotion_id", "person_id", "need"])
    .where("site_id", "=", siteId)
    .execute();
  const current = await needsOf(trx, siteId, now);
  const keyOf = (one: { promotion_id: string; person_id: string; need: string }) =>
    `${one.promotion_id} ${one.person_id} ${one.need}`;
  const rows = current.map(({ promotion, member, need }) => ({
    promotion_id: promotion.id,
    person_id: member.person.id,
    need,
    site_id: siteId,
  }));
  const [before, after] = [new Set(known.map(keyOf)), new Set(rows.map(keyOf))];
  const gone = known.filter((one) => !after.has(keyOf(one)));
  for (const { promotion_id, person_id } of gone)
    await trx
      .deleteFrom("noticed_needs")
      .where("promotion_id", "=", promotion_id)
      .where("person_id", "=", person_id)
      .execute();
  const fresh = rows.filter((one) => !before.has(keyOf(one)));
  if (fresh.length) await trx.insertInto("noticed_needs").values(fresh).execute();
  return fresh.flatMap(({ promotion_id, person_id, need }) => {
    const last = events.findLast((event) => event.subject_id === promotion_id) ?? events.at(-1);
    if (last?.person_id === person_id) return [];
    return [{ person_id, kind: kindOfNeed[need], seq: last?.seq ?? seq, topic: promotion_id, promotion_id }];
  });
}

async function insertNotices(
  trx: Database,
  site: SiteProgress,
  notices: NewNotice[],
  now: string,
  mailIsSetUp: boolean,
): Promise<void> {
  if (!notices.length) return;
  const deliveries = await deliveriesOf(trx, site.id, notices);
  for (const notice of notices) {
    const delivery = deliveries.get(`${notice.person_id} ${notice.kind}`);
    if (delivery) await insertNotice(trx, site, { ...notice, delivery }, now, mailIsSetUp);
  }
}

async function insertNotice(
  trx: Database,
  site: SiteProgress,
  notice: NewNotice & { delivery: Delivery },
  now: string,
  mailIsSetUp: boolean,
): Promise<void> {
  const stopped = { state: "stopped" as const, outcome: "Mail was not set up.", ended_at: now };
  const id = newId(Date.parse(now));
  await trx
    .insertInto("notices")
    .values({
      id,
      site_id: site.id,
      ...notice,
      created_at: now,
      unsubscribe_key: randomBytes(16).toString("base64url"),
      ...(mailIsSetUp ? { state: "waiting" as const, outcome: null, ended_at: null } : stopped),
    })
    .execute();
  if (!mailIsSetUp) return;
  if (notice.delivery === "now") await enqueue(trx, { site_id: site.id, kind: "notice", ref: id, run_at: now });
  else await enqueueDigest(trx, site, { ...notice, delivery: notice.delivery }, now);
}

/** One job for all notices of a person until then. */
async function enqueueDigest(
  trx: Database,
  site: SiteProgress,
  { person_id, delivery }: { person_id: string; delivery: DigestDelivery },
  now: string,
): Promise<void> {
  const ref = `${person_id} ${delivery}`;
  const open = trx.selectFrom("jobs").select("id").where("site_id", "=", site.id).where("done_at", "is", null);
  const [due] = await open
    .where("kind", "=", "digest")
    .where("ref", "=", ref)
    // one that has failed sends nothing more by itself
    .where("attempts", "<", maxAttempts)
    .execute();
  if (due) return;
  const run_at = nextDigestAt(delivery, site.time_zone, now);
  await enqueue(trx, { site_id: site.id, kind: "digest", ref, run_at });
}
