import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { equalsBySeek } from "../database/index-seek.ts";
import { gone, type Placed, type Put } from "../deployments/later.ts";
import { confirm, nameOf, place, repeat } from "../deployments/place.ts";
import { changes, settle } from "../deployments/settle.ts";
import type { Flag, Kind } from "../schema.ts";
import { placementSeqAsOf } from "./as-of.ts";
import { appendEvent } from "./events.ts";
import type { NewFacts } from "./new-facts.ts";
import { nextNumber } from "./numbers.ts";
import { withSectionCounts } from "./section-counts.ts";

interface Deployment {
  /** Where it was named before it is written. */
  id?: string | undefined;
  effectiveAt: string;
  complete: boolean;
  note: string | null;
  source: string | null;
  promotion?: { id: string; number: number } | undefined;
  /** What the lines told of artifacts and versions that was not known. */
  learned?: NewFacts | undefined;
  lines: Put[];
}

/**
 * Writes a deployment: a placement for each line that changes what stood there at its effective moment, a confirmation
 * for each that does not, and, where it is told late, what that makes of what was told of later moments. Moves the
 * current pointers and appends the event. To be called inside a verb's transaction.
 */
export async function deploy(trx: Database, by: Actor, site: Site, environment: Environment, told: Deployment) {
  const { effectiveAt } = told;
  const stood = await standingAt(trx, environment.id, effectiveAt, told);
  const lines = told.complete ? [...told.lines, ...unnamed(stood, told.lines, environment)] : told.lines;
  const changed = lines.filter((line) => changes(stood.get(line.artifact_id), line));
  const same = lines.filter((line) => !changes(stood.get(line.artifact_id), line));
  const row = {
    id: told.id ?? newId(Date.parse(by.at)),
    site_id: site.id,
    number: await nextNumber(trx, site.id, "deployments"),
    environment_id: environment.id,
    effective_at: effectiveAt,
    recorded_at: by.at,
    person_id: by.person.id,
    promotion_id: told.promotion?.id ?? null,
    source: told.source,
    note: told.note,
    complete: told.complete ? (1 as const) : (0 as const),
    changed: changed.length,
    unchanged: same.length,
    out_of_band: changed.filter((line) => line.out_of_band).length,
  };
  await trx.insertInto("deployments").values(row).execute();
  const at = { deployment_id: row.id, environment_id: environment.id, effective_at: effectiveAt, recorded_at: by.at };
  await confirm(trx, same, at);
  const { placed, again, repeated, kept } = await withSectionCounts(trx, site, idsOf(changed), async () => {
    const placed = await place(
      trx,
      changed.map((line) => ({ ...line, ...at })),
    );
    await firstSeen(trx, effectiveAt, changed);
    const { returned, repeated } = await settle(trx, environment, at, changed, stood);
    const again: Placed[] = [];
    for (const round of returned) again.push(...(await place(trx, round)));
    return { placed, again, repeated, kept: await repeat(trx, repeated, at) };
  });
  await appendEvent(trx, by, site.id, {
    action: "deployment_recorded",
    subject: `deployment ${row.number}`,
    subject_id: row.id,
    environment_id: environment.id,
    details: {
      ...row,
      environment: environment.slug,
      promotion: told.promotion?.number,
      learned: told.learned && filled(told.learned),
      placements: placed.map(entry),
      confirmations: same.map(entry),
      ...consequences(again, repeated, kept),
    },
  });
  return {
    id: row.id,
    number: row.number,
    changed: row.changed,
    unchanged: row.unchanged,
    out_of_band: row.out_of_band,
  };
}

const idsOf = (lines: Put[]): string[] => lines.map((line) => line.artifact_id);

interface Stood {
  artifact_id: string;
  kind: Kind;
  key: string;
  version_id: string | null;
  out_of_band: Flag;
}

/** What stood there just then: of all artifacts for a whole inventory, else of those named. */
async function standingAt(
  trx: Database,
  environmentId: string,
  asOf: string,
  told: Deployment,
): Promise<Map<string, Stood>> {
  const query = trx
    .selectFrom("artifacts as a")
    .innerJoin("placements as p", (join) =>
      join.on(equalsBySeek(trx, "p.seq", placementSeqAsOf(environmentId, "a.id", { asOf }))),
    )
    .select(["a.id as artifact_id", "a.kind", "a.key", "p.version_id", "p.out_of_band"]);
  const rows = told.complete
    ? await query
        .where(
          "a.id",
          "in",
          trx.selectFrom("current_placements").select("artifact_id").where("environment_id", "=", environmentId),
        )
        .execute()
    : await inBatches(told.lines, (piece) =>
        query
          .where(
            "a.id",
            "in",
            piece.map((line) => line.artifact_id),
          )
          .execute(),
      );
  return new Map(rows.map((one) => [one.artifact_id, one]));
}

/** What a whole inventory does not name was not there. */
function unnamed(stood: Map<string, Stood>, lines: Put[], environment: Environment): Put[] {
  const named = new Set(lines.map((line) => line.artifact_id));
  const absent = [...stood.values()].filter((one) => one.version_id !== null && !named.has(one.artifact_id));
  return absent.map(({ artifact_id, kind, key }) => ({ artifact_id, kind, key, ...gone(environment) }));
}

/** Told of an earlier moment than was known before: versions are ordered by when they first stood anywhere. */
function firstSeen(trx: Database, effectiveAt: string, changed: Put[]) {
  const ids = changed.map((line) => line.version_id).filter((id) => id !== null);
  return inBatches(ids, async (piece) => {
    await trx
      .updateTable("versions")
      .set({ first_at: effectiveAt })
      .where("id", "in", piece)
      .where("first_at", ">", effectiveAt)
      .execute();
    return [];
  });
}

/** In the order of canonical JSON, in which thousands are written without sorting each. */
function entry({ seq, kind, key, version, out_of_band, promotion_id }: Put & { seq?: number }) {
  return { key, kind, out_of_band: out_of_band || undefined, promotion_id: promotion_id ?? undefined, seq, version };
}

/** Only the lists that hold something; nothing where none does. */
function filled(lists: Record<string, Json[]>): Record<string, Json> | undefined {
  const some = Object.entries(lists).filter(([, list]) => list.length);
  return some.length ? Object.fromEntries(some) : undefined;
}

/** What became of words that were told of later moments, as an event tells it. */
export function consequences(returned: Placed[], repeated: Placed[], kept: Set<string>) {
  return filled({
    returned: returned.map(elsewhere),
    repeated: repeated.map((one) => ({
      ...elsewhere(one),
      recorded_at: one.recorded_at,
      // what it said became a confirmation; else there was one already
      kept: kept.has(nameOf(one)) || undefined,
    })),
  });
}

function elsewhere(one: Placed) {
  return { ...entry(one), deployment_id: one.deployment_id, effective_at: one.effective_at };
}
