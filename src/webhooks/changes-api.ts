import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { patchCall, postCall } from "../api/calls.ts";
import { idSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { changeWebhook } from "./change-webhook.ts";
import { listWebhooks, replayDelivery } from "./deliveries.ts";
import { webhookJson, webhookSchema, webhookTypesSchema } from "./webhook-json.ts";
import { enableWebhook, removeWebhook, rotateSecret } from "./webhooks.ts";

const about = { needs: "administer" as const, tags: ["Webhooks"] };

export const webhookChangesApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, id: idSchema });

const changeCall = patchCall("/sites/{site}/webhooks/{id}", {
  ...about,
  operationId: "changeWebhook",
  summary: "Rename a webhook, or change its address or of what it is told",
  description:
    "A field that is not sent stays as it is. What still waits is delivered to the new address. Its secret stays; its shape cannot be changed.",
  params,
  body: z
    .strictObject({
      name: textUpTo(200).optional(),
      url: textUpTo(2000).optional(),
      types: webhookTypesSchema.optional(),
    })
    .openapi("WebhookChange"),
  answer: webhookSchema,
});

webhookChangesApi.openapi(changeCall, async (c) => {
  const body = c.req.valid("json");
  const { id } = c.req.valid("param");
  const context = { secrets: c.var.secrets, isAllowed: c.var.mayCall };
  await changeWebhook(c.var.db, tokenActor(c, body), c.var.access.site, id, body, context);
  return c.json(webhookJson(await webhookOf(c, id)), 200);
});

const secretCall = postCall("/sites/{site}/webhooks/{id}/secret", {
  ...about,
  operationId: "rotateWebhookSecret",
  summary: "Give a webhook a new secret",
  description:
    "The answer has the new secret, once. For a day those before sign too, so that the receiver can change in between. A repeated request creates another secret. 404 for a webhook of Slack or Teams, which has none.",
  params,
  body: z.strictObject({}).openapi("WebhookSecretRotation"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, name: z.string(), secret: z.string() }).openapi("RotatedWebhookSecret"),
});

webhookChangesApi.openapi(secretCall, async (c) => {
  const { id } = c.req.valid("param");
  const context = { secrets: c.var.secrets, isAllowed: c.var.mayCall };
  const { name, secret } = await rotateSecret(c.var.db, tokenActor(c, {}), c.var.access.site, id, context);
  return c.json({ id, name, secret }, 201);
});

const enableCall = postCall("/sites/{site}/webhooks/{id}/enable", {
  ...about,
  operationId: "enableWebhook",
  summary: "Go on with a webhook that was disabled",
  description:
    "It is told of what happens from now on; what was not delivered can be replayed. One that is enabled stays as it is.",
  params,
  body: z.strictObject({}).openapi("WebhookEnabling"),
  mayBeEmpty: true,
  answer: webhookSchema,
});

webhookChangesApi.openapi(enableCall, async (c) => {
  const { id } = c.req.valid("param");
  await enableWebhook(c.var.db, tokenActor(c, {}), c.var.access.site, id);
  return c.json(webhookJson(await webhookOf(c, id)), 201);
});

const removeCall = postCall("/sites/{site}/webhooks/{id}/removal", {
  ...about,
  operationId: "removeWebhook",
  summary: "Remove a webhook: nothing is delivered to it any more",
  description: "404 if it was removed already.",
  params,
  body: z.strictObject({}).openapi("WebhookRemoval"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, name: z.string() }).openapi("RemovedWebhook"),
});

webhookChangesApi.openapi(removeCall, async (c) => {
  const { id } = c.req.valid("param");
  const { name } = await removeWebhook(c.var.db, tokenActor(c, {}), c.var.access.site, id);
  return c.json({ id, name }, 201);
});

const replayCall = postCall("/sites/{site}/webhooks/{id}/deliveries/{delivery}/replay", {
  ...about,
  operationId: "replayWebhookDelivery",
  summary: "Deliver something to a webhook once more, now",
  description:
    "With the same `webhook-id`, whatever its state is. Repeating the request before that is done changes nothing. To a webhook that is disabled nothing is delivered: enable it first.",
  params: params.extend({ delivery: idSchema }),
  body: z.strictObject({}).openapi("WebhookReplay"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, state: z.literal("waiting") }).openapi("ReplayedWebhookDelivery"),
});

webhookChangesApi.openapi(replayCall, async (c) => {
  const { id, delivery } = c.req.valid("param");
  await webhookOf(c, id);
  await replayDelivery(c.var.db, c.var.access.site.id, { webhook_id: id, id: delivery }, c.var.at);
  return c.json({ id: delivery, state: "waiting" as const }, 201);
});

/** Throws a Refusal with 404 if the site has none, or it was removed. */
async function webhookOf(c: SiteContext, id: string) {
  const webhooks = await listWebhooks(c.var.db, c.var.access.site.id);
  return webhooks.find((one) => one.id === id) ?? notFound("webhook");
}
