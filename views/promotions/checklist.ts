import type { Site } from "../../src/access/sites.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { postButton } from "../parts/button.ts";
import { each, type Html, html } from "../parts/html.ts";
import { panel } from "../parts/page.ts";
import { nameOf } from "../parts/people.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";

type Checklist = {
  site: Site;
  promotion: Pick<Promotion, "number" | "open" | "checklist">;
  now: string;
  /** Why this person cannot tick it; undefined if they can. */
  whyNotTick: string | undefined;
};

/** What the gate asks to be ticked before completion, with who ticked it. */
export function checklistPanel(props: Checklist): Html | false {
  const { checklist } = props.promotion;
  return (
    checklist.length > 0 &&
    panel("checklist", "Checklist", html`<ul class="steps">${each(checklist, (line) => item(props, line))}</ul>`)
  );
}

function item({ site, promotion, now, whyNotTick }: Checklist, { line, tick }: Promotion["checklist"][number]): Html {
  const action = `/sites/${site.slug}/promotions/${promotion.number}/checklist`;
  const fields = { line, ticked: tick ? "" : "1" };
  const text = tick ? "Untick" : "Tick";
  const change =
    promotion.open &&
    !whyNotTick &&
    postButton(action, { text, look: "plain", more: { "aria-label": `${text}: ${line}` } }, fields);
  const done = tick && html`${nameOf(tick)}, ${time(tick.ticked_at, site.time_zone, now)}`;
  return html`<li>${statusBadge(tick ? "approved" : "waiting", html`<bdi>${line}</bdi>`, { wrap: true })}<small>${done ?? "not ticked"}</small>${change}</li>`;
}
