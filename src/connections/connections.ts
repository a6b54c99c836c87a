import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Exchange } from "./exchange.ts";
import type { Limits } from "./limits.ts";
import { refuse } from "./refuse.ts";

interface Connection {
  exchanges: Set<Exchange>;
  /** Since when there has been none; milliseconds, by `performance.now()`. */
  quiet: number;
}

/** Looks after the connections of a server: none keeps it waiting for ever, and together they stay within bounds. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  watch(server: Server): void {
    server.on("connection", (socket: Socket) => this.#add(socket));
    const looking = setInterval(() => this.#look(), this.#limits.http.connectionsCheckingInterval).unref();
    server.once("close", () => clearInterval(looking));
  }

  /** Whether a request may be carried out. Nobody sends many before the first is answered, unless to do harm with few bytes. */
  mayBegin(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const connection = this.#open.get(incoming.socket);
    if (!connection || connection.exchanges.size >= this.#limits.ahead) {
      incoming.socket.destroy();
      return false;
    }
    const exchange = new Exchange(incoming, outgoing, performance.now());
    connection.exchanges.add(exchange);
    outgoing.once("close", () => {
      connection.exchanges.delete(exchange);
      connection.quiet = performance.now();
    });
    return true;
  }

  /** Whether the answer to something has begun, so that nothing else may be written there. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#open.get(socket)?.exchanges ?? [])].some((one) => one.outgoing.headersSent);
  }

  /** However many only hold their place, they keep nobody out: of those that can go, the one with the least time left does. */
  #add(socket: Socket): void {
    const full = this.#open.size >= this.#limits.connections;
    const least = full ? this.#leastLeft() : undefined;
    least?.destroy();
    if (full && !least) {
      refuse(socket, 503);
      return;
    }
    this.#open.set(socket, { exchanges: new Set(), quiet: performance.now() });
    socket.once("close", () => this.#open.delete(socket));
  }

  #leastLeft(): Socket | undefined {
    const now = performance.now();
    let least: Socket | undefined;
    let time = Number.POSITIVE_INFINITY;
    for (const [socket, connection] of this.#open) {
      const left = socket.destroyed ? Number.POSITIVE_INFINITY : this.#left(connection, now);
      if (left < time) [least, time] = [socket, left];
    }
    return least;
  }

  /** Milliseconds. One without a request lasts longer than this where nobody else needs its place. */
  #left({ exchanges, quiet }: Connection, now: number): number {
    if (!exchanges.size) return quiet + this.#limits.http.headersTimeout - now;
    return Math.min(...[...exchanges].map((one) => one.left(now, this.#limits)));
  }

  #look(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#open) {
      if (!connection.exchanges.size || this.#left(connection, now) >= 0) continue;
      if (this.isAnswering(socket)) socket.destroy();
      else refuse(socket, 408);
    }
  }
}
