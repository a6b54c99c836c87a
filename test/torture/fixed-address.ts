import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A local address that forwards to a port, or to nothing while `port` returns undefined: it stays while what is behind it is down. */
export async function fixedAddress(port: () => number | undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    const target = port();
    if (target === undefined) return socket.destroy();
    forward(socket, target);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Ends all connections. */
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

function forward(socket: Socket, port: number): void {
  const other = connect(port, "127.0.0.1");
  other.on("error", () => socket.destroy()).on("close", () => socket.destroy());
  socket.on("close", () => other.destroy());
  socket.pipe(other).pipe(socket);
}
