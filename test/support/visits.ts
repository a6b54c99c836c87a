import { createSecrets } from "../../src/access/secrets.ts";
import { findAccess, type Site } from "../../src/access/sites.ts";
import type { Database } from "../../src/database/connect.ts";
import type { Job } from "../../src/jobs/queue.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { callable } from "../../src/network/private-networks.ts";
import type { VisitContext } from "../../src/visits/look-at-all.ts";
import { changeVisitSettings } from "../../src/visits/settings.ts";
import { type VisitSettingsRequest, visitDefaults } from "../../src/visits/settings-rules.ts";
import { visitServer } from "../../src/visits/visit-server.ts";
import { startVisits } from "../../src/visits/visits.ts";
import { environmentOf, type World } from "./world.ts";

/** With this key tests and their application open each other's secrets. */
const secrets = createSecrets({ secret: "a key for tests that is long enough", databaseUrl: "file::memory:" });

/** Has the only server of an environment at this address, and without pauses between pages. */
export async function serveAt(
  w: World,
  environment: string,
  base: string,
  settings: Partial<VisitSettingsRequest> = {},
) {
  const { id } = environmentOf(w.site, environment);
  await w.db.updateTable("servers").set({ base_url: base }).where("environment_id", "=", id).execute();
  w.site = (await findAccess(w.db, w.people.iris.id, "shop"))?.site as Site;
  await setVisits(w, environment, settings);
}

/** Changes the settings of visits to all servers of an environment. */
export async function setVisits(w: World, environment: string, settings: Partial<VisitSettingsRequest> = {}) {
  const place = environmentOf(w.site, environment);
  const none = { user: "", password: "", cookie: "", header: "", removesCredentials: false };
  const request = { ...visitDefaults, pause_ms: 0, ...none, ...settings };
  for (const { id } of place.servers)
    await changeVisitSettings(w.db, await w.by("iris"), w.site, place, id, request, secrets);
}

/** Runs the visits that are due. */
export const runVisits = (w: World, context: Partial<VisitContext> = {}): Promise<number> => {
  const visits: VisitContext = {
    secrets,
    isAllowed: callable(["127.0.0.1"]),
    now: () => w.clock.at,
    againMs: 0,
    ...context,
  };
  const handlers = { visit: (db: Database, job: Job) => visitServer(db, job, visits) };
  return runDueJobs(
    w.db,
    handlers,
    () => w.clock.at,
    () => Boolean(context.stopping?.aborted),
  );
};

/** Visits an environment, an hour after whatever happened last, and returns how the visit ended. */
export async function visit(w: World, environment: string, context: Partial<VisitContext> = {}) {
  w.clock.at = new Date(Date.parse(w.clock.at) + 3_600_000).toISOString();
  await startVisits(w.db, await w.by("cleo"), w.site, environmentOf(w.site, environment));
  await runVisits(w, context);
  return latestVisit(w, environment);
}

export const latestVisit = (w: World, environment: string) =>
  w.db
    .selectFrom("visits")
    .selectAll()
    .where("environment_id", "=", environmentOf(w.site, environment).id)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();

/** The open findings of the site, such as "live missing /sale". */
export async function findings(w: World): Promise<string[]> {
  const rows = await w.db
    .selectFrom("findings as f")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .select(["e.slug", "f.code", "f.path"])
    .where("f.settled_at", "is", null)
    .execute();
  return rows.map(({ slug, code, path }) => `${slug} ${code} ${path}`.trim()).sort();
}
