import type { Database } from "../database/connect.ts";
import { nameSince, nameThen } from "../record/former-names.ts";
import { windowAt } from "./rules.ts";

export type Freeze = Awaited<ReturnType<typeof listFreezes>>[number];

interface Listing {
  /** Only those of this environment, by its id. */
  environment?: string | undefined;
  /** Only those that nobody has ended. */
  unended?: boolean | undefined;
  /** Only those whose first window starts before this moment, and whose last ends after that one. */
  startsBefore?: string | undefined;
  endsAfter?: string | undefined;
  number?: number | undefined;
  /** Only those with a lower number. */
  before?: number | undefined;
  limit?: number | undefined;
}

/** A site's freezes, newest first. */
export function listFreezes(
  db: Database,
  siteId: string,
  { environment, unended, startsBefore, endsAfter, number, before, limit }: Listing = {},
) {
  let query = db
    .selectFrom("freezes as f")
    .innerJoin("sites as s", "s.id", "f.site_id")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .innerJoin("people as p", "p.id", "f.person_id")
    .leftJoin("freeze_ends as x", "x.freeze_id", "f.id")
    .leftJoin("people as ep", "ep.id", "x.person_id")
    .select(["f.id", "f.number", "f.environment_id", "f.starts_at", "f.ends_at", "f.recurrence", "f.time_zone"])
    .select(["f.last_ends_at", "f.reason", "f.created_at", "s.time_zone as site_zone"])
    .select(["e.slug as environment", "e.name as environment_name", "e.tier"])
    .select([nameThen("p", "f.created_at").as("person"), nameSince("p", "f.created_at").as("person_now"), "p.kind"])
    .select(["x.ended_at", "x.reason as end_reason", "ep.kind as ended_by_kind"])
    .select(nameThen("ep", "x.ended_at").$castTo<string | null>().as("ended_by"))
    .where("f.site_id", "=", siteId)
    .orderBy("f.number", "desc");
  if (environment) query = query.where("f.environment_id", "=", environment);
  if (unended) query = query.where("x.freeze_id", "is", null);
  if (startsBefore) query = query.where("f.starts_at", "<", startsBefore);
  if (endsAfter)
    query = query.where((eb) => eb.or([eb("f.last_ends_at", "is", null), eb("f.last_ends_at", ">", endsAfter)]));
  if (number !== undefined) query = query.where("f.number", "=", number);
  if (before !== undefined) query = query.where("f.number", "<", before);
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

/** The freezes that cover a moment of an environment (ISO 8601 UTC), the oldest first. */
export async function freezesAt(db: Database, siteId: string, environment: string, at: string): Promise<Freeze[]> {
  // one that starts at this very moment covers it
  const list = await listFreezes(db, siteId, { environment, startsBefore: `${at}~`, endsAfter: at });
  return list.filter((freeze) => windowAt(freeze, at)).reverse();
}
