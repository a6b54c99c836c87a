import { setTimeout } from "node:timers/promises";
import type { Database } from "../../src/database/connect.ts";
import { maxAttempts, runAgain } from "../../src/jobs/queue.ts";
import { onTortureDatabase } from "./cast.ts";
import type { KillableServer } from "./killable.ts";
import { untilNextStepMs } from "./stepped-clock.ts";

const timeoutMs = 30_000;

/**
 * Kills all servers and starts them at once, if any background work was due until a moment (ISO 8601 UTC) or was begun, or
 * a webhook is still to be called or a visit to end, and resolves when it is done. They start when all leases have run out, so that none of
 * them is waited for.
 */
export function restartForDueWork(
  url: string,
  servers: KillableServer[],
  { clockStartMs, until }: { clockStartMs: number; until: string },
): Promise<void> {
  return onTortureDatabase(url, async (db) => {
    if (!(await isWorkDue(db, until))) return;
    await Promise.all(servers.map((server) => server.kill()));
    await setTimeout(untilNextStepMs(clockStartMs));
    await runFailedAgain(db, until);
    await Promise.all(servers.map((server) => server.start()));
    for (const end = Date.now() + timeoutMs; await isWorkDue(db, until); await setTimeout(50))
      if (Date.now() > end) throw new Error("Background work that was due has not been done.");
  });
}

/** As an administrator does: a job fails whose servers were killed during each of its attempts. */
async function runFailedAgain(db: Database, now: string): Promise<void> {
  const failed = await db
    .selectFrom("jobs")
    .select(["id", "site_id"])
    .where("done_at", "is", null)
    .where("attempts", ">=", maxAttempts)
    .execute();
  for (const { id, site_id } of failed) await runAgain(db, site_id, id, now);
}

async function isWorkDue(db: Database, until: string): Promise<boolean> {
  const open = db.selectFrom("jobs").select("id").where("done_at", "is", null);
  const due = open.where((eb) =>
    eb.or([eb("run_at", "<=", until), eb("attempts", ">", 0), eb("kind", "in", ["webhook", "visit"])]),
  );
  const behind = db
    .selectFrom("sites as s")
    .leftJoin("notice_progress as p", "p.site_id", "s.id")
    .select("s.id")
    .where((eb) => eb(eb.fn.coalesce("p.seq", eb.lit(0)), "<", eb.ref("s.events")));
  return (await due.execute()).length > 0 || (await behind.execute()).length > 0;
}
