import { sql } from "kysely";
import { withoutTriggers } from "../database/append-only.ts";
import { inBatches } from "../database/batches.ts";
import { type Database, isPostgres } from "../database/connect.ts";
import { lockSite } from "../database/locks.ts";
import { Refusal } from "../errors.ts";
import { artifactIds, foldTitles } from "../record/artifacts.ts";
import { chainEntry, walkChain } from "../record/chain.ts";
import type { Action } from "../record/events.ts";
import { resetFirstSeenWhere } from "../record/first-seen.ts";
import { sortKey } from "../record/keys.ts";
import { dropSectionCounts } from "../record/section-counts.ts";
import { artifactKey } from "../text.ts";
import { type EventTableRow, type RecordTable, recordTables, rowsOfEvent } from "./event-rows.ts";
import { resetPointers } from "./orphan-checks.ts";
import { type Verification, verify } from "./verify.ts";

/** What is written into the rows of artifacts and versions: other tables refer to them. */
const updated = ["artifacts", "titles", "sections", "versions", "contents", "version_titles"] as const;

/** The tables that are emptied and filled again. */
type RebuiltTable = Exclude<RecordTable, (typeof updated)[number]>;

const rebuiltTables = recordTables.filter((table) => !(updated as readonly RecordTable[]).includes(table));

/**
 * Replaces the tables of the record by the rows that the site's events record, in one transaction, and verifies them. Throws a
 * Refusal with 409 if the chain of events is itself broken, or if the result does not verify.
 */
export function rebuild(
  db: Database,
  siteId: string,
  onProgress?: (done: number, all: number) => void,
): Promise<Verification> {
  return db.transaction().execute(async (trx) => {
    await lockSite(trx, siteId);
    const chain = await verify(trx, siteId, { chainOnly: true });
    if ("break" in chain) throw new Refusal(409, `The events themselves are broken. ${chain.break.what}`);
    await withoutTriggers(trx, rebuiltTables, async () => {
      await setKeptAside(trx, siteId);
      await emptyTables(trx, siteId);
      await fillTables(trx, siteId, chain.events, onProgress);
      await restoreKept(trx);
    });
    const verdict = await verify(trx, siteId);
    if ("break" in verdict)
      throw new Refusal(409, `The tables cannot be rebuilt from the events. ${verdict.break.what}`);
    return verdict;
  });
}

/** Tables that are not part of the record, such as the reviewers' ticks, but refer to promotions. */
const keptTables = ["looks", "page_drafts", "unread_mentions", "unsettled_rejections"];

const keptCopy = (table: string) => sql.table(`kept_${table}`);

/** Promotions are deleted for a while, so rows that refer to them have to wait elsewhere. */
async function setKeptAside(trx: Database, siteId: string): Promise<void> {
  const ofSite = sql`promotion_id in (select id from promotions where site_id = ${siteId})`;
  for (const name of keptTables) {
    const table = sql.table(name);
    await sql`create temporary table ${keptCopy(name)} as select * from ${table} where ${ofSite}`.execute(trx);
    await sql`delete from ${table} where ${ofSite}`.execute(trx);
  }
}

async function restoreKept(trx: Database): Promise<void> {
  for (const name of keptTables) {
    const rows = sql`select * from ${keptCopy(name)} where promotion_id in (select id from promotions)`;
    await sql`insert into ${sql.table(name)} ${rows}`.execute(trx);
    await sql`drop table ${keptCopy(name)}`.execute(trx);
  }
}

async function emptyTables(trx: Database, siteId: string): Promise<void> {
  const environments = sql`environment_id in (select id from environments where site_id = ${siteId})`;
  const promotions = sql`promotion_id in (select id from promotions where site_id = ${siteId})`;
  const placements = sql`placement_seq in (select seq from placements where ${environments})`;
  const ofSite: Record<RebuiltTable | "open_promotions" | "current_placements", typeof environments> = {
    delegation_ends: sql`delegation_id in (select id from delegations where site_id = ${siteId})`,
    delegations: sql`site_id = ${siteId}`,
    due_moments: promotions,
    schedules: promotions,
    open_promotions: promotions,
    current_placements: environments,
    forced_reviews: promotions,
    forced_completions: promotions,
    completions: promotions,
    freeze_ends: sql`freeze_id in (select id from freezes where site_id = ${siteId})`,
    freezes: sql`site_id = ${siteId}`,
    repeats: placements,
    corrections: sql`corrected_id in (select id from deployments where site_id = ${siteId})`,
    confirmations: environments,
    placements: environments,
    deployments: sql`site_id = ${siteId}`,
    cancellations: promotions,
    comments: promotions,
    page_comments: sql`approval_id in (select id from approvals where ${promotions})`,
    withdrawals: promotions,
    checklist_ticks: promotions,
    approvals: promotions,
    promotions: sql`site_id = ${siteId}`,
    release_marks: sql`release_id in (select id from releases where site_id = ${siteId})`,
    release_contents: sql`release_id in (select id from releases where site_id = ${siteId})`,
    releases: sql`site_id = ${siteId}`,
    gates: environments,
    former_names: sql`site_id = ${siteId} and seq > 0`,
    section_owners: sql`site_id = ${siteId}`,
    ownerships: sql`artifact_id in (select id from artifacts where site_id = ${siteId})`,
  };
  for (const [table, condition] of Object.entries(ofSite))
    await sql`delete from ${sql.table(table)} where ${condition}`.execute(trx);
  const artifacts = sql`select id from artifacts where site_id = ${siteId}`;
  await sql`update artifacts set owner_id = null where site_id = ${siteId} and owner_id is not null`.execute(trx);
  await sql`update versions set digest = null, requires = null, title = null where artifact_id in (${artifacts})`.execute(
    trx,
  );
}

async function fillTables(
  trx: Database,
  siteId: string,
  all: number,
  onProgress?: (done: number, all: number) => void,
): Promise<void> {
  const lastTitles = new Map<string, EventTableRow[string]>();
  for await (const row of walkChain(trx, siteId)) {
    const rows = rowsOfEvent[row.action as Action](chainEntry(row));
    for (const table of recordTables) await write(trx, siteId, table, rows[table] ?? []);
    for (const { kind, key, title } of rows.version_titles ?? [])
      if (title) lastTitles.set(artifactKey({ kind, key }), title);
    onProgress?.(row.seq, all);
  }
  await titleTheRest(trx, siteId, lastTitles);
  const artifacts = await trx
    .selectFrom("artifacts")
    .select(["id", "key", "title"])
    .where("site_id", "=", siteId)
    .execute();
  await inBatches(artifacts, (batch) => foldTitles(trx, batch));
  await resetPointers(trx, siteId);
  await dropSectionCounts(trx, siteId);
  await resetFirstSeenWhere(trx, sql`artifact_id in (select id from artifacts where site_id = ${siteId})`);
}

async function write(trx: Database, siteId: string, table: RecordTable, rows: EventTableRow[]): Promise<void> {
  await inBatches(rows, async (batch) => {
    if (table === "artifacts")
      await upsert(
        trx,
        table,
        batch.map((row) => ({ ...row, site_id: siteId, sort_key: sortKey(row.key as string) })),
      );
    else if (table === "titles" || table === "sections") await updateArtifacts(trx, siteId, batch);
    else if (table === "versions") await upsert(trx, table, (await resolveIds(trx, siteId, batch)).map(asVersion));
    else if (table === "contents" || table === "version_titles")
      await completeVersions(trx, await resolveIds(trx, siteId, batch));
    else if (table === "ownerships") await restoreOwners(trx, siteId, batch);
    else if (table === "page_comments") await insert(trx, table, await withArtifactIds(trx, siteId, batch));
    else if (table === "former_names" || table === "section_owners")
      await insert(
        trx,
        table,
        batch.map((row) => ({ ...row, site_id: siteId })),
      );
    else await insert(trx, table, (await resolveIds(trx, siteId, batch)).map(withoutLabel));
  });
}

const withoutLabel = ({ version, ...row }: EventTableRow): EventTableRow =>
  "version_id" in row ? row : { ...row, version };
const asVersion = ({ version, version_id: _id, ...row }: EventTableRow): EventTableRow => ({ ...row, label: version });

async function insert(trx: Database, table: string, rows: EventTableRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => rows[0]?.[column] !== undefined);
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column] ?? null))})`);
  // a placement keeps its sequence number
  const numbered = isPostgres(trx) && table === "placements" ? sql`overriding system value` : sql``;
  await sql`
    insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))}) ${numbered}
    values ${sql.join(values)}`.execute(trx);
}

/** Artifacts and versions are updated and not deleted, since other tables refer to them. */
async function upsert(trx: Database, table: "artifacts" | "versions", rows: EventTableRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const set = columns.filter((column) => column !== "id" && column !== "first_at");
  for (const row of rows)
    await sql`
      insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
      values (${sql.join(columns.map((column) => row[column] ?? null))})
      on conflict (id) do update set ${sql.join(set.map((one) => sql`${sql.ref(one)} = ${sql.ref(`excluded.${one}`)}`))}`.execute(
      trx,
    );
}

async function updateArtifacts(trx: Database, siteId: string, rows: EventTableRow[]): Promise<void> {
  for (const { kind = "page", key, ...change } of rows)
    await sql`
      update artifacts set ${sql.join(Object.entries(change).map(([column, value]) => sql`${sql.ref(column)} = ${value}`))}
      where site_id = ${siteId} and kind = ${kind} and key = ${key}`.execute(trx);
}

async function restoreOwners(trx: Database, siteId: string, rows: EventTableRow[]): Promise<void> {
  await insert(trx, "ownerships", await withArtifactIds(trx, siteId, rows));
  const changes = rows.map(({ kind, key, owner_id }) => ({ kind, key, owner_id }));
  await updateArtifacts(trx, siteId, changes);
}

async function withArtifactIds(trx: Database, siteId: string, rows: EventTableRow[]): Promise<EventTableRow[]> {
  const ids = await artifactIds(trx, siteId, rows as { kind: "page"; key: string }[]);
  return rows.map(({ kind, key, ...row }) => ({ ...row, artifact_id: ids.get(artifactKey({ kind, key })) }));
}

/** As the migration did that gave versions their titles: `titles` are the last that were recorded for pages before. */
async function titleTheRest(trx: Database, siteId: string, titles: Map<string, EventTableRow[string]>): Promise<void> {
  for (const [artifact, title] of titles)
    await sql`
      update versions set title = ${title} where title is null and artifact_id in (
        select id from artifacts where site_id = ${siteId} and kind || ' ' || key = ${artifact})`.execute(trx);
}

const ofArtifact = sql`(select a.title from artifacts a where a.id = versions.artifact_id)`;

async function completeVersions(trx: Database, rows: EventTableRow[]): Promise<void> {
  for (const { version_id, digest = null, requires = null, title = null, inherited } of rows)
    await sql`
      update versions set digest = coalesce(digest, ${digest}), requires = coalesce(requires, ${requires}),
        title = ${inherited ? sql`coalesce(title, ${ofArtifact})` : sql`coalesce(${title}, title)`}
      where id = ${version_id}`.execute(trx);
}

/** Replaces the names of artifacts and versions by their ids. */
async function resolveIds(trx: Database, siteId: string, rows: EventTableRow[]): Promise<EventTableRow[]> {
  if (rows[0]?.key === undefined) return rows;
  const ids = await artifactIds(trx, siteId, rows as { kind: "page"; key: string }[]);
  const pairs = rows.map((row) => sql`(${ids.get(artifactKey({ kind: row.kind, key: row.key }))}, ${row.version})`);
  const versions = await trx
    .selectFrom("versions")
    .select(["id", "artifact_id", "label"])
    .where(sql<boolean>`(artifact_id, label) in (values ${sql.join(pairs)})`)
    .execute();
  const byLabel = new Map(versions.map((version) => [`${version.artifact_id} ${version.label}`, version.id]));
  return rows.map((row) => {
    const { kind: _kind, key: _key, ...more } = row;
    const artifact_id = ids.get(artifactKey({ kind: row.kind, key: row.key })) as string;
    const version_id = row.version === null ? null : (byLabel.get(`${artifact_id} ${row.version}`) ?? null);
    return { ...more, artifact_id, version_id };
  });
}
