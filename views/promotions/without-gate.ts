import type { Site } from "../../src/access/sites.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { environmentPath } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, head } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { time } from "../parts/time.ts";
import { forcedCompletion } from "./panels.ts";

interface Props {
  site: Site;
  now: string;
  list: { promotion: Promotion; mayReviewForced: boolean }[];
}

/** Everything that was completed although its gate was not met, with who has reviewed it. */
export function withoutGatePage({ site, list, now }: Props): Html {
  const [open, reviewed] = [true, false].map((isOpen) =>
    list.filter(({ promotion }) => (promotion.completion?.forced?.review === null) === isOpen),
  ) as [Props["list"], Props["list"]];
  const item = ({ promotion, mayReviewForced }: Props["list"][number]) => {
    const { completion, number, name } = promotion;
    const by =
      completion && html`completed by ${nameOf(completion)}, ${time(completion.completed_at, site.time_zone, now)}`;
    return html`<li>${environmentPath(promotion.from, promotion.environment)}
<div><h3><a href="/sites/${site.slug}/promotions/${number}"><bdi>${name}</bdi></a> <small>Promotion ${number}, ${by}</small></h3>${forcedCompletion({ site, promotion, now, mayReviewForced, form: {}, errors: {} })}</div></li>
`;
  };
  const pile = (id: string, heading: string, rows: Props["list"]) =>
    rows.length > 0 &&
    html`<section class="pile" aria-labelledby="${id}"><h2 id="${id}">${heading} <small>${rows.length}</small></h2>
<ul class="entries">
${each(rows, item)}</ul></section>
`;
  return html`${head({
    over: [html`<a href="/sites/${site.slug}/approvals">Inbox</a>`],
    title: "Completed without the gate",
    under:
      "Somebody other than the person who completed it has to review each of these: an approver of its gate, or an administrator.",
  })}${pile("to-review", "To review", open)}${pile("reviewed", "Reviewed", reviewed)}${list.length === 0 && empty("Nothing was completed without its gate.")}`;
}
