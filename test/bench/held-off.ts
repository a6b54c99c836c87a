import { Agent, get } from "node:http";
import { setTimeout } from "node:timers/promises";
import { actorWithoutSite } from "../../src/access/actor.ts";
import { openMigrated } from "../../src/database/ready.ts";
import { createExample } from "../../src/example/example.ts";
import { setUp } from "../../src/setup/setup.ts";
import { attacking } from "../support/attacks/attacking.ts";
import { onConnections } from "../support/attacks/connections.ts";
import type { Tally } from "../support/attacks/count.ts";
import { floods } from "../support/attacks/floods.ts";
import { folder } from "../support/folder.ts";
import { serverCommand, starting } from "../support/serving.ts";
import { maxHeldMs } from "./arena.ts";
import { median } from "./table.ts";

export interface AttackRow {
  attack: string;
  /** Another person's page, median and 95th percentile, before the attack and under it. */
  quiet_ms: number;
  quiet_p95_ms: number;
  under_ms: number;
  under_p95_ms: number;
  /** The ratio of the medians; the aim is under 2. */
  ratio: number;
  /** The longest time for which the event loop was held during the attack. */
  held_ms: number;
  /** The responses of the attack: "429 later" is a 429 with Retry-After, and cut is without a response. */
  refused: Record<string, number>;
}

/** A person's browser: the path of the page, and the session cookie. */
interface Person {
  path: string;
  cookie: string;
}

/**
 * Measures how each attack affects a page that another person opens 20 times a second. The server must run on this
 * machine, with `--import ./test/support/loop-delay.js` and TRUSTED_PROXIES=127.0.0.1.
 */
export async function measureAttacks(
  server: ReturnType<typeof starting>,
  person: Person,
  { quiet = 3, under = 5, attacks = Object.keys({ ...onConnections, ...floods }) } = {},
): Promise<AttackRow[]> {
  const url = await server.url();
  const rows: AttackRow[] = [];
  // so that everything that is loaded on first use is loaded
  await fetch(`${url}/openapi.json`);
  await clickTimes(url, person, quiet);
  for (const attack of attacks) {
    const before = await clickTimes(url, person, quiet);
    await maxHeldMs({ server });
    const { after, tally } = await during(url, attack, () => clickTimes(url, person, under));
    const [quiet_ms, under_ms] = [medianOf(before), medianOf(after)];
    const p95 = { quiet_p95_ms: medianOf(before, 0.95), under_p95_ms: medianOf(after, 0.95) };
    const ratio = Number((under_ms / quiet_ms).toFixed(2));
    const refused = { ...tally.answers, ...(tally.cut && { cut: tally.cut }) };
    rows.push({ attack, quiet_ms, under_ms, ...p95, ratio, held_ms: await maxHeldMs({ server }), refused });
  }
  return rows;
}

async function during(url: string, name: string, clicks: () => Promise<number[]>) {
  await using attack = attacking(url, name);
  await attack.tallies();
  const after = await clicks();
  return { after, tally: (await attack.tallies())[name] as Tally };
}

const pauseMs = 50;

/** How long each click took, in milliseconds. Throws if one fails. */
async function clickTimes(url: string, person: Person, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await setTimeout(pauseMs))
    times.push(await click(url, person, agent));
  agent.destroy();
  return times;
}

function click(url: string, { path, cookie }: Person, agent: Agent): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(`${url.replace("localhost", "127.0.0.1")}${path}`, { agent, headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}.`));
      answer.resume().on("end", () => resolve(performance.now() - began));
    });
    request.on("error", reject);
  });
}

const medianOf = (times: number[], at?: number): number => Number(median(times, at).toFixed(2));

/** By itself, on the example shop: `node test/bench/held-off.ts [ATTACK...]`. */
async function runAlone(attacks: string[]): Promise<void> {
  await using dir = await folder();
  const databaseUrl = process.env.DATABASE_URL ?? `file:${dir.path}/sitebook.db`;
  const account = { email: "ada@example.test", password: "correct horse battery staple" };
  await createExampleBook(databaseUrl, account);
  const env = { DATABASE_URL: databaseUrl, TRUSTED_PROXIES: "127.0.0.1" };
  await using server = starting(env, serverCommand("./test/support/loop-delay.js"));
  const url = await server.url();
  const options = { method: "POST", redirect: "manual", headers: { origin: url } } as const;
  const signedIn = await fetch(`${url}/sign-in`, { ...options, body: new URLSearchParams(account) });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const rows = await measureAttacks(server, { path: "/sites/example", cookie }, attacks.length ? { attacks } : {});
  console.table(rows.map(({ refused, ...row }) => ({ ...row, refused: JSON.stringify(refused) })));
}

async function createExampleBook(databaseUrl: string, account: { email: string; password: string }): Promise<void> {
  const db = await openMigrated(databaseUrl);
  const at = new Date().toISOString();
  const { person } = await setUp(db, { ...account, name: "Ada", at });
  await createExample(db, actorWithoutSite(person, at));
  await db.destroy();
}

if (import.meta.main) await runAlone(process.argv.slice(2));
