import type { Actor } from "../access/actor.ts";
import { environmentById, findEnvironment, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { notFound, Refusal } from "../errors.ts";
import type { SubscriptionSubject } from "./rules.ts";

export interface FollowRequest {
  subject: SubscriptionSubject;
  /** The slug of an environment, the name of a section, the key of a page, or the number of a release. */
  name: string;
  /** The slug of the environment in which it is followed; undefined: all of them. */
  environment?: string | undefined;
}

const maxSubscriptions = 200;

/** Follows something of a site. Following it again changes the environment. Throws a Refusal with 404 if it is not there. */
export async function follow(
  db: Database,
  { person, at }: Pick<Actor, "person" | "at">,
  site: Site,
  request: FollowRequest,
): Promise<void> {
  const { subject, environment } = request;
  const ref = await refOf(db, site, request);
  const environment_id = subject === "environment" ? ref : environment ? findEnvironment(site, environment).id : null;
  const { count } = await db
    .selectFrom("subscriptions")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("person_id", "=", person.id)
    .where("site_id", "=", site.id)
    .executeTakeFirstOrThrow();
  if (count >= maxSubscriptions)
    throw new Refusal(409, `You follow ${maxSubscriptions} things on this site already. Remove one first.`);
  await db
    .insertInto("subscriptions")
    .values({
      id: newId(Date.parse(at)),
      site_id: site.id,
      person_id: person.id,
      subject,
      ref,
      environment_id,
      created_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(["site_id", "person_id", "subject", "ref"]).doUpdateSet({ environment_id }),
    )
    .execute();
}

async function refOf(db: Database, site: Site, { subject, name }: FollowRequest): Promise<string> {
  if (subject === "environment") return findEnvironment(site, name).id;
  if (subject === "campaign") return (await releaseId(db, site.id, name)) ?? notFound("release");
  const artifacts = db.selectFrom("artifacts").where("site_id", "=", site.id).where("kind", "=", "page");
  if (subject === "page") {
    const page = await artifacts.select("id").where("key", "=", name).executeTakeFirst();
    return page?.id ?? notFound("page");
  }
  const section = name.replace(/^\//, "");
  const some = await artifacts.select("section").where("section", "=", section).limit(1).executeTakeFirst();
  return some?.section ?? notFound("section");
}

async function releaseId(db: Database, siteId: string, number: string): Promise<string | undefined> {
  if (!/^\d{1,9}$/.test(number)) return;
  const row = await db
    .selectFrom("releases")
    .select("id")
    .where("site_id", "=", siteId)
    .where("number", "=", Number(number))
    .executeTakeFirst();
  return row?.id;
}

/** Ends a subscription of this person. One that is gone already stays gone. */
export async function unfollow(db: Database, personId: string, siteId: string, id: string): Promise<void> {
  await db
    .deleteFrom("subscriptions")
    .where("id", "=", id)
    .where("person_id", "=", personId)
    .where("site_id", "=", siteId)
    .execute();
}

export type ListedSubscription = Awaited<ReturnType<typeof listSubscriptions>>[number];

/** What a person follows on a site, with its name and the path of its page. */
export async function listSubscriptions(db: Database, site: Site, personId: string) {
  const rows = await db
    .selectFrom("subscriptions as s")
    .leftJoin("artifacts as a", (join) => join.onRef("a.id", "=", "s.ref").on("s.subject", "=", "page"))
    .leftJoin("releases as r", (join) => join.onRef("r.id", "=", "s.ref").on("s.subject", "=", "campaign"))
    .select(["s.id", "s.subject", "s.ref", "s.environment_id", "a.key", "r.name as release", "r.number"])
    .where("s.site_id", "=", site.id)
    .where("s.person_id", "=", personId)
    .orderBy("s.id")
    .execute();
  return rows.map(({ id, subject, ref, environment_id, key, release, number }) => ({
    id,
    subject,
    name:
      subject === "environment"
        ? environmentById(site, ref).name
        : subject === "section"
          ? `/${ref}`
          : (key ?? release ?? ""),
    path: pathOf(site, subject, ref, key, number),
    environment: environment_id === null ? null : environmentById(site, environment_id).name,
  }));
}

function pathOf(
  site: Site,
  subject: SubscriptionSubject,
  ref: string,
  key: string | null,
  number: number | null,
): string {
  const base = `/sites/${site.slug}`;
  if (subject === "environment") return `${base}/environments/${environmentById(site, ref).slug}`;
  if (subject === "section") return `${base}?section=${encodeURIComponent(`/${ref}`)}`;
  if (subject === "page") return `${base}/artifacts/page?key=${encodeURIComponent(key ?? "")}`;
  return `${base}/releases/${number}`;
}
