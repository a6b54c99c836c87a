import type { Actor } from "../access/actor.ts";
import { type Environment, refuseRetired } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { refuse } from "../errors.ts";
import { enqueue } from "../jobs/queue.ts";
import { pruneContents } from "../observations/contents.ts";
import { addMs } from "../time/add.ts";

/** Starts a visit to each server of an environment that none is under way for. Returns how many were started. */
export function startVisits(
  db: Database,
  actor: Actor,
  site: Pick<Site, "id">,
  environment: Environment,
): Promise<{ started: number }> {
  refuse(whyNotMay(actor, "record"), 403);
  refuseRetired(environment);
  refuse(whyNotVisited(environment));
  return db.transaction().execute(async (trx) => {
    const about = { site_id: site.id, environment_id: environment.id, person_id: actor.person.id };
    const ids = environment.servers.map(({ id }) => id);
    return { started: await insertVisits(trx, about, ids, actor.at) };
  });
}

export const whyNotVisited = ({ name, servers }: Pick<Environment, "name" | "servers">): string | undefined =>
  servers.length
    ? undefined
    : `${name} has no server that could be visited. An administrator can add one in the settings.`;

/** Starts the visits for which it is time. Of two servers that call it at once, one starts them. */
export async function startDueVisits(db: Database, now: string): Promise<void> {
  const due = await db
    .selectFrom("visit_schedules as v")
    .innerJoin("environments as e", "e.id", "v.environment_id")
    .select(["v.environment_id", "v.every_hours", "v.next_at", "e.site_id", "e.retired_at"])
    .where("v.next_at", "<=", now)
    .orderBy("v.next_at")
    .limit(20)
    .execute();
  for (const { environment_id, every_hours, next_at, site_id, retired_at } of due)
    await db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable("visit_schedules")
        .set({ next_at: addMs(now, every_hours * 3_600_000) })
        .where("environment_id", "=", environment_id)
        .where("next_at", "=", next_at)
        .executeTakeFirstOrThrow();
      if (!numUpdatedRows || retired_at) return;
      const servers = await trx
        .selectFrom("servers")
        .select("id")
        .where("environment_id", "=", environment_id)
        .execute();
      const ids = servers.map(({ id }) => id);
      await insertVisits(trx, { site_id, environment_id, person_id: null }, ids, now);
    });
}

/**
 * Starts a visit to each of these servers that none is under way for. `again`: another one follows those that are in
 * progress. Returns how many were started. Must be called inside a transaction.
 */
export async function insertVisits(
  trx: Database,
  about: { site_id: string; environment_id: string; person_id: string | null },
  serverIds: string[],
  now: string,
  { again = false } = {},
): Promise<number> {
  let started = 0;
  for (const server_id of serverIds) {
    const visit = { id: newId(Date.parse(now)), server_id, ...about, started_at: now };
    const inserted = await trx
      .insertInto("visits")
      .values(visit)
      .onConflict((conflict) => conflict.column("server_id").where("ended_at", "is", null).doNothing())
      .returning("id")
      .executeTakeFirst();
    if (!inserted && again) await repeatVisit(trx, server_id);
    if (!inserted) continue;
    await enqueue(trx, { site_id: about.site_id, kind: "visit", ref: visit.id, run_at: now });
    started++;
  }
  return started;
}

/** A visit that has not begun yet sees what was deployed; one in progress may have been at the page before. */
async function repeatVisit(trx: Database, serverId: string): Promise<void> {
  const open = trx.updateTable("visits").set({ repeats: 1 }).where("server_id", "=", serverId);
  await open.where("ended_at", "is", null).where("pages", "is not", null).execute();
}

/** Deletes all that was observed on a server that is removed. */
export async function forgetServer(trx: Database, serverId: string): Promise<void> {
  for (const table of ["findings", "visits", "observed_pages", "page_links", "broken_links"] as const)
    await trx.deleteFrom(table).where("server_id", "=", serverId).execute();
  const observed = trx.deleteFrom("observations").where("server_id", "=", serverId).returning("content");
  await pruneContents(trx, await observed.execute());
  await trx.deleteFrom("visit_settings").where("server_id", "=", serverId).execute();
}
