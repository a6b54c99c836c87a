import type { Duties } from "../../src/departures/duties.ts";
import { pathWithQuery } from "../parts/address.ts";
import { button } from "../parts/button.ts";
import { input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { head, note } from "../parts/page.ts";
import { accountAddress } from "../people/account.ts";
import { dutiesList } from "./removal.ts";

/** The page on which an administrator of every site closes an account, with the header of this site. */
export const closingAddress = (personId: string, site: string | undefined): string =>
  pathWithQuery(`/settings/accounts/${personId}/closing`, { site });

export const closingPage = (props: {
  from: string | undefined;
  account: { id: string; name: string; email: string };
  /** Whether it is the reader's own. */
  isOwn: boolean;
  hasPassword: boolean;
  sites: { slug: string; name: string; duties: Duties }[];
  errors?: Record<string, string>;
}): Html => {
  const { from, account, isOwn, sites, errors = {} } = props;
  const [they, their] = isOwn ? (["you", "your"] as const) : (["they", "their"] as const);
  const title = isOwn ? "Close your account" : html`Close the account of <bdi>${account.name}</bdi>`;
  const password = input({
    name: "password",
    type: "password",
    label: "Your password",
    error: errors.password,
    required: true,
    more: { autocomplete: "current-password" },
  });
  const action = isOwn ? accountAddress(from, "/closing") : closingAddress(account.id, from);
  return html`${head({ title, under: html`<bdi>${account.email}</bdi>`, over: isOwn ? [html`<a href="${accountAddress(from)}">Account</a>`] : undefined })}
${errors.account && note(errors.account, { kind: "bad" })}
${each(sites, ({ slug, name, duties }) => html`<h2><a href="/sites/${slug}"><bdi>${name}</bdi></a></h2>${dutiesList(slug, duties, they)}`)}
<form class="form" method="post" action="${action}">
<p>This cannot be undone. ${isOwn ? "You lose all your" : "They lose all their"} roles, and can no longer sign in. What ${they} own has no owner then: to pass it on, remove ${isOwn ? "yourself" : "them"} from a site first. The e-mail address is erased. The name stays in the history, and tokens stay those of their sites.</p>
${isOwn && props.hasPassword && password}
<div class="end">${button({ text: `Close ${their} account`, look: "danger" })}</div></form>`;
};
