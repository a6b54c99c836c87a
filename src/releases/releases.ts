import type { Actor } from "../access/actor.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { baseUrlsOf, type Site } from "../access/sites.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { type FieldError, notFound, refuse, refuseFields } from "../errors.ts";
import { normalRedirect, whyNotRedirect } from "../intake/redirects.ts";
import { artifactIds } from "../record/artifacts.ts";
import { currentDifferences, currentPlacements } from "../record/current.ts";
import { type FrozenLine, freezeRelease } from "../record/freeze-release.ts";
import { normalKey } from "../record/keys.ts";
import { findRelease, type Release } from "../record/releases.ts";
import { artifactKey, normalName } from "../text.ts";
import { type NewRelease, nothingToRelease, type ReleaseLine, releaseErrors, whyNotCurrent } from "./rules.ts";

export interface CreatedRelease {
  number: number;
  digest: string;
  contents: (Omit<ReleaseLine, "redirect"> & { redirect?: string })[];
}

/**
 * Freezes exact versions and removals under a number. Throws a Refusal with 422 for each line that is not what the
 * environment has at this moment, or 404 if one of them is unknown everywhere.
 */
export function createRelease(db: Database, actor: Actor, site: Site, release: NewRelease): Promise<CreatedRelease> {
  refuse(whyNotMay(actor, "release"), 403);
  refuseFields(releaseErrors(release));
  const from = environmentBySlug(site, release.differences?.from ?? release.from ?? site.environments[0]?.slug);
  const to = release.differences && environmentBySlug(site, release.differences.to);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const frozen = to
      ? await freezeDifferences(trx, site, from, to)
      : await freezeLines(trx, site, from, (release.contents ?? []).map(normalLabel));
    const previous = release.made_from === undefined ? undefined : await releaseByNumber(trx, site, release.made_from);
    const { number, digest, contents } = await freezeRelease(trx, actor, site, {
      name: normalName(release.name),
      notes: release.notes?.trim() || null,
      environment: from,
      lines: frozen,
      made_from: previous?.id,
      ...(previous && { details: { previous: previous.number } }),
    });
    return { number, digest, contents };
  });
}

const normalLabel = (line: ReleaseLine): ReleaseLine => ({ ...line, version: line.version?.normalize("NFC") ?? null });

async function freezeLines(
  trx: Database,
  site: Site,
  from: Environment,
  contents: ReleaseLine[],
): Promise<FrozenLine[]> {
  const lines = contents.map((line) => ({
    ...line,
    key: normalKey(line.kind, line.key),
    redirect: normalRedirect(line.redirect),
  }));
  refuseFields(redirectErrors(site, lines));
  const ids = await artifactIds(trx, site.id, lines);
  const current = await currentPlacements(trx, from.id, [...ids.values()]);
  const currentOf = (line: ReleaseLine) => current.get(ids.get(artifactKey(line)) ?? "");
  const errors = lines.flatMap((line, i) => {
    const message = whyNotCurrent(line, currentOf(line), from);
    return message ? [{ path: `contents.${i}.version`, message }] : [];
  });
  if (errors.length) refuseFields(errors, (await hasUnknown(trx, lines, ids)) ? 404 : 422);
  return lines.map((line) => {
    const placement = currentOf(line);
    return {
      ...line,
      artifact_id: placement?.artifact_id as string,
      version_id: placement?.version_id ?? null,
      digest: placement?.digest ?? null,
    };
  });
}

function redirectErrors(site: Site, lines: ReleaseLine[]): FieldError[] {
  const removed = new Set(
    lines.filter(({ kind, version }) => kind === "page" && version === null).map(({ key }) => key),
  );
  const baseUrls = baseUrlsOf(site);
  return lines.flatMap((line, i) => {
    const message = whyNotRedirect(line, { removed, baseUrls });
    return message ? [{ path: `contents.${i}.redirect`, message }] : [];
  });
}

/** Whether a line names an artifact or a version that was never recorded in any environment. */
async function hasUnknown(trx: Database, lines: ReleaseLine[], ids: Map<string, string>): Promise<boolean> {
  const versions = await inBatches([...ids.values()], (batch) =>
    trx.selectFrom("versions").select(["artifact_id", "label"]).where("artifact_id", "in", batch).execute(),
  );
  const recorded = new Set(versions.map(({ artifact_id, label }) => `${artifact_id} ${label}`));
  return lines.some((line) => {
    const id = ids.get(artifactKey(line));
    return !id || (line.version !== null && !recorded.has(`${id} ${line.version}`));
  });
}

async function freezeDifferences(trx: Database, site: Site, from: Environment, to: Environment): Promise<FrozenLine[]> {
  const differences = await currentDifferences(trx, site.id, from.id, to.id);
  if (!differences.length) refuseFields([{ path: "differences", message: nothingToRelease(from, to) }]);
  return differences;
}

async function releaseByNumber(trx: Database, site: Site, number: number): Promise<Release> {
  return (await findRelease(trx, site.id, number)) ?? notFound(`release ${number}`);
}

function environmentBySlug(site: Site, slug: string | undefined): Environment {
  return (
    site.environments.find((environment) => environment.slug === slug) ??
    notFound(`environment${slug ? ` "${slug.slice(0, 60)}"` : ""}`)
  );
}
