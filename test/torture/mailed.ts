import type { Database } from "../../src/database/connect.ts";
import { mayHaveArrived } from "../../src/notices/send.ts";

/** How far notices were written, and what came of each. */
export const readNotices = async (db: Database) => ({
  progress: await db
    .selectFrom("sites as s")
    .leftJoin("notice_progress as p", "p.site_id", "s.id")
    .select(["s.slug", "s.events", "p.seq"])
    .execute(),
  notices: await db
    .selectFrom("notices")
    .select(["id", "kind", "person_id", "promotion_id", "seq", "delivery", "state", "outcome"])
    .execute(),
});

type Notices = Awaited<ReturnType<typeof readNotices>>;

/** Each event led to its notices, each notice that is due was sent, and no mail is of a notice that was not. */
export function* whyNotMailed({ progress, notices }: Notices, mailed: string[]): Generator<string> {
  for (const { slug, events, seq } of progress)
    if (seq !== events) yield `Notices of ${slug} were written up to event ${seq} of ${events}.`;
  const ids = new Set(mailed);
  for (const { id, kind, state, delivery } of notices) {
    if (state === "sent" && !ids.has(id)) yield `The notice ${id} (${kind}) was sent, and no mail arrived.`;
    if (state === "waiting" && delivery === "now") yield `The notice ${id} (${kind}) is still waiting.`;
    if (state === "refused") yield `The notice ${id} (${kind}) was refused.`;
  }
  const mayArrive = ({ state, outcome }: Notices["notices"][number]) =>
    state === "sent" || Boolean(outcome?.endsWith(mayHaveArrived));
  const sent = new Set(notices.filter(mayArrive).map(({ id }) => id));
  for (const id of ids) if (!sent.has(id)) yield `A mail ${id} arrived, and its notice is not sent.`;
  const same = Map.groupBy(
    notices,
    ({ kind, person_id, promotion_id, seq }) => `${kind} ${person_id} ${promotion_id} ${seq}`,
  );
  for (const [what, twice] of same) if (twice.length > 1) yield `There are ${twice.length} notices of ${what}.`;
}
