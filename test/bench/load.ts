import { once as connected } from "node:events";
import { connect, type Socket } from "node:net";

export interface Load {
  /** Responses per second. */
  rate: number;
  /** The milliseconds of each response. */
  waits: number[];
  /** The number of responses by status. */
  statuses: Record<number, number>;
  /** The size of the last response. */
  bytes: number;
}

/** Returns the bytes of the next HTTP/1.1 request; undefined if there is none. */
export type NextRequest = () => Buffer | undefined;

/** Sends requests over kept connections, one after another on each, for `ms`. It takes little of the server's machine. */
export async function load(url: string, nextRequest: NextRequest, { connections = 4, ms = 1000 } = {}): Promise<Load> {
  const result: Load = { rate: 0, waits: [], statuses: {}, bytes: 0 };
  const began = performance.now();
  const until = began + ms;
  await Promise.all(Array.from({ length: connections }, () => sendOn(new URL(url), nextRequest, until, result)));
  result.rate = result.waits.length / ((performance.now() - began) / 1000);
  return result;
}

/** The same; throws if there was any other status, since a refusal is faster. */
export async function loadOk(
  url: string,
  nextRequest: NextRequest,
  status: number,
  options?: Parameters<typeof load>[2],
): Promise<Load> {
  const result = await load(url, nextRequest, options);
  const others = Object.entries(result.statuses).filter(([other]) => Number(other) !== status);
  if (others.length)
    throw new Error(`Answered ${others.map(([other, count]) => `${other} ${count} times`).join(", ")}.`);
  return result;
}

/** One request, and no other. */
export function once(request: Buffer): NextRequest {
  let remaining: Buffer | undefined = request;
  return () => {
    const next = remaining;
    remaining = undefined;
    return next;
  };
}

async function sendOn(url: URL, nextRequest: NextRequest, until: number, result: Load): Promise<void> {
  let connection = await connectTo(url);
  for (let request = nextRequest(); request; request = performance.now() < until ? nextRequest() : undefined) {
    const sent = performance.now();
    connection.socket.write(request);
    const { status, bytes, isLast } = await connection.nextResponse();
    result.waits.push(performance.now() - sent);
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;
    result.bytes = bytes;
    // a server takes only so many requests on one connection
    if (isLast) connection = await connectTo(url);
  }
  connection.socket.destroy();
}

async function connectTo({ hostname, port }: URL) {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await connected(socket, "connect");
  return { socket, nextResponse: responseReader(socket) };
}

interface Response {
  status: number;
  bytes: number;
  /** The server closes the connection after it. */
  isLast: boolean;
}

/** Returns a function that waits for one whole response. It parses only the head, and counts the bytes of the body. */
function responseReader(socket: Socket): () => Promise<Response> {
  let done: PromiseWithResolvers<Response>;
  let head: ReturnType<typeof headOf> | undefined;
  let chunks: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (data: Buffer) => {
    if (!head) {
      chunks.push(data);
      const all = chunks.length > 1 ? Buffer.concat(chunks) : data;
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return;
      head = headOf(all.toString("latin1", 0, end));
      chunks = [];
      data = all.subarray(end + 4);
      bytes = 0;
    }
    bytes += data.length;
    const isComplete =
      head.length === undefined ? data.subarray(-5).toString("latin1") === "0\r\n\r\n" : bytes >= head.length;
    if (!isComplete) return;
    const response = { status: head.status, bytes, isLast: head.isLast };
    head = undefined;
    done.resolve(response);
  });
  socket.on("error", (error) => done?.reject(error));
  socket.on("close", () => done?.reject(new Error("The server closed the connection.")));
  return () => {
    done = Promise.withResolvers();
    return done.promise;
  };
}

function headOf(text: string): { status: number; length: number | undefined; isLast: boolean } {
  const status = Number(text.slice(9, 12));
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
  const hasNoBody = status === 304 || status === 204;
  const isLast = /\r\nconnection: close/i.test(text);
  return { status, length: hasNoBody ? 0 : length === undefined ? undefined : Number(length), isLast };
}

/** The bytes of a GET request. */
export function get(path: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

export function post(path: string, body: string, type: string, headers: Record<string, string>): Buffer {
  const allHeaders = {
    host: "localhost",
    "content-type": type,
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(allHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}
