import { type Foot, mailPage, mailText } from "../../views/notices/mail.ts";
import { bytesOf } from "../../views/parts/html.ts";
import { findSiteById } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { Job } from "../jobs/queue.ts";
import { bouncedAddress, bounceSentence } from "../mail/bounced-addresses.ts";
import { type Mailer, MailRefused } from "../mail/mailer.ts";
import { messageIdOf } from "../mail/message-id.ts";
import { countOf } from "../text.ts";
import { rulesOf } from "./choices.ts";
import { type Message, messageOf } from "./message.ts";
import type { NoticeKind } from "./rules.ts";

export interface MailContext {
  /** Undefined: no mail server is set up. */
  mailer: Mailer | undefined;
  baseUrl: string;
}

/**
 * Sends a notice. A server that is killed after the mail server took it and before that is written sends it again, with the
 * same Message-ID.
 */
export async function sendNotice(
  db: Database,
  { ref, attempts }: Pick<Job, "ref" | "attempts">,
  now: string,
  context: MailContext,
): Promise<void> {
  const notice = await findNotice(db, ref);
  if (notice?.state !== "waiting") return;
  const message = await messageOf(db, notice, context.baseUrl, now);
  if ("stopped" in message) {
    const outcome = attempts > 1 ? `${message.stopped} ${mayHaveArrived}` : message.stopped;
    return endNotices(db, [notice.id], { state: "stopped", outcome }, now);
  }
  await deliver(db, [{ notice, message }], { title: message.subject, conversation: notice.topic }, now, context);
}

/** Of a notice that was tried before: its server may have been killed after the mail server took it. */
export const mayHaveArrived = "An earlier attempt may have arrived.";

/** Sends all that waits for a person's daily or weekly digest as one mail. `ref`: the person's id and which digest. */
export async function sendDigest(
  db: Database,
  { site_id, ref }: Pick<Job, "site_id" | "ref">,
  now: string,
  context: MailContext,
): Promise<void> {
  const [person_id = "", delivery = ""] = ref.split(" ");
  const waiting = await notices(db)
    .where("n.person_id", "=", person_id)
    .where("n.site_id", "=", site_id)
    .where("n.delivery", "=", delivery as "daily")
    .where("n.state", "=", "waiting")
    .orderBy("n.id")
    .limit(maxInDigest)
    .execute();
  const parts: Part[] = [];
  for (const notice of waiting.map(withKind)) {
    const message = await messageOf(db, notice, context.baseUrl, now);
    if ("stopped" in message) await endNotices(db, [notice.id], { state: "stopped", outcome: message.stopped }, now);
    else parts.push({ notice, message });
  }
  const [first] = parts;
  if (!first) return;
  const title = `${first.message.site.name}: ${countOf(parts.length, "thing")} for you`;
  await deliver(db, parts, { title }, now, context);
}

const maxInDigest = 100;

interface Part {
  notice: Notice;
  message: Message;
}

async function deliver(
  db: Database,
  parts: Part[],
  { title, conversation }: { title: string; conversation?: string },
  now: string,
  { mailer, baseUrl }: MailContext,
): Promise<void> {
  const [{ notice }] = parts as [Part];
  const ids = parts.map((part) => part.notice.id);
  if (!mailer) return endNotices(db, ids, { state: "stopped", outcome: "Mail was not set up." }, now);
  if (!notice.email) return endNotices(db, ids, { state: "stopped", outcome: "The person has no address." }, now);
  const bounced = await bouncedAddress(db, notice.site_id, notice.email);
  if (bounced) return endNotices(db, ids, { state: "stopped", outcome: bounceSentence(bounced) }, now);
  const site = await findSiteById(db, notice.site_id);
  const rules = await rulesOf(db, notice.site_id);
  const optional = parts.find((part) => rules[part.notice.kind] === "optional")?.notice;
  const unsubscribe = optional && `${baseUrl}/unsubscribe?key=${optional.unsubscribe_key}`;
  const foot: Foot = { unsubscribe, settings: `${baseUrl}/sites/${site?.slug}/notices` };
  const messages = parts.map(({ message }) => message);
  try {
    await mailer({
      to: { name: notice.name, address: notice.email },
      subject: title,
      text: mailText(title, messages, foot),
      html: Buffer.from(bytesOf(mailPage(title, messages, foot))).toString(),
      messageId: messageIdOf(notice.id, baseUrl),
      conversation: conversation && messageIdOf(conversation, baseUrl),
      unsubscribe,
    });
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error;
    return endNotices(db, ids, { state: "refused", outcome: error.message.slice(0, 500) }, now);
  }
  await endNotices(db, ids, { state: "sent", outcome: null, mail_id: notice.id }, now);
}

async function endNotices(
  db: Database,
  ids: string[],
  end: { state: "sent" | "stopped" | "refused"; outcome: string | null; mail_id?: string },
  now: string,
): Promise<void> {
  await db
    .updateTable("notices")
    .set({ ...end, ended_at: now })
    .where("id", "in", ids)
    .where("state", "=", "waiting")
    .execute();
}

const notices = (db: Database) =>
  db
    .selectFrom("notices as n")
    .innerJoin("people as p", "p.id", "n.person_id")
    .selectAll("n")
    .select(["p.name", "p.email"]);

type Row = Awaited<ReturnType<ReturnType<typeof notices>["execute"]>>[number];
type Notice = Row & { kind: NoticeKind };

const withKind = (row: Row): Notice => ({ ...row, kind: row.kind as NoticeKind });

async function findNotice(db: Database, id: string): Promise<Notice | undefined> {
  const row = await notices(db).where("n.id", "=", id).executeTakeFirst();
  return row && withKind(row);
}
