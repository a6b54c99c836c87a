import type { listDeliveries, listWebhooks } from "../../src/webhooks/deliveries.ts";
import type { WebhookRequest } from "../../src/webhooks/rules.ts";
import { button, confirmButton, postButton } from "../parts/button.ts";
import { boxes, checkbox, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, facts, note, panel, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, pager, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type SettingsSite, secret, settingsHead } from "./site.ts";

type Webhook = Awaited<ReturnType<typeof listWebhooks>>[number];
type Delivery = Awaited<ReturnType<typeof listDeliveries>>[number];

const shapeNames = { standard: "a program", slack: "Slack", teams: "Microsoft Teams" };

type ListProps = {
  site: SettingsSite;
  now: string;
  webhooks: Webhook[];
  types: string[];
  form: WebhookRequest;
  errors: Record<string, string>;
  /** Why no address can be stored here. */
  why: string | undefined;
};

export const webhooksPage = (props: ListProps): Html => {
  const under = "Programs and chat channels that Sitebook tells when something happens on this site.";
  return html`${settingsHead(props.site, "/webhooks", "Webhooks", { under })}${props.why && note(props.why, { kind: "bad" })}${split(list(props), panel("create", "New webhook", form(props)))}`;
};

function list({ site, webhooks, now }: ListProps): Html {
  if (!webhooks.length) return empty("No webhook yet.");
  return table({
    caption: "Webhooks",
    quiet: true,
    columns: ["Webhook", "Receiver", "Events", "State"],
    body: each(webhooks, (webhook) => {
      const link = html`<a href="/sites/${site.slug}/settings/webhooks/${webhook.id}"><bdi>${webhook.name}</bdi></a>`;
      const types = webhook.types === "*" ? "all" : webhook.types.replaceAll(" ", ", ");
      return row(
        html`${rowHead(link)}${cell("Receiver", html`${shapeNames[webhook.shape]} at <code>${webhook.host}</code>`)}${cell("Events", types)}${cell("State", state(webhook, site, now))}`,
      );
    }),
  });
}

const state = ({ disabled_at, disabled_reason }: Webhook, { time_zone }: SettingsSite, now: string): Html =>
  disabled_at
    ? html`${statusBadge("rejected", "disabled")} ${time(disabled_at, time_zone, now)} <small>${disabled_reason}</small>`
    : statusBadge("approved", "enabled");

const form = ({ site, types, form, errors }: ListProps): Html =>
  html`<form class="form" method="post" action="/sites/${site.slug}/settings/webhooks">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, more: { autocomplete: "off" } })}
${select({ name: "shape", label: "Receiver", value: form.shape, error: errors.shape, choices: Object.entries(shapeNames).map(([value, label]) => ({ value, label })) })}
${input({ name: "url", type: "url", label: "Address", value: form.url, error: errors.url, required: true, hint: "It is encrypted, and not shown again." })}
${boxes("Events", html`<p><small>All of them, if you tick none.</small></p>${each(types, (type) => checkbox({ name: "types", value: type, label: html`<code>${type}</code>`, checked: form.types.includes(type) }))}`, { name: "types", error: errors.types })}
<div class="end">${button({ text: "Create webhook", look: "primary" })}</div></form>`;

const over = (site: SettingsSite) => [html`<a href="/sites/${site.slug}/settings/webhooks">Webhooks</a>`];

/** The secret with which deliveries are signed, shown once. */
export const webhookSecretPage = (props: { site: SettingsSite; name: string; secret: string }): Html =>
  html`${settingsHead(props.site, "/webhooks", props.name, { over: over(props.site) })}
<p>Deliveries are signed by Standard Webhooks. Give this secret to the receiver, which checks the signature with it:</p>
${secret(props.secret)}
<p>Copy it now: it is not shown again. If it replaces another one, both sign for a day.</p>`;

type PageProps = {
  site: SettingsSite;
  now: string;
  webhook: Webhook;
  deliveries: Delivery[];
  older: string | undefined;
  isContinued: boolean;
};

export const webhookPage = (props: PageProps): Html =>
  html`${settingsHead(props.site, "/webhooks", html`<bdi>${props.webhook.name}</bdi>`, { over: over(props.site) })}
${split(deliveries(props), about(props))}`;

const about = ({ site, webhook, now }: PageProps): Html => {
  const base = `/sites/${site.slug}/settings/webhooks/${webhook.id}`;
  const newSecret = confirmButton("New secret", "The old one signs too for a day.", {
    action: `${base}/secret`,
    text: "Create a new secret",
  });
  const remove = confirmButton("Remove", "Nothing is delivered to it from now on.", {
    action: `${base}/removal`,
    text: "Yes, remove",
    look: "danger",
  });
  return panel(
    "about",
    "About",
    html`${facts([
      ["Receiver", html`${shapeNames[webhook.shape]} at <code>${webhook.host}</code>`],
      ["Events", webhook.types === "*" ? "all" : webhook.types.replaceAll(" ", ", ")],
      ["State", state(webhook, site, now)],
      [
        "Old secret valid until",
        webhook.previous_until && webhook.previous_until > now && time(webhook.previous_until, site.time_zone, now),
      ],
    ])}<div class="actions">${webhook.disabled_at && postButton(`${base}/enable`, { text: "Enable again" })}${webhook.shape === "standard" && newSecret}${remove}</div>`,
  );
};

function deliveries({ site, webhook, deliveries, older, isContinued, now }: PageProps): Html {
  const base = `/sites/${site.slug}/settings/webhooks/${webhook.id}`;
  if (!deliveries.length)
    return empty(isContinued ? "There are no older deliveries." : "Nothing has been delivered yet.");
  const body = each(deliveries, (one) => {
    const again = postButton(`${base}/deliveries/${one.id}/replay`, {
      text: html`Deliver again<span class="sr"> ${one.type}, entry ${one.seq}</span>`,
      look: "plain",
    });
    const entry = html`<a href="/sites/${site.slug}/history?before=${one.seq + 1}">entry ${one.seq}</a>`;
    return row(
      html`${rowHead(html`<code>${one.type}</code>`)}${cell("Of", html`${entry} ${time(one.created_at, site.time_zone, now)}`)}${cell("State", result(one))}${cell("Attempts", one.attempts)}${cell("Action", again)}`,
    );
  });
  return html`${table({ caption: "Deliveries, newest first", columns: ["Event", "Of", "State", "Attempts", "Action"], body })}${pager({ previous: isContinued ? base : undefined, previousWord: "Newest", next: older && `${base}?before=${older}`, nextWord: "Older" })}`;
}

function result({ state, status, answer, attempts }: Delivery): Html {
  const details = html`${status !== null && html` <small>status ${status}</small>`}${answer && html` <small><code>${answer}</code></small>`}`;
  if (state === "delivered") return html`${statusBadge("approved", "delivered")}${details}`;
  if (state === "failed") return html`${statusBadge("rejected", "failed")}${details}`;
  if (state === "stopped") return html`${statusBadge("same", "not delivered")}${details}`;
  return attempts > 0
    ? html`${statusBadge("blocked", "will be tried again")}${details}`
    : statusBadge("waiting", "waiting");
}
