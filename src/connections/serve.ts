import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { Connections } from "./connections.ts";
import { type Limits, limits as usual } from "./limits.ts";
import { refusal, refuse, type Status } from "./refuse.ts";

type Fetch = Parameters<typeof getRequestListener>[0];

/** An HTTP server, not listening yet, that slow, silent and endless clients do not keep from serving the others. */
export function makeServer(fetch: Fetch, limits: Limits = usual): Server {
  const connections = new Connections(limits);
  const answer = getRequestListener(fetch, { errorHandler: failed });
  const server = createServer(limits.http, (incoming, outgoing) => {
    if (!connections.mayBegin(incoming, outgoing)) return;
    outgoing.once("finish", () => stopListening(incoming, limits));
    void answer(incoming, outgoing);
  });
  connections.watch(server);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // what still comes in after a refusal is thrown away
    if (socket.writableEnded) return;
    // browsers connect ahead of a click that may never come: an answer to no question would be shown for the next one
    const silent = socket.bytesRead === 0;
    if (silent || error.code === "ECONNRESET" || !socket.writable || connections.isAnswering(socket)) socket.destroy();
    else refuse(socket, statuses[error.code ?? ""] ?? 400);
  });
  return server;
}

/** Node throws away what still comes of a body that was answered, however fast somebody pours. After `rest` nobody listens. */
function stopListening(incoming: IncomingMessage, { rest }: Limits): void {
  const { socket } = incoming;
  if (incoming.complete) return;
  const before = socket.bytesRead;
  const watching = setInterval(() => {
    const over = socket.bytesRead - before > rest;
    if (over) socket.pause();
    if (over || incoming.complete || socket.destroyed) clearInterval(watching);
  }, 5);
}

const statuses: Record<string, Status> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What makes no address. Any other fault was answered before it could come here, unless answering was the fault. */
function failed(error: unknown): Response {
  if (error instanceof RequestError) {
    const { body, headers } = refusal(400);
    return new Response(body, { status: 400, headers });
  }
  console.error(error);
  return new Response(null, { status: 500 });
}
