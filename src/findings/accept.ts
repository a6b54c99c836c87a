import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { environmentById, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { appendEvent } from "../record/events.ts";
import { type Finding, findFinding } from "./queries.ts";
import { whyNotAccept, whyNotReason, whyNotUndo } from "./state-rules.ts";

/**
 * Accepts a finding until something changes: it is no longer listed as open. Returns it afterwards. Throws a Refusal with
 * 403 if the actor may not, 404, 409 if it is accepted or settled already, and 422 for the reason.
 */
export function acceptFinding(
  db: Database,
  actor: Actor,
  site: Site,
  id: string,
  { reason }: { reason: string },
): Promise<Finding> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const finding = (await findFinding(trx, site.id, id)) ?? notFound("finding");
    refuse(whyNotAccept(finding));
    refuseFields(fieldErrors({ reason: whyNotReason(reason) }));
    const accepted = { accepted_at: actor.at, accepted_by: actor.person.id, reason: reason.trim() };
    await trx.updateTable("findings").set(accepted).where("id", "=", id).execute();
    await append(trx, actor, site, finding, { action: "finding_accepted", reason: reason.trim() });
    return (await findFinding(trx, site.id, id)) ?? notFound("finding");
  });
}

/** Opens an accepted finding again. Throws a Refusal as `acceptFinding`, with 409 if it is not accepted. */
export function undoAcceptance(db: Database, actor: Actor, site: Site, id: string): Promise<Finding> {
  refuse(whyNotMay(actor, "record"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const finding = (await findFinding(trx, site.id, id)) ?? notFound("finding");
    refuse(whyNotUndo(finding));
    const open = { accepted_at: null, accepted_by: null, reason: null };
    await trx.updateTable("findings").set(open).where("id", "=", id).execute();
    await append(trx, actor, site, finding, { action: "acceptance_undone" });
    return (await findFinding(trx, site.id, id)) ?? notFound("finding");
  });
}

async function append(
  trx: Database,
  actor: Actor,
  site: Site,
  { id, environment_id, server, code, path, sentence }: Finding,
  { action, reason }: { action: "finding_accepted" | "acceptance_undone"; reason?: string },
): Promise<void> {
  const { slug } = environmentById(site, environment_id);
  await appendEvent(trx, actor, site.id, {
    action,
    subject: `environment ${slug}`,
    subject_id: id,
    environment_id,
    details: { environment: slug, server, code, path, sentence, reason },
  });
}
