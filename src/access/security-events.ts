import type { Database } from "../database/connect.ts";
import type { SecurityEventKind } from "../schema.ts";
import { addMs } from "../time/add.ts";
import { siteIdsOf } from "./sites.ts";

/** Where a request came from. */
export interface Client {
  /** Empty if unknown. */
  address: string;
  userAgent: string;
}

export const unknownClient: Client = { address: "", userAgent: "" };

export interface SecurityEvent {
  kind: SecurityEventKind;
  /** Whose account it is about; undefined if it belongs to no account. */
  personId?: string | undefined;
  /** Who did it, if it was somebody else. */
  byId?: string | undefined;
  /** The e-mail address that was entered, if it belongs to no account. */
  email?: string | undefined;
  /** The site that it is about; undefined for all sites of the person. */
  siteId?: string | undefined;
  detail?: string | undefined;
}

/** How long security events are kept. */
export const securityEventDays = 180;

/** What changes how a person signs in: they get a mail about it. */
const mailedKinds: readonly SecurityEventKind[] = [
  "password_set",
  "password_changed",
  "provider_linked",
  "two_factor_on",
  "two_factor_off",
  "recovery_codes_created",
  "recovery_code_used",
  "passkey_added",
  "passkey_removed",
];

const maxUserAgentLength = 300;

/**
 * Records a security event, apart from the sites' histories, for the administrators of the sites on which its person has a
 * role now, and deletes those that are too old.
 */
export async function recordSecurityEvent(
  db: Database,
  at: string,
  { address, userAgent }: Client,
  { kind, personId, byId, email, siteId, detail }: SecurityEvent,
): Promise<void> {
  await deleteOld(db, at);
  const { seq } = await db
    .insertInto("security_events")
    .values({
      at,
      kind,
      person_id: personId ?? null,
      by_id: byId ?? null,
      email: email || null,
      address,
      user_agent: userAgent.slice(0, maxUserAgentLength),
      detail: detail ?? null,
      to_mail: mailedKinds.includes(kind) ? 1 : 0,
    })
    .returning("seq")
    .executeTakeFirstOrThrow();
  const sites = siteId ? [siteId] : personId ? await siteIdsOf(db, personId) : [];
  if (sites.length)
    await db
      .insertInto("security_event_sites")
      .values(sites.map((site_id) => ({ site_id, event_seq: seq })))
      .execute();
}

async function deleteOld(db: Database, at: string): Promise<void> {
  const since = addMs(at, -securityEventDays * 24 * 3_600_000);
  await db.deleteFrom("security_events").where("at", "<", since).execute();
  await db.deleteFrom("token_addresses").where("seen_at", "<", since).execute();
}
