import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { fixedAddress } from "./fixed-address.ts";

/**
 * A mail server at one address that can be killed in the middle of a mail, and started again. It keeps the ids of the mails
 * that it took, each as often as it took it.
 */
export async function killableMail() {
  const ids: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: async (stream, _session, done) => {
      const text = await textOf(stream);
      if (text === undefined) return;
      ids.push(/^Message-ID: <([^@>]+)@/im.exec(text)?.[1] ?? "");
      done();
    },
  });
  // clients are killed in the middle of a mail, and so is this server
  smtp.on("error", () => undefined);
  smtp.server.listen(0, "127.0.0.1");
  await once(smtp.server, "listening");
  let isUp = true;
  const { port } = smtp.server.address() as AddressInfo;
  const address = await fixedAddress(() => (isUp ? port : undefined));
  return {
    ids,
    url: `smtp://${address.host}`,
    kill: () => {
      isUp = false;
      address.cut();
    },
    start: () => {
      isUp = true;
    },
    close: async () => {
      address.close();
      await new Promise<void>((done) => smtp.close(() => done()));
    },
  };
}
/** Undefined if the client was killed in the middle of it. */
async function textOf(stream: AsyncIterable<Buffer>): Promise<string | undefined> {
  try {
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text;
  } catch {
    return undefined;
  }
}

export type KillableMail = Awaited<ReturnType<typeof killableMail>>;
