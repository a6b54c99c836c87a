import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { createHttpServer, type Limits, usualLimits } from "../src/http/server.ts";

const quick = { headersTimeout: 500, requestTimeout: 1000, connectionsCheckingInterval: 100 };
// the adapter replaces them with faster ones of its own, in the whole process
const { Request, Response } = globalThis;
afterAll(() => {
  Object.defineProperty(globalThis, "Request", { value: Request });
  Object.defineProperty(globalThis, "Response", { value: Response });
});

type Fetch = Parameters<typeof createHttpServer>[0];

/** A server without a Sitebook behind it, and bare clients. It is closed when its block ends. */
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
const exchange = (socket: Socket, bytes: string) => {
  socket.write(bytes);
  return text(socket);
};

test.each([
  ["anything but HTTP", "what?\r\n\r\n", 400, "not an HTTP request"],
  ["an invalid address", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400, "not an HTTP request"],
  ["a header of 64 KB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, 431, "at most 16 kB"],
  [
    "a large chunk extension",
    `${post}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\n`,
    413,
    "chunk extensions",
  ],
])("%s is refused with a sentence, and the connection is closed", async (_, bytes, status, sentence) => {
  await using server = await serving(echo);
  const [head = "", body] = (await exchange(await server.client(), bytes)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(body).toContain(sentence);
  expect(head).not.toMatch(/^retry-after/im);
  expectSecureHeaders(head);
});

test("a client that does not finish its request gets 408, and when to try again", async () => {
  await using server = await serving(hello, quick);
  const [head = "", body] = (await exchange(await server.client(), "GET / HTTP/1.1\r\nHost:")).split("\r\n\r\n");
  expect([head.split("\r\n")[0], body]).toEqual([
    "HTTP/1.1 408 Request Timeout",
    "The request did not arrive in time.\n",
  ]);
  expect(head).toMatch(/^retry-after: 1$/im);
  expectSecureHeaders(head);
});

test("a client that sends nothing is disconnected without a response", async () => {
  await using server = await serving(hello, quick);
  expect(await text(await server.client())).toBe("");
});

function expectSecureHeaders(head: string): void {
  expect(head).toMatch(/^connection: close$/im);
  expect(head).toMatch(/^cache-control: no-store$/im);
  expect(head).toMatch(/^content-security-policy: default-src 'none'; frame-ancestors 'none'$/im);
  expect(head).toMatch(/^x-content-type-options: nosniff$/im);
}

test.each([
  ["stops arriving", { ...quick, requestTimeout: 60_000, stalledMs: 500 }],
  ["takes too long in total", quick],
])("a body that %s is aborted, and not read as if it had ended", async (_, limits) => {
  const { promise: body, resolve } = Promise.withResolvers<string>();
  const reading: Fetch = async (request) => {
    resolve(await request.text().catch(() => "aborted"));
    return new Response("read");
  };
  await using server = await serving(reading, limits);
  const answer = await exchange(await server.client(), `${post}Content-Length: 10\r\n\r\nhalf`);
  expect(answer).toContain("HTTP/1.1 408 Request Timeout");
  expect(await body).toBe("aborted");
});

test("a client is not disconnected because the handler is slow", async () => {
  const work = Promise.withResolvers<void>();
  const slowly: Fetch = () => work.promise.then(() => new Response("done"));
  await using server = await serving(slowly, { ...quick, stalledMs: 200 });
  const [waits, late] = [await server.client(), await server.client()];
  const answer = exchange(waits, get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  // once the later client is disconnected, the first one would have been too
  expect(await text(late)).toBe("");
  work.resolve();
  expect(await answer).toContain("done");
});

test("a client that does not read its response is disconnected", async () => {
  const long: Fetch = () => new Response("x".repeat(20_000_000));
  await using server = await serving(long, { stalledMs: 200 });
  const connected = once(server.server, "connection");
  const client = await server.client();
  const [socket] = (await connected) as [Socket];
  const closed = once(socket, "close");
  client.pause().write(get);
  await closed;
});

test("a client that continues to send after a refusal can read it, and is disconnected", async () => {
  await using server = await serving(hello);
  const client = await server.client();
  const received = text(client);
  const pour = () => {
    while (client.writable && client.write(Buffer.alloc(64 * 1024)));
  };
  client.on("drain", pour).write(`${post}Content-Length: 1000000000000\r\n\r\n`);
  pour();
  expect(await received.catch((error: Error) => error.message)).toMatch(/hello|ECONNRESET/);
  expect(client.destroyed).toBe(true);
});

test("if all connections are in use another is refused, and accepted again once one ends", async () => {
  await using server = await serving(hello, { maxConnections: 2 });
  const [first] = [await server.client(), await server.client()];
  expect(await text(await server.client())).toBe("");
  const closed = once(first as Socket, "close");
  first?.destroy();
  await closed;
  await expect
    .poll(async () => exchange(await server.client(), `${get.trim()}\r\nConnection: close\r\n\r\n`))
    .toContain("hello");
});

test("a connection carries a limited number of requests, however fast they come", async () => {
  let begun = 0;
  const counting: Fetch = () => {
    begun += 1;
    return new Response("hello");
  };
  await using server = await serving(counting, { maxRequestsPerSocket: 10 });
  const client = await server.client();
  const closed = once(client, "close");
  client.resume().write(`${post}Content-Length: 0\r\n\r\n`.repeat(1000));
  await closed;
  expect(begun).toBe(10);
});
