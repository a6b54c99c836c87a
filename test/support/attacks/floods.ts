import { Agent, request } from "node:http";
import type { Attack } from "./connections.ts";
import type { Count } from "./count.ts";

/** Tries a second. */
const rate = 200;
const beat = 25;

interface Try {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** So many requests a second, whether or not the ones before were answered. */
function flood(next: (i: number) => Try): Attack {
  return (target, count) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    let i = 0;
    const beating = setInterval(() => {
      for (let n = 0; n < (rate * beat) / 1000; n++) send(agent, target, next(i++), count);
    }, beat);
    return () => {
      clearInterval(beating);
      agent.destroy();
    };
  };
}

function send(agent: Agent, { hostname, port }: URL, { body, ...one }: Try, count: Count): void {
  const sent = request({ agent, hostname, port, ...one }, (answer) => {
    count.answered(answer.statusCode ?? 0, answer.headers["retry-after"]);
    answer.resume();
  });
  sent.on("error", () => {
    count.tally.cut += 1;
  });
  sent.end(body);
}

function signIn(email: string, address: string): Try {
  return {
    method: "POST",
    path: "/sign-in",
    headers: {
      origin: "http://sitebook.test",
      host: "sitebook.test",
      "content-type": "application/x-www-form-urlencoded",
      // the server under attack trusts a proxy at the address from which all of this comes
      "x-forwarded-for": address,
    },
    body: String(new URLSearchParams({ email, password: "not the right one" })),
  };
}

const victim = "grace@example.test";
const somebody = (i: number) => `person${i}@example.test`;
const one = "198.51.100.1";
const many = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;

export const floods: Record<string, Attack> = {
  "sign-ins from one address for one e-mail": flood(() => signIn(victim, one)),
  "sign-ins from one address for many e-mails": flood((i) => signIn(somebody(i), one)),
  "sign-ins from many addresses for one e-mail": flood((i) => signIn(victim, many(i))),
  "sign-ins from many addresses for many e-mails": flood((i) => signIn(somebody(i), many(i))),
  "tokens that are none": flood((i) => ({
    method: "GET",
    path: "/api/v1/sites",
    headers: { authorization: `Bearer sb_${String(i).padStart(43, "x")}` },
  })),
};
