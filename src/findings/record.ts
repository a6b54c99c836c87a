import type { Actor } from "../access/actor.ts";
import { refuseRetired } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { environmentById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { recordWithin } from "../deployments/record.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { withTitle } from "../observer/seen-lines.ts";
import { normalizeLine, type ReportLine, whyNotLine } from "../record/report.ts";
import { seenLabel } from "../sightings/rules.ts";
import { appendFindings } from "./events.ts";
import { type Finding, findFinding } from "./queries.ts";
import { settle } from "./reconcile.ts";
import { effectiveAt, firstSeenAt, isRecordable, whyNotRecord, whyNotSameVersion } from "./state-rules.ts";

/**
 * Records what was found as a deployment, effective since it was first seen, which settles the finding. Returns the number
 * of the deployment. `version`: the label; if it is undefined the one by which the content is known, or else `seen` and its
 * digest. Throws a Refusal with 403 if the actor may not record, 404, 409 if there is nothing to record, and 422 for the
 * version.
 */
export function recordFinding(
  db: Database,
  actor: Actor,
  site: Site,
  id: string,
  { version }: { version?: string | undefined },
): Promise<{ number: number; version: string | null }> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const finding = (await findFinding(trx, site.id, id)) ?? notFound("finding");
    const environment = environmentById(site, finding.environment_id);
    refuseRetired(environment);
    refuse(whyNotRecord(finding));
    const { line, seen, recorded } = await lineFor(trx, site.id, finding, version?.trim() || undefined);
    const [, wrong] = whyNotLine(line) ?? [];
    const same = whyNotSameVersion(line.version, recorded?.version);
    refuseFields(fieldErrors({ version: wrong ?? same }));
    const { id: deploymentId, number } = await recordWithin(trx, actor, site, environment, {
      effective_at: effectiveAt(
        { seen, opened: finding.opened_at, now: actor.at },
        recorded?.effective_at ?? undefined,
      ),
      note: `Seen on the server ${finding.server}: ${finding.sentence}`,
      placements: [line],
    });
    const settled = await settleRecorded(trx, finding, actor.at);
    const { server_id } = finding;
    const circumstances = { environment, server_id, about: deploymentId, how: "record" } as const;
    await appendFindings(trx, actor, site.id, { opened: [], settled }, circumstances);
    return { number, version: line.version };
  });
}

async function lineFor(trx: Database, siteId: string, finding: Finding, typed: string | undefined) {
  const { path: key, code, content, server_id } = finding;
  const kind = key.startsWith("/") ? ("page" as const) : ("software" as const);
  const recorded = await recordedThere(trx, siteId, finding, kind);
  const all = await statesOf(trx, server_id, key);
  // a visit in progress may have seen another state since
  const states = all.slice(all.findIndex(({ text_digest }) => text_digest === content));
  const known = kind === "software" ? content : await knownLabel(trx, recorded, content);
  const label = typed ?? known;
  const version = code === "missing" ? null : (label ?? seenLabel(content ?? ""));
  // a label that is made of the content stands for it wherever it is seen
  const digest = (version !== null && !label && content) || undefined;
  const line: ReportLine = normalizeLine({ kind, key, version, digest });
  const title = version === null ? undefined : states[0]?.title;
  return { line: withTitle(line, title), seen: firstSeenAt(states), recorded };
}

/** The artifact, and what is recorded of it in the environment. */
const recordedThere = (trx: Database, siteId: string, { path, environment_id }: Finding, kind: "page" | "software") =>
  trx
    .selectFrom("artifacts as a")
    .leftJoin("current_placements as c", (join) =>
      join.onRef("c.artifact_id", "=", "a.id").on("c.environment_id", "=", environment_id),
    )
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.id as artifact_id", "c.version_id", "v.label as version", "c.effective_at"])
    .where("a.site_id", "=", siteId)
    .where("a.kind", "=", kind)
    .where("a.key", "=", path)
    .executeTakeFirst();

/** What a server showed of a page, the newest first. */
const statesOf = (trx: Database, serverId: string, path: string) =>
  trx
    .selectFrom("observations")
    .select(["outcome", "text_digest", "seen_at", "title"])
    .where("server_id", "=", serverId)
    .where("path", "=", path)
    .orderBy("id", "desc")
    .execute();

/** The label of another version that showed this content in any environment. */
async function knownLabel(
  trx: Database,
  recorded: { artifact_id: string; version_id: string | null } | undefined,
  digest: string | null,
): Promise<string | undefined> {
  if (!recorded || digest === null) return;
  const version = await trx
    .selectFrom("versions as v")
    .innerJoin("seen_versions as s", "s.version_id", "v.id")
    .select("v.label")
    .where("v.artifact_id", "=", recorded.artifact_id)
    .where("v.id", "<>", recorded.version_id ?? "")
    .where("s.text_digest", "=", digest)
    .orderBy("s.seen_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return version?.label;
}

/** Settles all findings that say the same of this page on any server of the environment. */
async function settleRecorded(trx: Database, { site_id, environment_id, path, content }: Finding, now: string) {
  const rows = await trx
    .selectFrom("findings")
    .select(["id", "code", "path", "sentence", "content"])
    .where("site_id", "=", site_id)
    .where("path", "=", path)
    .where("environment_id", "=", environment_id)
    .where("settled_at", "is", null)
    .execute();
  const findings = rows.map((row) => ({ ...row, code: row.code as Finding["code"] }));
  const recorded = findings.filter((one) => isRecordable(one.code) && one.content === content);
  await settle(trx, recorded, "recorded", now);
  return recorded;
}
