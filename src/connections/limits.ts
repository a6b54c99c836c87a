import type { ServerOptions } from "node:http";

export type Limits = typeof limits;

/** What a client may take of the server before it has to make room for others. Milliseconds and bytes. */
export const limits = {
  http: {
    /** A client sends the head of a request in one piece; one that drips it in, or says nothing, has this long. */
    headersTimeout: 15_000,
    /** The last resort: at the pace below the largest body takes 43 minutes. */
    requestTimeout: 60 * 60_000,
    /** Longer than the minute for which proxies keep theirs, so that none sends into one that is just being closed. */
    keepAliveTimeout: 65_000,
    /** How often Node looks for those that are too late; it is also how often `patience` is looked at. */
    connectionsCheckingInterval: 3000,
    /** Cookies and the longest filter in an address fit several times. */
    maxHeaderSize: 16 * 1024,
  } satisfies ServerOptions,
  /** So many at once, a few kB each. Where Node's `maxConnections` turns away who comes next, here who idles makes room. */
  connections: 2000,
  /** So many requests on one connection before the first is answered. */
  ahead: 8,
  /** How long a body may stop coming in, or an answer may not be read, … */
  patience: 30_000,
  /** … and the bytes a second that each has to move after that: a bad telephone line does. */
  pace: 4096,
  /** What is still taken of a body after its answer: who is let finish gets to read it. */
  rest: 16 * 1024 * 1024,
};
