import type { Kysely } from "kysely";
import { appendOnly, ddl } from "./ddl.ts";

/** The whole record: sites and their places, what is tracked, what was told, releases and the way through the gates, people, the chain of events. */
// biome-ignore lint/suspicious/noExplicitAny: a migration knows the schema of its day, not today's
export async function up(db: Kysely<any>): Promise<void> {
  await ddl(db, tables);
  await appendOnly(db, [
    "deployments",
    "placements",
    "confirmations",
    "corrections",
    "releases",
    "release_contents",
    "gates",
    "promotions",
    "approvals",
    "completions",
    "cancellations",
    "events",
  ]);
}

const tables = `
create table sites (
  id text primary key,
  slug text not null unique,
  name text not null,
  time_zone text not null,
  created_at instant not null,
  deployments integer not null default 0,
  releases integer not null default 0,
  promotions integer not null default 0,
  events integer not null default 0,
  head text not null default ''
);

create table environments (
  id text primary key,
  site_id text not null references sites (id),
  slug text not null,
  name text not null,
  position integer not null,
  tier text not null check (tier in ('development', 'testing', 'staging', 'production', 'other')),
  unique (site_id, slug),
  unique (site_id, position)
);

create table servers (
  id text primary key,
  environment_id text not null references environments (id),
  name text not null,
  base_url text not null,
  unique (environment_id, name)
);

create table people (
  id text primary key,
  kind text not null check (kind in ('person', 'machine')),
  name text not null,
  email text unique,
  password text,
  created_at instant not null
);

create table roles (
  slug text primary key,
  name text not null,
  permissions text not null
);

create table memberships (
  site_id text not null references sites (id),
  person_id text not null references people (id),
  role text not null references roles (slug),
  since instant not null,
  primary key (site_id, person_id, role)
);
create index memberships_of_person on memberships (person_id, site_id);

create table sessions (
  hash text primary key,
  person_id text not null references people (id),
  created_at instant not null,
  seen_at instant not null,
  expires_at instant not null
);
create index sessions_of_person on sessions (person_id);
create index sessions_by_expiry on sessions (expires_at);

create table links (
  hash text primary key,
  purpose text not null check (purpose in ('setup', 'invitation', 'reset')),
  person_id text references people (id),
  expires_at instant not null,
  used_at instant
);

create table sign_in_failures (
  id text primary key,
  email text not null,
  address text not null,
  at instant not null
);
create index sign_in_failures_by_email on sign_in_failures (email, at);
create index sign_in_failures_by_address on sign_in_failures (address, at);

create table tokens (
  id text primary key,
  site_id text not null references sites (id),
  person_id text not null references people (id),
  hash text not null unique,
  created_by text not null references people (id),
  created_at instant not null,
  expires_at instant,
  revoked_at instant
);
create index tokens_of_site on tokens (site_id, created_at);

create table intents (
  person_id text not null references people (id),
  key text not null,
  fingerprint text not null,
  answer text not null,
  at instant not null,
  primary key (person_id, key)
);

create table artifacts (
  id text primary key,
  site_id text not null references sites (id),
  kind text not null check (kind in ('page', 'software')),
  key text not null,
  title text,
  section text not null,
  owner_id text references people (id),
  unique (site_id, kind, key)
);
create index artifacts_by_section on artifacts (site_id, kind, section, key);

create table versions (
  id text primary key,
  artifact_id text not null references artifacts (id),
  label text not null,
  digest text,
  source text,
  requires text,
  notes text,
  created_at instant not null,
  first_at instant not null,
  unique (artifact_id, label)
);

create table releases (
  id text primary key,
  site_id text not null references sites (id),
  number integer not null,
  name text not null,
  notes text,
  digest text not null,
  environment_id text not null references environments (id),
  person_id text not null references people (id),
  created_at instant not null,
  unique (site_id, number)
);

create table release_contents (
  release_id text not null references releases (id),
  artifact_id text not null references artifacts (id),
  version_id text references versions (id),
  primary key (release_id, artifact_id)
);
create index release_contents_by_artifact on release_contents (artifact_id);

create table gates (
  id text primary key,
  environment_id text not null references environments (id),
  version integer not null,
  rules text not null,
  since instant not null,
  unique (environment_id, version)
);

create table promotions (
  id text primary key,
  site_id text not null references sites (id),
  number integer not null,
  release_id text not null references releases (id),
  from_id text not null references environments (id),
  environment_id text not null references environments (id),
  gate_id text references gates (id),
  digest text not null,
  note text,
  person_id text not null references people (id),
  asked_at instant not null,
  unique (site_id, number)
);
create index promotions_of_release on promotions (release_id);

create table open_promotions (
  promotion_id text primary key references promotions (id),
  site_id text not null references sites (id),
  environment_id text not null references environments (id)
);
create index open_promotions_of_site on open_promotions (site_id);

create table approvals (
  id text primary key,
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  role text not null references roles (slug),
  decision text not null check (decision in ('approve', 'reject')),
  digest text not null,
  comment text,
  decided_at instant not null,
  unique (promotion_id, person_id, decision)
);

create table cancellations (
  promotion_id text primary key references promotions (id),
  person_id text not null references people (id),
  reason text not null,
  superseded_by text references promotions (id),
  cancelled_at instant not null
);

create table looks (
  promotion_id text not null references promotions (id),
  person_id text not null references people (id),
  artifact_id text not null references artifacts (id),
  looked_at instant not null,
  primary key (promotion_id, person_id, artifact_id)
);

create table deployments (
  id text primary key,
  site_id text not null references sites (id),
  number integer not null,
  environment_id text not null references environments (id),
  effective_at instant not null,
  recorded_at instant not null,
  person_id text not null references people (id),
  promotion_id text references promotions (id),
  source text,
  note text,
  complete integer not null check (complete in (0, 1)),
  changed integer not null,
  unchanged integer not null,
  out_of_band integer not null,
  unique (site_id, number)
);
create index deployments_of_environment on deployments (environment_id, effective_at, number);
create index deployments_by_time on deployments (site_id, effective_at, number);
create index deployments_complete on deployments (environment_id, effective_at) where complete = 1;

create table placements (
  seq serial primary key,
  deployment_id text not null references deployments (id),
  environment_id text not null references environments (id),
  artifact_id text not null references artifacts (id),
  version_id text references versions (id),
  promotion_id text references promotions (id),
  out_of_band integer not null check (out_of_band in (0, 1)),
  effective_at instant not null,
  recorded_at instant not null
);
create index placements_as_of on placements (environment_id, artifact_id, effective_at, seq);
create index placements_of_artifact on placements (artifact_id, effective_at, seq);
create index placements_of_deployment on placements (deployment_id);
create index placements_by_time on placements (environment_id, effective_at, seq);

create table confirmations (
  deployment_id text not null references deployments (id),
  environment_id text not null references environments (id),
  artifact_id text not null references artifacts (id),
  version_id text references versions (id),
  promotion_id text references promotions (id),
  out_of_band integer not null,
  effective_at instant not null,
  recorded_at instant not null,
  primary key (deployment_id, artifact_id)
);
create index confirmations_by_time on confirmations (environment_id, artifact_id, effective_at);

create table completions (
  promotion_id text primary key references promotions (id),
  deployment_id text not null references deployments (id),
  person_id text not null references people (id),
  completed_at instant not null
);

create table corrections (
  id text primary key,
  placement_seq integer not null references placements (seq),
  recorded_at instant not null,
  person_id text not null references people (id),
  reason text not null
);
create index corrections_of_placement on corrections (placement_seq, recorded_at);

create table current_placements (
  environment_id text not null references environments (id),
  artifact_id text not null references artifacts (id),
  placement_seq integer not null,
  version_id text references versions (id),
  out_of_band integer not null,
  effective_at instant not null,
  primary key (environment_id, artifact_id)
);
create index current_placements_of_artifact on current_placements (artifact_id);

create table events (
  site_id text not null references sites (id),
  seq integer not null,
  recorded_at instant not null,
  person_id text not null references people (id),
  action text not null,
  subject text not null,
  subject_id text,
  environment_id text references environments (id),
  details text not null,
  previous_hash text not null,
  hash text not null,
  primary key (site_id, seq)
);
create index events_by_subject on events (site_id, subject_id, seq);
create index events_by_person on events (site_id, person_id, seq);
create index events_by_action on events (site_id, action, seq);
create index events_by_environment on events (site_id, environment_id, seq);
create index events_by_time on events (site_id, recorded_at, seq);
`;
