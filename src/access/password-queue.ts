import { Refusal } from "../errors.ts";

/** Who asks, as far as is known; an empty address is unknown. */
interface Client {
  address: string;
  email?: string | null | undefined;
}

/** Runs work that hashes a password when it is its turn. Throws a Refusal with 429 where too many wait already. */
export type LimitHashing = <T>(client: Client, work: () => Promise<T>) => Promise<T>;

/**
 * Hashing a password takes a core 30 ms and 19 MiB, whoever asks: without a limit a flood of sign-ins takes all of it.
 * No address and no e-mail takes so many of the waiting places that others find none.
 */
export function limitHashing({ maxConcurrent = 1, maxWaiting = 16, maxPerClient = 4 } = {}): LimitHashing {
  const waiting: { client: Client; start: () => void }[] = [];
  let running = 0;
  return async (client, work) => {
    const same = waiting.filter((one) => isSame(one.client, client));
    if (running < maxConcurrent) running += 1;
    else if (waiting.length >= maxWaiting || same.length >= maxPerClient) throw tooMany();
    else await new Promise<void>((start) => waiting.push({ client, start }));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next.start();
      else running -= 1;
    }
  };
}

const isSame = (a: Client, b: Client): boolean =>
  (a.address !== "" && a.address === b.address) || (Boolean(a.email) && a.email === b.email);

function tooMany(): Refusal {
  const sentence = "Too many people are signing in right now. Try again in a second.";
  return new Refusal(429, sentence, { retryAfter: 1 });
}

/** For callers that nobody can flood, such as the command line. */
export const unlimited: LimitHashing = (_client, work) => work();
