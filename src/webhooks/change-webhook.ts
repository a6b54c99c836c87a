import { type Actor, withoutReplay } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { fieldErrors, refuseFields } from "../errors.ts";
import { normalName } from "../text.ts";
import { storedTypes, webhookErrors } from "./rules.ts";
import { appendWebhookEvent, type WebhookContext, withWebhook } from "./webhooks.ts";

/** What is missing stays. Its shape stays in any case: another one is signed otherwise. */
export interface WebhookChange {
  name?: string | undefined;
  url?: string | undefined;
  types?: string[] | undefined;
}

/**
 * Renames a webhook, or changes its address or of what it is told. What waits is delivered to the new address. Throws a
 * Refusal with 403, with 404 for an unknown id, or with 422 for a wrong field.
 */
export const changeWebhook = (
  db: Database,
  actor: Actor,
  site: Site,
  id: string,
  change: WebhookChange,
  { secrets, isAllowed }: WebhookContext,
): Promise<void> =>
  // the same again changes nothing; and a fingerprint of the request would be one of its address
  withWebhook(db, withoutReplay(actor), site, id, async (trx, actor, webhook) => {
    const address = `webhooks.url ${id}`;
    const { name = webhook.name, types, url } = change;
    const errors = fieldErrors(webhookErrors({ ...webhook, name, url: url ?? "", types: types ?? [] }, isAllowed));
    refuseFields(errors.filter(({ path }) => path in change));
    const row = {
      name: normalName(name),
      types: types ? storedTypes(types) : webhook.types,
      host: url === undefined ? webhook.host : new URL(url).host,
    };
    const hasMoved = url !== undefined && url !== secrets.unseal(webhook.url, address);
    const changed = [
      ...(row.name === webhook.name ? [] : ["name"]),
      ...(hasMoved ? ["address"] : []),
      ...(row.types === webhook.types ? [] : ["events"]),
    ];
    if (!changed.length) return;
    await trx
      .updateTable("webhooks")
      .set({ ...row, ...(hasMoved && { url: secrets.seal(url, address) }) })
      .where("id", "=", id)
      .execute();
    await appendWebhookEvent(trx, actor, site.id, webhook, "webhook_changed", { what: "settings", changed, now: row });
  });
