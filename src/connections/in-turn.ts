/** How long requests may hold the event loop in one turn, in milliseconds, before the next one waits for another. */
const longest = 10;

/**
 * Requests that come at the same time begin in the same turn of the event loop, and where the database answers at once
 * each goes on to its end: some long pages together would keep everybody else waiting. Once a turn has taken a while,
 * those that come begin in turns of their own.
 */
export class InTurn {
  /** When the first one began in this turn of the loop. */
  #began: number | undefined;
  readonly #waiting: (() => void)[] = [];

  begin(work: () => void): void {
    if (this.#began === undefined) this.#turn();
    else if (this.#waiting.length || performance.now() - this.#began > longest) {
      this.#waiting.push(work);
      return;
    }
    work();
  }

  #turn(): void {
    this.#began = performance.now();
    // what comes in is begun before what was put off: only one turn later is it a turn of its own
    setImmediate(() => setImmediate(() => this.#next()));
  }

  #next(): void {
    this.#began = undefined;
    const work = this.#waiting.shift();
    if (!work) return;
    this.#turn();
    work();
  }
}
