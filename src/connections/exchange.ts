import type { IncomingMessage, ServerResponse } from "node:http";
import type { Limits } from "./limits.ts";

/** A request and its answer, and how well the client keeps pace with it. Times are milliseconds, by `performance.now()`. */
export class Exchange {
  readonly outgoing: ServerResponse;
  readonly #incoming: IncomingMessage;
  /** What the connection had brought before the body. */
  readonly #before: number;
  /** Since when the body could come in. */
  #since: number;
  #looked: number;
  /** What the client had taken of the answer, and by when it has to take more. */
  #taken = 0;
  #due = Number.POSITIVE_INFINITY;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, now: number) {
    this.outgoing = outgoing;
    this.#incoming = incoming;
    this.#before = incoming.socket.bytesRead;
    this.#since = this.#looked = now;
  }

  /** How much longer the client may keep it waiting; for ever while it is Sitebook that works. To be asked every so often. */
  left(now: number, limits: Limits): number {
    return Math.min(this.#forBody(now, limits), this.#forAnswer(now, limits));
  }

  #forBody(now: number, { patience, pace }: Limits): number {
    const { complete, readableLength, socket } = this.#incoming;
    // while some of it waits to be read here, it is not the client that is slow
    if (readableLength) this.#since += now - this.#looked;
    this.#looked = now;
    const brought = socket.bytesRead - this.#before;
    return complete ? Number.POSITIVE_INFINITY : this.#since + patience + (brought / pace) * 1000 - now;
  }

  #forAnswer(now: number, { patience, pace }: Limits): number {
    const { writableLength: waiting, bytesWritten } = this.#incoming.socket;
    const taken = bytesWritten - waiting;
    if (!waiting) this.#due = Number.POSITIVE_INFINITY;
    else if (this.#due === Number.POSITIVE_INFINITY || taken !== this.#taken)
      this.#due = now + patience + (waiting / pace) * 1000;
    this.#taken = taken;
    return this.#due - now;
  }
}
