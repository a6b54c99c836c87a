import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { formatCount } from "../text.ts";
import { guardedLookup, hostOf } from "./private-networks.ts";
import { privateSentence } from "./rules.ts";

/** Why there is no response. `network`: no connection, or it broke. */
export type NoResponseCode = "network" | "private" | "timeout" | "too_large" | "damaged" | "redirects";

export class NoResponse extends Error {
  readonly code: NoResponseCode;

  constructor(code: NoResponseCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

export interface Response {
  status: number;
  headers: IncomingMessage["headers"];
  /** Unpacked. */
  body: Buffer;
}

export interface Limits {
  /** From the start of the request to the last byte. */
  timeoutMs: number;
  /** Of the unpacked body. */
  maxBytes: number;
  /** Keeps the beginning of a longer body, instead of throwing. */
  cut?: boolean;
}

/** Requests to servers, over connections that are kept until it is closed. */
export interface Client {
  /** No redirect is followed. Throws NoResponse. */
  get(url: URL, headers: Record<string, string>, limits: Limits): Promise<Response>;
  close(): void;
}

/** Another address at which a server is reached, such as behind a CDN. It gets the same requests, for the same host. */
export interface Detour {
  /** The origin of the server, such as `https://www.example.com`. */
  origin: string;
  /** A name or IP address. */
  host: string;
  /** Empty: that of the origin. */
  port: string;
}

/** `isAllowed`: whether Sitebook may call a network address. `stopping` ends the running requests. */
export function createClient(isAllowed: (address: string) => boolean, stopping?: AbortSignal, detour?: Detour): Client {
  const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };
  const lookup = guardedLookup(isAllowed);
  return {
    get: async (url, headers, limits) => {
      const taken = detour?.origin === url.origin ? detour : undefined;
      const host = taken?.host ?? hostOf(url);
      if (!isAllowed(host)) throw new NoResponse("private", privateSentence(host));
      const timeout = AbortSignal.timeout(limits.timeoutMs);
      const signal = stopping ? AbortSignal.any([timeout, stopping]) : timeout;
      try {
        const isHttps = url.protocol === "https:";
        const plain = { headers, lookup, signal, agent: agents[isHttps ? "https:" : "http:"] };
        const options = taken ? { ...plain, ...through(taken, url, headers) } : plain;
        const response = await responseTo((isHttps ? requestHttps : requestHttp)(url, options));
        return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response, limits) };
      } catch (error) {
        throw timeout.aborted ? tooSlow(limits.timeoutMs) : noResponse(error);
      }
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Names in certificates are host names, so that the server name of an IP address is left out. */
const through = ({ host, port }: Detour, url: URL, headers: Record<string, string>) => ({
  hostname: host,
  port: port || url.port || (url.protocol === "https:" ? 443 : 80),
  headers: { ...headers, host: url.host },
  ...(!isIP(hostOf(url)) && { servername: url.hostname }),
});

const responseTo = (request: ReturnType<typeof requestHttp>): Promise<IncomingMessage> =>
  new Promise((done, fail) => {
    request.on("response", done);
    request.on("error", fail);
    request.end();
  });

async function bodyOf(response: IncomingMessage, { maxBytes, cut }: Limits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of unpacked(response) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= maxBytes) continue;
    response.destroy();
    if (cut) break;
    throw new NoResponse("too_large", `The response has more than ${formatCount(maxBytes / 1_000_000)} MB.`);
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

function unpacked(response: IncomingMessage): Readable {
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase();
  const decoder = encoding && decoders[encoding]?.();
  // the iteration over it throws what goes wrong in either
  return decoder ? pipeline(response, decoder, () => undefined) : response;
}

const decoders: Record<string, () => ReturnType<typeof createGunzip>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** To be sent with requests, and as it is in robots.txt. */
export const userAgent = "Sitebook";

/** To be sent with requests: the encodings that are unpacked. */
export const acceptEncoding = "gzip, deflate, br";

const tooSlow = (timeoutMs: number): NoResponse =>
  new NoResponse("timeout", `There was no whole response within ${countSeconds(timeoutMs)}.`);

const countSeconds = (ms: number): string => (ms === 1000 ? "1 second" : `${ms / 1000} seconds`);

function noResponse(error: unknown): NoResponse {
  if (error instanceof NoResponse) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (message.includes("private network")) return new NoResponse("private", message);
  if (/^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code)) return new NoResponse("damaged", "The response cannot be unpacked.");
  return new NoResponse("network", `There is no response: ${networkReasons[code] ?? (code || message)}.`);
}

/** By the codes of Node. Those of TLS are left as they are: they name the fault. */
const networkReasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was broken off",
  ENOTFOUND: "the name of the host is unknown",
  EAI_AGAIN: "the name of the host could not be looked up",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the host did not respond",
  CERT_HAS_EXPIRED: "its TLS certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its TLS certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its TLS certificate is signed by itself",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its TLS certificate cannot be verified",
  ERR_TLS_CERT_ALTNAME_INVALID: "its TLS certificate is for another host",
};
