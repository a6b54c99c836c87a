import type { Transporter } from "nodemailer";

export interface Mail {
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  /** Without angle brackets, the same whenever this mail is sent again, so that a receiver can tell a repetition. */
  messageId: string;
  /** The id of the conversation that mail programs show it in. */
  conversation?: string | undefined;
  /** The address at which one click unsubscribes (RFC 8058). */
  unsubscribe?: string | undefined;
}

/** Sends a mail. Throws MailRefused if trying again would not help, and any other error if it might. */
export type Mailer = (mail: Mail) => Promise<void>;

/** The mail server will never take this mail, such as for an address that does not exist. */
export class MailRefused extends Error {}

export interface MailSettings {
  /** smtp://USER:PASSWORD@HOST:PORT, or smtps:// */
  url: string;
  /** The sender: an address, or a name with an address in angle brackets. */
  from: string;
}

/** A mailer that opens a connection for each mail. `timeoutMs`: how long the server may be silent. */
export function createMailer({ url, from }: MailSettings, { timeoutMs = 20_000 } = {}): Mailer {
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  // without access to files and addresses: nothing in a mail is loaded from elsewhere
  const settings = { url, ...timeouts, disableFileAccess: true, disableUrlAccess: true };
  // a server without mail, and every test, starts sooner without the library
  let transport: Transporter | undefined;
  return async ({ messageId, conversation, unsubscribe, ...mail }) => {
    transport ??= (await import("nodemailer")).createTransport(settings);
    try {
      await transport.sendMail({
        from,
        ...mail,
        messageId: `<${messageId}>`,
        ...(conversation && { references: `<${conversation}>`, inReplyTo: `<${conversation}>` }),
        headers: {
          "auto-submitted": "auto-generated",
          // Postmark replaces the Message-ID otherwise, by which bounces are reported
          "x-pm-keepid": "true",
          ...(unsubscribe && unsubscribeHeaders(unsubscribe)),
        },
      });
    } catch (error) {
      throw isFinal(error) ? new MailRefused((error as Error).message) : error;
    }
  };
}

const unsubscribeHeaders = (address: string) => ({
  "list-unsubscribe": `<${address}>`,
  "list-unsubscribe-post": "List-Unsubscribe=One-Click",
});

/** Whether the server refused the receiver or the message for good (5yz of RFC 5321), and not only us or for now. */
function isFinal(error: unknown): boolean {
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  return (code === "EENVELOPE" || code === "EMESSAGE") && responseCode >= 500;
}
