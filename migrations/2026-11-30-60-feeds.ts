import type { Kysely } from "kysely";
import { ddl } from "./ddl.ts";

/** Secret addresses at which programs read a feed of a site. A convenience of who created it, not part of the record. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
}

const tables = `
create table feeds (
  id text primary key,
  site_id text not null references sites (id),
  person_id text not null references people (id),
  kind text not null check (kind in ('environment', 'calendar', 'badge_environment', 'badge_software', 'badge_promotion')),
  name text,
  environment_id text references environments (id),
  artifact_id text references artifacts (id),
  promotion_id text references promotions (id),
  hash text not null unique,
  created_at instant not null,
  used_at instant,
  revoked_at instant
);
create index feeds_in_use on feeds (site_id, person_id) where revoked_at is null;
`;
