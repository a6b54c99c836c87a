import { sql } from "kysely";
import { personName } from "../access/person-name.ts";
import { canBeUsed } from "../access/tokens.ts";
import type { Database } from "../database/connect.ts";
import { precompiled } from "../database/precompiled.ts";

/** The feeds of a site that were not revoked, newest first; with `personId` only those of this person. */
export function listFeeds(db: Database, siteId: string, personId?: string) {
  return feeds(db)
    .where("f.site_id", "=", siteId)
    .$if(personId !== undefined, (query) => query.where("f.person_id", "=", personId as string))
    .orderBy("f.created_at", "desc")
    .orderBy("f.id", "desc")
    .execute();
}

/** The feed of a secret, unless a token created it that can no longer be used. */
export const selectFeed = precompiled((db, hash: string, at: string) =>
  feeds(db)
    .where("f.hash", "=", hash)
    .where((eb) =>
      eb.or([
        eb("p.kind", "=", sql.lit("person")),
        eb.exists(
          eb
            .selectFrom("tokens as t")
            .select("t.id")
            .whereRef("t.site_id", "=", "f.site_id")
            .whereRef("t.person_id", "=", "f.person_id")
            .where(canBeUsed(at)),
        ),
      ]),
    ),
);

export type Feed = Awaited<ReturnType<typeof listFeeds>>[number];

const feeds = (db: Database) =>
  db
    .selectFrom("feeds as f")
    .innerJoin("sites as s", "s.id", "f.site_id")
    .innerJoin("people as p", "p.id", "f.person_id")
    .leftJoin("environments as e", "e.id", "f.environment_id")
    .leftJoin("artifacts as a", "a.id", "f.artifact_id")
    .leftJoin("promotions as pr", "pr.id", "f.promotion_id")
    .select(["f.id", "f.kind", "f.name", "f.environment_id", "f.artifact_id", "f.promotion_id", "f.created_at"])
    .select(["f.used_at", "f.person_id", personName("p", "f.site_id").as("person"), "s.slug as site"])
    .select(["e.name as environment", "a.key as software", "pr.number as promotion"])
    .where("f.revoked_at", "is", null);
