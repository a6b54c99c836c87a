import { mailPage, mailText } from "../../views/notices/mail.ts";
import { bytesOf } from "../../views/parts/html.ts";
import { newId } from "../database/ids.ts";
import type { Mailer } from "./mailer.ts";
import { messageIdOf } from "./message-id.ts";

/** A mail that somebody asked for, such as a link for a new password: sent at once, and not among the notices. */
export interface Letter {
  /** The same whenever it is sent again; by default it is sent once. */
  id?: string;
  to: { name: string; address: string };
  subject: string;
  lead: string;
  actions: { text: string; url: string }[];
  /** Why the receiver gets it. */
  why: string;
}

/** Throws if the mail server does not take it. `baseUrl`: the address of Sitebook. */
export async function sendLetter(
  mailer: Mailer,
  baseUrl: string,
  { id = newId(), to, subject, ...content }: Letter,
): Promise<void> {
  const message = { subject, details: [], changes: [], more: 0, ...content };
  const html = Buffer.from(bytesOf(mailPage(subject, [message], {}))).toString();
  const messageId = messageIdOf(id, baseUrl);
  await mailer({ to, subject, text: mailText(subject, [message], {}), html, messageId });
}
