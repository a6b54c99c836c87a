import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

const sentences = {
  400: "This is not an HTTP request that Sitebook can read.",
  408: "The request did not arrive in time.",
  413: "The chunk extensions of this request are too large.",
  431: "The headers of this request are too large: Sitebook accepts at most 16 kB.",
};
export type RawStatus = keyof typeof sentences;

/** The response to bytes that are not a request, so that no handler sees them: plain text, with the headers of a page. */
export function rawResponse(status: RawStatus): { body: string; headers: Record<string, string> } {
  const headers = {
    connection: "close",
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(status === 408 && { "retry-after": "1" }),
  };
  return { body: `${sentences[status]}\n`, headers };
}

/** How long a client that is still sending has to read the response: closing at once would discard it. */
export const lingerMs = 1000;

/** Writes the response to the socket, and closes it. */
export function sendRawError(socket: Socket, status: RawStatus): void {
  const { body, headers } = rawResponse(status);
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(body) });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end([...head, "", body].join("\r\n"));
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
