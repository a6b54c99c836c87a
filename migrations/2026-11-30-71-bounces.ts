import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Mails that came back later, the addresses that get none any more, and who may report that. Not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, statements);
  const role = await db
    .selectFrom("roles")
    .select("permissions")
    .where("slug", "=", "administrator")
    .executeTakeFirst();
  if (!role) return;
  const permissions = JSON.stringify([...JSON.parse(role.permissions), "report_bounces"]);
  await db.updateTable("roles").set({ permissions }).where("slug", "=", "administrator").execute();
}

// mail_id: a digest is one mail with the id of its first notice
const statements = `
alter table notices add column mail_id text;
alter table notices add column bounce text;
create index notices_of_mail on notices (mail_id) where mail_id is not null;
create table bounced_addresses (
  site_id text not null references sites (id),
  email text not null,
  kind text not null check (kind in ('permanent', 'complaint')),
  reason text not null,
  at instant not null,
  primary key (site_id, email)
);
create index bounced_addresses_of_email on bounced_addresses (email);
`;
