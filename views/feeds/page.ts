import type { Feed } from "../../src/feeds/queries.ts";
import { button, confirmButton } from "../parts/button.ts";
import { type Choice, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";

type FeedsSite = { slug: string; name: string; time_zone: string };

type FeedsPage = {
  site: FeedsSite;
  feeds: (Feed & { title: string })[];
  /** Whether those of all people are listed. */
  all: boolean;
  choices: Choice[];
  form: { what: string; about: string; name: string };
  errors: Record<string, string>;
  now: string;
};

export function feedsPage(props: FeedsPage): Html {
  const { site, feeds, all, choices, form, errors } = props;
  const list = feeds.length
    ? table({
        caption: all ? "Addresses of all people, newest first" : "Your addresses, newest first",
        columns: ["Shows", ...(all ? ["Person"] : []), "Created", "Last used", html`<span class="sr">Actions</span>`],
        body: each(feeds, (feed) => feedRow(feed, props)),
      })
    : empty("No address yet. With one, a feed reader, a calendar or a wiki shows what happens on this site.");
  const create = html`<form class="form" method="post" action="/sites/${site.slug}/feeds">
${select({ name: "what", label: "Shows", choices, value: form.what, error: errors.what })}
${input({ name: "about", label: "Software or promotion", value: form.about, error: errors.about, hint: "Only for these badges: the name of the software, or the number of the promotion.", more: { autocomplete: "off" } })}
${input({ name: "name", label: "Name", value: form.name, error: errors.name, hint: "Optional: where you will use it.", more: { autocomplete: "off" } })}
<div class="end">${button({ text: "Create address", look: "primary" })}</div></form>`;
  return html`${head({ title: "Feeds", under: "Secret addresses at which other programs read what happens on this site, without signing in." })}
${split(list, panel("create", "New address", create))}`;
}

function feedRow(feed: FeedsPage["feeds"][number], { site, all, now }: FeedsPage): Html {
  const at = (iso: string) => time(iso, site.time_zone, now);
  const revoke = confirmButton(
    html`Revoke<span class="sr"> ${feed.title}</span>`,
    "Revoke this address? Programs that use it will find nothing from now on.",
    { action: `/sites/${site.slug}/feeds/${feed.id}/revocation`, text: "Yes, revoke", look: "danger" },
  );
  return row(
    html`${rowHead(html`<bdi>${feed.title}</bdi>${feed.name && html` <small><bdi>${feed.name}</bdi></small>`}`)}${all && cell("Person", html`<bdi>${feed.person}</bdi>`)}${cell("Created", at(feed.created_at))}${cell("Last used", feed.used_at ? at(feed.used_at) : html`<span class="none">never</span>`)}<td class="end">${revoke}</td>`,
  );
}

/** A new address, shown once to who created it. Copying needs scripts, so that button is hidden without. */
export const feedAddressPage = (props: { site: FeedsSite; title: string; address: string }): Html => {
  const { site, title, address } = props;
  const feeds = `/sites/${site.slug}/feeds`;
  return html`${head({ title, over: [html`<a href="${feeds}">Feeds</a>`] })}
<p>Whoever has this address sees ${address.endsWith(".svg") ? "this badge" : "this feed"} of ${site.name} without signing in, and nothing else. It shows what you may see, as long as you may see it.</p>
<code class="secret" tabindex="0">${address}</code>
<p><button type="button" class="scripted" data-copy="${address}">Copy link</button></p>
<p>Copy it now: it is not shown again. If it gets into the wrong hands, <a href="${feeds}">revoke it</a>.</p>`;
};
