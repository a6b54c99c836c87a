import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { createHttpServer, type Limits, usualLimits } from "../src/http/server.ts";

const quick = { headersTimeout: 500, requestTimeout: 1000, connectionsCheckingInterval: 100 };
// serving puts quicker ones of its own into their place, for this whole process
const { Request, Response } = globalThis;
afterAll(() => {
  Object.defineProperty(globalThis, "Request", { value: Request });
  Object.defineProperty(globalThis, "Response", { value: Response });
});

type Fetch = Parameters<typeof createHttpServer>[0];

/** A server without a Sitebook behind it, and clients that say what they like to it. It is gone when its block ends. */
async function serving(fetch: Fetch, change: Partial<Limits> = {}) {
  const server = createHttpServer(fetch, { ...usualLimits, ...change });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const opened: Socket[] = [];
  return {
    port,
    server,
    client: async () => {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      opened.push(socket);
      await once(socket, "connect");
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of opened) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const hello: Fetch = () => new Response("hello");
const echo: Fetch = async (request) => new Response(await request.text().catch(() => "broken off"));
const get = "GET / HTTP/1.1\r\nHost: sitebook.test\r\n\r\n";
const post = "POST / HTTP/1.1\r\nHost: sitebook.test\r\n";
const told = (socket: Socket, words: string) => {
  socket.write(words);
  return text(socket);
};

test.each([
  ["no HTTP", "what?\r\n\r\n", 400, "not an HTTP request"],
  ["an address that is none", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400, "not an HTTP request"],
  ["a head of 64 KB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, 431, "at most 16 kB"],
  [
    "pieces that carry much beside",
    `${post}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\n`,
    413,
    "beside its body",
  ],
])("%s is refused in a sentence, and the connection closed", async (_, words, status, sentence) => {
  await using server = await serving(echo);
  const [head = "", body] = (await told(await server.client(), words)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(body).toContain(sentence);
  expect(head).not.toMatch(/^retry-after/im);
  secure(head);
});

test("who does not finish a request is told so, and that it can be tried again", async () => {
  await using server = await serving(hello, quick);
  const [head = "", body] = (await told(await server.client(), "GET / HTTP/1.1\r\nHost:")).split("\r\n\r\n");
  expect([head.split("\r\n")[0], body]).toEqual([
    "HTTP/1.1 408 Request Timeout",
    "The request did not arrive in time.\n",
  ]);
  expect(head).toMatch(/^retry-after: 1$/im);
  secure(head);
});

test("who says nothing is sent away without a word", async () => {
  await using server = await serving(hello, quick);
  expect(await text(await server.client())).toBe("");
});

function secure(head: string): void {
  expect(head).toMatch(/^connection: close$/im);
  expect(head).toMatch(/^cache-control: no-store$/im);
  expect(head).toMatch(/^content-security-policy: default-src 'none'; frame-ancestors 'none'$/im);
  expect(head).toMatch(/^x-content-type-options: nosniff$/im);
}

test.each([
  ["stops coming in", { ...quick, requestTimeout: 60_000, stalledMs: 500 }],
  ["takes too long in all", quick],
])("a body that %s is given up, and not taken for one that ended", async (_, limits) => {
  const { promise: read, resolve } = Promise.withResolvers<string>();
  const reading: Fetch = async (request) => {
    resolve(await request.text().catch(() => "given up"));
    return new Response("read");
  };
  await using server = await serving(reading, limits);
  const answer = await told(await server.client(), `${post}Content-Length: 10\r\n\r\nhalf`);
  expect(answer).toContain("HTTP/1.1 408 Request Timeout");
  expect(await read).toBe("given up");
});

test("a server that takes its time blames nobody for it", async () => {
  const work = Promise.withResolvers<void>();
  const slowly: Fetch = () => work.promise.then(() => new Response("done"));
  await using server = await serving(slowly, { ...quick, stalledMs: 200 });
  const [waits, late] = [await server.client(), await server.client()];
  const answer = told(waits, get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  // by the time that one which came later is sent away, the first one's time would have been over too
  expect(await text(late)).toBe("");
  work.resolve();
  expect(await answer).toContain("done");
});

test("a client that does not read its answer is cut off", async () => {
  const long: Fetch = () => new Response("x".repeat(20_000_000));
  await using here = await serving(long, { stalledMs: 200 });
  const connected = once(here.server, "connection");
  const client = await here.client();
  const [socket] = (await connected) as [Socket];
  const gone = once(socket, "close");
  client.pause().write(get);
  await gone;
});

test("a client that goes on sending after a refusal reads it, and is cut off", async () => {
  await using here = await serving(hello);
  const client = await here.client();
  const received = text(client);
  const pour = () => {
    while (client.writable && client.write(Buffer.alloc(64 * 1024)));
  };
  client.on("drain", pour).write(`${post}Content-Length: 1000000000000\r\n\r\n`);
  pour();
  expect(await received.catch((error: Error) => error.message)).toMatch(/hello|ECONNRESET/);
  expect(client.destroyed).toBe(true);
});

test("where all connections are taken, one more is turned away, and there is room again once one ends", async () => {
  await using server = await serving(hello, { maxConnections: 2 });
  const [first] = [await server.client(), await server.client()];
  expect(await text(await server.client())).toBe("");
  const gone = once(first as Socket, "close");
  first?.destroy();
  await gone;
  await expect
    .poll(async () => told(await server.client(), `${get.trim()}\r\nConnection: close\r\n\r\n`))
    .toContain("hello");
});

test("a connection carries so many requests, however fast they come", async () => {
  let begun = 0;
  const counting: Fetch = () => {
    begun += 1;
    return new Response("hello");
  };
  await using server = await serving(counting, { maxRequestsPerSocket: 10 });
  const client = await server.client();
  const gone = once(client, "close");
  client.resume().write(`${post}Content-Length: 0\r\n\r\n`.repeat(1000));
  await gone;
  expect(begun).toBe(10);
});
