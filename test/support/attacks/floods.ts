import { Agent, request } from "node:http";
import type { Attack } from "./connections.ts";
import type { Count } from "./count.ts";

/** Requests per second. */
const rate = 100;
const intervalMs = 50;

interface Attempt {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** Sends requests at this rate, whether or not earlier ones have been answered. */
function flood(next: (i: number) => Attempt): Attack {
  return (target, count) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    let i = 0;
    const timer = setInterval(() => {
      for (let n = 0; n < (rate * intervalMs) / 1000; n++) send(agent, target, next(i++), count);
    }, intervalMs);
    return () => {
      clearInterval(timer);
      agent.destroy();
    };
  };
}

function send(agent: Agent, { hostname, port }: URL, { body, ...options }: Attempt, count: Count): void {
  const sent = request({ agent, hostname, port, ...options }, (answer) => {
    count.answered(answer.statusCode ?? 0, answer.headers["retry-after"]);
    answer.resume();
  });
  sent.on("error", () => {
    count.tally.cut += 1;
  });
  sent.end(body);
}

function signIn(email: string, address: string): Attempt {
  return {
    method: "POST",
    path: "/sign-in",
    headers: {
      origin: "http://sitebook.test",
      host: "sitebook.test",
      "content-type": "application/x-www-form-urlencoded",
      // the server under attack trusts a proxy at the address of this process
      "x-forwarded-for": address,
    },
    body: String(new URLSearchParams({ email, password: "not the right password" })),
  };
}

const victim = "grace@example.test";
const somebody = (i: number) => `person${i}@example.test`;
const oneAddress = "198.51.100.1";
const manyAddresses = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;

export const floods: Record<string, Attack> = {
  "sign-ins from one address for one e-mail": flood(() => signIn(victim, oneAddress)),
  "sign-ins from one address for many e-mails": flood((i) => signIn(somebody(i), oneAddress)),
  "sign-ins from many addresses for one e-mail": flood((i) => signIn(victim, manyAddresses(i))),
  "sign-ins from many addresses for many e-mails": flood((i) => signIn(somebody(i), manyAddresses(i))),
  "invalid tokens": flood((i) => ({
    method: "GET",
    path: "/api/v1/sites",
    headers: { authorization: `Bearer sb_${String(i).padStart(43, "x")}` },
  })),
};
