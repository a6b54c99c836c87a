import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/**
 * What a rejection asks to be changed on single pages, and what an approver has written about them before they decide,
 * which like their ticks is a convenience and not part of the record. And from which release another one was made.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
  await appendOnly(db, ["page_comments"]);
}

const statements = `
create table page_comments (
  approval_id text not null references approvals (id),
  artifact_id text not null references artifacts (id),
  comment text not null,
  primary key (approval_id, artifact_id)
);
create table page_drafts (
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  artifact_id text not null references artifacts (id),
  comment text not null,
  primary key (promotion_id, person_id, artifact_id)
);
alter table releases add column made_from text references releases (id);
`;
