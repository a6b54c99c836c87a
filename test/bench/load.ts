import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Load {
  /** Answers a second. */
  rate: number;
  /** Milliseconds, of every single answer. */
  waits: number[];
  /** How often each status was answered. */
  statuses: Record<number, number>;
  /** Of the last one. */
  bytes: number;
}

/** What is sent, as the bytes of an HTTP/1.1 request; nothing where there is no more to ask. */
export type Ask = () => Buffer | undefined;

/** Asks over so many kept connections, one request after the other on each, for so long. Costs little beside a server. */
export async function load(url: string, ask: Ask, { connections = 4, ms = 1000 } = {}): Promise<Load> {
  const found: Load = { rate: 0, waits: [], statuses: {}, bytes: 0 };
  const began = performance.now();
  const until = began + ms;
  await Promise.all(Array.from({ length: connections }, () => askOn(new URL(url), ask, until, found)));
  found.rate = found.waits.length / ((performance.now() - began) / 1000);
  return found;
}

async function askOn({ hostname, port }: URL, ask: Ask, until: number, found: Load): Promise<void> {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, "connect");
  const answers = reader(socket);
  for (let request = ask(); request; request = performance.now() < until ? ask() : undefined) {
    const sent = performance.now();
    socket.write(request);
    const { status, bytes } = await answers();
    found.waits.push(performance.now() - sent);
    found.statuses[status] = (found.statuses[status] ?? 0) + 1;
    found.bytes = bytes;
  }
  socket.destroy();
}

/** Each call waits for one whole answer. Only its head is looked at; its body is counted. */
function reader(socket: Socket): () => Promise<{ status: number; bytes: number }> {
  let done: PromiseWithResolvers<{ status: number; bytes: number }>;
  let head: { status: number; length: number | undefined } | undefined;
  let pieces: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (data: Buffer) => {
    if (!head) {
      pieces.push(data);
      const all = pieces.length > 1 ? Buffer.concat(pieces) : data;
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return;
      head = headOf(all.toString("latin1", 0, end));
      pieces = [];
      data = all.subarray(end + 4);
      bytes = 0;
    }
    bytes += data.length;
    const whole =
      head.length === undefined ? data.subarray(-5).toString("latin1") === "0\r\n\r\n" : bytes >= head.length;
    if (!whole) return;
    const answer = { status: head.status, bytes };
    head = undefined;
    done.resolve(answer);
  });
  socket.on("error", (error) => done?.reject(error));
  socket.on("close", () => done?.reject(new Error("The server closed the connection.")));
  return () => {
    done = Promise.withResolvers();
    return done.promise;
  };
}

function headOf(text: string): { status: number; length: number | undefined } {
  const status = Number(text.slice(9, 12));
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
  const bodiless = status === 304 || status === 204;
  return { status, length: bodiless ? 0 : length === undefined ? undefined : Number(length) };
}

/** A GET as a browser or a program sends it. */
export function get(path: string, headers: Record<string, string>): Buffer {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

export function post(path: string, body: string, type: string, headers: Record<string, string>): Buffer {
  const about = {
    host: "localhost",
    "content-type": type,
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(about).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}
