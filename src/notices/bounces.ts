import type { Actor } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { fieldErrors, Refusal, refuse, refuseFields } from "../errors.ts";
import { idOfMessage } from "../mail/message-id.ts";
import { normalEmail } from "../people/rules.ts";
import { type BounceKind, type BounceReport, bounceErrors, weighsMore } from "./bounce-rules.ts";

/**
 * Marks the notices of a mail as bounced. If it came back for good or as a complaint, its site sends nothing more to the
 * address. A repeated report changes nothing. Throws a Refusal with 403, with 422 for a wrong field, and with 404 unless
 * the site sent this mail to a person who still has this address.
 */
export async function reportBounce(
  db: Database,
  actor: Pick<Actor, "permissions" | "at">,
  site: Pick<Site, "id">,
  { reason, ...rest }: BounceReport,
  baseUrl: string,
): Promise<{ notices: string[]; kind: BounceKind }> {
  refuse(whyNotMay(actor, "report_bounces"), 403);
  // receiving servers answer in several lines
  const report = { ...rest, reason: reason.trim().replace(/\s+/g, " ") };
  refuseFields(fieldErrors(bounceErrors(report)));
  const email = normalEmail(report.address);
  const id = idOfMessage(report.message_id, baseUrl);
  return db.transaction().execute(async (trx) => {
    const rows = id ? await noticesIn(trx, site.id, id, email) : [];
    if (!rows.length) throw new Refusal(404, "This site sent no such message to this address.");
    const ids = rows.map((row) => row.id);
    const before = rows[0]?.bounce ?? null;
    if (!weighsMore(report.kind, before)) return { notices: ids, kind: before as BounceKind };
    const { numUpdatedRows } = await trx
      .updateTable("notices")
      .set({ bounce: report.kind, outcome: report.reason })
      .where("id", "in", ids)
      // as it was read: a report at the same moment may have been faster
      .where("bounce", before === null ? "is" : "=", before)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows && report.kind !== "temporary") await block(trx, site.id, { ...report, email }, actor.at);
    return { notices: ids, kind: report.kind };
  });
}

const noticesIn = (trx: Database, siteId: string, mailId: string, email: string) =>
  trx
    .selectFrom("notices as n")
    .innerJoin("people as p", "p.id", "n.person_id")
    .select(["n.id", "n.bounce"])
    .where("n.mail_id", "=", mailId)
    .where("n.site_id", "=", siteId)
    .where("n.state", "=", "sent")
    .where("p.email", "=", email)
    .execute();

async function block(
  trx: Database,
  site_id: string,
  { email, kind, reason }: BounceReport & { email: string },
  at: string,
): Promise<void> {
  const row = { kind: kind as "permanent", reason, at };
  await trx
    .insertInto("bounced_addresses")
    .values({ site_id, email, ...row })
    .onConflict((conflict) => conflict.columns(["site_id", "email"]).doUpdateSet(row))
    .execute();
}
