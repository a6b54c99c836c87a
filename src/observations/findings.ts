import { environmentBefore } from "../access/environments.ts";
import { environmentById, findSiteById } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { type Found, findingsOf, learnedDigest } from "./finding-rules.ts";
import type { Visit } from "./pages.ts";
import { observationRule } from "./reporters.ts";
import { seenPages } from "./seen-pages.ts";

/**
 * Opens and settles the findings of a server after a visit. `problem`: it does not answer, so that this is the only thing
 * found, and all else stays as it was.
 */
export async function reconcileFindings(
  trx: Database,
  visit: Visit,
  now: string,
  problem: string | null,
): Promise<void> {
  const open = await trx
    .selectFrom("findings")
    .select(["id", "path", "code", "sentence"])
    .where("server_id", "=", visit.server_id)
    .where("settled_at", "is", null)
    .execute();
  const found =
    problem === null ? await foundNow(trx, visit, now) : [{ path: "", code: "server_down", sentence: problem }];
  const nameOf = ({ code, path }: { code: string; path: string }) => `${code} ${path}`;
  const known = new Map(open.map((finding) => [nameOf(finding), finding]));
  const about = { site_id: visit.site_id, environment_id: visit.environment_id, server_id: visit.server_id };
  const fresh = found.filter((one) => !known.has(nameOf(one)));
  // lists are newest first, and those of one visit in order of paths
  const ids = fresh.map(() => newId(Date.parse(now))).sort();
  const rows = fresh.map((one) => ({ id: ids.pop() as string, ...about, ...one, opened_at: now }));
  await inBatches(rows, (batch) => trx.insertInto("findings").values(batch).execute());
  for (const one of found) {
    const { id, sentence } = known.get(nameOf(one)) ?? {};
    if (id && sentence !== one.sentence)
      await trx.updateTable("findings").set({ sentence: one.sentence }).where("id", "=", id).execute();
  }
  if (problem !== null) return;
  const stillFound = new Set(found.map(nameOf));
  const gone = open.filter((finding) => !stillFound.has(nameOf(finding))).map(({ id }) => id);
  await inBatches(gone, (ids) => trx.updateTable("findings").set({ settled_at: now }).where("id", "in", ids).execute());
}

async function foundNow(trx: Database, visit: Visit, now: string): Promise<Found[]> {
  const site = await findSiteById(trx, visit.site_id);
  if (!site) return [];
  const environment = environmentById(site, visit.environment_id);
  const before = environmentBefore(site.environments, environment);
  const pages = await seenPages(trx, visit, { siteId: site.id, beforeId: before?.id });
  const learned = pages.flatMap((page) => {
    const text_digest = learnedDigest(page);
    return text_digest && page.version_id
      ? [{ version_id: page.version_id, environment_id: environment.id, text_digest, seen_at: now }]
      : [];
  });
  await inBatches(learned, (rows) =>
    trx
      .insertInto("seen_versions")
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(["version_id", "environment_id"])
          .doUpdateSet((eb) => ({ text_digest: eb.ref("excluded.text_digest"), seen_at: now })),
      )
      .execute(),
  );
  const hasRecord = pages.some(({ isRecorded }) => isRecorded);
  const isObserved = (await observationRule(trx, environment.id)).reporter === "observation";
  return findingsOf(pages, { tier: environment.tier, hasRecord, isObserved, before: before?.name, now });
}
