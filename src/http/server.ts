import { createServer, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { logError } from "../log.ts";
import { lingerMs, type RawStatus, rawResponse, sendRawError } from "./raw-response.ts";

type Fetch = Parameters<typeof getRequestListener>[0];

/** Limits on what a client can take from the server. Node enforces all of them except the last two. */
export const usualLimits = {
  /** Clients that have not sent the headers by then are disconnected. */
  headersTimeout: 15_000,
  /** For the whole request: the largest body, 10 MB, needs 35 kB/s. */
  requestTimeout: 5 * 60_000,
  /** Longer than the minute of most proxies, so that none sends a request while the connection is being closed. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 3000,
  /** Several times as much as cookies and the longest filter in an address need. */
  maxHeaderSize: 16 * 1024,
  maxConnections: 5000,
  maxRequestsPerSocket: 1000,
  /** How long a request body may pause, and how long a client may not read its response. */
  stalledMs: 30_000,
  /** Requests of one connection that wait for their responses. Browsers send the next one only after a response. */
  maxPipelined: 10,
};
export type Limits = typeof usualLimits;

/** Creates an HTTP server, not listening yet, that serves others beside clients that are slow, silent or never stop. */
export function createHttpServer(fetch: Fetch, limits: Limits = usualLimits): Server {
  const listener = getRequestListener(fetch, { errorHandler: onUnreadable });
  const responses = new WeakMap<Socket, ServerResponse>();
  const waiting = new WeakMap<Socket, number>();
  const server = createServer(limits, (incoming, outgoing) => {
    const { socket } = incoming;
    const before = waiting.get(socket) ?? 0;
    // Node hands over all requests that have arrived, which can be a thousand, and each response would fill memory
    if (before >= limits.maxPipelined) return void socket.destroy();
    waiting.set(socket, before + 1);
    outgoing.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 0) - 1));
    responses.set(socket, outgoing);
    outgoing.once("finish", () => closeIfStillSending(outgoing));
    void listener(incoming, outgoing);
  });
  server.maxConnections = limits.maxConnections;
  server.maxRequestsPerSocket = limits.maxRequestsPerSocket;
  // Node would answer each of these with 503, and keep the connection
  server.on("dropRequest", (_request, socket) => socket.destroy());
  server.setTimeout(limits.stalledMs, (socket) => closeIfStalled(socket, responses.get(socket)));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // a response that has begun must not be followed by another; a connection that a browser opened in advance gets none
    const started = responses.get(socket)?.headersSent || socket.bytesRead === 0;
    if (started || error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else sendRawError(socket, statuses[error.code ?? ""] ?? 400);
  });
  return server;
}

/** Node would otherwise read and discard the rest of a refused body for as long as the client sends it. */
function closeIfStillSending({ req }: ServerResponse): void {
  if (!req.complete) setTimeout(() => req.socket.destroy(), lingerMs).unref();
}

/** Node's timeout does not distinguish a stalled client from a slow handler. Only the former is disconnected. */
function closeIfStalled(socket: Socket, response: ServerResponse | undefined): void {
  if (!response || response.writableFinished || socket.writableLength) socket.destroy();
  else if (!response.req.complete) sendRawError(socket, 408);
}

const statuses: Record<string, RawStatus> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers a request line with an invalid address. Any other error here is a bug: handlers answer their own. */
function onUnreadable(error: unknown): Response {
  if (error instanceof RequestError) {
    const { body, headers } = rawResponse(400);
    return new Response(body, { status: 400, headers });
  }
  logError("A request was not answered:", error);
  return new Response(null, { status: 500 });
}
