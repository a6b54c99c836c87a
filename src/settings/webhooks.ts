import { Hono } from "hono";
import { webhookPage, webhookSecretPage, webhooksPage } from "../../views/settings/webhooks.ts";
import { notFound, shownRefusal } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { listDeliveries, listWebhooks, replayDelivery } from "../webhooks/deliveries.ts";
import { type WebhookRequest, webhookTypes } from "../webhooks/rules.ts";
import { createWebhook, enableWebhook, removeWebhook, rotateSecret } from "../webhooks/webhooks.ts";

/** Machines and channels that are told of events. */
export const webhookSettingsRoutes = new Hono<SiteEnv>();

const emptyForm: WebhookRequest = { name: "", shape: "standard", url: "", types: [] };

webhookSettingsRoutes.get("/", (c) => showWebhooks(c, emptyForm));

webhookSettingsRoutes.post("/", async (c) => {
  const form = { ...(await formFields(c, "name", "shape", "url")), types: await checkedValues(c, "types") };
  try {
    const created = await createWebhook(c.var.db, sessionActor(c), c.var.access.site, form, contextOf(c));
    if (created.secret) return showSecret(c, { ...created, secret: created.secret }, 201);
    flash(c, `${created.name} is told of events from now on.`);
    return c.redirect(base(c), 303);
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    return showWebhooks(c, form, { ...errors, ...(refused && { name: refused }) }, status as 422);
  }
});

const id = "/:webhook{[0-9a-f-]{36}}";

webhookSettingsRoutes.get(id, (c) => showWebhook(c));

webhookSettingsRoutes.post(`${id}/secret`, async (c) => {
  const webhook = c.req.param("webhook");
  const rotated = await rotateSecret(c.var.db, sessionActor(c), c.var.access.site, webhook, contextOf(c));
  return showSecret(c, rotated, 200);
});

webhookSettingsRoutes.post(`${id}/enable`, async (c) => {
  const { name } = await enableWebhook(c.var.db, sessionActor(c), c.var.access.site, c.req.param("webhook"));
  flash(c, `${name} is told of events again.`);
  return c.redirect(`${base(c)}/${c.req.param("webhook")}`, 303);
});

webhookSettingsRoutes.post(`${id}/removal`, async (c) => {
  const { name } = await removeWebhook(c.var.db, sessionActor(c), c.var.access.site, c.req.param("webhook"));
  flash(c, `${name} removed.`);
  return c.redirect(base(c), 303);
});

webhookSettingsRoutes.post(`${id}/deliveries/:delivery{[0-9a-f-]{36}}/replay`, async (c) => {
  const { webhook, delivery } = c.req.param();
  await replayDelivery(c.var.db, c.var.access.site.id, { webhook_id: webhook, id: delivery }, c.var.at);
  flash(c, "It will be delivered again.");
  return c.redirect(`${base(c)}/${webhook}`, 303);
});

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/settings/webhooks`;

const contextOf = (c: SiteContext) => ({ secrets: c.var.secrets, isAllowed: c.var.mayCall });

function showSecret(c: SiteContext, webhook: { name: string; secret: string }, status: 200 | 201) {
  containsSecret(c);
  const content = webhookSecretPage({ site: c.var.access.site, ...webhook });
  return sitePage(c, { title: webhook.name, here: "settings" }, content, status);
}

async function showWebhooks(
  c: SiteContext,
  form: WebhookRequest,
  errors: Record<string, string> = {},
  status: 200 | 409 | 422 = 200,
) {
  const { site } = c.var.access;
  const props = { site, now: c.var.at, webhooks: await listWebhooks(c.var.db, site.id), types: webhookTypes };
  const why = c.var.secrets.whyNotSeal();
  return sitePage(c, { title: "Webhooks", here: "settings" }, webhooksPage({ ...props, form, errors, why }), status);
}

const pageSize = 50;

async function showWebhook(c: SiteContext) {
  const { site } = c.var.access;
  const webhooks = await listWebhooks(c.var.db, site.id);
  const webhook = webhooks.find((one) => one.id === c.req.param("webhook")) ?? notFound("webhook");
  const before = c.req.query("before");
  const deliveries = await listDeliveries(c.var.db, webhook.id, { before, limit: pageSize + 1 });
  const content = webhookPage({
    site,
    now: c.var.at,
    webhook,
    deliveries: deliveries.slice(0, pageSize),
    older: deliveries.length > pageSize ? deliveries[pageSize - 1]?.id : undefined,
    isContinued: before !== undefined,
  });
  return sitePage(c, { title: webhook.name, here: "settings" }, content);
}
