import { type SqlBool, sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import type { ChainEntry } from "../record/chain.ts";
import type { Kind } from "../schema.ts";
import { artifactKey } from "../text.ts";
import { type EventTableRow, type PlainTable, plainTables, type RecordTable } from "./event-rows.ts";

/** What was asked for, and where: rows that an event tells, with the number of the last placement told before it. */
interface Asked {
  siteId: string;
  entry: ChainEntry;
  said: EventTableRow[];
  placed: number;
}

export interface TableCheck {
  /** The columns by which a row is itself. */
  id: string[];
  /** What a row is called, from itself. */
  name: (row: EventTableRow) => string;
  /** To be looked into also where the event tells of no row: one that is there all the same shows only here. */
  whole?: true;
  /** The rows that stand there, with those that the event should have told but did not. */
  find: (db: Database, asked: Asked) => Promise<EventTableRow[]>;
}

const column = (row: EventTableRow, name: string) => row[name] as string;

const byId = (table: PlainTable, id: string, name: (row: EventTableRow) => string): TableCheck => ({
  id: [id],
  name,
  find: async (db, { said }) => {
    const columns = Object.keys(plainTables[table]).map((one) => sql.ref(one));
    const ids = said.map((row) => row[id]);
    const { rows } = await sql<EventTableRow>`
      select ${sql.join(columns)} from ${sql.table(table)} where ${inList(id, ids as string[])}`.execute(db);
    return rows;
  },
});

const ofPromotion = (what: string) => (row: EventTableRow) => `the ${what} of promotion ${row.promotion_id}`;

/** Tables that are compared with the events. A page, software or version is found by its name, so that a row that was turned to another shows. */
export const tableChecks: Partial<Record<RecordTable, TableCheck>> = {
  artifacts: {
    id: ["id"],
    name: ({ kind, key }) => `the ${kind} ${key}`,
    find: async (db, { siteId, said }) => {
      const ids = said.map((row) => column(row, "id"));
      const rows = await inBatches(ids, (piece) =>
        db.selectFrom("artifacts").select(["id", "kind", "key", "site_id"]).where("id", "in", piece).execute(),
      );
      return rows.filter((row) => row.site_id === siteId);
    },
  },
  versions: {
    id: ["id"],
    name: ({ key, version }) => `${key} ${version}`,
    find: (db, asked) =>
      inBatches(asked.said, (piece) =>
        versions(db, asked.siteId)
          .where(
            "v.id",
            "in",
            piece.map((row) => column(row, "id")),
          )
          .execute(),
      ),
  },
  contents: {
    id: ["kind", "key", "version"],
    name: ({ key, version }) => `the content of ${key} ${version}`,
    find: (db, { siteId, said }) =>
      inBatches(said, (piece) =>
        versions(db, siteId)
          .where(among(piece, "a.kind", "a.key", "v.label"))
          .execute(),
      ),
  },
  gates: {
    id: ["id"],
    name: ({ id }) => `the gate ${id}`,
    find: async (db, { said }) => {
      const ids = said.map((row) => column(row, "id"));
      const rows = await db.selectFrom("gates").selectAll().where("id", "in", ids).execute();
      return rows.map((row) => ({ ...row, rules: readable(row.rules) }));
    },
  },
  releases: byId("releases", "id", ({ number }) => `release ${number}`),
  release_contents: {
    id: ["kind", "key"],
    whole: true,
    name: ({ kind, key }) => `the ${kind} ${key} in it`,
    find: async (db, { siteId, entry }) => {
      const rows = await db
        .selectFrom("release_contents as r")
        .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "r.artifact_id").on("a.site_id", "=", siteId))
        .leftJoin("versions as v", (join) =>
          join.onRef("v.id", "=", "r.version_id").onRef("v.artifact_id", "=", "r.artifact_id"),
        )
        .select(["r.release_id", "a.kind", "a.key", "r.version_id", "v.label as version"])
        .where("r.release_id", "=", entry.subject_id ?? "")
        .execute();
      return rows.map(atVersion);
    },
  },
  promotions: byId("promotions", "id", ({ number }) => `promotion ${number}`),
  approvals: byId("approvals", "id", ({ role }) => `the decision of a ${role} on it`),
  cancellations: byId("cancellations", "promotion_id", ofPromotion("cancellation")),
  completions: byId("completions", "promotion_id", ofPromotion("completion")),
  corrections: {
    id: ["id"],
    name: ({ id }) => `the correction ${id}`,
    find: (db, { entry }) =>
      db
        .selectFrom("corrections")
        .selectAll()
        .where((eb) => eb.or([eb("id", "=", entry.subject_id ?? ""), eb("whole_id", "=", entry.subject_id)]))
        .execute(),
  },
  deployments: byId("deployments", "id", ({ number }) => `deployment ${number}`),
  placements: {
    id: ["seq"],
    name: ({ seq, key }) => `placement ${seq} of ${key}`,
    // seqs rise from event to event, so that one put in between shows
    find: async (db, { siteId, said, placed }) => {
      const last = Math.max(placed, ...said.map((row) => Number(row.seq)));
      // nothing but left joins, so that the seqs lead and not the environment, which holds far more
      const rows = await db
        .selectFrom("placements as p")
        .leftJoin("environments as e", "e.id", "p.environment_id")
        .leftJoin("artifacts as a", (join) => join.onRef("a.id", "=", "p.artifact_id").on("a.site_id", "=", siteId))
        .leftJoin("versions as v", (join) =>
          join.onRef("v.id", "=", "p.version_id").onRef("v.artifact_id", "=", "p.artifact_id"),
        )
        .select(["p.seq", "p.deployment_id", "p.environment_id", "a.kind", "a.key", "p.version_id"])
        .select(["v.label as version", "p.promotion_id", "p.out_of_band", "p.effective_at", "p.recorded_at"])
        .select("e.site_id")
        .where("p.seq", ">", placed)
        .where("p.seq", "<=", last)
        .execute();
      return rows.filter((row) => row.site_id === siteId).map(({ site_id: _site, ...row }) => atVersion(row));
    },
  },
  confirmations: {
    id: ["deployment_id", "kind", "key"],
    whole: true,
    name: ({ key }) => `the confirmation of ${key}`,
    find: async (db, { siteId, entry, said }) => {
      const own = await confirmations(db, siteId)
        .where("c.deployment_id", "=", entry.subject_id ?? "")
        .execute();
      const { own: ownSaid = [], kept = [] } = Object.groupBy(said, (row) =>
        row.deployment_id === entry.subject_id ? "own" : "kept",
      );
      const names = new Set(ownSaid.map(({ kind, key }) => artifactKey({ kind, key })));
      const elsewhere = await inBatches(kept, (piece) =>
        confirmations(db, siteId)
          .where(among(piece, "c.deployment_id", "a.kind", "a.key"))
          .execute(),
      );
      // what was a placement first and then a repetition became a confirmation later: that event tells of it
      const told = own.filter((row) => !row.repeated || names.has(artifactKey(row)));
      return [...told, ...elsewhere].map(({ repeated: _repeated, ...row }) => atVersion(row));
    },
  },
  repeats: {
    id: ["placement_seq"],
    whole: true,
    name: ({ placement_seq }) => `the repetition of placement ${placement_seq}`,
    find: (db, { entry }) =>
      db
        .selectFrom("repeats")
        .selectAll()
        .where((eb) =>
          eb.or([
            eb("deployment_id", "=", entry.subject_id ?? "").and("correction_id", "is", null),
            eb("correction_id", "=", entry.subject_id),
          ]),
        )
        .execute(),
  },
};

function versions(db: Database, siteId: string) {
  return db
    .selectFrom("versions as v")
    .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "v.artifact_id").on("a.site_id", "=", siteId))
    .select(["v.id", "a.kind", "a.key", "v.label as version", "v.digest", "v.source", "v.requires", "v.notes"])
    .select("v.created_at");
}

function confirmations(db: Database, siteId: string) {
  return db
    .selectFrom("confirmations as c")
    .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "c.artifact_id").on("a.site_id", "=", siteId))
    .leftJoin("versions as v", (join) =>
      join.onRef("v.id", "=", "c.version_id").onRef("v.artifact_id", "=", "c.artifact_id"),
    )
    .select(["c.deployment_id", "c.environment_id", "a.kind", "a.key", "c.version_id", "v.label as version"])
    .select(["c.promotion_id", "c.out_of_band", "c.effective_at", "c.recorded_at"])
    .select(
      sql<SqlBool>`exists (
        select 1 from placements q join repeats re on re.placement_seq = q.seq
        where q.deployment_id = c.deployment_id and q.artifact_id = c.artifact_id)`.as("repeated"),
    );
}

const parts = { "a.kind": "kind", "a.key": "key", "v.label": "version", "c.deployment_id": "deployment_id" };

function among(rows: EventTableRow[], ...columns: (keyof typeof parts)[]) {
  const tuples = rows.map((row) => sql`(${sql.join(columns.map((one) => row[parts[one]]))})`);
  return sql<boolean>`(${sql.join(columns.map((one) => sql.ref(one)))}) in (values ${sql.join(tuples)})`;
}

/** A version that belongs to something else is no version of it. */
function atVersion<R extends { version_id: string | null; version: string | null; kind: Kind | null }>(
  row: R,
): EventTableRow {
  const { version_id, version, ...more } = row;
  return { ...more, version: version_id !== null && version === null ? "of something else" : version };
}

function readable(rules: string): string {
  try {
    return canonicalJson(JSON.parse(rules));
  } catch {
    return rules;
  }
}
