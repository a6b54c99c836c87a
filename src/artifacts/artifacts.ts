import { sql } from "kysely";
import { recounting } from "../board/recount.ts";
import { newId } from "../database/id.ts";
import { inChunks } from "../database/lists.ts";
import type { Database } from "../database/open.ts";
import type { Line } from "../deployments/rules.ts";
import { type FieldError, Refusal } from "../errors.ts";
import type { By } from "../people/by.ts";
import type { Kind } from "../schema.ts";
import { artifactEntry, index } from "../search/entries.ts";
import type { Site } from "../sites/queries.ts";
import { sectionOf } from "./rules.ts";

/** The ids of the artifacts by `kind key`. Those not known yet are not in it. */
export async function artifactIds(
  db: Database,
  siteId: string,
  named: { kind: Kind; key: string }[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const kind of ["page", "software"] as const) {
    const keys = named.filter((one) => one.kind === kind).map((one) => one.key);
    const found = await inChunks(keys, (piece) =>
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

/** What a deployment told of artifacts and versions that was not known before: part of its event. */
export type Learned = {
  artifacts: { id: string; kind: Kind; key: string; title: string | null; section: string }[];
  titles: { kind: Kind; key: string; title: string | null }[];
  /** Pages that turned out to head a section. */
  sections: { key: string; section: string }[];
  versions: Fresh[];
  /** Versions known before, with the digest or the requirements that were missing. */
  contents: { kind: Kind; key: string; version: string; digest?: string | undefined; requires?: string | undefined }[];
};

type Fresh = {
  id: string;
  kind: Kind;
  key: string;
  version: string;
  digest: string | null;
  source: string | null;
  requires: string | null;
  notes: string | null;
};

/** Makes the artifacts that are new, and takes over titles. Answers the ids by `kind key`, and what was new. */
export async function learnArtifacts(
  trx: Database,
  by: By,
  site: Site,
  named: Line[],
): Promise<{ ids: Map<string, string> } & Pick<Learned, "artifacts" | "titles" | "sections">> {
  const ids = await artifactIds(trx, site.id, named);
  const fresh = named.filter((one) => !ids.has(`${one.kind} ${one.key}`));
  for (const one of fresh) ids.set(`${one.kind} ${one.key}`, newId(Date.parse(by.at)));
  const artifacts = fresh.map(({ kind, key, title }) => ({
    id: ids.get(`${kind} ${key}`) as string,
    key,
    kind,
    section: sectionOf(kind, key),
    title: title || null,
  }));
  const sections = artifacts.length ? await insertArtifacts(trx, site, artifacts) : [];
  const titled = named.filter((one) => one.title !== undefined);
  const titles = await inChunks(titled, (piece) => retitle(trx, piece, ids));
  const retitled = titles.map((one) => ({ ...one, id: ids.get(`${one.kind} ${one.key}`) as string }));
  await index(trx, site.id, [...artifacts, ...retitled].map(artifactEntry));
  return { ids, artifacts, titles, sections };
}

/** Answers the pages that turned out to head a section, which may have been known before. */
async function insertArtifacts(trx: Database, site: Site, fresh: Learned["artifacts"]): Promise<Learned["sections"]> {
  const sections = sectionsWith(fresh);
  const heads = sections.flatMap((section) => headsOf(section).map((key) => ({ kind: "page" as const, key })));
  const known = await artifactIds(trx, site.id, heads);
  return recounting(trx, site, [...known.values(), ...fresh.map((one) => one.id)], async () => {
    await inChunks(fresh, (piece) =>
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
async function retitle(trx: Database, piece: Line[], ids: Map<string, string>): Promise<Learned["titles"]> {
  const values = piece.map(({ kind, key, title }) => sql`(${ids.get(`${kind} ${key}`)}, ${title || null})`);
  const { rows } = await sql<Learned["titles"][number]>`
    with told (id, title) as (values ${sql.join(values)})
    update artifacts set title = told.title from told
    where artifacts.id = told.id and artifacts.title is distinct from told.title
    returning kind, key, artifacts.title`.execute(trx);
  return rows;
}

/** `/sale` moves from the top level into the section /sale as soon as a page below it is known, whichever is told first. */
function headSections(trx: Database, siteId: string, sections: string[]): Promise<Learned["sections"]> {
  return inChunks(sections, async (piece) => {
    const headed: Learned["sections"] = [];
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

interface Known {
  id: string;
  artifact_id: string;
  label: string;
  digest: string | null;
  requires: string | null;
}

type Fuller = Known & Pick<Line, "kind" | "key">;

/**
 * Makes the versions that are new, and fills in a digest or requirements learned later. A label names one content:
 * the same label with another digest is refused. Answers the version ids by `kind key`, null where it was removed, and
 * what was new.
 */
export async function learnVersions(
  trx: Database,
  by: By,
  effectiveAt: string,
  named: Line[],
  artifacts: Map<string, string>,
): Promise<{ ids: Map<string, string | null> } & Pick<Learned, "versions" | "contents">> {
  const standing = named.filter((one) => one.version !== null);
  const known = await knownVersions(trx, standing, artifacts);
  const ids = new Map<string, string | null>(named.map((one) => [`${one.kind} ${one.key}`, null]));
  const errors: FieldError[] = [];
  const versions: Fresh[] = [];
  const fuller: Fuller[] = [];
  for (const one of standing) {
    const name = `${one.kind} ${one.key}`;
    const version = known.get(`${artifacts.get(name)} ${one.version}`);
    const id = version?.id ?? newId(Date.parse(by.at));
    ids.set(name, id);
    if (!version) versions.push(freshVersion(id, one));
    else {
      const differs = whyContentDiffers(version, one);
      if (differs) errors.push({ path: `placements.${named.indexOf(one)}.version`, message: differs });
      else fuller.push(...learnt(version, one));
    }
  }
  if (errors.length) throw new Refusal(409, errors[0]?.message ?? "", { code: "version_content_differs", errors });
  await inChunks(fuller, (piece) => fillIn(trx, piece));
  await insertVersions(trx, by, effectiveAt, versions, artifacts);
  const contents = fuller.map(({ kind, key, label: version, digest, requires }) => ({
    kind,
    key,
    version,
    digest: digest ?? undefined,
    requires: requires ?? undefined,
  }));
  return { ids, versions, contents };
}

function freshVersion(id: string, told: Line): Fresh {
  const { kind, key, version, digest = null, source = null, notes = null } = told;
  return { digest, id, key, kind, notes, requires: requiresText(told), source, version: version as string };
}

async function knownVersions(trx: Database, standing: Line[], ids: Map<string, string>): Promise<Map<string, Known>> {
  const rows = await inChunks(standing, (piece) => {
    const pairs = piece.map((one) => sql`(${ids.get(`${one.kind} ${one.key}`)}, ${one.version})`);
    return trx
      .selectFrom("versions")
      .select(["id", "artifact_id", "label", "digest", "requires"])
      .where(sql<boolean>`(artifact_id, label) in (values ${sql.join(pairs)})`)
      .execute();
  });
  return new Map(rows.map((row) => [`${row.artifact_id} ${row.label}`, row]));
}

function insertVersions(
  trx: Database,
  by: By,
  effectiveAt: string,
  fresh: Fresh[],
  artifacts: Map<string, string>,
): Promise<unknown> {
  const at = { created_at: by.at, first_at: effectiveAt };
  return inChunks(fresh, (piece) =>
    trx
      .insertInto("versions")
      .values(
        piece.map(({ kind, key, version: label, ...one }) => ({
          ...one,
          ...at,
          label,
          artifact_id: artifacts.get(`${kind} ${key}`) as string,
        })),
      )
      .execute(),
  );
}

function requiresText({ requires }: Line): string | null {
  const entries = Object.entries(requires ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length ? JSON.stringify(Object.fromEntries(entries)) : null;
}

function whyContentDiffers(known: Known, told: Line): string | undefined {
  if (told.digest && known.digest && told.digest !== known.digest)
    return `${told.key} ${told.version} is already recorded with other content (digest ${known.digest}, not ${told.digest}). New content needs a new version.`;
  if (told.requires && known.requires && requiresText(told) !== known.requires)
    return `${told.key} ${told.version} is already recorded as requiring ${known.requires}. Other requirements need a new version.`;
}

/** The version with what is told of it only now, where that is more than was known. */
function learnt(known: Known, told: Line): Fuller[] {
  const digest = known.digest ?? told.digest ?? null;
  const requires = known.requires ?? requiresText(told);
  return digest === known.digest && requires === known.requires
    ? []
    : [{ ...known, kind: told.kind, key: told.key, digest, requires }];
}

async function fillIn(trx: Database, fuller: Known[]): Promise<never[]> {
  const rows = fuller.map(({ id, digest, requires }) => sql`(${id}, ${digest}, ${requires})`);
  await sql`
    with told (id, digest, requires) as (values ${sql.join(rows)})
    update versions set digest = told.digest, requires = told.requires from told where versions.id = told.id`.execute(
    trx,
  );
  return [];
}
