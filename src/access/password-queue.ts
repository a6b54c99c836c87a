import { Refusal } from "../errors.ts";

/** The client that sent a password. An empty address is unknown. */
interface Client {
  address: string;
  email?: string | null | undefined;
  /** The hash of a browser in which this person signed in before. */
  browser?: string | undefined;
}

/** Runs work that hashes a password when it is its turn. Throws a Refusal with 429 if too many are waiting. */
export type LimitHashing = <T>(client: Client, work: () => Promise<T>) => Promise<T>;

/**
 * Hashing a password takes 30 ms of a core and 19 MiB: without a limit a flood of sign-ins would take the whole core.
 * `maxPerClient` keeps one address or one e-mail from filling the queue. A browser in which the person signed in before
 * counts by itself and has places of its own, so that a flood from elsewhere does not keep that person out.
 */
export function limitHashing({ maxConcurrent = 1, maxWaiting = 16, maxPerClient = 4 } = {}): LimitHashing {
  const waiting: { client: Client; start: () => void }[] = [];
  let running = 0;
  return async (client, work) => {
    const same = waiting.filter((other) => isSame(other.client, client));
    const places = client.browser ? 2 * maxWaiting : maxWaiting;
    if (running < maxConcurrent) running += 1;
    else if (waiting.length >= places || same.length >= maxPerClient) throw tooMany();
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

function isSame(a: Client, b: Client): boolean {
  if (a.browser || b.browser) return a.browser === b.browser;
  return (a.address !== "" && a.address === b.address) || (Boolean(a.email) && a.email === b.email);
}

function tooMany(): Refusal {
  const sentence = "Too many people are signing in right now. Try again in a second.";
  return new Refusal(429, sentence, { retryAfter: 1 });
}

/** For callers that nobody can flood, such as the command line. */
export const unlimited: LimitHashing = (_client, work) => work();
