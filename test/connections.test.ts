import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { type Limits, limits } from "../src/connections/limits.ts";
import { makeServer } from "../src/connections/serve.ts";

const http = { ...limits.http, headersTimeout: 500, connectionsCheckingInterval: 100 };
// serving puts quicker ones of its own into their place, for this whole process
const { Request, Response } = globalThis;
afterAll(() => {
  Object.defineProperty(globalThis, "Request", { value: Request });
  Object.defineProperty(globalThis, "Response", { value: Response });
});

type Fetch = Parameters<typeof makeServer>[0];

/** A server without a Sitebook behind it, and clients that say what they like to it. It is gone when its block ends. */
async function serving(fetch: Fetch, change: Partial<Limits> = {}) {
  const server = makeServer(fetch, { ...limits, ...change });
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
  ["no HTTP", "what?\r\n\r\n", 400, "no HTTP request"],
  ["an address that is none", "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400, "no HTTP request"],
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
  await using server = await serving(hello, { http });
  const [head = "", body] = (await told(await server.client(), "GET / HTTP/1.1\r\nHost:")).split("\r\n\r\n");
  expect([head.split("\r\n")[0], body]).toEqual([
    "HTTP/1.1 408 Request Timeout",
    "The request did not arrive in time.\n",
  ]);
  expect(head).toMatch(/^retry-after: 1$/im);
  secure(head);
});

test("who says nothing is sent away without a word", async () => {
  await using server = await serving(hello, { http });
  expect(await text(await server.client())).toBe("");
});

function secure(head: string): void {
  expect(head).toMatch(/^connection: close$/im);
  expect(head).toMatch(/^cache-control: no-store$/im);
  expect(head).toMatch(/^content-security-policy: default-src 'none'; frame-ancestors 'none'$/im);
  expect(head).toMatch(/^x-content-type-options: nosniff$/im);
}

test("a body that stops coming in is given up, and not taken for one that ended", async () => {
  const { promise: read, resolve } = Promise.withResolvers<string>();
  const reading: Fetch = async (request) => {
    resolve(await request.text().catch(() => "given up"));
    return new Response("read");
  };
  await using server = await serving(reading, { http, patience: 500 });
  const answer = await told(await server.client(), `${post}Content-Length: 10\r\n\r\nhalf`);
  expect(answer).toContain("HTTP/1.1 408 Request Timeout");
  expect(await read).toBe("given up");
});

test("a body that is slow but gets on is taken, however long it takes", async () => {
  const patience = 300;
  await using server = await serving(echo, { http, patience });
  const socket = await server.client();
  const answer = told(socket, `${post}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`);
  const piece = `2710\r\n${"x".repeat(10_000)}\r\n`;
  const enough = 5 * patience;
  const began = performance.now();
  for (socket.write(piece); performance.now() - began < enough; await setTimeout(50)) socket.write(piece);
  socket.write("0\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1.1 200.*\r\n\r\nx{20000,}$/s);
});

test("a server that takes its time blames nobody for it", async () => {
  const work = Promise.withResolvers<void>();
  const slowly: Fetch = () => work.promise.then(() => new Response("done"));
  await using server = await serving(slowly, { http, patience: 200 });
  const [waits, late] = [await server.client(), await server.client()];
  const answer = told(waits, get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  // by the time that one which came later is sent away, the first one's time would have been over too
  expect(await text(late)).toBe("");
  work.resolve();
  expect(await answer).toContain("done");
});

test("however many hold their place, who asks for something is served; the one that waited longest goes", async () => {
  await using server = await serving(hello, { connections: 5 });
  const silent = [];
  for (let i = 0; i < 5; i++) silent.push(await server.client());
  const gone = once(silent[0] as Socket, "close");
  const asks = await server.client();
  asks.write(get);
  expect(String(await once(asks, "data"))).toContain("200 OK");
  await gone;
  expect(silent.map((one) => one.closed)).toEqual([true, false, false, false, false]);
});

test("also where they all have begun a request and do not end it", async () => {
  await using server = await serving(echo, { connections: 3 });
  const half = [];
  for (let i = 0; i < 3; i++) {
    const socket = await server.client();
    socket.write(`${post}Content-Length: 10\r\nExpect: 100-continue\r\n\r\nx`);
    await once(socket, "data"); // "100 Continue": the request is under way
    half.push(socket);
  }
  const gone = once(half[0] as Socket, "close");
  const asks = await server.client();
  expect(await told(asks, `${post}Content-Length: 2\r\nConnection: close\r\n\r\nhi`)).toMatch(/^HTTP\/1.1 200.*hi$/s);
  await gone;
});

test("while all are being worked for, one more is told when to come again", async () => {
  const never = Promise.withResolvers<Response>();
  const begun: (() => void)[] = [];
  await using server = await serving(
    () => {
      begun.shift()?.();
      return never.promise;
    },
    { connections: 3 },
  );
  for (let i = 0; i < 3; i++) {
    const under = new Promise<void>((resolve) => begun.push(resolve));
    (await server.client()).write(get);
    await under;
  }
  const answer = await text(await server.client());
  expect(answer).toMatch(/^HTTP\/1.1 503 .*^retry-after: 5\r$.*Too many others are connected/ims);
  never.resolve(new Response());
});

test.each(["POST", "GET"])(
  "who goes on sending after the answer is let finish, but not listened to for ever, by %s",
  async (method) => {
    await using here = await serving(hello, { rest: 100_000 });
    const begun = post.replace("POST", method);
    const last = get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    const finishing = told(await here.client(), `${begun}Content-Length: 90000\r\n\r\n${"x".repeat(90_000)}${last}`);
    const connected = once(here.server, "connection");
    const client = await here.client();
    const [socket] = (await connected) as [Socket];
    const pour = () => {
      while (client.write(Buffer.alloc(64 * 1024)));
    };
    client.on("drain", pour).write(`${begun}Content-Length: 1000000000000\r\n\r\n`);
    pour();
    await expect.poll(() => socket.isPaused()).toBe(true);
    expect((await finishing).match(/hello/g)).toHaveLength(2);
  },
);

test("who asks for much before the first is answered is cut off", async () => {
  let begun = 0;
  const never = Promise.withResolvers<Response>();
  await using server = await serving(() => {
    begun += 1;
    return never.promise;
  });
  expect(await told(await server.client(), `${post}Content-Length: 0\r\n\r\n`.repeat(1000))).toBe("");
  expect(begun).toBe(limits.ahead);
  never.resolve(new Response());
});
