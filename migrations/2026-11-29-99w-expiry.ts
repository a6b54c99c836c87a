import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Promotions and approvals that expired: when they were due. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
alter table cancellations add column expired_at instant;
alter table withdrawals add column expired_at instant;
create index cancellations_expired on cancellations (promotion_id) where expired_at is not null;
`;
