import { type Kysely, SqliteAdapter, sql } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** Approvals can be withdrawn, after which the same person may approve again. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  if (db.getExecutor().adapter instanceof SqliteAdapter) await rewriteApprovals(db);
  else await sql`alter table approvals drop constraint approvals_promotion_id_person_id_decision_key`.execute(db);
  await ddl(db, "create index approvals_of_promotion on approvals (promotion_id, person_id)");
  await ddl(db, withdrawals);
  await appendOnly(db, ["withdrawals"]);
}

/** SQLite cannot drop a constraint. */
// biome-ignore lint/suspicious/noExplicitAny: as above
async function rewriteApprovals(db: Kysely<any>): Promise<void> {
  for (const change of ["update", "delete"]) await sql.raw(`drop trigger approvals_refuse_${change}`).execute(db);
  await sql`alter table approvals rename to approvals_before`.execute(db);
  await ddl(db, approvals);
  await sql`insert into approvals select * from approvals_before order by rowid`.execute(db);
  await sql`drop table approvals_before`.execute(db);
  await appendOnly(db, ["approvals"]);
}

const approvals = `
create table approvals (
  id text primary key,
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  role text not null references roles (slug),
  decision text not null check (decision in ('approve', 'reject')),
  digest text not null,
  comment text,
  decided_at instant not null,
  reviewed integer,
  to_review integer
)`;

const withdrawals = `
create table withdrawals (
  approval_id text primary key references approvals (id),
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  reason text not null,
  withdrawn_at instant not null
);
create index withdrawals_of_promotion on withdrawals (promotion_id);
`;
