import { type SqlBool, sql } from "kysely";
import { inBatches, inList } from "../database/batches.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import type { ChainEntry } from "../record/chain.ts";
import type { Kind } from "../schema.ts";
import { artifactKey } from "../text.ts";
import { type EventTableRow, type PlainTable, plainTables, type RecordTable } from "./event-rows.ts";

/** The rows that an event records, and the number of the last placement recorded before it. */
interface RowLookup {
  siteId: string;
  entry: ChainEntry;
  expected: EventTableRow[];
  lastPlacement: number;
}

export interface TableCheck {
  /** The columns that identify a row. */
  id: string[];
  /** What a row is called in a sentence. */
  name: (row: EventTableRow) => string;
  /** Compared even if the event records no row: an extra row shows only here. */
  complete?: true;
  /** The rows in the table, with those that the event should have recorded but did not. */
  find: (db: Database, lookup: RowLookup) => Promise<EventTableRow[]>;
}

const column = (row: EventTableRow, name: string) => row[name] as string;

const byId = (table: PlainTable, id: string, name: (row: EventTableRow) => string): TableCheck => ({
  id: [id],
  name,
  find: async (db, { expected }) => {
    const columns = Object.keys(plainTables[table]).map((one) => sql.ref(one));
    const ids = expected.map((row) => row[id]);
    const { rows } = await sql<EventTableRow>`
      select ${sql.join(columns)} from ${sql.table(table)} where ${inList(id, ids as string[])}`.execute(db);
    return rows;
  },
});

/** Tables that are compared with the events. Artifacts and versions are found by name, so that a reference moved to another one is noticed. */
export const tableChecks: Partial<Record<RecordTable, TableCheck>> = {
  artifacts: {
    id: ["id"],
    name: ({ kind, key }) => `the ${kind} ${key}`,
    find: async (db, { siteId, expected }) => {
      const ids = expected.map((row) => column(row, "id"));
      const rows = await inBatches(ids, (piece) =>
        db.selectFrom("artifacts").select(["id", "kind", "key", "site_id"]).where("id", "in", piece).execute(),
      );
      return rows.filter((row) => row.site_id === siteId);
    },
  },
  versions: {
    id: ["id"],
    name: ({ key, version }) => `${key} ${version}`,
    find: async (db, { siteId, expected }) => {
      const ids = expected.map((row) => column(row, "id"));
      const rows = await inBatches(ids, (piece) => versionsById(db, siteId).where("v.id", "in", piece).execute());
      return rows.filter(({ kind }) => kind !== null);
    },
  },
  contents: {
    id: ["kind", "key", "version"],
    name: ({ key, version }) => `the content of ${key} ${version}`,
    find: (db, { siteId, expected }) =>
      inBatches(expected, (piece) =>
        versions(db, siteId)
          .where(rowsIn(piece, "a.kind", "a.key", "v.label"))
          .execute(),
      ),
  },
  gates: {
    id: ["id"],
    name: ({ id }) => `the gate ${id}`,
    find: async (db, { expected }) => {
      const ids = expected.map((row) => column(row, "id"));
      const rows = await db.selectFrom("gates").selectAll().where("id", "in", ids).execute();
      return rows.map((row) => ({ ...row, rules: canonicalRules(row.rules) }));
    },
  },
  releases: byId("releases", "id", ({ number }) => `release ${number}`),
  release_contents: {
    id: ["kind", "key"],
    complete: true,
    name: ({ kind, key }) => `the ${kind} ${key} in it`,
    find: async (db, { siteId, entry }) => {
      const rows = await db
        .selectFrom("release_contents as r")
        .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "r.artifact_id").on("a.site_id", "=", siteId))
        .leftJoin("versions as v", (join) =>
          join.onRef("v.id", "=", "r.version_id").onRef("v.artifact_id", "=", "r.artifact_id"),
        )
        .select(["r.release_id", "a.kind", "a.key", "r.version_id", "v.label as version", "r.redirect"])
        .where("r.release_id", "=", entry.subject_id ?? "")
        .execute();
      return rows.map(withVersionLabel);
    },
  },
  release_marks: byId("release_marks", "id", () => "the mark of it"),
  promotions: byId("promotions", "id", ({ number }) => `promotion ${number}`),
  approvals: byId("approvals", "id", ({ role }) => `the decision of a ${role} on it`),
  page_comments: {
    id: ["kind", "key"],
    complete: true,
    name: ({ key }) => `the comment on ${key}`,
    find: (db, { siteId, entry }) =>
      db
        .selectFrom("page_comments as c")
        .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "c.artifact_id").on("a.site_id", "=", siteId))
        .select(["c.approval_id", "a.kind", "a.key", "c.comment"])
        .where("c.approval_id", "=", (entry.details.id ?? "") as string)
        .execute(),
  },
  comments: byId("comments", "id", () => "the comment"),
  schedules: byId("schedules", "id", () => "the plan of a promotion"),
  due_moments: byId("due_moments", "id", () => "the planned moment of a promotion"),
  withdrawals: byId("withdrawals", "approval_id", () => "the withdrawal of an approval"),
  checklist_ticks: byId("checklist_ticks", "id", ({ line }) => `the tick of “${line}”`),
  cancellations: byId("cancellations", "promotion_id", () => "the cancellation"),
  forced_reviews: byId("forced_reviews", "promotion_id", () => "the review of its completion"),
  forced_completions: {
    id: ["promotion_id"],
    complete: true,
    name: () => "its completion without the gate",
    find: (db, { entry }) =>
      db
        .selectFrom("forced_completions")
        .selectAll()
        .where("promotion_id", "=", entry.subject_id ?? "")
        .execute(),
  },
  completions: byId("completions", "promotion_id", () => "the completion"),
  freezes: byId("freezes", "id", ({ number }) => `freeze ${number}`),
  freeze_ends: byId("freeze_ends", "freeze_id", () => "the end of the freeze"),
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
    // sequence numbers rise from event to event, so that an inserted row is noticed
    find: async (db, { siteId, expected, lastPlacement }) => {
      const last = Math.max(lastPlacement, ...expected.map((row) => Number(row.seq)));
      // left joins only, so that the database starts from the few sequence numbers and not from the environment
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
        .where("p.seq", ">", lastPlacement)
        .where("p.seq", "<=", last)
        .execute();
      return rows.filter((row) => row.site_id === siteId).map(({ site_id: _site, ...row }) => withVersionLabel(row));
    },
  },
  confirmations: {
    id: ["deployment_id", "kind", "key"],
    complete: true,
    name: ({ key }) => `the confirmation of ${key}`,
    find: async (db, { siteId, entry, expected }) => {
      const own = await confirmations(db, siteId)
        .where("c.deployment_id", "=", entry.subject_id ?? "")
        .execute();
      const { own: ownExpected = [], kept = [] } = Object.groupBy(expected, (row) =>
        row.deployment_id === entry.subject_id ? "own" : "kept",
      );
      const names = new Set(ownExpected.map(({ kind, key }) => artifactKey({ kind, key })));
      const others = await inBatches(kept, (piece) =>
        confirmations(db, siteId)
          .where(rowsIn(piece, "c.deployment_id", "a.kind", "a.key"))
          .execute(),
      );
      // a placement that later became redundant became a confirmation then, and that event records it
      const recorded = own.filter((row) => !row.repeated || names.has(artifactKey(row)));
      return [...recorded, ...others].map(({ repeated: _repeated, ...row }) => withVersionLabel(row));
    },
  },
  ownerships: {
    id: ["kind", "key"],
    complete: true,
    name: ({ key }) => `the owner of ${key}`,
    find: (db, { siteId, entry }) =>
      db
        .selectFrom("ownerships as o")
        .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "o.artifact_id").on("a.site_id", "=", siteId))
        .select(["o.change_id", "o.seq", "a.kind", "a.key", "o.owner_id"])
        .where("o.change_id", "=", entry.subject_id ?? "")
        .execute(),
  },
  delegations: byId("delegations", "id", () => "the delegation"),
  delegation_ends: byId("delegation_ends", "delegation_id", () => "the end of the delegation"),
  section_owners: {
    id: ["change_id"],
    complete: true,
    name: ({ section }) => `the owner of the section /${section}`,
    find: (db, { siteId, entry }) =>
      db
        .selectFrom("section_owners")
        .select(["change_id", "seq", "section", "owner_id"])
        .where("site_id", "=", siteId)
        .where("change_id", "=", entry.subject_id ?? "")
        .execute(),
  },
  former_names: {
    id: ["of_id", "until", "seq"],
    name: ({ name }) => `the former name ${name}`,
    find: (db, { siteId, entry }) =>
      db
        .selectFrom("former_names")
        .select(["of_id", "until", "seq", "name"])
        .where("site_id", "=", siteId)
        .where("seq", "=", entry.seq)
        .execute(),
  },
  repeats: {
    id: ["placement_seq"],
    complete: true,
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

const versionColumns = [
  ...(["v.id", "a.kind", "a.key", "v.label as version", "v.title"] as const),
  ...(["v.digest", "v.source", "v.requires", "v.notes", "v.created_at"] as const),
] as const;

function versions(db: Database, siteId: string) {
  return db
    .selectFrom("versions as v")
    .innerJoin("artifacts as a", (join) => join.onRef("a.id", "=", "v.artifact_id").on("a.site_id", "=", siteId))
    .select(versionColumns);
}

/** A left join, so that the database starts from the few versions and not from the site; of another site they have no kind. */
function versionsById(db: Database, siteId: string) {
  return db
    .selectFrom("versions as v")
    .leftJoin("artifacts as a", (join) => join.onRef("a.id", "=", "v.artifact_id").on("a.site_id", "=", siteId))
    .select(versionColumns);
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

function rowsIn(rows: EventTableRow[], ...columns: (keyof typeof parts)[]) {
  const tuples = rows.map((row) => sql`(${sql.join(columns.map((one) => row[parts[one]]))})`);
  return sql<boolean>`(${sql.join(columns.map((one) => sql.ref(one)))}) in (values ${sql.join(tuples)})`;
}

/** A version that belongs to another artifact has no label here. */
function withVersionLabel<R extends { version_id: string | null; version: string | null; kind: Kind | null }>(
  row: R,
): EventTableRow {
  const { version_id, version, ...more } = row;
  return { ...more, version: version_id !== null && version === null ? "of another artifact" : version };
}

function canonicalRules(rules: string): string {
  try {
    return canonicalJson(JSON.parse(rules));
  } catch {
    return rules;
  }
}
