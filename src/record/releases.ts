import type { Database } from "../database/connect.ts";
import { nameSince, nameThen, personSince, personThen } from "./former-names.ts";
import { openMarkId, withMarks } from "./release-marks.ts";
import { contentTitle } from "./titles.ts";

/** Without a version the release removes it; `redirect`: of a page that is removed, where visitors are to be led. */
export type ReleaseContent = Awaited<ReturnType<typeof listContents>>[number];

/** The contents of a release: pages, then software, each by key. */
export function listContents(db: Database, releaseId: string) {
  return db
    .selectFrom("release_contents as c")
    .innerJoin("releases as r", "r.id", "c.release_id")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select([
      "a.id as artifact_id",
      "a.kind",
      "a.key",
      contentTitle.as("title"),
      "a.section",
      "c.version_id",
      "c.redirect",
      "v.label as version",
      "v.digest",
      "v.notes",
      "v.requires",
    ])
    .where("c.release_id", "=", releaseId)
    .orderBy("a.kind")
    .orderBy("a.key")
    .execute();
}

function releases(db: Database) {
  return db
    .selectFrom("releases as r")
    .innerJoin("people as p", "p.id", "r.person_id")
    .innerJoin("environments as e", "e.id", "r.environment_id")
    .leftJoin("releases as m", "m.id", "r.made_from")
    .select(["m.number as made_from", "m.name as made_from_name", openMarkId("r").as("bad_id")])
    .select([
      "r.id",
      "r.number",
      "r.name",
      "r.notes",
      "r.digest",
      "r.created_at",
      "p.kind as person_kind",
      personThen("p", "r.created_at", "r.site_id").as("person"),
      personSince("p", "r.created_at", "r.site_id").as("person_now"),
      "e.slug as environment",
      "e.tier as environment_tier",
      nameThen("e", "r.created_at").as("environment_name"),
      nameSince("e", "r.created_at").as("environment_now"),
    ])
    .select((eb) =>
      eb
        .selectFrom("release_contents as c")
        .select((count) => count.fn.countAll<number>().as("count"))
        .whereRef("c.release_id", "=", "r.id")
        .as("size"),
    )
    .select((eb) =>
      eb
        .selectFrom("promotions as x")
        .innerJoin("promotions as back", "back.id", "x.rollback_of_id")
        .select("back.number")
        .whereRef("x.release_id", "=", "r.id")
        .limit(1)
        .as("rollback_of"),
    )
    .select((eb) =>
      eb
        .selectFrom("promotions as x")
        .select("x.rollback_in_part")
        .whereRef("x.release_id", "=", "r.id")
        .limit(1)
        .as("rollback_in_part"),
    )
    .select((eb) =>
      eb
        .selectFrom("schedules as s")
        .innerJoin("promotions as up", "up.id", "s.promotion_id")
        .select("up.number")
        .whereRef("s.take_down_release_id", "=", "r.id")
        .limit(1)
        .as("take_down_of"),
    );
}

export type Release = Awaited<ReturnType<typeof listReleases>>[number];

export async function findRelease(db: Database, siteId: string, number: number): Promise<Release | undefined> {
  const query = releases(db).where("r.site_id", "=", siteId).where("r.number", "=", number);
  const [release] = await withMarks(db, await query.execute());
  return release;
}

/** Newest first. `before`: the last number of the previous page. `numbers`: only these releases. */
export async function listReleases(
  db: Database,
  siteId: string,
  { before, numbers, limit = 50 }: { before?: number | undefined; numbers?: number[] | undefined; limit?: number } = {},
) {
  let query = releases(db).where("r.site_id", "=", siteId).orderBy("r.number", "desc").limit(limit);
  if (numbers) query = query.where("r.number", "in", numbers);
  if (before !== undefined) query = query.where("r.number", "<", before);
  return withMarks(db, await query.execute());
}
