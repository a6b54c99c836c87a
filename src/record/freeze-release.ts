import type { Actor } from "../access/actor.ts";
import { inBatches } from "../database/batches.ts";
import { canonicalJson, type Json } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { newId, sha256 } from "../database/ids.ts";
import type { Kind } from "../schema.ts";
import { compareText } from "../text.ts";
import { appendEvent } from "./events.ts";
import { nextNumber } from "./numbers.ts";

/** A line of a release: an exact version, or null for a removal. */
export interface FrozenLine {
  artifact_id: string;
  kind: Kind;
  key: string;
  version_id: string | null;
  version: string | null;
  /** The digest of the version's content, if it is known. */
  digest: string | null;
  /** Of a page that is removed: the path or web address to which visitors are to be led. */
  redirect?: string | null | undefined;
}

interface ReleaseToFreeze {
  name: string;
  notes: string | null;
  /** The environment from which it is created. */
  environment: { id: string; slug: string };
  lines: FrozenLine[];
  /** The id of the release from which it is made. */
  made_from?: string | undefined;
  /** Further details of the event. */
  details?: { [key: string]: Json };
}

/** Writes a release with its lines under the site's next number, and its event. Must be called inside a verb's transaction. */
export async function freezeRelease(
  trx: Database,
  actor: Actor,
  site: { id: string },
  { name, notes, environment, lines, made_from, details }: ReleaseToFreeze,
) {
  const contents = lines
    .map(({ kind, key, version, redirect }) => ({ kind, key, version, ...(redirect && { redirect }) }))
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.key, b.key));
  const row = {
    id: newId(Date.parse(actor.at)),
    site_id: site.id,
    number: await nextNumber(trx, site.id, "releases"),
    name,
    notes,
    digest: releaseDigest(lines),
    environment_id: environment.id,
    person_id: actor.person.id,
    created_at: actor.at,
    made_from: made_from ?? null,
  };
  await trx.insertInto("releases").values(row).execute();
  await inBatches(lines, async (batch) => {
    const rows = batch.map(({ artifact_id, version_id, redirect = null }) => ({
      release_id: row.id,
      artifact_id,
      version_id,
      redirect,
    }));
    await trx.insertInto("release_contents").values(rows).execute();
  });
  await appendEvent(trx, actor, site.id, {
    action: "release_made",
    subject: `release ${row.number}`,
    subject_id: row.id,
    environment_id: environment.id,
    details: { ...row, environment: environment.slug, contents, ...details },
  });
  return { ...row, contents };
}

/** SHA-256 over the sorted list of its lines, each the canonical JSON of kind, key, version, content digest and, if given, redirect. */
export function releaseDigest(
  contents: Pick<FrozenLine, "kind" | "key" | "version" | "digest" | "redirect">[],
): string {
  const lines = contents.map(({ kind, key, version, digest, redirect }) =>
    canonicalJson({ kind, key, version, digest, ...(redirect && { redirect }) }),
  );
  return sha256(`[${lines.sort().join(",")}]`);
}
