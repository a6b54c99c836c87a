import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId, newSecret, sha256 } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { notFound, refuse, refuseFields } from "../errors.ts";
import { normalEmail } from "../people/rules.ts";
import { appendPromotionEvent } from "../promotions/open-promotions.ts";
import { promotionOf } from "../promotions/promotions.ts";
import type { Promotion } from "../promotions/queries.ts";
import { counts } from "../promotions/rules.ts";
import { roleThen } from "../record/role-names.ts";
import { normalName } from "../text.ts";
import { addMs } from "../time/add.ts";
import { type GuestRequest, guestErrors, whyNoGuests } from "./rules.ts";

const lifetimeMs = 14 * 24 * 3_600_000;

export interface InvitedGuest {
  id: string;
  name: string;
  email: string;
  role: string;
  expires_at: string;
  /** The secret of the link, which is stored nowhere. */
  link: string;
  promotion: Promotion;
}

/**
 * Invites somebody without an account to decide on one promotion in one role, for two weeks. Throws a Refusal with 403, with
 * 409 if no guest can be invited, or with 422 for a wrong field.
 */
export function inviteGuest(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  request: GuestRequest,
  mailIsSetUp: boolean,
): Promise<InvitedGuest> {
  refuse(whyNotMay(actor, "promote"), 403);
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    refuse(whyNoGuests(promotion, mailIsSetUp));
    const others = (await listGuests(trx, promotion.id)).filter((one) => !one.revoked_at && one.expires_at > actor.at);
    const [link, email, name] = [newSecret(), normalEmail(request.email), normalName(request.name)];
    refuseFields(guestErrors(request, promotion, others, await knownAs(trx, site, promotion, email)));
    const person_id = newId(Date.parse(actor.at));
    const person = { id: person_id, kind: "person" as const, name, email: null, password: null, created_at: actor.at };
    await trx.insertInto("people").values(person).execute();
    const id = newId(Date.parse(actor.at));
    const invitation = { id, promotion_id: promotion.id, person_id, email, role: request.role, hash: sha256(link) };
    const expires_at = addMs(actor.at, lifetimeMs);
    const validity = { invited_by: actor.person.id, created_at: actor.at, expires_at };
    await trx
      .insertInto("guests")
      .values({ ...invitation, ...validity })
      .execute();
    await appendPromotionEvent(trx, actor, site, promotion, "guest_invited", { guest: name, role: request.role });
    return { id, name, email, role: request.role, expires_at, link, promotion };
  });
}

/** Whose an address is already, on the site and among the guests of a promotion. */
async function knownAs(trx: Database, site: Site, promotion: Promotion, email: string) {
  const member = await trx
    .selectFrom("people as p")
    .innerJoin("memberships as m", "m.person_id", "p.id")
    .select("p.id")
    .where("p.email", "=", email)
    .where("m.site_id", "=", site.id)
    .executeTakeFirst();
  const guests = await trx
    .selectFrom("guests")
    .select("person_id")
    .where("promotion_id", "=", promotion.id)
    .where("email", "=", email)
    .execute();
  const approved = promotion.approvals.filter(counts).map(({ person_id }) => person_id);
  return { isMember: member !== undefined, hasApproved: guests.some(({ person_id }) => approved.includes(person_id)) };
}

/** Ends an invitation: its link and everything opened with it work no more. What the guest decided stays. */
export function revokeGuest(
  db: Database,
  actor: Actor,
  site: Site,
  number: number,
  id: string,
): Promise<{ name: string }> {
  refuse(whyNotMay(actor, "promote"), 403);
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    const promotion = await promotionOf(trx, site, number);
    const guest = (await listGuests(trx, promotion.id)).find((one) => one.id === id) ?? notFound("guest");
    if (guest.revoked_at) return guest;
    await trx.updateTable("guests").set({ revoked_at: actor.at, session_hash: null }).where("id", "=", id).execute();
    await appendPromotionEvent(trx, actor, site, promotion, "guest_revoked", { guest: guest.name, role: guest.role });
    return guest;
  });
}

export type ListedGuest = Awaited<ReturnType<typeof listGuests>>[number];

/** The guests of a promotion, in the order in which they were invited, with their last decision that counts. */
export const listGuests = (db: Database, promotionId: string) =>
  db
    .selectFrom("guests as g")
    .innerJoin("people as p", "p.id", "g.person_id")
    .innerJoin("people as i", "i.id", "g.invited_by")
    .innerJoin("roles as r", "r.slug", "g.role")
    .leftJoin("approvals as a", (join) =>
      join.on("a.id", "=", (eb) =>
        eb
          .selectFrom("approvals as own")
          .leftJoin("withdrawals as w", "w.approval_id", "own.id")
          .select(({ fn }) => fn.max("own.id").as("last"))
          .whereRef("own.promotion_id", "=", "g.promotion_id")
          .whereRef("own.person_id", "=", "g.person_id")
          .where("w.approval_id", "is", null),
      ),
    )
    .select(["g.id", "g.email", "g.role", "g.created_at", "g.expires_at", "g.revoked_at", "g.session_expires_at"])
    .select([
      "p.name",
      "i.name as invited_by",
      roleThen("r", "g.expires_at").as("role_name"),
      "a.decision",
      "a.decided_at",
    ])
    .where("g.promotion_id", "=", promotionId)
    .orderBy("g.id")
    .execute();
