import type { Database } from "../database/connect.ts";

/** An address to which a site sends no notices, as one came back for good or was marked as spam. */
export interface BouncedAddress {
  email: string;
  kind: "permanent" | "complaint";
  reason: string;
  at: string;
}

/** Why nothing is sent to an address, as a sentence for the notice and the pages of its person. */
export const bounceSentence = ({ kind, reason }: Pick<BouncedAddress, "kind" | "reason">): string =>
  kind === "complaint"
    ? `A notice was marked as spam (${reason}), so no more are sent to this address.`
    : `A notice came back (${reason}), so no more are sent to this address.`;

export const bouncedAddress = (
  db: Database,
  siteId: string,
  email: string | null,
): Promise<BouncedAddress | undefined> =>
  db
    .selectFrom("bounced_addresses")
    .select(["email", "kind", "reason", "at"])
    .where("site_id", "=", siteId)
    .where("email", "=", email ?? "")
    .executeTakeFirst();

/** Sends to an address again, on this site or, without one, on all: its person confirmed it, or it is nobody's any more. */
export async function clearBounces(db: Database, emails: (string | null)[], siteId?: string): Promise<void> {
  const known = emails.filter((email) => email !== null);
  if (!known.length) return;
  const rows = db.deleteFrom("bounced_addresses").where("email", "in", known);
  await (siteId === undefined ? rows : rows.where("site_id", "=", siteId)).execute();
}
