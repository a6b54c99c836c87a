import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

const sentences = {
  400: "This is no HTTP request that Sitebook can read.",
  408: "The request did not arrive in time.",
  413: "The pieces of this request carry too much beside its body.",
  431: "The head of this request is too large: Sitebook takes at most 16 kB.",
  503: "Too many others are connected at this moment.",
};
export type Status = keyof typeof sentences;

/** Where trying again can help: after so many seconds. */
const tryAgain: Partial<Record<Status, number>> = { 408: 1, 503: 5 };

/** The answer to what never became a request: no handler sees it, so it is short and looks like none of the pages. */
export function refusal(status: Status): { body: string; headers: Record<string, string> } {
  const headers = {
    connection: "close",
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  const after = tryAgain[status];
  return { body: `${sentences[status]}\n`, headers: { ...headers, ...(after && { "retry-after": String(after) }) } };
}

/** How long somebody who is still sending may take to notice the answer, in milliseconds. */
const linger = 1000;

/** Answers on the bare connection, and ends it. */
export function refuse(socket: Socket, status: Status): void {
  const { body, headers } = refusal(status);
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(body) });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end([...head, "", body].join("\r\n"));
  // what cannot be read must not be taken for a request later; else, closing on what is still being sent would take
  // the answer away with it
  if (status === 408 || status === 503) socket.destroySoon();
  else setTimeout(() => socket.destroy(), linger).unref();
}
