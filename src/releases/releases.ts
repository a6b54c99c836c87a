import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { newId, sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { notFound, refuse, refuseFields } from "../errors.ts";
import { artifactIds } from "../record/artifacts.ts";
import { currentDifferences, currentPlacements } from "../record/current.ts";
import { appendEvent } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { nextNumber } from "../record/numbers.ts";
import { artifactKey } from "../text.ts";
import { type NewRelease, type ReleaseLine, releaseErrors, whyNotCurrent } from "./rules.ts";

export interface CreatedRelease {
  number: number;
  digest: string;
  contents: ReleaseLine[];
}

/** Freezes exact versions and removals, which must be what the environment holds at this moment, under a number. */
export function createRelease(db: Database, by: Actor, site: Site, wanted: NewRelease): Promise<CreatedRelease> {
  refuse(whyNotMay(by, "release"), 403);
  refuseFields(releaseErrors(wanted));
  const from = place(site, wanted.differences?.from ?? wanted.from ?? site.environments[0]?.slug);
  const to = wanted.differences && place(site, wanted.differences.to);
  return siteTransaction(db, by, site.id, async (trx, by) => {
    const frozen = to ? await differing(trx, site, from, to) : await standing(trx, site, from, wanted.contents ?? []);
    const contents = frozen
      .map(({ kind, key, version }) => ({ kind, key, version }))
      .sort((a, b) => (a.kind === b.kind ? compare(a.key, b.key) : compare(a.kind, b.kind)));
    const row = {
      id: newId(Date.parse(by.at)),
      site_id: site.id,
      number: await nextNumber(trx, site.id, "releases"),
      name: wanted.name.trim(),
      notes: wanted.notes?.trim() || null,
      digest: releaseDigest(frozen),
      environment_id: from.id,
      person_id: by.person.id,
      created_at: by.at,
    };
    await trx.insertInto("releases").values(row).execute();
    await inBatches(frozen, async (piece) => {
      const rows = piece.map(({ artifact_id, version_id }) => ({ release_id: row.id, artifact_id, version_id }));
      await trx.insertInto("release_contents").values(rows).execute();
      return [];
    });
    await appendEvent(trx, by, site.id, {
      action: "release_made",
      subject: `release ${row.number}`,
      subject_id: row.id,
      environment_id: from.id,
      details: { ...row, environment: from.slug, contents },
    });
    return { number: row.number, digest: row.digest, contents };
  });
}

interface Frozen extends ReleaseLine {
  artifact_id: string;
  version_id: string | null;
  digest: string | null;
}

/** SHA-256 over the canonical list of what is in it: kind, key, version and content digest, sorted. */
function releaseDigest(contents: Pick<Frozen, "kind" | "key" | "version" | "digest">[]): string {
  const lines = contents.map(({ kind, key, version, digest }) => canonicalJson({ kind, key, version, digest })).sort();
  return sha256(`[${lines.join(",")}]`);
}

async function standing(trx: Database, site: Site, from: Environment, contents: ReleaseLine[]): Promise<Frozen[]> {
  const chosen = contents.map((one) => ({ ...one, key: normalKey(one.kind, one.key) }));
  const ids = await artifactIds(trx, site.id, chosen);
  const current = await currentPlacements(trx, from.id, [...ids.values()]);
  const errors = chosen.flatMap((one, i) => {
    const stands = current.get(ids.get(artifactKey(one)) ?? "");
    const message = whyNotCurrent(one, stands, from);
    return message ? [{ path: `contents.${i}.version`, message }] : [];
  });
  if (errors.length) refuseFields(errors, (await namesUnknown(trx, chosen, ids)) ? 404 : 422);
  return chosen.map((one) => {
    const stands = current.get(ids.get(artifactKey(one)) as string);
    return {
      ...one,
      artifact_id: stands?.artifact_id as string,
      version_id: stands?.version_id ?? null,
      digest: stands?.digest ?? null,
    };
  });
}

/** Whether some line names what nobody ever told of, anywhere: that is not found, not merely out of place. */
async function namesUnknown(trx: Database, chosen: ReleaseLine[], ids: Map<string, string>): Promise<boolean> {
  const labels = await inBatches([...ids.values()], (piece) =>
    trx.selectFrom("versions").select(["artifact_id", "label"]).where("artifact_id", "in", piece).execute(),
  );
  const known = new Set(labels.map((one) => `${one.artifact_id} ${one.label}`));
  return chosen.some(({ kind, key, version }) => {
    const id = ids.get(artifactKey({ kind, key }));
    return !id || (version !== null && !known.has(`${id} ${version}`));
  });
}

async function differing(trx: Database, site: Site, from: Environment, to: Environment): Promise<Frozen[]> {
  const found = await currentDifferences(trx, site.id, from.id, to.id);
  if (!found.length)
    refuseFields([
      {
        path: "differences",
        message: `${from.name} has nothing that ${to.name} has not: there is nothing to release.`,
      },
    ]);
  return found;
}

function place(site: Site, slug: string | undefined): Environment {
  return (
    site.environments.find((one) => one.slug === slug) ??
    notFound(`environment${slug ? ` "${slug.slice(0, 60)}"` : ""}`)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
