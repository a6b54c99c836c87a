import { Agent, get } from "node:http";
import { setTimeout } from "node:timers/promises";
import { openMigrated } from "../../src/database/ready.ts";
import { createExample } from "../../src/example/example.ts";
import { setUp } from "../../src/setup/setup.ts";
import { attacking } from "../support/attacks/attacking.ts";
import { onConnections } from "../support/attacks/connections.ts";
import type { Tally } from "../support/attacks/count.ts";
import { floods } from "../support/attacks/floods.ts";
import { folder } from "../support/folder.ts";
import { serverCommand, starting } from "../support/serving.ts";
import { heldFor } from "./arena.ts";
import { median } from "./table.ts";

export interface HeldOff {
  attack: string;
  /** Another person's page, median and 95th percentile, before the attack and under it. */
  quiet_ms: number;
  quiet_p95_ms: number;
  under_ms: number;
  under_p95_ms: number;
  /** Of the medians; the aim is under 2. */
  ratio: number;
  /** How long the event loop was held at the most while the attack went on. */
  held_ms: number;
  /** What became of the attack: "429 later" is a 429 with Retry-After, and cut is without an answer. */
  refused: Record<string, number>;
}

/** A person's browser: the path of the page, and the cookie that they signed in with. */
interface Person {
  path: string;
  cookie: string;
}

/**
 * Measures what each attack does to a page that somebody else looks at, 20 times a second. The server has to be this
 * machine's, started with `--import ./test/support/loop-delay.js` and TRUSTED_PROXIES=127.0.0.1.
 */
export async function heldOff(
  server: ReturnType<typeof starting>,
  person: Person,
  { quiet = 3, under = 5, attacks = Object.keys({ ...onConnections, ...floods }) } = {},
): Promise<HeldOff[]> {
  const url = await server.url();
  const rows: HeldOff[] = [];
  // what is loaded when the first one asks is loaded
  await fetch(`${url}/openapi.json`);
  await looks(url, person, quiet);
  for (const attack of attacks) {
    const before = await looks(url, person, quiet);
    await heldFor({ server });
    const { after, tally } = await during(url, attack, () => looks(url, person, under));
    const [quiet_ms, under_ms] = [middle(before), middle(after)];
    const p95 = { quiet_p95_ms: middle(before, 0.95), under_p95_ms: middle(after, 0.95) };
    const ratio = Number((under_ms / quiet_ms).toFixed(2));
    const refused = { ...tally.answers, ...(tally.cut && { cut: tally.cut }) };
    rows.push({ attack, quiet_ms, under_ms, ...p95, ratio, held_ms: await heldFor({ server }), refused });
  }
  return rows;
}

async function during(url: string, name: string, look: () => Promise<number[]>) {
  await using attack = attacking(url, name);
  await attack.tallies();
  const after = await look();
  return { after, tally: (await attack.tallies())[name] as Tally };
}

const pause = 50;

/** How long each look at the page took, in milliseconds. All have to succeed. */
async function looks(url: string, person: Person, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await setTimeout(pause))
    times.push(await look(url, person, agent));
  agent.destroy();
  return times;
}

function look(url: string, { path, cookie }: Person, agent: Agent): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(`${url.replace("localhost", "127.0.0.1")}${path}`, { agent, headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}.`));
      answer.resume().on("end", () => resolve(performance.now() - began));
    });
    request.on("error", reject);
  });
}

const middle = (times: number[], at?: number): number => Number(median(times, at).toFixed(2));

/** Alone, on the example shop: `node test/bench/held-off.ts [ATTACK...]`. */
async function alone(attacks: string[]): Promise<void> {
  await using dir = await folder();
  const databaseUrl = process.env.DATABASE_URL ?? `file:${dir.path}/sitebook.db`;
  const account = { email: "ada@example.test", password: "correct horse battery staple" };
  await exampleOn(databaseUrl, account);
  const env = { DATABASE_URL: databaseUrl, TRUSTED_PROXIES: "127.0.0.1" };
  await using server = starting(env, serverCommand("./test/support/loop-delay.js"));
  const url = await server.url();
  const posted = { method: "POST", redirect: "manual", headers: { origin: url } } as const;
  const signedIn = await fetch(`${url}/sign-in`, { ...posted, body: new URLSearchParams(account) });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const rows = await heldOff(server, { path: "/sites/example", cookie }, attacks.length ? { attacks } : {});
  console.table(rows.map(({ refused, ...row }) => ({ ...row, refused: JSON.stringify(refused) })));
}

async function exampleOn(databaseUrl: string, account: { email: string; password: string }): Promise<void> {
  const db = await openMigrated(databaseUrl);
  const at = new Date().toISOString();
  const { person } = await setUp(db, { ...account, name: "Ada", at });
  await createExample(db, { person, roles: [], permissions: new Set(), at });
  await db.destroy();
}

if (import.meta.main) await alone(process.argv.slice(2));
