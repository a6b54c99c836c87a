import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { lingerMs, type RawStatus, rawResponse, sendRawError } from "./raw-response.ts";

type Fetch = Parameters<typeof getRequestListener>[0];

/** What a client may take of the server. Node enforces all of it but `stalledMs`. */
export const usualLimits = {
  /** Slow or silent clients lose their connection after this. */
  headersTimeout: 15_000,
  /** For the whole request: the largest body, 10 MB, arrives in time at 35 kB/s. */
  requestTimeout: 5 * 60_000,
  /** Longer than the minute for which proxies keep theirs, so that none sends into one that is just being closed. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 3000,
  /** Cookies and the longest filter in an address fit several times. */
  maxHeaderSize: 16 * 1024,
  maxConnections: 5000,
  maxRequestsPerSocket: 1000,
  /** How long nothing may move in a body that is being sent, or in an answer that the client does not read. */
  stalledMs: 30_000,
};
export type Limits = typeof usualLimits;

/** An HTTP server, not listening yet, that slow, silent and endless clients do not keep from serving the others. */
export function createHttpServer(fetch: Fetch, limits: Limits = usualLimits): Server {
  const listener = getRequestListener(fetch, { errorHandler: onUnreadable });
  const responses = new WeakMap<Socket, ServerResponse>();
  const server = createServer(limits, (incoming, outgoing) => {
    responses.set(incoming.socket, outgoing);
    outgoing.once("finish", () => closeIfStillSending(outgoing));
    void listener(incoming, outgoing);
  });
  server.maxConnections = limits.maxConnections;
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket;
  // Node answers these with 503, one after the other, and keeps the connection
  server.on("dropRequest", (_request, socket) => socket.destroy());
  server.setTimeout(limits.stalledMs, (socket) => closeIfStalled(socket, responses.get(socket)));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // an answer that has begun must not be followed by another; a connection opened ahead of a click gets none at all
    const started = responses.get(socket)?.headersSent || socket.bytesRead === 0;
    if (started || error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else sendRawError(socket, statuses[error.code ?? ""] ?? 400);
  });
  return server;
}

/** Node would read and discard the rest of a refused body for as long as the client sends. */
function closeIfStillSending({ req }: ServerResponse): void {
  if (!req.complete) setTimeout(() => req.socket.destroy(), lingerMs).unref();
}

/** Node cannot tell a client that stopped reading or sending from a handler that takes its time: only the former is closed. */
function closeIfStalled(socket: Socket, response: ServerResponse | undefined): void {
  if (!response || response.writableFinished || socket.writableLength) socket.destroy();
  else if (!response.req.complete) sendRawError(socket, 408);
}

const statuses: Record<string, RawStatus> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** A request line that is not an address. Every other error was answered before; what comes here failed while answering. */
function onUnreadable(error: unknown): Response {
  if (error instanceof RequestError) {
    const { body, headers } = rawResponse(400);
    return new Response(body, { status: 400, headers });
  }
  console.error(error);
  return new Response(null, { status: 500 });
}
