import type { Database } from "../database/connect.ts";

export type SecurityEventRow = Awaited<ReturnType<ReturnType<typeof selectEvents>["execute"]>>[number];

/** `before`: the number of the last event of the previous page. */
interface Page {
  before?: number | undefined;
  limit: number;
}

/** What the administrators of a site see, newest first. */
export async function listSecurityEventsOfSite(
  db: Database,
  siteId: string,
  { before, limit }: Page,
): Promise<SecurityEventRow[]> {
  const query = db
    .selectFrom("security_event_sites")
    .select("event_seq")
    .where("site_id", "=", siteId)
    .orderBy("event_seq", "desc")
    .limit(limit);
  const page = await (before ? query.where("event_seq", "<", before) : query).execute();
  const seqs = page.map(({ event_seq }) => event_seq);
  if (!seqs.length) return [];
  // one by one, as a join of the two makes PostgreSQL read all events
  const rows = await selectEvents(db).where("e.seq", "in", seqs).execute();
  return rows.sort((a, b) => b.seq - a.seq);
}

/** What is about a person's own account, newest first. */
export function listSecurityEventsOf(
  db: Database,
  personId: string,
  { before, limit }: Page,
): Promise<SecurityEventRow[]> {
  const query = selectEvents(db).where("e.person_id", "=", personId).orderBy("e.seq", "desc").limit(limit);
  return (before ? query.where("e.seq", "<", before) : query).execute();
}

/** The latest that belong to no account, such as sign-ins to an unknown one. */
export function listSecurityEventsWithoutAccount(db: Database, limit: number): Promise<SecurityEventRow[]> {
  return selectEvents(db).where("e.person_id", "is", null).orderBy("e.seq", "desc").limit(limit).execute();
}

const selectEvents = (db: Database) =>
  db
    .selectFrom("security_events as e")
    .leftJoin("people as p", "p.id", "e.person_id")
    .leftJoin("people as b", "b.id", "e.by_id")
    .select([
      "e.seq",
      "e.at",
      "e.kind",
      "e.person_id",
      "p.name as person",
      "b.name as by",
      "e.email",
      "e.address",
      "e.user_agent",
      "e.detail",
    ]);
