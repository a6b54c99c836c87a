import { once } from "node:events";
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

async function sendOn(url: URL, nextRequest: NextRequest, until: number, result: Load): Promise<void> {
  let { socket, nextResponse } = await connection(url);
  for (let request = nextRequest(); request; request = performance.now() < until ? nextRequest() : undefined) {
    const sent = performance.now();
    socket.write(request);
    const { status, bytes, isLast } = await nextResponse();
    result.waits.push(performance.now() - sent);
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;
    result.bytes = bytes;
    if (!isLast) continue;
    socket.destroy();
    ({ socket, nextResponse } = await connection(url));
  }
  socket.destroy();
}

async function connection({ hostname, port }: URL) {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, "connect");
  return { socket, nextResponse: responseReader(socket) };
}

interface Response {
  status: number;
  bytes: number;
  /** Whether the server closes the connection after it, as it does after a number of requests. */
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

function headOf(text: string) {
  const status = Number(text.slice(9, 12));
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
  const hasNoBody = status === 304 || status === 204;
  const isLast = /\r\nconnection: close/i.test(text);
  return { status, isLast, length: hasNoBody ? 0 : length === undefined ? undefined : Number(length) };
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
