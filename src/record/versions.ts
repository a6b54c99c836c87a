import { sql } from "kysely";
import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { type FieldError, Refusal } from "../errors.ts";
import { artifactKey } from "../text.ts";
import type { NewFacts, NewVersion } from "./new-facts.ts";
import type { ReportLine } from "./report.ts";

interface Known {
  id: string;
  artifact_id: string;
  label: string;
  digest: string | null;
  requires: string | null;
}

type CompletedVersion = Known & Pick<ReportLine, "kind" | "key">;

/**
 * Makes the versions that are new, and fills in a digest or requirements learned later. A label names one content:
 * the same label with another digest is refused. Answers the version ids by `kind key`, null where it was removed, and
 * what was new.
 */
export async function upsertVersions(
  trx: Database,
  by: Actor,
  effectiveAt: string,
  named: ReportLine[],
  artifacts: Map<string, string>,
): Promise<{ ids: Map<string, string | null> } & Pick<NewFacts, "versions" | "contents">> {
  const standing = named.filter((one) => one.version !== null);
  const known = await knownVersions(trx, standing, artifacts);
  const ids = new Map<string, string | null>(named.map((one) => [artifactKey(one), null]));
  const errors: FieldError[] = [];
  const versions: NewVersion[] = [];
  const fuller: CompletedVersion[] = [];
  for (const one of standing) {
    const name = artifactKey(one);
    const version = known.get(`${artifacts.get(name)} ${one.version}`);
    const id = version?.id ?? newId(Date.parse(by.at));
    ids.set(name, id);
    if (!version) versions.push(freshVersion(id, one));
    else {
      const differs = whyContentDiffers(version, one);
      if (differs) errors.push({ path: `placements.${named.indexOf(one)}.version`, message: differs });
      else fuller.push(...completedVersion(version, one));
    }
  }
  if (errors.length) throw new Refusal(409, errors[0]?.message ?? "", { code: "version_content_differs", errors });
  await inBatches(fuller, (piece) => fillIn(trx, piece));
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

function freshVersion(id: string, told: ReportLine): NewVersion {
  const { kind, key, version, digest = null, source = null, notes = null } = told;
  return { digest, id, key, kind, notes, requires: requiresText(told), source, version: version as string };
}

async function knownVersions(
  trx: Database,
  standing: ReportLine[],
  ids: Map<string, string>,
): Promise<Map<string, Known>> {
  const rows = await inBatches(standing, (piece) => {
    const pairs = piece.map((one) => sql`(${ids.get(artifactKey(one))}, ${one.version})`);
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
  by: Actor,
  effectiveAt: string,
  fresh: NewVersion[],
  artifacts: Map<string, string>,
): Promise<unknown> {
  const at = { created_at: by.at, first_at: effectiveAt };
  return inBatches(fresh, (piece) =>
    trx
      .insertInto("versions")
      .values(
        piece.map(({ kind, key, version: label, ...one }) => ({
          ...one,
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

function whyContentDiffers(known: Known, told: ReportLine): string | undefined {
  if (told.digest && known.digest && told.digest !== known.digest)
    return `${told.key} ${told.version} is already recorded with other content (digest ${known.digest}, not ${told.digest}). New content needs a new version.`;
  if (told.requires && known.requires && requiresText(told) !== known.requires)
    return `${told.key} ${told.version} is already recorded as requiring ${known.requires}. Other requirements need a new version.`;
}

/** The version with what is told of it only now, where that is more than was known. */
function completedVersion(known: Known, told: ReportLine): CompletedVersion[] {
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
