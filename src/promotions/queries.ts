import { sql } from "kysely";
import { type Gate, readGate } from "../access/gates.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";
import type { Blocker } from "../errors.ts";
import { endOfTime } from "../record/as-of.ts";
import { deciderThen, formerNames, nameAt, personSince, personThen } from "../record/former-names.ts";
import { openMarkId, withMarks } from "../record/release-marks.ts";
import { roleNamesOverTime, roleSince, roleThen } from "../record/role-names.ts";
import { requestFieldNames } from "./fields.ts";
import { pageCommentsOf } from "./page-comments.ts";
import { recordersOf } from "./recorders.ts";
import { endedAt, isOpen, type PromotionState, requirementsOf, stateOf } from "./rules.ts";
import { schedulesOf } from "./schedule-queries.ts";

export type Promotion = NonNullable<Awaited<ReturnType<typeof findPromotion>>>;

export interface Listing {
  /** Only open ones, or only those that have ended. */
  open?: boolean | undefined;
  /** Only those with a lower number than this one, with which the page before ended. */
  before?: number | undefined;
  /** Only promotions of these releases, by their ids, all of which must be the site's. */
  releases?: string[] | undefined;
  /** Only promotions with these numbers. */
  numbers?: number[] | undefined;
  /** Only these promotions of the site, by their ids. */
  ids?: string[] | undefined;
  /** Only promotions to this environment, by its id. */
  environment?: string | undefined;
  limit?: number | undefined;
}

export async function findPromotion(db: Database, siteId: string, number: number) {
  const [row] = await selectByNumber(db, siteId, number);
  return row && (await withState(db, [row]))[0];
}

const selectByNumber = precompiled((db, siteId: string, number: number) =>
  promotions(db).where("p.site_id", "=", siteId).where("p.number", "=", number),
);

/** Newest first. */
export async function listPromotions(
  db: Database,
  siteId: string,
  { open, before, releases, numbers, ids: requestedIds, environment, limit = 50 }: Listing = {},
) {
  const isPlain = [before, releases, numbers, environment].every((condition) => condition === undefined);
  // open ones in a query of their own: they are few, and in one query PostgreSQL would read all promotions there ever were
  const ids = open ? (await selectOpenIds(db, siteId)).map((row) => row.promotion_id) : requestedIds;
  if (ids?.length === 0) return [];
  if (isPlain && ids) return withState(db, await selectByIds(db, ids, limit));
  if (isPlain && open === false) return withState(db, await selectEnded(db, siteId, siteId, limit));
  let query = newestFirst(db, limit);
  // not both: with a list, the condition on the site would make SQLite read all of its promotions
  if (releases) query = query.where("p.release_id", "in", releases);
  else if (ids) query = query.where("p.id", "in", ids);
  else query = query.where("p.site_id", "=", siteId);
  if (open === false) query = query.where("p.id", "not in", openIds(db, siteId));
  if (before !== undefined) query = query.where("p.number", "<", before);
  if (numbers) query = query.where("p.number", "in", numbers);
  if (environment) query = query.where("p.environment_id", "=", environment);
  return withState(db, await query.execute());
}

const openIds = (db: Database, siteId: string) =>
  db.selectFrom("open_promotions").select("promotion_id").where("site_id", "=", siteId);

const newestFirst = (db: Database, limit: number) => promotions(db).orderBy("p.number", "desc").limit(limit);

const selectOpenIds = precompiled(openIds);

const selectByIds = precompiled((db, ids: string[], limit: number) => newestFirst(db, limit).where("p.id", "in", ids));

const selectEnded = precompiled((db, siteId: string, sameSiteId: string, limit: number) =>
  newestFirst(db, limit).where("p.site_id", "=", siteId).where("p.id", "not in", openIds(db, sameSiteId)),
);

/** Newest first. Ends are found in SQL; which of the few open promotions are approved is decided by `stateOf`. */
export async function listInState(
  db: Database,
  siteId: string,
  state: PromotionState,
  { before, limit = 50 }: Pick<Listing, "before" | "limit"> = {},
) {
  if (isOpen(state)) {
    const open = await listPromotions(db, siteId, { open: true, before, limit: Number.MAX_SAFE_INTEGER });
    return open.filter((promotion) => promotion.state === state).slice(0, limit);
  }
  // few expire, so these are found from their ends
  if (state === "expired") return listPromotions(db, siteId, { ids: await expiredIds(db, siteId), before, limit });
  let query = promotions(db).where("p.site_id", "=", siteId).orderBy("p.number", "desc").limit(limit);
  query = query.where(endedAs(state));
  if (before !== undefined) query = query.where("p.number", "<", before);
  return withState(db, await query.execute());
}

async function expiredIds(db: Database, siteId: string): Promise<string[]> {
  const expired = db
    .selectFrom("cancellations as c")
    .innerJoin("promotions as p", "p.id", "c.promotion_id")
    .select("p.id")
    .where("c.expired_at", "is not", null)
    // as an expression, or SQLite would read all promotions of the site
    .where(sql<boolean>`(p.site_id || '') = ${siteId}`)
    .where(sql<boolean>`not exists (select 1 from completions x where x.promotion_id = p.id)`);
  return (await expired.execute()).map(({ id }) => id);
}

function endedAs(state: PromotionState) {
  const ends: Partial<Record<PromotionState, ReturnType<typeof sql>>> = {
    completed: sql`completions x where x.promotion_id = p.id`,
    rejected: sql`approvals x where x.promotion_id = p.id and x.decision = 'reject'`,
    cancelled: sql`cancellations x where x.promotion_id = p.id and x.superseded_by is null and x.expired_at is null`,
    superseded: sql`cancellations x where x.promotion_id = p.id and x.superseded_by is not null`,
  };
  const end = ends[state];
  return end ? sql<boolean>`exists (select 1 from ${end})` : sql<boolean>`1 = 0`;
}

function promotions(db: Database) {
  return db
    .selectFrom("promotions as p")
    .innerJoin("releases as r", "r.id", "p.release_id")
    .innerJoin("environments as e", "e.id", "p.environment_id")
    .innerJoin("environments as f", "f.id", "p.from_id")
    .innerJoin("people as requester", "requester.id", "p.person_id")
    .leftJoin("gates as g", "g.id", "p.gate_id")
    .leftJoin("open_promotions as o", "o.promotion_id", "p.id")
    .select(["p.rollback_of_id", "p.rollback_in_part", rolledBackNumber.as("rollback_of")])
    .select(["p.id", "p.number", "p.digest", "p.asked_at", "p.person_id as requester_id"])
    .select([
      personThen("requester", "p.asked_at", "p.site_id").as("asked_by"),
      personSince("requester", "p.asked_at", "p.site_id").as("asked_by_now"),
    ])
    .select("requester.kind as requester_kind")
    .select(requestFieldNames.map((name) => `p.${name}` as const))
    .select(["p.release_id", "r.number as release", "r.name", "r.notes as release_notes", "r.digest as release_digest"])
    .select(["r.person_id as maker_id", "r.environment_id as made_in_id"])
    .select(["p.environment_id", "e.slug as to_slug", "e.name as to_name", "e.tier as to_tier"])
    .select(["p.from_id", "f.slug as from_slug", "f.name as from_name", "f.tier as from_tier"])
    .select(["g.id as gate_id", "g.version as gate_version", "g.rules as gate_rules", "o.promotion_id as opened"])
    .select([
      newestGate.as("newest_gate"),
      takesDown.as("takes_down"),
      plans.as("plans"),
      openMarkId("r").as("bad_id"),
    ]);
}

/** The version of the gate in force in its target; null if that has none. One index seek a row. */
const newestGate = sql<number | null>`(select max(n.version) from gates n where n.environment_id = p.environment_id)`;

/** The number of the promotion that it rolls back. */
const rolledBackNumber = sql<number | null>`(select back.number from promotions back where back.id = p.rollback_of_id)`;

/** How often it was planned: few promotions ever are. */
const plans = sql<number>`(select count(*) from schedules sc where sc.promotion_id = p.id)`;

/** Whether its release was prepared as the take-down of another promotion. */
const takesDown = sql<number>`(select count(*) from schedules td where td.take_down_release_id = p.release_id)`;

type Row = Awaited<ReturnType<ReturnType<typeof promotions>["execute"]>>[number];

/** Adds approvals, completion and cancellation, and the state and requirements that follow from them. */
async function withState(db: Database, rows: Row[]) {
  if (!rows.length) return [];
  const ids = rows.map((row) => row.id);
  const ended = rows.filter((row) => !row.opened).map((row) => row.id);
  const environments = rows.filter((row) => !row.opened).flatMap((row) => [row.environment_id, row.from_id]);
  const [approvals, completions, cancellations, names, former] = await Promise.all([
    approvalsOf(db, ids),
    ended.length ? completionsOf(db, ended) : [],
    ended.length ? cancellationsOf(db, ended) : [],
    roleNamesOverTime(db),
    ended.length ? formerNames(db, [...new Set(environments)]) : [],
  ]);
  const pages = await pageCommentsOf(
    db,
    approvals.filter((approval) => approval.decision === "reject").map((approval) => approval.id),
  );
  const recorders = await recordersOf(
    db,
    rows.filter((row) => row.opened && excludesRecorders(row)).map((row) => row.release_id),
  );
  const withChecklist = rows.filter((row) => gateOf(row)?.checklist.length).map((row) => row.id);
  const ticks = withChecklist.length ? await ticksOf(db, withChecklist) : [];
  const planned = rows.filter((row) => row.plans > 0).map((row) => row.id);
  const schedules = await schedulesOf(db, planned);
  const marked = await withMarks(db, rows);
  return marked.map(
    ({ gate_id, gate_version, gate_rules, newest_gate, opened: _opened, takes_down, plans: _plans, ...row }) => {
      const gate = gateOf({ gate_id, gate_version, gate_rules });
      const of = <T extends { promotion_id: string }>(list: T[]) =>
        list.filter(({ promotion_id }) => promotion_id === row.id);
      const schedule = schedules.get(row.id) ?? null;
      const is_take_down = row.rollback_of_id !== null && takes_down > 0;
      const facts = {
        ...row,
        /** What approvals are bound to: with the contents of the take-down, if there is one. */
        digest: schedule?.digest ?? row.digest,
        requested_digest: row.digest,
        gate,
        schedule,
        is_take_down,
        /** Whether its target has another gate by now; it keeps the one under which it was requested. */
        gate_changed: newest_gate !== gate_version && !is_take_down,
        approvals: of(approvals).map((approval) => ({
          ...approval,
          pages: pages.get(approval.id) ?? [],
          carried_over: readCarriedOver(approval.carried_over),
        })),
        completion: completionOf(of(completions)),
        cancellation: of(cancellations)[0] ?? null,
      };
      const state = stateOf(facts);
      const ended_at = endedAt(facts) ?? null;
      const then = (environment: { id: string; name: string }) => nameAt(former, environment, ended_at ?? endOfTime);
      const to = { id: row.environment_id, slug: row.to_slug, name: row.to_name, tier: row.to_tier };
      const from = { id: row.from_id, slug: row.from_slug, name: row.from_name, tier: row.from_tier };
      return {
        ...facts,
        state,
        open: isOpen(state),
        ended_at,
        environment: { ...to, name: then(to) },
        from: { ...from, name: then(from) },
        requirements: requirementsOf(facts, names(ended_at)),
        /** Who recorded any of it, and so may not approve it. */
        recorders: recorders.get(row.release_id) ?? [],
        checklist: checklistOf(gate, of(ticks)),
        /** How often a line of it was ticked or unticked. */
        ticks: of(ticks).length,
      };
    },
  );
}

const gateOf = ({ gate_id, gate_version, gate_rules }: Pick<Row, "gate_id" | "gate_version" | "gate_rules">) =>
  readGate(gate_id && gate_rules ? { id: gate_id, version: gate_version ?? 1, rules: gate_rules } : undefined);

const excludesRecorders = (row: Row): boolean => gateOf(row)?.recorders_may_approve === false;

/** The lines of the gate's checklist, each with who ticked it last; null if it is not ticked. */
function checklistOf<T extends { line: string; ticked: number }>(gate: Gate | null, ticks: T[]) {
  return (gate?.checklist ?? []).map((line) => {
    const last = ticks.findLast((tick) => tick.line === line);
    return { line, tick: last?.ticked ? last : null };
  });
}

/** What was ticked and unticked on these promotions, oldest first. */
const ticksOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("checklist_ticks as t")
    .innerJoin("people as p", "p.id", "t.person_id")
    .innerJoin("promotions as pr", "pr.id", "t.promotion_id")
    .select(["t.promotion_id", "t.line", "t.ticked", "t.ticked_at", "p.kind"])
    .select([
      personThen("p", "t.ticked_at", "pr.site_id").as("person"),
      personSince("p", "t.ticked_at", "pr.site_id").as("person_now"),
    ])
    .where("t.promotion_id", "in", ids)
    .orderBy("t.promotion_id")
    .orderBy("t.seq"),
);

/** Which pages an approval took over from one on an earlier promotion. */
const readCarriedOver = (text: string | null) =>
  text === null ? null : (JSON.parse(text) as { promotion: number; pages: string[] });

type CompletionRow = Awaited<ReturnType<typeof completionsOf>>[number];

function completionOf([row]: CompletionRow[]) {
  if (!row) return null;
  const { forced_reason, forced_blockers, reviewer_id, review_comment, reviewed_at, ...more } = row;
  const { reviewer, reviewer_now, reviewer_kind, ...completion } = more;
  const review = reviewer_id !== null &&
    reviewed_at !== null && {
      person_id: reviewer_id,
      person: reviewer ?? "",
      person_now: reviewer_now,
      kind: reviewer_kind ?? ("person" as const),
      comment: review_comment,
      reviewed_at,
    };
  const forced = forced_reason !== null && {
    reason: forced_reason,
    blockers: JSON.parse(forced_blockers ?? "[]") as Blocker[],
    review: review || null,
  };
  return { ...completion, corrected: row.corrected > 0, forced: forced || null };
}

/** How many roles, or of the role in which they decided, the person has on the site now. */
const stillHas = (what: "role" | "any") => sql<number>`(
  select count(*) from memberships m where m.person_id = coalesce(a.for_id, a.person_id) and m.site_id = pr.site_id
    ${what === "role" ? sql`and m.role = a.role` : sql``})`;

const approvalsOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("approvals as a")
    .innerJoin("people as p", "p.id", "a.person_id")
    .innerJoin("roles as r", "r.slug", "a.role")
    .select([
      "a.promotion_id",
      "a.person_id",
      deciderThen("p", "f", "a.decided_at", "pr.site_id").as("person"),
      personThen("p", "a.decided_at", "pr.site_id").as("substitute"),
      personThen("f", "a.decided_at", "pr.site_id").as("for_person"),
      personSince("p", "a.decided_at", "pr.site_id").as("person_now"),
      "a.for_id",
      "p.kind",
      "a.role",
      roleThen("r", "a.decided_at").as("role_name"),
      roleSince("r", "a.decided_at").as("role_now"),
      "a.decision",
      "a.digest",
    ])
    .innerJoin("promotions as pr", "pr.id", "a.promotion_id")
    .leftJoin("people as f", "f.id", "a.for_id")
    .leftJoin("withdrawals as w", "w.approval_id", "a.id")
    .select(["a.id", "a.comment", "a.decided_at", "a.reviewed", "a.to_review", "a.carried_over", "a.identity"])
    .select(["w.withdrawn_at", "w.reason as withdrawal_reason", "w.expired_at"])
    .select([stillHas("role").as("has_role"), stillHas("any").as("has_any")])
    .where("a.promotion_id", "in", ids)
    .orderBy("a.decided_at")
    .orderBy("a.id"),
);

/** Whether something that a deployment recorded was found to be wrong, and still is. */
const hasCorrections = (deployment: string) => sql<number>`(
  select count(*) from (
    select 1 from corrections co
    where co.corrected_id = ${sql.ref(deployment)} and co.stands = 0
      and not exists (select 1 from corrections ca where ca.correction_id = co.id) limit 1) found)`;

/** Of the latest rollback of the promotion `c` that is completed, or of the one that is open; null if there is none. */
const rollbackOf = (table: "completions" | "open_promotions", column: "number" | "rollback_in_part" = "number") =>
  sql<number | null>`(
  select ${sql.ref(`x.${column}`)} from promotions x join ${sql.table(table)} xs on xs.promotion_id = x.id
  where x.rollback_of_id = c.promotion_id order by x.number desc limit 1)`;

const completionsOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("completions as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .innerJoin("promotions as pr", "pr.id", "c.promotion_id")
    .innerJoin("deployments as d", "d.id", "c.deployment_id")
    .leftJoin("forced_completions as fc", "fc.promotion_id", "c.promotion_id")
    .leftJoin("forced_reviews as fr", "fr.promotion_id", "c.promotion_id")
    .leftJoin("people as reviewer", "reviewer.id", "fr.person_id")
    .select(["fc.reason as forced_reason", "fc.blockers as forced_blockers", "reviewer.kind as reviewer_kind"])
    .select(["fr.person_id as reviewer_id", "fr.comment as review_comment", "fr.reviewed_at"])
    .select([
      personThen("reviewer", "fr.reviewed_at", "pr.site_id").$castTo<string | null>().as("reviewer"),
      personSince("reviewer", "fr.reviewed_at", "pr.site_id").$castTo<string | null>().as("reviewer_now"),
    ])
    .select([
      "c.promotion_id",
      "c.person_id",
      personThen("p", "c.completed_at", "pr.site_id").as("person"),
      personSince("p", "c.completed_at", "pr.site_id").as("person_now"),
      "p.kind",
      "c.completed_at",
      "c.freeze_override",
      "c.deployment_id",
      "d.number as deployment",
      "d.effective_at",
    ])
    .select(hasCorrections("d.id").as("corrected"))
    .select([rollbackOf("completions").as("rolled_back_by"), rollbackOf("open_promotions").as("rollback_open")])
    .select([
      rollbackOf("completions", "rollback_in_part").as("rolled_back_in_part"),
      rollbackOf("open_promotions", "rollback_in_part").as("rollback_open_in_part"),
    ])
    .where("c.promotion_id", "in", ids),
);

const cancellationsOf = precompiled((db, ids: string[]) =>
  db
    .selectFrom("cancellations as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .innerJoin("promotions as pr", "pr.id", "c.promotion_id")
    .leftJoin("promotions as s", "s.id", "c.superseded_by")
    .select([
      "c.promotion_id",
      "c.person_id",
      personThen("p", "c.cancelled_at", "pr.site_id").as("person"),
      personSince("p", "c.cancelled_at", "pr.site_id").as("person_now"),
      "p.kind",
      "c.reason",
      "c.expired_at",
      "s.number as superseded_by",
      "c.cancelled_at",
    ])
    .where("c.promotion_id", "in", ids),
);
