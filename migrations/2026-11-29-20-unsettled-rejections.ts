import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/**
 * The rejections that the requester has neither dismissed nor answered by a new request. Like the reviewers' ticks it is
 * a convenience and not part of the record. Rejections from before this table are not listed.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
}

const statements = `
create table unsettled_rejections (
  promotion_id text primary key references promotions (id),
  site_id text not null references sites (id),
  environment_id text not null references environments (id)
);
create index unsettled_rejections_of_site on unsettled_rejections (site_id);
`;
