import { type RawBuilder, sql } from "kysely";
import { inBatches } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { seekAny } from "../database/index-seek.ts";
import { endOfTime, isCorrected, isEffective } from "../record/as-of.ts";
import { type CurrentPlacement, currentPlacements } from "../record/current.ts";
import type { FrozenLine } from "../record/freeze-release.ts";
import type { Promotion } from "./queries.ts";
import { isRestorable, type ReplacedLine } from "./rollback-rules.ts";

/** A deployment that changed the same line later, with its promotion if it had one. */
interface LaterChange {
  deployment: number;
  promotion: number | null;
}

export type RollbackLine = ReplacedLine &
  FrozenLine & {
    section: string;
    title: string | null;
    current: CurrentPlacement | undefined;
    /** The latest ones, oldest first, and whether there are others before them. */
    later: LaterChange[];
    moreLater: boolean;
    restorable: boolean;
  };

/** The lines that a completed promotion changed in its target, with what they replaced, by kind and key. */
export async function replacedLines(
  db: Database,
  { environment_id, completion }: Pick<Promotion, "environment_id" | "completion">,
): Promise<RollbackLine[]> {
  if (!completion) return [];
  const rows = await rowsBefore(db, environment_id, completion.deployment_id);
  const ids = rows.map((row) => row.artifact_id);
  const current = await currentPlacements(db, environment_id, ids);
  const later = Map.groupBy(
    await laterChanges(db, environment_id, completion.deployment_id, ids),
    (row) => row.artifact_id,
  );
  return rows.map(({ corrected, ...row }) => {
    const line = { ...row, corrected: Boolean(corrected), current: current.get(row.artifact_id) };
    const changes = (later.get(row.artifact_id) ?? []).map(({ deployment, promotion }) => ({ deployment, promotion }));
    return {
      ...line,
      later: changes.slice(-maxLater),
      moreLater: changes.length > maxLater,
      restorable: isRestorable(line),
    };
  });
}

/**
 * Whether the placement `of` is in the environment, of the same artifact as the placement `p` of the query, and before or after
 * it. On PostgreSQL as a range of the index `placements_as_of`: it would else prefer that of the artifact's placements in all
 * environments, and read those. SQLite needs the columns one by one.
 */
function besideP(db: Database, of: string, environmentId: string, order: "<" | ">"): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${of}.${name}`);
  const [environment, artifact, at, seq] = ["environment_id", "artifact_id", "effective_at", "seq"].map(column);
  const [sign, otherEnd, bound] = order === "<" ? [sql`<`, sql`>=`, ""] : [sql`>`, sql`<=`, endOfTime];
  if (!isPostgres(db))
    return sql`(${environment} = ${environmentId} and ${artifact} = p.artifact_id and (${at}, ${seq}) ${sign} (p.effective_at, p.seq))`;
  return sql`((${environment}, ${artifact}, ${at}, ${seq}) ${sign} (${environmentId}, p.artifact_id, p.effective_at, p.seq)
    and (${environment}, ${artifact}, ${at}) ${otherEnd} (${environmentId}, p.artifact_id, ${bound}))`;
}

/** The placements of a deployment that still count or were corrected, with what was there before them. */
function rowsBefore(db: Database, environmentId: string, deploymentId: string) {
  return db
    .selectFrom("placements as p")
    .innerJoin("artifacts as a", "a.id", "p.artifact_id")
    .leftJoin("placements as b", (join) =>
      join.on("b.seq", "=", (eb) =>
        eb
          .selectFrom("placements as q")
          .select("q.seq")
          .where(besideP(db, "q", environmentId, "<"))
          .where(isEffective("q"))
          .orderBy("q.environment_id", "desc")
          .orderBy("q.artifact_id", "desc")
          .orderBy("q.effective_at", "desc")
          .orderBy("q.seq", "desc")
          .limit(1),
      ),
    )
    .leftJoin("versions as v", "v.id", "b.version_id")
    .leftJoin("versions as w", "w.id", "p.version_id")
    .select(["p.artifact_id", "a.kind", "a.key", "a.section", "b.version_id", "v.label as version", "v.digest"])
    .select(sql<string | null>`coalesce(v.title, w.title, a.title)`.as("title"))
    .select(sql<number>`case when ${isCorrected("p")} then 1 else 0 end`.as("corrected"))
    .where("p.deployment_id", "=", deploymentId)
    .where(sql<boolean>`(${isEffective("p")} or ${isCorrected("p")})`)
    .orderBy("a.kind")
    .orderBy("a.key")
    .execute();
}

/** How many later changes are named for each line. */
const maxLater = 10;

/** The latest changes of each of these lines in the same environment after the deployment, and one more, oldest first. */
function laterChanges(db: Database, environmentId: string, deploymentId: string, artifactIds: string[]) {
  // in a subquery for each line, as some lines have changed every hour since
  const latest = sql`(
    select l.seq from placements l
    where ${besideP(db, "l", environmentId, ">")} and ${isEffective("l")}
    order by l.environment_id desc, l.artifact_id desc, l.effective_at desc, l.seq desc limit ${maxLater + 1})`;
  return inBatches(artifactIds, (batch) =>
    db
      .selectFrom("placements as p")
      .innerJoin("placements as q", (join) => join.on(seekAny(db, "q.seq", latest)))
      .innerJoin("deployments as d", "d.id", "q.deployment_id")
      .leftJoin("promotions as pr", "pr.id", "q.promotion_id")
      .select(["q.artifact_id", "d.number as deployment", "pr.number as promotion"])
      .where("p.deployment_id", "=", deploymentId)
      .where("p.artifact_id", "in", batch)
      .orderBy("q.effective_at")
      .orderBy("q.seq")
      .execute(),
  );
}
