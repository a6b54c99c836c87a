import type { Database } from "../database/connect.ts";
import { enqueue, type Job } from "../jobs/queue.ts";
import { sendLetter } from "../mail/letter.ts";
import { browserName, securitySentence } from "../people/security-sentences.ts";
import { longTime } from "../time/format.ts";
import type { MailContext } from "./send.ts";

/** How many are taken at once. */
const maxEvents = 100;

/**
 * Writes a job for each security event of which its person is to get a mail, together with the mark that it was written: so
 * that a kill loses none and two servers write none twice. Without a mail server the mark alone is written.
 */
export async function writeSecurityMails(db: Database, now: string, mailIsSetUp: boolean): Promise<void> {
  const events = await db
    .selectFrom("security_events")
    .select("seq")
    .where("to_mail", "=", 1)
    .orderBy("seq")
    .limit(maxEvents)
    .execute();
  for (const { seq } of events)
    await db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable("security_events")
        .set({ to_mail: 0 })
        .where("seq", "=", seq)
        .where("to_mail", "=", 1)
        .executeTakeFirstOrThrow();
      const site = numUpdatedRows && mailIsSetUp ? await siteOf(trx, seq) : undefined;
      if (site) await enqueue(trx, { site_id: site, kind: "security_mail", ref: String(seq), run_at: now });
    });
}

/** One of the sites whose administrators see the event: background work belongs to a site. */
async function siteOf(trx: Database, seq: number): Promise<string | undefined> {
  const query = trx.selectFrom("security_event_sites").select("site_id").where("event_seq", "=", seq);
  return (await query.orderBy("site_id").limit(1).executeTakeFirst())?.site_id;
}

/** Sends the mail about a security event to its person. Repeated after a kill, it has the same Message-ID. */
export async function sendSecurityMail(
  db: Database,
  { ref }: Pick<Job, "ref">,
  { mailer, baseUrl }: MailContext,
): Promise<void> {
  const event = await findEvent(db, Number(ref));
  if (!mailer || !event?.address_of) return;
  const what = securitySentence(event);
  const browser = event.user_agent && ` with ${browserName(event.user_agent)}`;
  const source = `${event.address && ` from ${event.address}`}${browser}`;
  await sendLetter(mailer, baseUrl, {
    id: `security-event-${ref}`,
    to: { name: event.person, address: event.address_of },
    subject: what,
    lead: `${what} on ${longTime(event.at, "UTC")} UTC${source}. If it was you, there is nothing to do. If not, choose a new password, sign out everywhere under Account, and tell an administrator of your site at once.`,
    actions: [
      { text: "Your account", url: `${baseUrl}/account` },
      { text: "Security events", url: `${baseUrl}/account/security` },
    ],
    why: "You get this whenever something changes about how you sign in.",
  });
}

const findEvent = (db: Database, seq: number) =>
  db
    .selectFrom("security_events as e")
    .innerJoin("people as p", "p.id", "e.person_id")
    .leftJoin("people as b", "b.id", "e.by_id")
    .select(["e.at", "e.kind", "e.detail", "e.email", "e.address", "e.user_agent"])
    .select(["p.name as person", "p.email as address_of", "b.name as by"])
    .where("e.seq", "=", seq)
    .executeTakeFirst();
