import { signedUpMembers } from "../access/members.ts";
import type { Database } from "../database/connect.ts";
import { listPromotions, type Promotion } from "../promotions/queries.ts";
import { follows, type Occasion, type SubscriptionSubject } from "./rules.ts";

export interface NoticedEvent {
  seq: number;
  person_id: string;
  action: string;
  subject_id: string | null;
  recorded_at: string;
}

/** What an event is about, and for whom; undefined if nobody has to know. */
export interface EventOccasion extends Occasion {
  /** Notices about one thing are one conversation. */
  topic: string;
  promotion_id: string | null;
}

/** For whom an event of a site is. What open promotions need from people is not among it: see `needsOf`. */
export async function occasionOf(
  db: Database,
  siteId: string,
  event: NoticedEvent,
): Promise<EventOccasion | undefined> {
  const { action, subject_id: id, person_id: actor_id } = event;
  if (action === "deployment_recorded" && id) return deployed(db, siteId, event, id);
  if (action === "webhook_disabled" && id)
    return {
      actor_id,
      topic: id,
      promotion_id: null,
      receivers: { webhook_disabled: await administratorsOf(db, siteId) },
    };
  if (action === "findings_opened" && id)
    return { actor_id, topic: id, promotion_id: null, receivers: { findings: await membersOf(db, siteId) } };
  if (!id || !action.startsWith("promotion_")) return;
  const [promotion] = await listPromotions(db, siteId, { ids: [id] });
  if (!promotion) return;
  const about = { actor_id, topic: id, promotion_id: id };
  if (action === "promotion_commented")
    return { ...about, receivers: { mentioned: await mentionedIn(db, id, event.seq) } };
  const receivers: Occasion["receivers"] = {};
  if (isDecision(action, promotion)) receivers.request_decided = [promotion.requester_id];
  if (action === "promotion_completed" && promotion.completion?.forced)
    receivers.without_gate = await approversOf(db, siteId, promotion);
  if (["promotion_scheduled", "promotion_completed"].includes(action))
    receivers.subscribed = await followersOfCampaign(db, siteId, promotion, event.recorded_at);
  return { ...about, receivers };
}

const endings = ["rejected", "cancelled", "superseded", "expired", "completed"].map((word) => `promotion_${word}`);

/** Of several approvals only the last one decides. */
const isDecision = (action: string, { state }: Promotion): boolean =>
  endings.includes(action) || (action === "promotion_approved" && state !== "waiting");

async function mentionedIn(db: Database, promotionId: string, seq: number): Promise<string[]> {
  const comment = await db
    .selectFrom("comments")
    .select("mentioned")
    .where("promotion_id", "=", promotionId)
    .where("seq", "=", seq)
    .executeTakeFirst();
  return (JSON.parse(comment?.mentioned ?? "[]") as { id: string }[]).map(({ id }) => id);
}

/** All of them: who has not chosen to be told gets no notice. */
const membersOf = async (db: Database, siteId: string): Promise<string[]> =>
  (await signedUpMembers(db, siteId)).map(({ person }) => person.id);

async function administratorsOf(db: Database, siteId: string): Promise<string[]> {
  const members = await signedUpMembers(db, siteId);
  return members.filter(({ permissions }) => permissions.has("administer")).map(({ person }) => person.id);
}

/** Who has a role that its gate names. */
async function approversOf(db: Database, siteId: string, { gate }: Promotion): Promise<string[]> {
  const roles = gate?.requirements.map(({ role }) => role) ?? [];
  const members = await signedUpMembers(db, siteId);
  return members.filter((member) => member.roles.some((role) => roles.includes(role))).map(({ person }) => person.id);
}

/** Those who followed it before the event. */
async function followersOfCampaign(db: Database, siteId: string, promotion: Promotion, at: string): Promise<string[]> {
  const rows = await db
    .selectFrom("subscriptions")
    .select(["person_id", "environment_id"])
    .where("site_id", "=", siteId)
    .where("subject", "=", "campaign")
    .where("ref", "=", promotion.release_id)
    .where("created_at", "<=", at)
    .execute();
  return rows
    .filter(({ environment_id }) => environment_id === null || environment_id === promotion.environment_id)
    .map(({ person_id }) => person_id);
}

/** The owners of what a deployment changed, and those who follow some of it. */
async function deployed(
  db: Database,
  siteId: string,
  { person_id: actor_id, recorded_at }: NoticedEvent,
  id: string,
): Promise<EventOccasion | undefined> {
  const deployment = await db
    .selectFrom("deployments as d")
    .leftJoin("promotions as p", "p.id", "d.promotion_id")
    .select(["d.environment_id", "d.promotion_id", "d.baseline", "p.release_id"])
    .where("d.id", "=", id)
    .executeTakeFirst();
  if (!deployment || deployment.baseline) return;
  const owners = await changed(db, id).select("a.owner_id").distinct().where("a.owner_id", "is not", null).execute();
  return {
    actor_id,
    topic: deployment.promotion_id ?? id,
    promotion_id: deployment.promotion_id,
    receivers: {
      page_changed: owners.map(({ owner_id }) => owner_id as string),
      subscribed: await followersOf(db, siteId, id, { ...deployment, recorded_at }),
    },
  };
}

const changed = (db: Database, deploymentId: string) =>
  db
    .selectFrom("placements as pl")
    .innerJoin("artifacts as a", "a.id", "pl.artifact_id")
    .where("pl.deployment_id", "=", deploymentId);

async function followersOf(
  db: Database,
  siteId: string,
  deploymentId: string,
  {
    environment_id,
    release_id,
    recorded_at,
  }: { environment_id: string; release_id: string | null; recorded_at: string },
): Promise<string[]> {
  const followed = await db
    .selectFrom("subscriptions")
    .select(["person_id", "subject", "ref", "environment_id"])
    .where("site_id", "=", siteId)
    .where("subject", "!=", "campaign")
    .where("created_at", "<=", recorded_at)
    .execute();
  if (!followed.length) return [];
  const refs = (subject: SubscriptionSubject) =>
    followed.filter((one) => one.subject === subject).map(({ ref }) => ref);
  const [sections, pages] = [refs("section"), refs("page")];
  const rows = await changed(db, deploymentId)
    .select(["a.section", "a.id"])
    .where((eb) =>
      eb.or([
        ...(sections.length ? [eb("a.section", "in", sections)] : []),
        ...(pages.length ? [eb("a.id", "in", pages)] : []),
      ]),
    )
    .execute();
  const arrival = {
    environment_id,
    release_id,
    sections: rows.map(({ section }) => section),
    artifact_ids: rows.map(({ id }) => id),
  };
  return followed.filter((one) => follows(one, arrival)).map(({ person_id }) => person_id);
}
