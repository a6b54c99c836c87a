import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { seeded, shuffled } from "../support/seeded.ts";
import { type CastMember, castOn } from "./cast.ts";
import { check } from "./check.ts";
import { persist, type Scene, say } from "./client.ts";
import { newLedger } from "./ledger.ts";
import { type Mortal, mortal, mortalDatabase } from "./mortal.ts";
import { nextWant } from "./wants.ts";

export interface Torture {
  /** A database that is empty, or has the schema and nothing else. */
  url: string;
  seed: number;
  servers: 1 | 2;
  /** Whether there were deaths enough. */
  enough: (deaths: number) => boolean;
  /** Where the database is killed, too: does so, and ends once it can be reached again. */
  killDatabase?: (() => Promise<void>) | undefined;
}

const clients = 6;

/**
 * Clients write, all at once and at random, to servers that are killed at random moments, one at a time, and started
 * again. At last all is killed, and the record is held against what the clients were answered.
 */
export async function torture({ url, seed, servers: count, enough, killDatabase }: Torture) {
  const cast = await castOn(url);
  const trouble = troubles();
  const servers = Array.from({ length: count }, () => mortal(url, trouble.met));
  const database = mortalDatabase(killDatabase);
  const scene: Scene = { ledger: newLedger(), servers, database, over: false };
  const play = async () => {
    await Promise.all(servers.map((server) => server.start()));
    const writers = Array.from({ length: clients }, (_, i) => write(scene, cast, i, seeded(seed * 100 + i)));
    for (const writer of writers) writer.catch(trouble.met);
    await killAtRandom(scene, enough, seeded(seed * 100 + clients));
    scene.over = true;
    await Promise.all(writers);
    await tellAgain(scene, seeded(seed));
  };
  await Promise.race([trouble.first, play().catch(trouble.met)]);
  scene.over = true;
  for (const server of servers) await server.kill();
  await database.up();
  const { writes, of } = scene.ledger;
  const { events, verified, wrong } = await check(url, scene.ledger);
  return {
    kills: servers.reduce((all, one) => all + one.deaths(), 0) + database.deaths(),
    acknowledged: of("acknowledged").length,
    repeated: writes.filter((one) => one.lost && one.outcome !== "given up").length,
    refused: of("refused").length,
    events,
    verified,
    held: Math.max(...servers.map((one) => one.held())),
    /** What went wrong while they wrote, and what is not as it should be in the record. */
    wrong: [...trouble.all, ...wrong],
    ledger: scene.ledger,
  };
}

/** What went wrong while they wrote. The first of it ends the play. */
function troubles() {
  const first = Promise.withResolvers<void>();
  const all = new Set<string>();
  const met = ({ message, cause }: Error) => {
    all.add([message, cause].filter(Boolean).join(" "));
    first.resolve();
  };
  return { first: first.promise, all, met };
}

async function write(scene: Scene, cast: CastMember[], i: number, random: () => number): Promise<void> {
  const home = scene.servers[i % scene.servers.length] as Mortal;
  for (let n = 0; !scene.over; n++) {
    const mark = `w${i}-${n}`;
    const { wanted, by } = nextWant(scene.ledger, cast, mark, random);
    await persist(scene.ledger.begin(wanted, mark, by), home, scene, random);
  }
}

/** One at a time, with all others going on. A server stays dead for a while where there is another. */
async function killAtRandom(scene: Scene, enough: Torture["enough"], random: () => number): Promise<void> {
  const { ledger, servers, database } = scene;
  for (let deaths = 0; !scene.over && !enough(deaths); deaths++) {
    await ledger.more(Math.floor(random() * 60));
    // at an answer, or at any other moment: this waits for nothing
    if (random() < 0.5) await setTimeout(random() * 20);
    if (database.mortal && random() < 0.3) await database.kill();
    else {
      const victim = servers[Math.floor(random() * servers.length)] as Mortal;
      await victim.kill();
      if (servers.length > 1) await ledger.more(Math.floor(random() * 20));
      if (!scene.over) await victim.start();
    }
  }
}

/** Whoever asks again, after all these deaths, hears the same; that nothing came of it shows in the check. */
async function tellAgain({ ledger, servers }: Scene, random: () => number): Promise<void> {
  const { address } = await (servers[0] as Mortal).life();
  for (const write of shuffled(ledger.of("acknowledged"), random).slice(0, 100)) {
    const { status, body } = await say(write, address);
    const same = "token" in write.by.by ? isDeepStrictEqual(body, write.answer) : status === 303;
    if (!same) throw new Error(`${write.mark}, told again, was answered ${status}: ${JSON.stringify(body)}`);
  }
}
