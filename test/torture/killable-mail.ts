import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { SMTPServer } from "smtp-server";

/**
 * A mail server at one address that can be killed in the middle of a mail, and started again. It keeps the ids of the mails
 * that it took, each as often as it took it.
 */
export async function killableMail() {
  const ids: string[] = [];
  const sockets = new Set<Socket>();
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
  // in front of it, so that the address stays while it is down
  const { port: inner } = smtp.server.address() as AddressInfo;
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    if (!isUp) return socket.destroy();
    forward(socket, inner);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    ids,
    url: `smtp://127.0.0.1:${(front.address() as AddressInfo).port}`,
    kill: () => {
      isUp = false;
      for (const socket of sockets) socket.destroy();
    },
    start: () => {
      isUp = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      front.close();
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

function forward(socket: Socket, port: number): void {
  const other = connect(port, "127.0.0.1");
  other.on("error", () => socket.destroy()).on("close", () => socket.destroy());
  socket.on("close", () => other.destroy());
  socket.pipe(other).pipe(socket);
}
