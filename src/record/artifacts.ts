import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import type { Kind } from "../schema.ts";
import { artifactKey } from "../text.ts";
import { foldedText } from "./artifact-filter.ts";
import { sectionOf, sortKey } from "./keys.ts";
import type { NewFacts } from "./new-facts.ts";
import { inheritedOwners } from "./ownerships.ts";
import type { ReportLine } from "./report.ts";
import { artifactEntry, indexForSearch } from "./search-index.ts";
import { dropSectionCounts } from "./section-counts.ts";
import { currentTitle } from "./titles.ts";

/** The ids of the artifacts that exist, by `artifactKey`. */
export async function artifactIds(
  db: Database,
  siteId: string,
  artifacts: { kind: Kind; key: string }[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const kind of ["page", "software"] as const) {
    const keys = artifacts.filter((artifact) => artifact.kind === kind).map(({ key }) => key);
    const rows = await inBatches(keys, (batch) =>
      db
        .selectFrom("artifacts")
        .select(["id", "key"])
        .where("site_id", "=", siteId)
        .where("kind", "=", kind)
        .where("key", "in", batch)
        .execute(),
    );
    for (const { id, key } of rows) ids.set(artifactKey({ kind, key }), id);
  }
  return ids;
}

/** Creates the artifacts that do not exist yet, and updates titles. Returns the ids by `artifactKey`, and what was new. */
export async function upsertArtifacts(
  trx: Database,
  actor: Actor,
  site: Site,
  lines: ReportLine[],
): Promise<{ ids: Map<string, string> } & Pick<NewFacts, "artifacts" | "titles" | "sections" | "owners">> {
  const ids = await artifactIds(trx, site.id, lines);
  const newLines = lines.filter((line) => !ids.has(artifactKey(line)));
  for (const line of newLines) ids.set(artifactKey(line), newId(Date.parse(actor.at)));
  const artifacts = newLines.map(({ kind, key, title }) => ({
    id: ids.get(artifactKey({ kind, key })) as string,
    key,
    kind,
    section: sectionOf(kind, key),
    title: title || null,
  }));
  const sections = artifacts.length ? await insertArtifacts(trx, site, artifacts) : [];
  const moved = new Map(sections.map(({ key, section }) => [key, section]));
  const owners = await inheritedOwners(
    trx,
    site.id,
    artifacts.map((artifact) => ({ ...artifact, section: moved.get(artifact.key) ?? artifact.section })),
  );
  const titled = lines.filter((line) => line.title !== undefined);
  const changed = await inBatches(titled, (batch) => updateTitles(trx, batch, ids));
  const versions = new Map(lines.map((line) => [artifactKey(line), line.version]));
  const titles = changed.map((title) => ({ ...title, version: versions.get(artifactKey(title)) ?? null }));
  const retitled = titles.map((title) => ({ ...title, id: ids.get(artifactKey(title)) as string }));
  const entitled = await inBatches(retitled, (batch) => foldTitles(trx, batch));
  await indexForSearch(trx, site.id, [...artifacts, ...entitled].map(artifactEntry));
  return { ids, artifacts, titles, sections, owners };
}

type Titled = { id: string; key: string; title: string | null };

/**
 * Stores the text for filters, with the titles of all versions: a page is found by each. Returns the artifacts with all of
 * them as their title. Expects at most a batch.
 */
export async function foldTitles(trx: Database, artifacts: Titled[]): Promise<Titled[]> {
  const versions = await trx
    .selectFrom("versions")
    .select(["artifact_id", "title"])
    .distinct()
    .where(
      "artifact_id",
      "in",
      artifacts.map(({ id }) => id),
    )
    .where("title", "is not", null)
    .execute();
  const titles = Map.groupBy(versions, (version) => version.artifact_id);
  const entitled = artifacts.map(({ id, key, title }) => {
    const all = [...(titles.get(id) ?? []).map((version) => version.title), title];
    return { id, key, title: [...new Set(all)].join("\n") };
  });
  await sql`
    with given (id, folded) as (values ${sql.join(entitled.map((artifact) => sql`(${artifact.id}, ${foldedText(artifact)})`))})
    update artifacts set folded = given.folded from given where artifacts.id = given.id`.execute(trx);
  return entitled;
}

/**
 * Returns the pages that now head a section; some of them may have existed before. The deployment that brings the artifacts
 * counts them.
 */
async function insertArtifacts(
  trx: Database,
  site: Site,
  artifacts: NewFacts["artifacts"],
): Promise<NewFacts["sections"]> {
  await inBatches(artifacts, (batch) =>
    trx
      .insertInto("artifacts")
      .values(
        batch.map((artifact) => ({
          ...artifact,
          site_id: site.id,
          owner_id: null,
          folded: foldedText(artifact),
          sort_key: sortKey(artifact.key),
        })),
      )
      .execute(),
  );
  const moved = await headSections(trx, site.id, sectionsFor(artifacts));
  // rare, so that counting the whole site again is no matter
  if (moved.length) await dropSectionCounts(trx, site.id);
  return moved;
}

/** The sections that these pages may belong to, below them or as their heads. */
function sectionsFor(artifacts: { kind: Kind; key: string }[]): string[] {
  const pages = artifacts.filter(({ kind }) => kind === "page");
  return [...new Set(pages.map(({ key }) => key.split("/")[1] ?? ""))].filter(Boolean);
}

const headsOf = (section: string): string[] => [`/${section}`, `/${section}/`];

/** Updates all titles in one statement: a complete inventory has thousands of titles, few of them new. */
async function updateTitles(trx: Database, lines: ReportLine[], ids: Map<string, string>) {
  const values = lines.map((line) => sql`(${ids.get(artifactKey(line))}, ${line.title || null})`);
  const { rows } = await sql<Omit<NewFacts["titles"][number], "version">>`
    with given (id, title) as (values ${sql.join(values)})
    update artifacts set title = given.title from given
    where artifacts.id = given.id and artifacts.title is distinct from given.title
    returning kind, key, artifacts.title`.execute(trx);
  return rows;
}

/** Moves `/sale` from the top level into the section /sale once a page below it exists, in whichever order they are recorded. */
function headSections(trx: Database, siteId: string, sections: string[]): Promise<NewFacts["sections"]> {
  const section = sql<string>`trim(artifacts.key, '/')`;
  // sorted, so that PostgreSQL takes the index of sections even before it has statistics; it would not sort for `exists`
  const isBelow = sql<boolean>`(
    select 1 from artifacts below where below.site_id = ${siteId} and below.kind = 'page' and below.section = ${section}
    order by below.sort_key limit 1) = 1`;
  return inBatches(sections, (batch) =>
    trx
      .updateTable("artifacts")
      .set({ section })
      .where("site_id", "=", siteId)
      .where("kind", "=", "page")
      .where("key", "in", batch.flatMap(headsOf))
      .where("section", "=", "")
      .where(isBelow)
      .returning(["key", "section"])
      .execute(),
  );
}

/** Expects the key in its normal form (`normalKey`). Returns undefined if there is no such artifact. */
export function findArtifact(db: Database, siteId: string, kind: Kind, key: string) {
  return db
    .selectFrom("artifacts as a")
    .select(["a.id", "a.kind", "a.key", currentTitle.as("title"), "a.section"])
    .where("site_id", "=", siteId)
    .where("kind", "=", kind)
    .where("key", "=", key)
    .executeTakeFirst();
}
