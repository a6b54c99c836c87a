import type { Comment } from "../../src/promotions/comments.ts";
import { button, hiddenField, reason } from "../parts/button.ts";
import { area } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { panel } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { time } from "../parts/time.ts";

export type Discussion = {
  site: { slug: string; time_zone: string };
  promotion: { number: number };
  comments: Comment[];
  /** Why this person may not comment. */
  whyNotDiscuss: string | undefined;
  /** A new one for each page, so that a form that is sent twice adds one comment. */
  key: string;
  remark: string | undefined;
  remarkError: string | undefined;
  now: string;
};

/** What people say about a promotion, apart from its decisions. */
export const discussion = (props: Discussion): Html =>
  panel(
    "discussion",
    "Discussion",
    html`${props.comments.length > 0 ? html`<ul class="steps">${each(props.comments, (comment) => remark(props, comment))}</ul>` : html`<p><small>No comments yet.</small></p>`}${props.whyNotDiscuss ? reason("why-not-discuss", props.whyNotDiscuss) : form(props)}`,
  );

const remark = ({ site, now }: Discussion, comment: Comment): Html =>
  html`<li><span><b>${nameOf(comment)}</b> <small>${time(comment.commented_at, site.time_zone, now)}</small></span><p class="remark">${each(comment.parts, ({ text, isMention }) => (isMention ? html`<mark>${text}</mark>` : html`${text}`))}</p></li>`;

const form = ({ site, promotion, key, remark, remarkError }: Discussion): Html =>
  html`<form class="form" method="post" action="/sites/${site.slug}/promotions/${promotion.number}/comments#discussion">
${hiddenField("key", key)}${area({
  id: "remark",
  name: "comment",
  label: "Your message",
  rows: 2,
  value: remark,
  error: remarkError,
  hint: "Write @ and a name to put it into that person’s inbox. A comment decides nothing.",
})}
<div class="end">${button({ text: "Add comment" })}</div></form>`;
