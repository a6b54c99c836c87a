import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { type FieldError, Refusal } from "../errors.ts";
import { artifactKey } from "../text.ts";
import { artifactIds } from "./artifacts.ts";
import type { NewFacts, NewVersion } from "./new-facts.ts";
import type { ReportLine } from "./report.ts";
import { inheritedTitles } from "./titles.ts";

interface VersionRow {
  id: string;
  artifact_id: string;
  label: string;
  title: string | null;
  digest: string | null;
  requires: string | null;
}

type CompletedVersion = VersionRow &
  Pick<ReportLine, "kind" | "key"> & { added: Partial<NewFacts["contents"][number]> };

/**
 * Creates the versions that do not exist yet, and completes existing ones with a digest, requirements or a title. Returns
 * the version ids by `artifactKey` (null for removals), and what was new. Throws a Refusal with 409 if an existing
 * version has another digest or other requirements. A version that has a title keeps it: what was reviewed and approved
 * under that name is not renamed.
 */
export async function upsertVersions(
  trx: Database,
  actor: Actor,
  { environmentId, effectiveAt }: { environmentId: string; effectiveAt: string },
  lines: ReportLine[],
  artifacts: Map<string, string>,
): Promise<{ ids: Map<string, string | null>; titlesKept: number } & Pick<NewFacts, "versions" | "contents">> {
  const versioned = lines.filter((line) => line.version !== null);
  const existing = await existingVersions(trx, versioned, artifacts);
  const ids = new Map<string, string | null>(lines.map((line) => [artifactKey(line), null]));
  const errors: FieldError[] = [];
  const versions: NewVersion[] = [];
  const completed: CompletedVersion[] = [];
  let titlesKept = 0;
  for (const line of versioned) {
    const artifact = artifactKey(line);
    const version = existing.get(`${artifacts.get(artifact)} ${line.version}`);
    const id = version?.id ?? newId(Date.parse(actor.at));
    ids.set(artifact, id);
    if (!version) versions.push(newVersion(id, line));
    else {
      const differs = whyContentDiffers(version, line);
      if (differs) errors.push({ path: `placements.${lines.indexOf(line)}.version`, message: differs });
      else completed.push(...completedVersion(version, line));
      if (keepsTitle(version, line)) titlesKept++;
    }
  }
  if (errors.length) throw new Refusal(409, errors[0]?.message ?? "", { code: "version_content_differs", errors });
  await inBatches(completed, (batch) => updateVersions(trx, batch));
  const untitled = versions.filter(({ title }) => title === null).map((line) => artifacts.get(artifactKey(line)) ?? "");
  const inherited = await inheritedTitles(trx, environmentId, effectiveAt, untitled);
  for (const version of versions) version.title ??= inherited.get(artifacts.get(artifactKey(version)) ?? "") ?? null;
  await insertVersions(trx, actor, effectiveAt, versions, artifacts);
  const contents = completed.map(({ kind, key, label: version, added }) => ({ kind, key, version, ...added }));
  return { ids, titlesKept, versions, contents };
}

const keepsTitle = ({ title }: VersionRow, line: ReportLine): boolean =>
  Boolean(title && line.title && title !== line.title);

/** How many of these lines name a version that has another title than theirs, which it keeps. */
export async function countKeptTitles(db: Database, siteId: string, lines: ReportLine[]): Promise<number> {
  const titled = lines.filter((line) => line.title && line.version !== null);
  const artifacts = await artifactIds(db, siteId, titled);
  const known = titled.filter((line) => artifacts.has(artifactKey(line)));
  const existing = await existingVersions(db, known, artifacts);
  return known.filter((line) => {
    const version = existing.get(`${artifacts.get(artifactKey(line))} ${line.version}`);
    return version && keepsTitle(version, line);
  }).length;
}

function newVersion(id: string, line: ReportLine): NewVersion {
  const { kind, key, version, digest = null, source = null, notes = null } = line;
  const title = line.title || null;
  return { digest, id, key, kind, notes, requires: requiresText(line), source, title, version: version as string };
}

async function existingVersions(
  trx: Database,
  lines: ReportLine[],
  ids: Map<string, string>,
): Promise<Map<string, VersionRow>> {
  const rows = await inBatches(lines, (batch) => {
    const pairs = batch.map((line) => sql`(${ids.get(artifactKey(line))}, ${line.version})`);
    return trx
      .selectFrom("versions")
      .select(["id", "artifact_id", "label", "title", "digest", "requires"])
      .where(sql<boolean>`(artifact_id, label) in (values ${sql.join(pairs)})`)
      .execute();
  });
  return new Map(rows.map((row) => [`${row.artifact_id} ${row.label}`, row]));
}

function insertVersions(
  trx: Database,
  actor: Actor,
  effectiveAt: string,
  versions: NewVersion[],
  artifacts: Map<string, string>,
): Promise<unknown> {
  const at = { created_at: actor.at, first_at: effectiveAt };
  return inBatches(versions, (batch) =>
    trx
      .insertInto("versions")
      .values(
        batch.map(({ kind, key, version: label, ...more }) => ({
          ...more,
          ...at,
          label,
          artifact_id: artifacts.get(artifactKey({ kind, key })) as string,
        })),
      )
      .execute(),
  );
}

function requiresText({ requires }: ReportLine): string | null {
  const entries = Object.entries(requires ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length ? JSON.stringify(Object.fromEntries(entries)) : null;
}

function whyContentDiffers(existing: VersionRow, line: ReportLine): string | undefined {
  if (line.digest && existing.digest && line.digest !== existing.digest)
    return `${line.key} ${line.version} is already recorded with other content (digest ${existing.digest}, not ${line.digest}). New content needs a new version.`;
  if (line.requires && existing.requires && requiresText(line) !== existing.requires)
    return `${line.key} ${line.version} is already recorded as requiring ${existing.requires}. Other requirements need a new version.`;
}

/** The version with the digest, requirements and title that it did not have yet; empty if the line adds none. */
function completedVersion(existing: VersionRow, line: ReportLine): CompletedVersion[] {
  const given = { digest: line.digest, requires: requiresText(line), title: line.title };
  const added = Object.fromEntries(
    (["digest", "requires", "title"] as const).flatMap((name) =>
      !existing[name] && given[name] ? [[name, given[name]]] : [],
    ),
  );
  return Object.keys(added).length ? [{ ...existing, ...added, kind: line.kind, key: line.key, added }] : [];
}

async function updateVersions(trx: Database, completed: VersionRow[]): Promise<never[]> {
  const rows = completed.map(({ id, digest, requires, title }) => sql`(${id}, ${digest}, ${requires}, ${title})`);
  await sql`
    with given (id, digest, requires, title) as (values ${sql.join(rows)})
    update versions set digest = given.digest, requires = given.requires, title = given.title
    from given where versions.id = given.id`.execute(trx);
  return [];
}
