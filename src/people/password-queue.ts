import { Refusal } from "../errors.ts";

export type Turns = <T>(who: { address: string; email?: string | null }, work: () => Promise<T>) => Promise<T>;

/** To hash a password costs a core 30 ms and 19 MiB, whoever asks for it. `rest` and `more` are milliseconds. */
const usual = { atOnce: 1, waiting: 16, ofEach: 4, rest: 100, more: 15 };

/**
 * Whatever takes a password waits here for its turn: so few at once, so few who wait, and of these so few from one
 * address or for one e-mail that they cannot keep others out. Whoever is more is refused with 429 before anything is
 * looked at. After each turn comes a pause, twice as long as the turn was but at most `rest`, and `more` for each who
 * waits: a flood is let in slowly, takes little of the processor, and what it has written down does not make every
 * page new.
 */
export function takeTurns({ atOnce, waiting, ofEach, rest, more } = usual): Turns {
  const here = new Map<string, number>();
  const queue: (() => void)[] = [];
  let running = 0;
  let took = 0;

  const count = (by: string[], change: 1 | -1) => {
    for (const one of by) {
      const now = (here.get(one) ?? 0) + change;
      if (now) here.set(one, now);
      else here.delete(one);
    }
  };
  const pause = () => Math.min(2 * took, rest) + more * queue.length;
  const callNext = () => {
    const next = queue.shift();
    if (next) next();
    else running -= 1;
  };

  return async ({ address, email }, work) => {
    const by = [...(address ? [`from ${address}`] : []), ...(email ? [`for ${email}`] : [])];
    const full = running >= atOnce && queue.length >= waiting;
    if (full || by.some((one) => (here.get(one) ?? 0) >= ofEach)) throw tooMany((queue.length + 1) * (took + pause()));
    count(by, 1);
    if (running < atOnce) running += 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    const began = performance.now();
    try {
      return await work();
    } finally {
      took = performance.now() - began;
      count(by, -1);
      setTimeout(callNext, pause());
    }
  };
}

/** @param wait milliseconds until all who are here now have had their turn, if none takes longer than the last one */
function tooMany(wait: number): Refusal {
  const retryAfter = Math.max(1, Math.ceil(wait / 1000));
  const seconds = retryAfter === 1 ? "second" : "seconds";
  const sentence = `Too many are signing in at this moment. Try again in ${retryAfter} ${seconds}.`;
  return new Refusal(429, sentence, { retryAfter });
}
