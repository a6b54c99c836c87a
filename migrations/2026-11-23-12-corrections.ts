import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/**
 * What is corrected is what a deployment said of one page or software, or (no artifact) the deployment as a whole, so
 * that it stays corrected in whichever way it was kept. A correction can be corrected in turn, once: a chain for each.
 * Nobody had corrected anything before this day.
 */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
  await appendOnly(db, ["corrections"]);
}

const tables = `
drop table corrections;

create table corrections (
  id text primary key,
  whole_id text references corrections (id),
  corrected_id text not null references deployments (id),
  artifact_id text references artifacts (id),
  placement_seq integer references placements (seq),
  stands integer not null check (stands in (0, 1)),
  correction_id text unique references corrections (id),
  deployment_id text references deployments (id) deferrable initially deferred,
  recorded_at instant not null,
  person_id text not null references people (id),
  reason text,
  check ((correction_id is null and stands = 0) or correction_id is not null),
  check ((reason is null) = (whole_id is not null))
);

create unique index corrections_first on corrections (corrected_id, coalesce(artifact_id, '')) where correction_id is null;
create index corrections_of on corrections (corrected_id, artifact_id, recorded_at);
create index corrections_of_artifact on corrections (artifact_id) where artifact_id is not null;
create index corrections_of_whole on corrections (whole_id) where whole_id is not null;

alter table repeats add column correction_id text references corrections (id);
create index repeats_of_correction on repeats (correction_id) where correction_id is not null;
`;
