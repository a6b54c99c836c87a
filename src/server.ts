import { once, setMaxListeners } from "node:events";
import type { Server } from "node:http";
import module from "node:module";
import { createSecrets } from "./access/secrets.ts";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import type { Database } from "./database/connect.ts";
import { openMigrated } from "./database/ready.ts";
import { Misconfigured } from "./errors.ts";
import { addressesBehind } from "./http/client-address.ts";
import { createHttpServer } from "./http/server.ts";
import { scheduleCheckpoints } from "./integrity/checkpoints.ts";
import { type JobHandlers, startWorker } from "./jobs/worker.ts";
import { createMailer } from "./mail/mailer.ts";
import { callable } from "./network/private-networks.ts";
import { sendSecurityMail, writeSecurityMails } from "./notices/security-mails.ts";
import { sendDigest, sendNotice } from "./notices/send.ts";
import { writeNotices } from "./notices/write-notices.ts";
import { setupLink } from "./people/links.ts";
import { expireApprovals, expirePromotion } from "./promotions/expiry.ts";
import { goLive } from "./promotions/go-live.ts";
import { takeDown } from "./promotions/take-down.ts";
import { startVisitsAfterEvents } from "./visits/after-events.ts";
import { visitServer } from "./visits/visit-server.ts";
import { startDueVisits } from "./visits/visits.ts";
import { sendDelivery, webhookOfJob } from "./webhooks/deliveries.ts";

/** What does the background work of each kind. */
const jobHandlers: JobHandlers = {
  promotion_expiry: expirePromotion,
  approval_expiry: expireApprovals,
  go_live: goLive,
  take_down: takeDown,
};

/** How many servers are visited at the same time. */
const visitors = 3;

/** How long running requests may take once the server is stopping. */
const stopTimeoutMs = 30_000;

try {
  await start();
} catch (error) {
  if (!(error instanceof Misconfigured)) throw error;
  console.error(error.message);
  process.exit(1);
}

async function start(): Promise<void> {
  const config = readConfig(process.env);
  const db = await openMigrated(config.databaseUrl);
  const server = createHttpServer((request, env) => app.fetch(request, env));
  const port = await listen(server, config);
  const baseUrl = config.baseUrl ?? `http://localhost:${port}`;
  const addressOf = addressesBehind(config.trustedProxies, console.error);
  const mailer = config.mail && createMailer(config.mail);
  const secrets = createSecrets(config);
  const stopping = new AbortController();
  // each open page listens to it
  setMaxListeners(0, stopping.signal);
  const app = createApp(db, {
    baseUrl,
    stopping: stopping.signal,
    mailer,
    webhookNetworks: config.webhookNetworks,
    address: (request, env) => addressOf(socketOf(env), request.headers.get("x-forwarded-for")),
    secrets,
    log: console.log,
    sessions: config.sessions,
  });
  // before the server can be stopped, which closes the database
  const link = await setupLink(db, new Date().toISOString());
  const context = { mailer, baseUrl, secrets, isAllowed: callable(config.webhookNetworks) };
  const mails: JobHandlers = {
    notice: (db, job, now) => sendNotice(db, job, now, context),
    digest: (db, job, now) => sendDigest(db, job, now, context),
    security_mail: (db, job) => sendSecurityMail(db, job, context),
  };
  const deliveries: JobHandlers = { webhook: (db, job, now) => sendDelivery(db, job, now, context) };
  const prepare = async (now: string) => {
    await writeNotices(db, now, Boolean(mailer));
    await writeSecurityMails(db, now, Boolean(mailer));
  };
  const prepareVisits = async (now: string) => {
    await startDueVisits(db, now);
    await startVisitsAfterEvents(db, now);
  };
  const visit: JobHandlers = {
    visit: (db, job) =>
      visitServer(db, job, { ...context, now: () => new Date().toISOString(), stopping: stopping.signal }),
  };
  const workers = [
    startWorker(db, jobHandlers, { prepare }),
    // of their own, as a slow server must hold up neither what is planned nor what others wait for
    startWorker(db, mails),
    startWorker(db, deliveries, { laneOf: webhookOfJob }),
    startWorker(db, visit, { prepare: prepareVisits }),
    ...Array.from({ length: visitors - 1 }, () => startWorker(db, visit)),
  ];
  const stopWorkers = async () => void (await Promise.all(workers.map((stopWorker) => stopWorker())));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopping.abort();
      void stop(server, db, stopWorkers);
    });
  }
  scheduleCheckpoints(db);
  console.log(`Sitebook is at ${baseUrl}`);
  if (link)
    console.log(
      `There is no account yet. Create the first one with this link, which works once: ${baseUrl}/setup?link=${link}`,
    );
  // otherwise Node writes it at the end, which a server that is killed does not reach
  module.flushCompileCache();
}

async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
      throw new Misconfigured(`Port ${port} is in use, perhaps by another Sitebook. Stop it, or set PORT.`);
    throw new Misconfigured(
      `Sitebook cannot listen on ${host}:${port}: ${(error as Error).message}. Set HOST and PORT.`,
    );
  }
  return (server.address() as { port: number }).port;
}

function socketOf(env: unknown): string | undefined {
  return (env as { incoming?: { socket?: { remoteAddress?: string } } })?.incoming?.socket?.remoteAddress;
}

/** Accepts no new requests, waits for the running ones and the running jobs, closes the database and exits. A second signal exits at once. */
async function stop(server: Server, db: Database, stopWorkers: () => Promise<void>): Promise<void> {
  console.log("Sitebook is stopping; it waits for the running requests.");
  const idleTimer = setInterval(() => server.closeIdleConnections(), 50);
  const stopTimer = setTimeout(() => server.closeAllConnections(), stopTimeoutMs);
  server.close();
  await once(server, "close");
  await stopWorkers();
  clearInterval(idleTimer);
  clearTimeout(stopTimer);
  await db.destroy();
  process.exit(0);
}
