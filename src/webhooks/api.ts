import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { idSchema, listOf, momentSchema, paging, slugSchema, textUpTo } from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { listDeliveries, listWebhooks } from "./deliveries.ts";
import { webhookTypes } from "./rules.ts";
import { webhookJson, webhookSchema, webhookShapeSchema, webhookTypesSchema } from "./webhook-json.ts";
import { createWebhook } from "./webhooks.ts";

const tags = ["Webhooks"];

export const webhookApi = new OpenAPIHono<SiteEnv>();

const event = z
  .object({
    type: z.string().openapi({ description: `One of ${webhookTypes.join(", ")}.`, example: "promotion.applied" }),
    timestamp: momentSchema,
    data: z.object({
      site: z.string(),
      event: z.int().openapi({ description: "The number of the event in the site's history." }),
      recorded_at: momentSchema,
      action: z.string(),
      subject: z.string().openapi({ example: "promotion 12" }),
      person: z.object({ name: z.string(), kind: z.enum(["person", "machine"]) }),
      text: z.string().openapi({ description: "The sentence of the history." }),
      url: z.string().openapi({ description: "The page about it." }),
      details: z.record(z.string(), z.unknown()).openapi({ description: "As in the history." }),
    }),
  })
  .openapi("WebhookEvent");

/** What is sent, for the document. */
export const webhookCall = {
  method: "post" as const,
  path: "event",
  tags,
  operationId: "receiveEvent",
  summary: "What a receiver of shape `standard` gets",
  description: `Signed by Standard Webhooks (https://www.standardwebhooks.com): give the secret, the body as it arrived and the headers to the library for your language. In JavaScript: \`new Webhook(secret).verify(body, headers)\`.

Respond with a status from 200 to 299 within 15 seconds. Anything else is tried again for three days, after pauses from 30 seconds to 6 hours; then, and after 410, the webhook is disabled. A delivery can arrive twice, with the same \`webhook-id\`, and not in the order of the events: see \`data.event\`.

\`approval.requested\`: a promotion was requested that needs approvals, or it needs one anew because one was withdrawn or has expired. \`freeze.created\` says in \`data.details\` when a freeze starts and ends (\`starts_at\`, \`ends_at\`) and how it recurs; \`freeze.ended\`: somebody ended it. Its windows open and close by the clock, which is no event of the history, so there is no \`freeze.started\`: the calendar feed has the windows, and \`frozen\` of \`GET /sites/{site}/environments\` says what applies now. There is no \`environment.locked\` either: a freeze without an end locks an environment until somebody ends it.`,
  request: {
    headers: z.object({
      "webhook-id": z.string().openapi({ description: "Stays the same when a delivery is repeated." }),
      "webhook-timestamp": z.string().openapi({ description: "Of this attempt, in seconds since 1970." }),
      "webhook-signature": z.string().openapi({
        description:
          "`v1,` and the signature, once for each secret: for a day after it was changed the old one signs too.",
      }),
    }),
    body: { required: true, content: { "application/json": { schema: event } } },
  },
  responses: { "2XX": { description: "It is delivered." } },
};

const listCall = getCall("/sites/{site}/webhooks", {
  tags,
  operationId: "listWebhooks",
  summary: "A site's webhooks, by name",
  needs: "administer",
  params: z.object({ site: slugSchema }),
  answer: z.object({ items: z.array(webhookSchema) }),
});

webhookApi.openapi(listCall, async (c) => {
  const rows = await listWebhooks(c.var.db, c.var.access.site.id);
  return c.json({ items: rows.map(webhookJson) }, 200);
});

const createCall = postCall("/sites/{site}/webhooks", {
  needs: "administer",
  tags,
  operationId: "createWebhook",
  summary: "Tell a program or a chat channel of events",
  description:
    "The answer has the secret that signs, once. A repeated request creates another webhook. What arrives there is under `webhooks` in this document. To try it, record a deployment, and read its deliveries.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      name: textUpTo(200),
      shape: webhookShapeSchema,
      url: textUpTo(2000),
      types: webhookTypesSchema.optional(),
    })
    .openapi("NewWebhook"),
  answer: z.object({ id: z.string(), name: z.string(), secret: z.string().nullable() }).openapi("CreatedWebhook"),
});

webhookApi.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  const request = { ...body, types: body.types ?? [] };
  const context = { secrets: c.var.secrets, isAllowed: c.var.mayCall };
  const created = await createWebhook(c.var.db, tokenActor(c, body), c.var.access.site, request, context);
  return c.json({ ...created, secret: created.secret ?? null }, 201);
});

const delivery = z
  .object({
    id: z.string().openapi({ description: "The same as in `webhook-id`, after `msg_`." }),
    type: z.string(),
    event: z.int().openapi({ description: "The number of the event in the site's history." }),
    state: z.enum(["waiting", "delivered", "failed", "stopped"]),
    attempts: z.int(),
    status: z.int().nullable(),
    answer: z.string().nullable(),
    created_at: momentSchema,
    ended_at: momentSchema.nullable(),
  })
  .openapi("WebhookDelivery");

const deliveriesCall = getCall("/sites/{site}/webhooks/{id}/deliveries", {
  tags,
  operationId: "listWebhookDeliveries",
  summary: "What a webhook was told, newest first",
  needs: "administer",
  params: z.object({ site: slugSchema, id: idSchema }),
  query: z.strictObject(paging(z.strictObject({ id: idSchema }))),
  answer: listOf(delivery),
});

webhookApi.openapi(deliveriesCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const { id } = c.req.valid("param");
  const webhooks = await listWebhooks(c.var.db, c.var.access.site.id);
  if (!webhooks.some((one) => one.id === id)) notFound("webhook");
  const rows = await listDeliveries(c.var.db, id, { before: cursor?.id, limit: limit + 1 });
  const item = ({ webhook_id: _webhook, site_id: _site, seq: event, ...row }: (typeof rows)[number]) => ({
    ...row,
    event,
  });
  return c.json(pageBy(rows, limit, item, "id"), 200);
});
