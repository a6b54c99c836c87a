import type { Environment } from "../access/environments.ts";
import { observerActor } from "../access/observer.ts";
import { environmentById, type Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { recordWithin } from "../deployments/record.ts";
import { whyNotBaseline } from "../record/baseline.ts";
import { whyNotKey } from "../record/keys.ts";
import { digestsOf, sightingsOf, type Visit } from "../sightings/queries.ts";
import { isSeenLabel } from "../sightings/rules.ts";
import { observationRule } from "./observation-rule.ts";
import { changedPages, type RecordedPage, seenOtherwiseAt, whyNotRemoveSeen } from "./rules.ts";
import { type SeenLine, seenLines } from "./seen-lines.ts";

/**
 * Records what all servers of an environment show otherwise than its record, if that is kept by observation. Must be called
 * in the transaction that ends a visit, with all that was seen saved. `looked`: the only pages that were looked at. Returns
 * why something was left out, as a sentence.
 */
export async function keepRecord(
  trx: Database,
  site: Site,
  visit: Visit,
  now: string,
  looked?: Set<string>,
): Promise<string | undefined> {
  const environment = environmentById(site, visit.environment_id);
  if ((await observationRule(trx, environment.id)).reporter !== "observation") return;
  const sightings = await sightingsOf(trx, environment.servers);
  const recorded = await recordedPages(trx, environment.id);
  const pages = [...sightings].filter(([key]) => !whyNotKey("page", key));
  const changed = changedPages(new Map(pages), recorded, visit.started_at).filter(
    // a page is gone once two looks at it say so
    ({ key, shown }) => shown || !looked || looked.has(key),
  );
  const present = [...recorded.values()].filter(({ version_id }) => version_id !== null).length;
  const removed = changed.filter(({ shown }) => !shown).length;
  const why = whyNotRemoveSeen(environment, { present, removed });
  const lines = await seenLines(trx, site, environment, why ? changed.filter(({ shown }) => shown) : changed);
  if (lines.length) await recordSeen(trx, site, environment, { visit, lines, isFirst: !recorded.size, now });
  return why;
}

async function recordedPages(trx: Database, environmentId: string): Promise<Map<string, RecordedPage>> {
  const rows = await trx
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "c.version_id", "c.effective_at", "v.label", "v.digest"])
    .where("c.environment_id", "=", environmentId)
    .where("a.kind", "=", "page")
    .execute();
  const seen = await digestsOf(
    trx,
    rows.flatMap(({ version_id }) => version_id ?? []),
  );
  return new Map(
    rows.map(({ key, version_id, effective_at, label, digest }) => {
      const own = isSeenLabel(label) && digest ? [digest] : [];
      return [key, { version_id, effective_at, digests: [...own, ...(seen.get(version_id ?? "") ?? [])] }];
    }),
  );
}

interface Seen {
  visit: Visit;
  lines: SeenLine[];
  /** Whether nothing was recorded for the environment before. */
  isFirst: boolean;
  now: string;
}

/** One deployment for all that was first seen in the same minute, as no clock of a person is more exact; the baseline is one. */
async function recordSeen(
  trx: Database,
  site: Site,
  environment: Environment,
  { visit, lines, isFirst, now }: Seen,
): Promise<void> {
  const actor = await observerActor(trx, site.id, now);
  const isBaseline = isFirst && !(await whyNotBaseline(trx, environment));
  const groups = Map.groupBy(lines, ({ since, promotion }) =>
    isBaseline ? "" : `${since.slice(0, 16)} ${promotion ?? ""}`,
  );
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await recordWithin(trx, actor, site, environment, {
      effective_at: group
        .map(({ since }) => since)
        .sort()
        .at(-1),
      placements: group.map(({ line }) => line),
      ...(isBaseline
        ? { baseline: true, complete: true }
        : { promotion: group[0]?.promotion, seen_otherwise_at: await otherwiseAt(trx, visit, group) }),
    });
  }
}

/** When all of these pages were last seen otherwise; undefined if that is not known of all. */
async function otherwiseAt(trx: Database, { id, server_id }: Visit, group: SeenLine[]): Promise<string | undefined> {
  const first = group.map(({ since }) => since).sort()[0] as string;
  // the visit that saw them so first, and the one before
  const [, before] = await trx
    .selectFrom("visits")
    .select("started_at")
    .where("server_id", "=", server_id)
    .where("id", "<=", id)
    .where("started_at", "<=", first)
    .where("problem", "is", null)
    // what another observer reported need not have had these pages
    .where((eb) => eb.or([eb("reported", "=", 0), eb("id", "=", id)]))
    .orderBy("id", "desc")
    .limit(2)
    .execute();
  const keys = group.map(({ line }) => line.key);
  const looks = await inBatches(keys, (batch) =>
    trx
      .selectFrom("observations")
      .select(["path", "outcome", "seen_at"])
      .where("server_id", "=", server_id)
      .where("path", "in", batch)
      .orderBy("id")
      .execute(),
  );
  const byPath = Map.groupBy(looks, ({ path }) => path);
  const moments = keys.map((key) => seenOtherwiseAt((byPath.get(key) ?? []).slice(0, -1), before?.started_at));
  const known = moments.filter((moment) => moment !== undefined);
  return known.length < moments.length ? undefined : known.sort()[0];
}
