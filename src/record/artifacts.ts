import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import type { Kind } from "../schema.ts";
import { artifactKey } from "../text.ts";
import { sectionOf } from "./keys.ts";
import type { NewFacts } from "./new-facts.ts";
import type { ReportLine } from "./report.ts";
import { artifactEntry, indexForSearch } from "./search-index.ts";
import { withSectionCounts } from "./section-counts.ts";

/** The ids of the artifacts by `kind key`. Those not known yet are not in it. */
export async function artifactIds(
  db: Database,
  siteId: string,
  named: { kind: Kind; key: string }[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const kind of ["page", "software"] as const) {
    const keys = named.filter((one) => one.kind === kind).map((one) => one.key);
    const found = await inBatches(keys, (piece) =>
      db
        .selectFrom("artifacts")
        .select(["id", "key"])
        .where("site_id", "=", siteId)
        .where("kind", "=", kind)
        .where("key", "in", piece)
        .execute(),
    );
    for (const one of found) ids.set(`${kind} ${one.key}`, one.id);
  }
  return ids;
}

/** Makes the artifacts that are new, and takes over titles. Answers the ids by `kind key`, and what was new. */
export async function upsertArtifacts(
  trx: Database,
  by: Actor,
  site: Site,
  named: ReportLine[],
): Promise<{ ids: Map<string, string> } & Pick<NewFacts, "artifacts" | "titles" | "sections">> {
  const ids = await artifactIds(trx, site.id, named);
  const fresh = named.filter((one) => !ids.has(artifactKey(one)));
  for (const one of fresh) ids.set(artifactKey(one), newId(Date.parse(by.at)));
  const artifacts = fresh.map(({ kind, key, title }) => ({
    id: ids.get(artifactKey({ kind, key })) as string,
    key,
    kind,
    section: sectionOf(kind, key),
    title: title || null,
  }));
  const sections = artifacts.length ? await insertArtifacts(trx, site, artifacts) : [];
  const titled = named.filter((one) => one.title !== undefined);
  const titles = await inBatches(titled, (piece) => retitle(trx, piece, ids));
  const retitled = titles.map((one) => ({ ...one, id: ids.get(artifactKey(one)) as string }));
  await indexForSearch(trx, site.id, [...artifacts, ...retitled].map(artifactEntry));
  return { ids, artifacts, titles, sections };
}

/** Answers the pages that turned out to head a section, which may have been known before. */
async function insertArtifacts(trx: Database, site: Site, fresh: NewFacts["artifacts"]): Promise<NewFacts["sections"]> {
  const sections = sectionsWith(fresh);
  const heads = sections.flatMap((section) => headsOf(section).map((key) => ({ kind: "page" as const, key })));
  const known = await artifactIds(trx, site.id, heads);
  return withSectionCounts(trx, site, [...known.values(), ...fresh.map((one) => one.id)], async () => {
    await inBatches(fresh, (piece) =>
      trx
        .insertInto("artifacts")
        .values(piece.map((one) => ({ ...one, site_id: site.id, owner_id: null })))
        .execute(),
    );
    return headSections(trx, site.id, sections);
  });
}

/** The sections that these pages may make, by lying below them or by heading them. */
function sectionsWith(fresh: { kind: Kind; key: string }[]): string[] {
  const pages = fresh.filter((one) => one.kind === "page");
  return [...new Set(pages.map((one) => one.key.split("/")[1] ?? ""))].filter(Boolean);
}

const headsOf = (section: string): string[] => [`/${section}`, `/${section}/`];

/** One statement for many: a whole inventory brings thousands of titles, of which few are new. */
async function retitle(trx: Database, piece: ReportLine[], ids: Map<string, string>): Promise<NewFacts["titles"]> {
  const values = piece.map(({ kind, key, title }) => sql`(${ids.get(artifactKey({ kind, key }))}, ${title || null})`);
  const { rows } = await sql<NewFacts["titles"][number]>`
    with told (id, title) as (values ${sql.join(values)})
    update artifacts set title = told.title from told
    where artifacts.id = told.id and artifacts.title is distinct from told.title
    returning kind, key, artifacts.title`.execute(trx);
  return rows;
}

/** `/sale` moves from the top level into the section /sale as soon as a page below it is known, whichever is told first. */
function headSections(trx: Database, siteId: string, sections: string[]): Promise<NewFacts["sections"]> {
  return inBatches(sections, async (piece) => {
    const headed: NewFacts["sections"] = [];
    const known = await trx
      .selectFrom("artifacts")
      .select("section")
      .distinct()
      .where("site_id", "=", siteId)
      .where("kind", "=", "page")
      .where("section", "in", piece)
      .execute();
    for (const { section } of known) {
      const heads = await trx
        .updateTable("artifacts")
        .set({ section })
        .where("site_id", "=", siteId)
        .where("kind", "=", "page")
        .where("key", "in", headsOf(section))
        .where("section", "!=", section)
        .returning(["key", "section"])
        .execute();
      headed.push(...heads);
    }
    return headed;
  });
}

/** Takes the key as `normalKey` gives it. */
export function findArtifact(db: Database, siteId: string, kind: Kind, key: string) {
  return db
    .selectFrom("artifacts")
    .select(["id", "kind", "key", "title", "section"])
    .where("site_id", "=", siteId)
    .where("kind", "=", kind)
    .where("key", "=", key)
    .executeTakeFirst();
}
