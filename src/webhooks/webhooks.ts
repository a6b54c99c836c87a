import { randomBytes } from "node:crypto";
import { type Actor, withoutReplay } from "../access/actor.ts";
import { whyNotMay } from "../access/permissions.ts";
import type { Secrets } from "../access/secrets.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { fieldErrors, notFound, refuse, refuseFields } from "../errors.ts";
import { type Action, appendEvent, type NewEvent } from "../record/events.ts";
import { normalName } from "../text.ts";
import { addMs } from "../time/add.ts";
import { storedTypes, type WebhookRequest, type WebhookShape, webhookErrors } from "./rules.ts";

/** What the verbs and the worker need to know about where Sitebook runs. */
export interface WebhookContext {
  secrets: Secrets;
  /** Whether Sitebook may call a network address. */
  isAllowed: (address: string) => boolean;
}

const maxWebhooks = 50;

/** How long the signature with the old secret is sent too. */
const overlapMs = 24 * 3_600_000;

/**
 * Creates a webhook. Returns the secret with which it signs, which is shown once; undefined for chat programs, whose address
 * is the secret. Throws a Refusal with 403, or with 422 for a wrong field.
 */
export function createWebhook(
  db: Database,
  actor: Actor,
  site: Site,
  request: WebhookRequest,
  { secrets, isAllowed }: WebhookContext,
): Promise<{ id: string; name: string; secret: string | undefined }> {
  refuse(whyNotMay(actor, "administer"), 403);
  refuseFields(fieldErrors(webhookErrors(request, isAllowed)));
  const id = newId(Date.parse(actor.at));
  const shape = request.shape as WebhookShape;
  const secret = shape === "standard" ? newSigningSecret() : undefined;
  const row = {
    id,
    site_id: site.id,
    name: normalName(request.name),
    shape,
    url: secrets.seal(request.url, `webhooks.url ${id}`),
    host: new URL(request.url).host,
    types: storedTypes(request.types),
    secret: secret === undefined ? null : secrets.seal(secret, `webhooks.secret ${id}`),
    created_by: actor.person.id,
    created_at: actor.at,
  };
  return siteTransaction(db, withoutReplay(actor), site.id, async (trx, actor) => {
    refuse(await whyNotMore(trx, site.id));
    await trx
      .insertInto("webhooks")
      .values({ ...row, created_at: actor.at })
      .execute();
    await appendWebhookEvent(trx, actor, site.id, row, "webhook_created");
    return { id, name: row.name, secret };
  });
}

const newSigningSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

async function whyNotMore(trx: Database, siteId: string): Promise<string | undefined> {
  const { count } = await trx
    .selectFrom("webhooks")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("site_id", "=", siteId)
    .where("removed_at", "is", null)
    .executeTakeFirstOrThrow();
  return count >= maxWebhooks ? `A site can have ${maxWebhooks} webhooks. Remove one first.` : undefined;
}

/**
 * Gives it a new secret, which is returned here once. For a day those before sign too, so that the receiver can change in
 * between; all of them, as a button that is pressed twice must not end the one that the receiver has.
 */
export function rotateSecret(
  db: Database,
  actor: Actor,
  site: Site,
  id: string,
  { secrets }: WebhookContext,
): Promise<{ name: string; secret: string }> {
  return withWebhook(db, withoutReplay(actor), site, id, async (trx, actor, webhook) => {
    if (webhook.secret === null) notFound("secret");
    const secret = newSigningSecret();
    const context = `webhooks.secret ${id}`;
    const before = signingSecrets(webhook, actor.at, secrets).slice(0, maxPreviousSecrets).join(" ");
    await trx
      .updateTable("webhooks")
      .set({
        secret: secrets.seal(secret, context),
        previous_secret: secrets.seal(before, context),
        previous_until: addMs(actor.at, overlapMs),
      })
      .where("id", "=", id)
      .execute();
    await appendWebhookEvent(trx, actor, site.id, webhook, "webhook_changed", { what: "secret" });
    return { name: webhook.name, secret };
  });
}

/** More would make the header of the signatures too long for some receivers. */
const maxPreviousSecrets = 5;

/** The secrets that sign now, the newest first; without those that were sealed with another key. */
export const signingSecrets = (
  { id, secret, previous_secret, previous_until }: StoredWebhook,
  now: string,
  secrets: Secrets,
): string[] =>
  [secret, (previous_until ?? "") > now ? previous_secret : null]
    .flatMap((sealed) => (sealed && secrets.unseal(sealed, `webhooks.secret ${id}`)) || [])
    .flatMap((text) => text.split(" "));

/** Goes on with one that was disabled; one that is enabled stays as it is. */
export const enableWebhook = (db: Database, actor: Actor, site: Site, id: string): Promise<{ name: string }> =>
  withWebhook(db, actor, site, id, async (trx, actor, webhook) => {
    const { name, disabled_at } = webhook;
    if (!disabled_at) return { name };
    await trx.updateTable("webhooks").set({ disabled_at: null, disabled_reason: null }).where("id", "=", id).execute();
    await appendWebhookEvent(trx, actor, site.id, webhook, "webhook_changed", { what: "enabled" });
    return { name };
  });

export const removeWebhook = (db: Database, actor: Actor, site: Site, id: string): Promise<{ name: string }> =>
  withWebhook(db, actor, site, id, async (trx, actor, webhook) => {
    await trx.updateTable("webhooks").set({ removed_at: actor.at }).where("id", "=", id).execute();
    await appendWebhookEvent(trx, actor, site.id, webhook, "webhook_removed");
    return { name: webhook.name };
  });

/** Disables one after its receiver failed for days, or said that it is gone. Called by the worker, as Sitebook. */
export const disableWebhook = (
  db: Database,
  actor: Actor,
  site: Pick<Site, "id">,
  id: string,
  reason: string,
): Promise<void> =>
  siteTransaction(db, actor, site.id, async (trx, actor) => {
    const webhook = await findWebhook(trx, site.id, id);
    if (!webhook || webhook.disabled_at) return;
    await trx
      .updateTable("webhooks")
      .set({ disabled_at: actor.at, disabled_reason: reason })
      .where("id", "=", id)
      .execute();
    await appendWebhookEvent(trx, actor, site.id, webhook, "webhook_disabled", { reason });
  });

/** Runs a verb about a webhook in one transaction. Throws a Refusal with 403, or with 404 for an unknown id. */
export function withWebhook<T>(
  db: Database,
  actor: Actor,
  site: Site,
  id: string,
  work: (trx: Database, actor: Actor, webhook: StoredWebhook) => Promise<T>,
): Promise<T> {
  refuse(whyNotMay(actor, "administer"), 403);
  return siteTransaction(db, actor, site.id, async (trx, actor) =>
    work(trx, actor, (await findWebhook(trx, site.id, id)) ?? notFound("webhook")),
  );
}

export type StoredWebhook = NonNullable<Awaited<ReturnType<typeof findWebhook>>>;

/** A webhook of a site; undefined if there is none, or it was removed. */
export const findWebhook = (db: Database, siteId: string, id: string) =>
  db
    .selectFrom("webhooks")
    .selectAll()
    .where("id", "=", id)
    .where("site_id", "=", siteId)
    .where("removed_at", "is", null)
    .executeTakeFirst();

export const appendWebhookEvent = (
  trx: Database,
  actor: Actor,
  siteId: string,
  { id, name, host }: { id: string; name: string; host: string },
  action: Action,
  details: NewEvent["details"] = {},
) =>
  appendEvent(trx, actor, siteId, {
    action,
    subject: `webhook ${name}`,
    subject_id: id,
    details: { webhook: name, host, ...details },
  });
