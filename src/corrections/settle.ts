import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import type { Found, Placed } from "../deployments/later.ts";
import { place, repeat, repoint } from "../deployments/place.ts";
import { isEffective, placementsAsOf } from "../record/as-of.ts";
import { consequences } from "../record/deploy.ts";
import { withSectionCounts } from "../record/section-counts.ts";
import type { CorrectedDeployment } from "./said.ts";
import { weigh } from "./weigh.ts";

/** Places and repeats what follows from it, moves the pointers, and answers it as the event tells it. */
export async function settleAnew(
  trx: Database,
  by: Actor,
  site: Site,
  wrong: CorrectedDeployment,
  root: { id: string; stands: number },
) {
  const { environment } = wrong;
  const ids = await concerned(trx, site, wrong, root.stands === 1);
  const { returned, repeated } = await weigh(trx, environment, wrong.effective_at, ids);
  const placed: Placed[] = [];
  const cause = { deployment_id: wrong.id, environment_id: environment.id, recorded_at: by.at };
  const kept = await withSectionCounts(
    trx,
    site,
    ids,
    async () => {
      for (const round of returned)
        placed.push(
          ...(await place(
            trx,
            round.map((one) => ({ ...one, recorded_at: by.at })),
          )),
        );
      const kept = await repeat(trx, repeated, { ...cause, correction_id: root.id });
      await repoint(trx, environment.id, ids);
      return kept;
    },
    { takesBack: true },
  );
  await firstSeen(trx, [...wrong.lines, ...placed]);
  return consequences(placed, repeated, kept);
}

/** What it named, and, where a whole inventory stands again, what it left out. */
async function concerned(trx: Database, site: Site, wrong: CorrectedDeployment, stands: boolean): Promise<string[]> {
  const ids = wrong.lines.map((line) => line.artifact_id);
  if (!stands || !wrong.complete) return ids;
  const there = await placementsAsOf(trx, site.id, wrong.environment.id, { asOf: wrong.effective_at });
  return [...new Set([...ids, ...there.map((one) => one.artifact_id)])];
}

/** Versions are ordered by when they first stood anywhere, as far as is known by now. */
function firstSeen(trx: Database, lines: Pick<Found, "version_id">[]) {
  const ids = [...new Set(lines.map((line) => line.version_id).filter((id) => id !== null))];
  return inBatches(ids, async (piece) => {
    const rows = await trx
      .selectFrom("placements as p")
      .select((eb) => ["p.version_id as id", eb.fn.min("p.effective_at").as("first_at")])
      .where("p.version_id", "in", piece)
      .where(isEffective("p"))
      .groupBy("p.version_id")
      .execute();
    for (const { id, first_at } of rows)
      await trx
        .updateTable("versions")
        .set({ first_at })
        .where("id", "=", id)
        .where("first_at", "<>", first_at)
        .execute();
    return [];
  });
}
