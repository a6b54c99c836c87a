import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findAccess, findAnyEnvironment, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { isDiskFull } from "../database/errors.ts";
import { newId, newSecret, sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { type FieldError, fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { findPromotion } from "../promotions/queries.ts";
import { findArtifact } from "../record/artifacts.ts";
import { appendEvent } from "../record/events.ts";
import { normalKey } from "../record/keys.ts";
import { normalName } from "../text.ts";
import { addMs } from "../time/add.ts";
import { type Feed, listFeeds, selectFeed } from "./queries.ts";
import { feedEndings, feedTitle, readFeedChoice, whyNotFeedName, whyNotMoreFeeds } from "./rules.ts";

/** As a form sends it: `what` is one of `feedChoices`, `about` the software or the number of the promotion of a badge. */
export interface FeedRequest {
  what: string;
  about: string;
  name: string;
}

/**
 * Creates a secret address for a feed. The secret is returned here, in the path, and stored nowhere. Throws a Refusal with
 * 422 if a field is wrong.
 */
export async function createFeed(
  db: Database,
  actor: Actor,
  site: Site,
  request: FeedRequest,
): Promise<{ id: string; title: string; path: string }> {
  refuse(whyNotMay(actor, "view"), 403);
  const secret = `sbf_${newSecret()}`;
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    const { subject, ids, errors } = await readRequest(trx, site, request);
    refuseFields([...errors, ...fieldErrors({ name: whyNotFeedName(request.name) })]);
    refuse(whyNotMoreFeeds((await listFeeds(trx, site.id, actor.person.id)).length), 409);
    const row = { id: newId(Date.parse(actor.at)), site_id: site.id, person_id: actor.person.id, kind: subject.kind };
    const name = normalName(request.name) || null;
    await trx
      .insertInto("feeds")
      .values({ ...row, name, ...ids, hash: sha256(secret), created_at: actor.at, used_at: null, revoked_at: null })
      .execute();
    const title = feedTitle(subject);
    await append(trx, actor, site, row.id, "feed_created", title);
    return { id: row.id, title, path: `/feeds/${secret}.${feedEndings[subject.kind]}` };
  });
}

/** What a new feed is about, with the ids of it, and what is wrong with that by field. */
async function readRequest(trx: Database, site: Site, { what, about }: FeedRequest) {
  const { kind, environment: slug } = readFeedChoice(what) ?? {};
  const environment = slug ? findAnyEnvironment(site, slug) : undefined;
  const needsEnvironment = kind !== undefined && kind !== "calendar" && kind !== "badge_promotion";
  const software =
    kind === "badge_software" && about.trim()
      ? await findArtifact(trx, site.id, "software", normalKey("software", about.trim()))
      : undefined;
  const number = kind === "badge_promotion" && /^\d{1,9}$/.test(about.trim()) ? Number(about) : undefined;
  const promotion = number === undefined ? undefined : await findPromotion(trx, site.id, number);
  const errors: FieldError[] = fieldErrors({
    what: !kind || (needsEnvironment && !environment) ? "Select what the address shows." : undefined,
    about:
      kind === "badge_software" && !software
        ? "Enter the name of software that is recorded on this site."
        : kind === "badge_promotion" && !promotion
          ? "Enter the number of a promotion of this site."
          : undefined,
  });
  const subject = {
    kind: kind ?? "calendar",
    environment: environment?.name ?? null,
    software: software?.key ?? null,
    promotion: promotion?.number ?? null,
  };
  const ids = {
    environment_id: environment?.id ?? null,
    artifact_id: software?.id ?? null,
    promotion_id: promotion?.id ?? null,
  };
  return { subject, ids, errors };
}

/** Ends an address: its creator's own, or any of the site for an administrator. Throws a Refusal with 404 otherwise. */
export function revokeFeed(db: Database, actor: Actor, site: Site, feedId: string): Promise<{ title: string }> {
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const mine = actor.permissions.has("administer") ? undefined : actor.person.id;
    const feed = (await listFeeds(trx, site.id, mine)).find(({ id }) => id === feedId) ?? notFound("address");
    return revokeWithin(trx, actor, site, feed);
  });
}

async function revokeWithin(trx: Database, actor: Actor, site: Site, feed: Feed): Promise<{ title: string }> {
  const title = feedTitle(feed);
  await trx.updateTable("feeds").set({ revoked_at: actor.at }).where("id", "=", feed.id).execute();
  await append(trx, actor, site, feed.id, "feed_revoked", title);
  return { title };
}

/** Ends all addresses of a person on a site, within a transaction that has locked it. */
export async function revokeFeedsOf(trx: Database, actor: Actor, site: Site, personId: string): Promise<void> {
  for (const feed of await listFeeds(trx, site.id, personId)) await revokeWithin(trx, actor, site, feed);
}

const append = (
  trx: Database,
  actor: Actor,
  site: Site,
  id: string,
  action: "feed_created" | "feed_revoked",
  feed: string,
) => appendEvent(trx, actor, site.id, { action, subject: `address for ${feed}`, subject_id: id, details: { feed } });

/**
 * The feed at a secret address, with its site. Undefined if the address is unknown or revoked, or if its creator may no
 * longer see the site, or is a token that can no longer be used.
 */
export async function openFeed(
  db: Database,
  secret: string,
  at: string,
): Promise<{ feed: Feed; site: Site } | undefined> {
  const [feed] = await selectFeed(db, sha256(secret), at);
  if (!feed) return;
  const access = await findAccess(db, feed.person_id, feed.site);
  if (!access?.may.view) return;
  await markUsed(db, feed, at);
  return { feed, site: access.site };
}

/** How old `used_at` may become before it is written again, so that not every reading is a write. */
const usedIntervalMs = 10 * 60 * 1000;

/** Ignores a full disk, so that feeds can still be read. */
async function markUsed(db: Database, { id, used_at }: Feed, at: string): Promise<void> {
  if (used_at && used_at > addMs(at, -usedIntervalMs)) return;
  try {
    await db.updateTable("feeds").set({ used_at: at }).where("id", "=", id).execute();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
