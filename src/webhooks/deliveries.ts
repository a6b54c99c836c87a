import { sql } from "kysely";
import { findSiteById } from "../access/sites.ts";
import { systemActor } from "../access/system.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { notFound } from "../errors.ts";
import { listEvents } from "../history/queries.ts";
import { enqueue, type Job, maxAttempts, runNow } from "../jobs/queue.ts";
import { pathOf, payloadOf, signedHeaders } from "./payload.ts";
import { type PostResult, postJson } from "./post.ts";
import { type EventFacts, typesFor, typesOf } from "./rules.ts";
import { disableWebhook, findWebhook, type StoredWebhook, signingSecrets, type WebhookContext } from "./webhooks.ts";

/** An event of a site, and what else it is told as. */
export interface DeliveredEvent extends EventFacts {
  seq: number;
  action: string;
  recorded_at: string;
}

/** Writes what the webhooks of a site have to be told of these events, with the jobs that do it. */
export async function writeDeliveries(
  trx: Database,
  siteId: string,
  events: DeliveredEvent[],
  now: string,
): Promise<void> {
  const webhooks = await trx
    .selectFrom("webhooks")
    .select(["id", "shape", "types", "created_at"])
    .where("site_id", "=", siteId)
    .where("removed_at", "is", null)
    .where("disabled_at", "is", null)
    .execute();
  for (const webhook of webhooks)
    for (const event of events.filter(({ recorded_at }) => recorded_at >= webhook.created_at))
      for (const type of typesFor(webhook, typesOf(event.action, event)))
        await writeDelivery(trx, siteId, { webhook_id: webhook.id, seq: event.seq, type }, now);
}

async function writeDelivery(
  trx: Database,
  site_id: string,
  delivery: { webhook_id: string; seq: number; type: string },
  now: string,
): Promise<void> {
  const id = newId(Date.parse(now));
  await trx
    .insertInto("webhook_deliveries")
    .values({ id, site_id, ...delivery, created_at: now, state: "waiting" })
    .execute();
  await enqueue(trx, { site_id, kind: "webhook", ref: id, run_at: now });
}

/** The lane of a job: a receiver that is slow, or never answers, holds up no other, and is asked one thing at a time. */
export const webhookOfJob = sql<string>`
  coalesce((select d.webhook_id from webhook_deliveries as d where d.id = jobs.ref), '')`;

/**
 * Delivers an event to a webhook. Throws if the receiver did not accept it, so that it is tried again for three days; after
 * that, or if the receiver answers 410 (Gone), the webhook is disabled. A receiver can get one twice, with the same id, if
 * this server is killed before the answer is written down.
 */
export async function sendDelivery(
  db: Database,
  { ref, attempts }: Pick<Job, "ref" | "attempts">,
  now: string,
  context: WebhookContext & { baseUrl: string },
): Promise<void> {
  const delivery = await db.selectFrom("webhook_deliveries").selectAll().where("id", "=", ref).executeTakeFirst();
  if (delivery?.state !== "waiting") return;
  const webhook = await findWebhook(db, delivery.site_id, delivery.webhook_id);
  if (!webhook || webhook.disabled_at)
    return end(db, ref, { state: "stopped", answer: "The webhook is disabled." }, now);
  const { error, ...result } = await attempt(db, webhook, delivery, now, context);
  const answer = error ?? result.answer;
  if (!error && result.status && result.status >= 200 && result.status <= 299)
    return end(db, ref, { state: "delivered", status: result.status, answer, attempts: delivery.attempts + 1 }, now);
  const failed = { status: result.status ?? null, answer, attempts: delivery.attempts + 1 };
  const isGone = result.status === 410;
  if (isGone || attempts >= maxAttempts) {
    await end(db, ref, { state: "failed", ...failed }, now);
    const reason = isGone
      ? "Its receiver answered that it is gone."
      : "Its receiver has not accepted a delivery for three days.";
    return disableWebhook(db, await systemActor(db, now), { id: delivery.site_id }, webhook.id, reason);
  }
  await db.updateTable("webhook_deliveries").set(failed).where("id", "=", ref).execute();
  throw new Error(error ?? `${webhook.host} answered with status ${result.status}.`);
}

async function attempt(
  db: Database,
  webhook: StoredWebhook,
  { id, seq, type, site_id }: { id: string; seq: number; type: string; site_id: string },
  now: string,
  { secrets, isAllowed, baseUrl }: WebhookContext & { baseUrl: string },
): Promise<Partial<PostResult> & { error?: string }> {
  const site = (await findSiteById(db, site_id)) ?? notFound("site");
  const [event] = await listEvents(db, site_id, { seqs: [seq] });
  const url = secrets.unseal(webhook.url, `webhooks.url ${webhook.id}`);
  if (!event || !url)
    return { error: "Its address cannot be read: SECRET, or the file with the key, is not the one it was saved with." };
  const body = payloadOf(webhook.shape, { type, site, event, url: `${baseUrl}/sites/${site.slug}/${pathOf(event)}` });
  const keys = signingSecrets(webhook, now, secrets);
  const headers = webhook.shape === "standard" ? signedHeaders(`msg_${id}`, body, keys, now) : {};
  try {
    return await postJson(new URL(url), body, headers, { isAllowed });
  } catch (error) {
    return { error: (error as Error).message };
  }
}

type End = {
  state: "delivered" | "failed" | "stopped";
  answer: string | undefined;
  status?: number | null;
  attempts?: number;
};

async function end(db: Database, id: string, { answer, ...result }: End, now: string): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ ...result, answer: answer ?? null, ended_at: now })
    .where("id", "=", id)
    .execute();
}

/** Delivers one of a webhook again, now, with the same id. Throws a Refusal with 404 if the site has none. */
export async function replayDelivery(
  db: Database,
  site_id: string,
  { webhook_id, id }: { webhook_id: string; id: string },
  now: string,
): Promise<void> {
  const job = { site_id, kind: "webhook", ref: id };
  await db.transaction().execute(async (trx) => {
    const deliveries = trx.selectFrom("webhook_deliveries").select("id").where("site_id", "=", site_id);
    const known = await deliveries.where("webhook_id", "=", webhook_id).where("id", "=", id).executeTakeFirst();
    if (!known) notFound("delivery");
    const delivery = trx.updateTable("webhook_deliveries").where("id", "=", id);
    const again = delivery.set({ state: "waiting", ended_at: null }).where("state", "!=", "waiting");
    const { numUpdatedRows } = await again.executeTakeFirstOrThrow();
    if (numUpdatedRows) await enqueue(trx, { ...job, run_at: now });
    else if (!(await runNow(trx, job, now))) notFound("delivery");
  });
}

/** Removes those that ended before a moment. */
export const removeOldDeliveries = (db: Database, before: string) =>
  db.deleteFrom("webhook_deliveries").where("ended_at", "<", before).execute();

/** The newest deliveries of a webhook. `before`: the id of the last one listed. */
export const listDeliveries = (
  db: Database,
  webhookId: string,
  { before, limit }: { before?: string | undefined; limit: number },
) => {
  const query = db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("webhook_id", "=", webhookId)
    .orderBy("id", "desc")
    .limit(limit);
  return (before === undefined ? query : query.where("id", "<", before)).execute();
};

/** The webhooks of a site, by name, without their secrets. */
export const listWebhooks = (db: Database, siteId: string) =>
  db
    .selectFrom("webhooks")
    .select(["id", "name", "shape", "host", "types", "created_at", "disabled_at", "disabled_reason", "previous_until"])
    .where("site_id", "=", siteId)
    .where("removed_at", "is", null)
    .orderBy("name")
    .execute();
