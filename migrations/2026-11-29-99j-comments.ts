import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/**
 * Comments on promotions, which decide nothing. Whom they mention is JSON, and those who have not opened the promotion since
 * are in a table of their own, which like the reviewers' ticks is a convenience and not part of the record.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
  await appendOnly(db, ["comments"]);
}

const statements = `
create table comments (
  id text primary key,
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  comment text not null,
  mentioned text not null,
  seq integer not null,
  commented_at instant not null
);
create index comments_of_promotion on comments (promotion_id, seq);
create table unread_mentions (
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  site_id text not null references sites (id),
  primary key (person_id, site_id, promotion_id)
);
`;
