import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { Refusal, refuse } from "../errors.ts";
import { enqueue } from "../jobs/queue.ts";
import type { Flag } from "../schema.ts";
import type { Visit } from "../sightings/queries.ts";
import { addMs } from "../time/add.ts";
import type { Look } from "./look.ts";
import { whyNotSoMany } from "./report-rules.ts";
import { saveChanged } from "./save-looks.ts";
import { visitSettingsOf } from "./settings.ts";

interface Report {
  site: Site;
  environment: Environment;
  server: Environment["servers"][number];
  looks: Look[];
}

/** After this time a worker ends the visit, if the server that was to end it was killed. */
const endLaterMs = 60_000;

/** Saves what another observer saw as a visit that is still to be ended. Returns the visit. */
export async function saveReport(
  trx: Database,
  { person, at }: Actor,
  { site, environment, server, looks }: Report,
): Promise<Visit> {
  const paths = looks.map(({ path }) => path);
  const about = { site_id: site.id, environment_id: environment.id, server_id: server.id, person_id: person.id };
  const counts = { pages: paths.length, visited: paths.length };
  const visit = await trx
    .insertInto("visits")
    .values({ id: newId(Date.parse(at)), ...about, ...counts, started_at: at, reported: 1 })
    .onConflict((conflict) => conflict.column("server_id").where("ended_at", "is", null).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!visit)
    throw new Refusal(409, `A visit to ${server.name} is in progress. Send the pages again when it has ended.`);
  await listPages(trx, visit, server.name, paths);
  const changed = await saveChanged(trx, visit, looks, at);
  await trx.updateTable("visits").set({ changed }).where("id", "=", visit.id).execute();
  await enqueue(trx, { site_id: site.id, kind: "visit", ref: visit.id, run_at: addMs(at, endLaterMs) });
  return { ...visit, changed };
}

/** Lists them among the pages of the server: those that nothing is recorded about are unrecorded. */
async function listPages(
  trx: Database,
  { site_id, environment_id, server_id, started_at: reported_at }: Visit,
  server: string,
  paths: string[],
): Promise<void> {
  const listed = await trx.selectFrom("observed_pages").select("path").where("server_id", "=", server_id).execute();
  const all = new Set([...listed.map(({ path }) => path), ...paths]);
  if (all.size > listed.length)
    refuse(whyNotSoMany(server, all.size, (await visitSettingsOf(trx, server_id)).max_pages));
  const recorded = await inBatches(paths, (batch) =>
    trx
      .selectFrom("artifacts as a")
      .innerJoin("current_placements as c", "c.artifact_id", "a.id")
      .select("a.key")
      .where("a.site_id", "=", site_id)
      .where("a.kind", "=", "page")
      .where("a.key", "in", batch)
      .where("c.environment_id", "=", environment_id)
      .execute(),
  );
  const inRecord = new Set(recorded.map(({ key }) => key));
  const rows = paths.map((path) => {
    const in_record: Flag = inRecord.has(path) ? 1 : 0;
    return { server_id, path, in_record, in_sitemap: 0 as const, link_depth: in_record ? null : 0, reported_at };
  });
  await inBatches(rows, (batch) =>
    trx
      .insertInto("observed_pages")
      .values(batch)
      .onConflict((conflict) =>
        conflict.columns(["server_id", "path"]).doUpdateSet((eb) => ({
          in_record: eb.ref("excluded.in_record"),
          reported_at,
          link_depth: eb.fn.coalesce("observed_pages.link_depth", "excluded.link_depth"),
        })),
      )
      .execute(),
  );
}
