import { type Insertable, sql } from "kysely";
import type { Person } from "../../src/access/actor.ts";
import type { Site } from "../../src/access/sites.ts";
import { type Database, isPostgres } from "../../src/database/connect.ts";
import { newId, sha256 } from "../../src/database/ids.ts";
import { resetPointers } from "../../src/integrity/orphan-checks.ts";
import { foldedText } from "../../src/record/artifact-filter.ts";
import { hashEntry } from "../../src/record/chain.ts";
import { sortKey } from "../../src/record/keys.ts";
import type { Schema } from "../../src/schema.ts";
import { batched } from "./batched.ts";

export interface Size {
  pages: number;
  placements: number;
}

/** The lines of each deployment. */
const lines = 100;
/** One page changes in every round: its history is long in every size. */
const busy = 3;
const hourMs = 3_600_000;

/**
 * Writes a history of this size directly into the tables, as the verbs would have: everything on beta, demo and live,
 * then round after round of 100 new versions on beta, which are promoted to demo and live. The chain is complete, but its
 * events do not list their placements, so `verify` would fail.
 */
export async function fillHistory(
  db: Database,
  site: Site,
  people: Person[],
  { pages, placements }: Size,
): Promise<void> {
  const at = clock(pages, placements);
  const artifacts = Array.from({ length: pages }, (_, i) => artifactOf(site, i));
  await relaxDurability(db);
  const write = batched(db);
  const start = await db
    .selectFrom("sites")
    .select(["events", "head"])
    .where("id", "=", site.id)
    .executeTakeFirstOrThrow();
  const { last } = await db
    .selectFrom("placements")
    .select((eb) => eb.fn.max("seq").as("last"))
    .executeTakeFirstOrThrow();
  const writer = new HistoryWriter(write, site, people, { ...start, placements: last ?? 0 });
  for (const { row } of artifacts) await write("artifacts", row);
  for (let i = 0; i < pages; i += 1000)
    for (const environment of site.environments)
      await writer.deploy(environment.id, at(0), artifacts.slice(i, i + 1000), 1);
  const rounds = Math.max(0, Math.floor((placements - 3 * pages) / (3 * lines)));
  for (let round = 1; round <= rounds; round++) {
    const changed = Array.from({ length: lines }, (_, i) => artifacts[(round * lines + i) % pages] as Artifact);
    await writer.promoteToLive(
      [...new Set([artifacts[busy] as Artifact, ...changed])].slice(0, lines),
      at(round),
      1 + round,
    );
  }
  await write.end();
  await db.updateTable("sites").set(writer.counters()).where("id", "=", site.id).execute();
  await resetPointers(db, site.id);
}

/** Makes SQLite faster: a database that is being filled need not survive a crash. */
async function relaxDurability(db: Database): Promise<void> {
  if (isPostgres(db)) return;
  for (const pragma of [
    "synchronous = off",
    "cache_size = -2000000",
    "wal_autocheckpoint = 100000",
    "foreign_keys = off",
  ])
    await sql.raw(`pragma ${pragma}`).execute(db);
}

/** The time of each round: evenly from 2020 to yesterday. */
function clock(pages: number, placements: number): (round: number) => number {
  const rounds = Math.max(1, (placements - 3 * pages) / (3 * lines));
  const [from, to] = [Date.parse("2020-01-01T00:00:00.000Z"), Date.now() - 24 * hourMs];
  return (round) => Math.floor(from + ((to - from) * round) / (rounds + 1));
}

interface Artifact {
  row: Insertable<Schema["artifacts"]>;
  /** The ids of its versions by their numbers. */
  versions: Map<number, string>;
}

function artifactOf(site: Site, i: number): Artifact {
  const software = i % 50 === 49;
  const section = software ? "" : `section-${String(Math.floor(i / 100)).padStart(4, "0")}`;
  const key = software ? `service-${i}` : `/${section}/page-${String(i).padStart(6, "0")}`;
  const kind = software ? "software" : "page";
  const row = { id: newId(), site_id: site.id, kind, key, title: `Page number ${i}`, section, owner_id: null } as const;
  return { row: { ...row, folded: foldedText(row), sort_key: sortKey(key) }, versions: new Map() };
}

class HistoryWriter {
  readonly #write: ReturnType<typeof batched>;
  readonly #site: Site;
  readonly #people: Person[];
  #numbers = { deployments: 0, releases: 0, promotions: 0, events: 0 };
  #head = "";
  #seq: number;

  constructor(
    write: ReturnType<typeof batched>,
    site: Site,
    people: Person[],
    { events, head, placements }: { events: number; head: string; placements: number },
  ) {
    this.#seq = placements;
    this.#numbers.events = events;
    this.#head = head;
    this.#write = write;
    this.#site = site;
    this.#people = people;
  }

  counters() {
    return { ...this.#numbers, head: this.#head };
  }

  async deploy(environmentId: string, ms: number, artifacts: Artifact[], version: number, promotionId?: string) {
    const at = new Date(ms).toISOString();
    const id = newId(ms);
    await this.#write("deployments", {
      id,
      site_id: this.#site.id,
      number: ++this.#numbers.deployments,
      environment_id: environmentId,
      effective_at: at,
      recorded_at: at,
      person_id: this.#person(0).id,
      promotion_id: promotionId ?? null,
      source: null,
      note: null,
      complete: 0,
      changed: artifacts.length,
      unchanged: 0,
      out_of_band: 0,
    });
    for (const artifact of artifacts)
      await this.#write("placements", {
        seq: ++this.#seq,
        deployment_id: id,
        environment_id: environmentId,
        artifact_id: artifact.row.id,
        version_id: await this.#version(artifact, version, at),
        promotion_id: promotionId ?? null,
        out_of_band: 0,
        effective_at: at,
        recorded_at: at,
      });
    const subject = `deployment ${this.#numbers.deployments}`;
    await this.#event(at, "deployment_recorded", subject, id, environmentId, { changed: artifacts.length });
    return id;
  }

  /** Deploys new versions on beta, and promotes them to demo and live. */
  async promoteToLive(artifacts: Artifact[], ms: number, version: number) {
    const [beta, demo, live] = this.#site.environments.map(({ id }) => id) as [string, string, string];
    await this.deploy(beta, ms, artifacts, version);
    const release = await this.#release(artifacts, beta, ms);
    await this.#promote(release, beta, demo, ms + hourMs, artifacts, version);
    await this.#promote(release, demo, live, ms + 2 * hourMs, artifacts, version);
  }

  async #release(artifacts: Artifact[], from: string, ms: number) {
    const id = newId(ms);
    const number = ++this.#numbers.releases;
    await this.#write("releases", {
      id,
      site_id: this.#site.id,
      number,
      name: `Release ${number}`,
      notes: null,
      digest: sha256(id),
      environment_id: from,
      person_id: this.#person(0).id,
      created_at: new Date(ms).toISOString(),
    });
    for (const { row, versions } of artifacts)
      await this.#write("release_contents", {
        release_id: id,
        artifact_id: row.id,
        version_id: [...versions.values()].at(-1) as string,
      });
    return id;
  }

  async #promote(releaseId: string, from: string, to: string, ms: number, artifacts: Artifact[], version: number) {
    const at = new Date(ms).toISOString();
    const environment = this.#site.environments.find(({ id }) => id === to);
    const role = environment?.gate?.requirements[0]?.role as string;
    const id = newId(ms);
    const number = ++this.#numbers.promotions;
    const digest = sha256(id);
    await this.#write("promotions", {
      id,
      site_id: this.#site.id,
      number,
      release_id: releaseId,
      from_id: from,
      environment_id: to,
      gate_id: environment?.gate?.id ?? null,
      digest,
      note: null,
      person_id: this.#person(0).id,
      asked_at: at,
    });
    await this.#event(at, "promotion_asked", `promotion ${number}`, id, to, { number });
    const person_id = this.#person(1).id;
    const decision = { id: newId(ms), promotion_id: id, person_id, role, decision: "approve", digest } as const;
    await this.#write("approvals", { ...decision, comment: null, decided_at: at });
    await this.#event(at, "promotion_approved", `promotion ${number}`, id, to, { number });
    const deployment_id = await this.deploy(to, ms + 60_000, artifacts, version, id);
    await this.#write("completions", {
      promotion_id: id,
      deployment_id,
      person_id: this.#person(0).id,
      completed_at: at,
    });
    await this.#event(at, "promotion_completed", `promotion ${number}`, id, to, { number });
  }

  async #version(artifact: Artifact, number: number, at: string): Promise<string> {
    const existing = artifact.versions.get(number);
    if (existing) return existing;
    const id = newId();
    // older versions are not needed again
    artifact.versions.clear();
    artifact.versions.set(number, id);
    await this.#write("versions", {
      id,
      artifact_id: artifact.row.id,
      label: `v${number}`,
      digest: null,
      source: null,
      requires: null,
      notes: null,
      created_at: at,
      first_at: at,
    });
    return id;
  }

  async #event(at: string, action: string, subject: string, subject_id: string, environment_id: string, more: object) {
    const details = { ...more, person: this.#person(0).name };
    const person_id = this.#person(0).id;
    const seq = ++this.#numbers.events;
    const entry = { seq, recorded_at: at, person_id, action, subject, subject_id, environment_id, details };
    const hash = hashEntry(this.#head, entry);
    const row = { ...entry, site_id: this.#site.id, details: JSON.stringify(details), previous_hash: this.#head, hash };
    await this.#write("events", row);
    this.#head = hash;
  }

  #person(i: number): Person {
    return this.#people[i] as Person;
  }
}
