import type { Actor, StandIn } from "../access/actor.ts";
import { type SignedUpMember, signedUpMembers } from "../access/members.ts";
import type { Database } from "../database/connect.ts";
import { substitutesAt } from "../delegations/queries.ts";
import { listFreezes } from "../freezes/queries.ts";
import { type Need, needOf } from "../promotions/need-rules.ts";
import { openBlockers, withFrozen } from "../promotions/open-blockers.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";

/** What an open promotion needs from a person. */
export interface PersonNeed {
  promotion: Promotion;
  member: SignedUpMember;
  need: Need;
}

/** What the open promotions of a site, or these of them, need from its people now: the same as their inboxes say. */
export async function needsOf(db: Database, siteId: string, now: string, ids?: string[]): Promise<PersonNeed[]> {
  const open = (await listPromotions(db, siteId, { open: true, limit: 1000 })).filter(
    ({ id }) => ids?.includes(id) ?? true,
  );
  if (!open.length) return [];
  const members = await withStandIns(db, siteId, now);
  const freezes = await listFreezes(db, siteId, { unended: true, endsAfter: now });
  const blockers = withFrozen(await openBlockers(db, siteId, open, now), open, freezes, now);
  return open.flatMap((promotion) =>
    members.flatMap((member) => {
      const need = needOf(promotion, { ...member, at: now }, blockers.get(promotion.id) ?? []);
      return need ? [{ promotion, member, need }] : [];
    }),
  );
}

async function withStandIns(
  db: Database,
  siteId: string,
  now: string,
): Promise<(SignedUpMember & Pick<Actor, "standsInFor">)[]> {
  const members = await signedUpMembers(db, siteId);
  const roles = [...new Set(members.flatMap((member) => member.roles))];
  const standIns = Map.groupBy(await substitutesAt(db, siteId, roles, now), ({ id }) => id);
  return members.map((member) => ({
    ...member,
    standsInFor: standIns
      .get(member.person.id)
      ?.map((one): StandIn => ({ person_id: one.for_id, person: one.for, role: one.role, until_at: now })),
  }));
}
