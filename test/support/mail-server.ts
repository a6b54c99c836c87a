import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export type MailServer = Awaited<ReturnType<typeof mailServer>>;

/** A real SMTP server on this machine, which keeps the mails that it takes, as parsed by another library. */
export async function mailServer(options: SMTPServerOptions = {}) {
  const mails: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key ? [] : ["STARTTLS"],
    ...options,
    onData: async (stream, _session, done) => {
      mails.push(await simpleParser(stream));
      done();
    },
  });
  // a client that breaks off is what some tests are about
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    port,
    url: `smtp://127.0.0.1:${port}`,
    /** The mails to this address so far. */
    to: (address: string) => mails.filter((mail) => addressesOf(mail).includes(address)),
    /** Waits for the mail after those so far. */
    next: async (address: string, count = 1): Promise<ParsedMail> => {
      for (const end = Date.now() + 10_000; Date.now() < end; await setTimeout(20)) {
        const mail = mails.filter((one) => addressesOf(one).includes(address))[count - 1];
        if (mail) return mail;
      }
      throw new Error(`There is no mail to ${address}.`);
    },
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}

const addressesOf = ({ to }: ParsedMail): string[] =>
  [to ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address ?? ""));
