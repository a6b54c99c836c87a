import type { SelectQueryBuilder } from "kysely";
import type { Database } from "../database/connect.ts";
import { type FindingCode, findingKinds } from "../record/finding-kinds.ts";
import { personSince, personThen } from "../record/former-names.ts";
import type { Schema } from "../schema.ts";
import { type FindingState, stateOf } from "./state-rules.ts";

export interface Finding {
  id: string;
  site_id: string;
  environment_id: string;
  environment: string;
  environment_name: string;
  server_id: string;
  server: string;
  base_url: string;
  /** Of a page, or the name of a software item; empty: the whole server. */
  path: string;
  code: FindingCode;
  sentence: string;
  content: string | null;
  opened_at: string;
  accepted_at: string | null;
  settled_at: string | null;
  settled_how: Schema["findings"]["settled_how"];
  /** Who accepted it, as they were called then, and what they are called now if that differs. */
  person: string | null;
  person_now: string | null;
  person_kind: "person" | "machine" | null;
  reason: string | null;
  state: FindingState;
  word: string;
  advice: string;
}

/** The last finding on a page of a list; `at`: when it was settled, of those that are. */
export interface FindingPosition {
  id: string;
  at?: string | undefined;
}

export interface FindingFilter {
  state: FindingState;
  environmentId?: string | undefined;
  kind?: FindingCode | undefined;
  before?: FindingPosition | undefined;
  limit: number;
}

/** The findings of a site in one state: those that are settled latest first, the others as they were opened, newest first. */
export async function listFindings(
  db: Database,
  siteId: string,
  { state, environmentId, kind, before, limit }: FindingFilter,
): Promise<Finding[]> {
  let query = selectFindings(db).limit(limit);
  if (environmentId) query = query.where("f.environment_id", "=", environmentId);
  if (!environmentId || state === "accepted") query = query.where("f.site_id", "=", siteId);
  if (kind) query = query.where("f.code", "=", kind);
  const rows = await (state === "settled" ? lastSettled(query, before) : newest(query, state, before)).execute();
  return rows.map(findingOf);
}

type Query = ReturnType<typeof selectFindings>;

const newest = (query: Query, state: "open" | "accepted", before: FindingPosition | undefined): Query => {
  const inState = query
    .where("f.settled_at", "is", null)
    .where("f.accepted_at", state === "open" ? "is" : "is not", null)
    .orderBy("f.id", "desc");
  return before ? inState.where("f.id", "<", before.id) : inState;
};

const lastSettled = (query: Query, before: FindingPosition | undefined): Query => {
  const settled = query.where("f.settled_at", "is not", null).orderBy("f.settled_at", "desc").orderBy("f.id", "desc");
  if (!before?.at) return settled;
  const { at, id } = before;
  return settled.where((eb) =>
    eb.and([eb("f.settled_at", "<=", at), eb.or([eb("f.settled_at", "<", at), eb("f.id", "<", id)])]),
  );
};

const selectFindings = (db: Database) =>
  db
    .selectFrom("findings as f")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .innerJoin("servers as s", "s.id", "f.server_id")
    .leftJoin("people as p", "p.id", "f.accepted_by")
    .select(["f.id", "f.site_id", "f.environment_id", "e.slug as environment", "e.name as environment_name"])
    .select(["f.server_id", "s.name as server", "s.base_url", "f.path", "f.code", "f.sentence", "f.content"])
    .select(["f.opened_at", "f.accepted_at", "f.settled_at", "f.settled_how", "f.reason", "p.kind as person_kind"])
    .select([
      personThen("p", "f.accepted_at", "f.site_id").$castTo<string | null>().as("person"),
      personSince("p", "f.accepted_at", "f.site_id").as("person_now"),
    ]);

type Row = Query extends SelectQueryBuilder<infer _DB, infer _TB, infer Output> ? Output : never;

function findingOf(row: Row): Finding {
  const code = row.code as FindingCode;
  return { ...row, code, state: stateOf(row), ...findingKinds[code] };
}

/** The position of a finding in the list of its state. */
export const findingPosition = ({ id, settled_at }: Finding): FindingPosition => ({
  id,
  ...(settled_at && { at: settled_at }),
});

/** A finding of a site in any state. */
export async function findFinding(db: Database, siteId: string, id: string): Promise<Finding | undefined> {
  const row = await selectFindings(db).where("f.id", "=", id).executeTakeFirst();
  return row?.site_id === siteId ? findingOf(row) : undefined;
}

/** The unsettled findings about a page or a software item on any server of a site. */
export async function findingsAbout(db: Database, siteId: string, path: string): Promise<Finding[]> {
  const query = selectFindings(db).where("f.site_id", "=", siteId).where("f.path", "=", path);
  const rows = await query.where("f.settled_at", "is", null).orderBy("e.position").orderBy("f.id").execute();
  return rows.map(findingOf);
}

/** How many findings are open in an environment, or accepted, by their codes. */
export async function countFindings(
  db: Database,
  environmentId: string,
  state: "open" | "accepted" = "open",
): Promise<{ code: FindingCode; count: number }[]> {
  const rows = await db
    .selectFrom("findings")
    .select(["code", (eb) => eb.fn.countAll<number>().as("count")])
    .where("environment_id", "=", environmentId)
    .where("settled_at", "is", null)
    .where("accepted_at", state === "open" ? "is" : "is not", null)
    .groupBy("code")
    .orderBy("code")
    .execute();
  return rows.map(({ code, count }) => ({ code: code as FindingCode, count: Number(count) }));
}
