import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { seeded, shuffled } from "../support/seeded.ts";
import { type CastMember, createCast } from "./cast.ts";
import { check, verifyAll } from "./check.ts";
import { type Scene, send, sendUntilAnswered } from "./client.ts";
import { restartForDueWork } from "./due-work.ts";
import { type KillableServer, killableDatabase, killableServer } from "./killable.ts";
import { type KillableMail, killableMail } from "./killable-mail.ts";
import { type KillableReceiver, killableReceiver } from "./killable-receiver.ts";
import { type Ledger, newLedger } from "./ledger.ts";
import { nextWrite } from "./next-write.ts";
import { steppedTime } from "./stepped-clock.ts";
import { type VisitedSite, visitedSite } from "./visits.ts";
import { createTortureWebhook, webhookEnv } from "./webhook.ts";

export interface Torture {
  /** A database that is empty, or has only the schema. */
  url: string;
  seed: number;
  servers: 1 | 2;
  /** Whether the run can end after this number of kills. */
  enough: (kills: number) => boolean;
  /** Kills the database, if it can be killed, and resolves once it can be reached again. */
  killDatabase?: (() => Promise<void>) | undefined;
}

const clients = 6;

/**
 * Clients write at random, all at once, to servers that are killed at random moments, one at a time, and started again.
 * Finally all servers are killed, and the record is compared with the responses that the clients got, and with the mails and
 * webhooks that arrived. Meanwhile a site is visited, and what was found there is checked, too.
 */
export async function torture({ url, seed, servers: count, enough, killDatabase }: Torture) {
  const cast = await createCast(url);
  const [mail, receiver] = await Promise.all([killableMail(), killableReceiver()]);
  const secret = await createTortureWebhook(url, receiver.url);
  const visited = await visitedSite(url);
  const clockStartMs = Date.now();
  const errors = errorCollector();
  const env = { ...webhookEnv, SMTP_URL: mail.url, MAIL_FROM: "Sitebook <sitebook@example.test>" };
  const servers = Array.from({ length: count }, () => killableServer(url, clockStartMs, errors.add, env));
  const database = killableDatabase(killDatabase);
  const now = () => new Date(steppedTime(clockStartMs)).toISOString();
  const scene: Scene = { url, ledger: newLedger(), servers, database, now, isOver: false };
  let dueUntil = scene.now();
  let repeatedAtKills: number[] = [];
  const run = async () => {
    await Promise.all(servers.map((server) => server.start()));
    const writers = Array.from({ length: clients }, (_, i) => write(scene, cast, i, seeded(seed * 100 + i)));
    for (const writer of writers) writer.catch(errors.add);
    repeatedAtKills = await killAtRandom(scene, { mail, receiver, visited }, enough, seeded(seed * 100 + clients));
    scene.isOver = true;
    await Promise.all(writers);
    dueUntil = scene.now();
    await receiver.accept();
    await restartForDueWork(url, servers, { clockStartMs, until: dueUntil });
    await repeatSome(scene, seeded(seed));
  };
  await Promise.race([errors.first, run().catch(errors.add)]);
  scene.isOver = true;
  for (const server of servers) await server.kill();
  await database.running();
  const webhooks = { secret, received: receiver.received() };
  await Promise.all([mail.close(), receiver.close(), visited.close()]);
  const { of } = scene.ledger;
  const { wrong, ...figures } = await check(url, scene.ledger, dueUntil, { mails: mail.ids, webhooks });
  return {
    ...figures,
    kills: servers.reduce((sum, server) => sum + server.kills(), 0) + database.kills(),
    acknowledged: of("acknowledged").length,
    repeated: repeatedIn(scene.ledger),
    repeatedAtKills,
    refused: of("refused").length,
    held: Math.max(...servers.map((server) => server.maxHeldMs())),
    /** Errors while the clients wrote, and differences in the record. */
    wrong: [...errors.all, ...wrong],
    ledger: scene.ledger,
    dueUntil,
    arrived: { mails: mail.ids, webhooks },
  };
}

/** Collects errors while the clients write. The first one ends the run. */
function errorCollector() {
  const first = Promise.withResolvers<void>();
  const all = new Set<string>();
  const add = ({ message, cause }: Error) => {
    all.add([message, cause].filter(Boolean).join(" "));
    first.resolve();
  };
  return { first: first.promise, all, add };
}

async function write(scene: Scene, cast: CastMember[], i: number, random: () => number): Promise<void> {
  const home = scene.servers[i % scene.servers.length] as KillableServer;
  for (let n = 0; !scene.isOver; n++) {
    const mark = `w${i}-${n}`;
    const { request, by } = nextWrite({ ledger: scene.ledger, cast, mark, random, now: scene.now() });
    await sendUntilAnswered(scene.ledger.begin(request, mark, by), home, scene, random);
  }
}

/**
 * Kills one at a time, while all others are running, and all servers the second time and now and then. One of two stays down
 * for a while. After each kill the record is verified, while the other server writes. Those who get mails and webhooks are
 * killed too. Before each kill a visit is started, if none is in progress. Returns how many writes had been repeated at each.
 */
async function killAtRandom(
  scene: Scene,
  { mail, receiver, visited }: { mail: KillableMail; receiver: KillableReceiver; visited: VisitedSite },
  enough: Torture["enough"],
  random: () => number,
): Promise<number[]> {
  const { ledger, servers, database } = scene;
  const repeated: number[] = [];
  for (let kills = 0; !scene.isOver && !enough(kills); kills++) {
    if (random() < 0.5) mail.kill();
    await visited.start(scene.now());
    await Promise.all([ledger.more(Math.floor(random() * 60)), receiver.next()]);
    mail.start();
    repeated.push(repeatedIn(ledger));
    // at a response, or at any other moment: the delay does not wait for anything
    if (random() < 0.5) await setTimeout(random() * 20);
    if (database.canBeKilled && random() < 0.3) await database.kill();
    else {
      const all = kills === 1 || (kills > 1 && random() < 0.2);
      const victims = all ? servers : servers.slice(Math.floor(random() * servers.length)).slice(0, 1);
      await Promise.all(victims.map((victim) => victim.kill()));
      const { code, out, err } = await verifyAll(scene.url);
      if (code) throw new Error(out + err);
      if (victims.length < servers.length) await ledger.more(Math.floor(random() * 20));
      if (!scene.isOver) await Promise.all(victims.map((victim) => victim.start()));
    }
  }
  return repeated;
}

/** How many writes were answered although an answer had been lost. */
const repeatedIn = ({ writes }: Ledger): number =>
  writes.filter(({ lostAnswers, outcome }) => lostAnswers && outcome && outcome !== "given up").length;

/**
 * A repeated request gets the same response after all these kills; the check shows that it had no effect. Other forms than
 * these two, which may find that their promotion has ended, are left out.
 */
async function repeatSome({ ledger, servers }: Scene, random: () => number): Promise<void> {
  const { address } = await (servers[0] as KillableServer).life();
  const repeatable = ledger
    .of("acknowledged")
    .filter(({ by, type }) => "token" in by.credentials || type === "completion" || type === "comment");
  for (const write of shuffled(repeatable, random).slice(0, 100)) {
    const { status, body } = await send(write, address);
    const same = "token" in write.by.credentials ? isDeepStrictEqual(body, write.answer) : status === 303;
    if (!same) throw new Error(`${write.mark}, sent again, was answered ${status}: ${JSON.stringify(body)}`);
  }
}
