import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import { canonicalJson } from "../database/canonical-json.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { precompiled } from "../database/precompiled.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { personSince, personThen } from "../record/former-names.ts";
import { whyNotText } from "../text.ts";
import { type Mention, mentionsIn, withMentions } from "./mentions.ts";
import { appendPromotionEvent } from "./open-promotions.ts";
import { findPromotion, listPromotions, type Promotion } from "./queries.ts";

export interface Comment {
  id: string;
  /** Of its event. */
  seq: number;
  person: string;
  person_now: string | null;
  kind: "person" | "machine";
  commented_at: string;
  comment: string;
  /** The comment in parts: what mentions a person of the site, and the words between. */
  parts: { text: string; isMention: boolean }[];
}

/**
 * Adds a comment to a promotion, open or closed, which decides nothing. Those whom it mentions find it in their inbox.
 * Throws a Refusal with 403 for those who may only view, and 422 for an empty or too long text.
 */
export function addComment(db: Database, actor: Actor, site: Site, number: number, text: string): Promise<Comment> {
  refuse(whyNotDiscuss(actor), 403);
  refuseFields(fieldErrors({ comment: whyNotRemark(text) }));
  return siteTransaction(db, actor, site.id, async (trx, actor) => {
    const promotion = (await findPromotion(trx, site.id, number)) ?? notFound(`promotion ${number}`);
    const mentioned = mentionsIn(text.trim(), await membersOf(trx, site.id));
    const row = {
      id: newId(Date.parse(actor.at)),
      promotion_id: promotion.id,
      person_id: actor.person.id,
      comment: text.trim(),
      commented_at: actor.at,
    };
    await addMentions(
      trx,
      site,
      promotion,
      mentioned.filter(({ id }) => id !== actor.person.id),
    );
    const details = { ...row, mentioned: asJson(mentioned) };
    const seq = await appendPromotionEvent(trx, actor, site, promotion, "promotion_commented", details);
    await trx
      .insertInto("comments")
      .values({ ...row, mentioned: canonicalJson(asJson(mentioned)), seq })
      .execute();
    return (await listComments(trx, promotion.id, { after: seq - 1 })).find(({ id }) => id === row.id) as Comment;
  });
}

const asJson = (mentions: Mention[]) => mentions.map(({ id, text }) => ({ id, text }));

/** Why this person may not comment. */
export function whyNotDiscuss({ roles }: Pick<Actor, "roles">): string | undefined {
  if (roles.some((role) => role !== "viewer")) return;
  return "Viewers may not comment on this site. Ask an administrator for another role.";
}

function whyNotRemark(text: string): string | undefined {
  if (!text.trim()) return "Write a comment.";
  return whyNotText("A comment", text, 10_000);
}

/** The comments on a promotion, oldest first. `after` is the number of the last one's event on the page before. */
export async function listComments(
  db: Database,
  promotionId: string,
  { after = 0, limit = 1000 }: { after?: number | undefined; limit?: number } = {},
): Promise<Comment[]> {
  const rows = await db
    .selectFrom("comments as c")
    .innerJoin("people as p", "p.id", "c.person_id")
    .innerJoin("promotions as pr", "pr.id", "c.promotion_id")
    .select(["c.id", "c.seq", "p.kind", "c.commented_at", "c.comment", "c.mentioned"])
    .select(personThen("p", "c.commented_at", "pr.site_id").as("person"))
    .select(personSince("p", "c.commented_at", "pr.site_id").as("person_now"))
    .where("c.promotion_id", "=", promotionId)
    .where("c.seq", ">", after)
    .orderBy("c.seq")
    .limit(limit)
    .execute();
  return rows.map(({ mentioned, ...row }) => ({
    ...row,
    parts: withMentions(row.comment, JSON.parse(mentioned) as Mention[]),
  }));
}

/** The people of a site, whom a comment can mention. */
function membersOf(db: Database, siteId: string) {
  return db
    .selectFrom("people")
    .select(["id", "name", "email"])
    .where("kind", "=", "person")
    .where("id", "in", (eb) => eb.selectFrom("memberships").select("person_id").where("site_id", "=", siteId))
    .execute();
}

async function addMentions(trx: Database, site: Site, promotion: Promotion, mentions: Mention[]): Promise<void> {
  const rows = mentions.map(({ id }) => ({ promotion_id: promotion.id, person_id: id, site_id: site.id }));
  if (!rows.length) return;
  await trx
    .insertInto("unread_mentions")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The promotions on which this person was mentioned since they last opened them, newest first. */
export async function mentionsOf(db: Database, siteId: string, personId: string): Promise<Promotion[]> {
  const ids = (await unreadOf(db, siteId, personId)).map((row) => row.promotion_id);
  return ids.length ? listPromotions(db, siteId, { ids, limit: ids.length }) : [];
}

export const unreadOf = precompiled((db, siteId: string, personId: string) =>
  db
    .selectFrom("unread_mentions")
    .select("promotion_id")
    .where("site_id", "=", siteId)
    .where("person_id", "=", personId),
);

/** Takes a promotion out of "You were mentioned". Writes nothing if it is not there. */
export async function readMentions(db: Database, site: Site, person: { id: string }, number: number): Promise<void> {
  const unread = await mentionsOf(db, site.id, person.id);
  const promotion = unread.find((mentioned) => mentioned.number === number);
  if (!promotion) return;
  const rows = db.deleteFrom("unread_mentions").where("person_id", "=", person.id);
  await rows.where("promotion_id", "=", promotion.id).execute();
}
