import type { Database } from "../../src/database/connect.ts";
import { mayHaveArrived } from "../../src/notices/send.ts";

/** How far notices were written for what happened until a moment (ISO 8601 UTC), and what came of each of then. */
export const readNotices = async (db: Database, until: string) => ({
  progress: await db
    .selectFrom("sites as s")
    .innerJoin("events as e", (join) => join.onRef("e.site_id", "=", "s.id").on("e.recorded_at", "<=", until))
    .leftJoin("notice_progress as p", "p.site_id", "s.id")
    .select((eb) => ["s.slug", "p.seq", eb.fn.max("e.seq").as("events")])
    .groupBy(["s.slug", "p.seq"])
    .execute(),
  notices: await db
    .selectFrom("notices")
    .select(["id", "kind", "person_id", "promotion_id", "seq", "delivery", "state", "outcome", "created_at"])
    .execute(),
  until,
});

type Notices = Awaited<ReturnType<typeof readNotices>>;

/** Each event led to its notices, each notice that is due was sent, and no mail is of a notice that was not. */
export function* whyNotMailed({ progress, notices, until }: Notices, mailed: string[]): Generator<string> {
  for (const { slug, events, seq } of progress)
    if ((seq ?? 0) < events) yield `Notices of ${slug} were written up to event ${seq} of ${events}.`;
  const ids = new Set(mailed);
  for (const { id, kind, state, delivery, created_at } of notices) {
    if (state === "sent" && !ids.has(id)) yield `The notice ${id} (${kind}) was sent, and no mail arrived.`;
    if (state === "waiting" && delivery === "now" && created_at <= until)
      yield `The notice ${id} (${kind}) is still waiting.`;
    if (state === "refused") yield `The notice ${id} (${kind}) was refused.`;
  }
  const mayArrive = ({ state, outcome }: Notices["notices"][number]) =>
    state === "sent" || Boolean(outcome?.endsWith(mayHaveArrived));
  const sent = new Set(notices.filter(mayArrive).map(({ id }) => id));
  // a server may have been killed between the mail and writing that down, after all that was due until then
  const late = new Set(notices.filter(({ created_at }) => created_at > until).map(({ id }) => id));
  for (const id of ids) if (!sent.has(id) && !late.has(id)) yield `A mail ${id} arrived, and its notice is not sent.`;
  const same = Map.groupBy(
    notices,
    ({ kind, person_id, promotion_id, seq }) => `${kind} ${person_id} ${promotion_id} ${seq}`,
  );
  for (const [what, twice] of same) if (twice.length > 1) yield `There are ${twice.length} notices of ${what}.`;
}
