import type { Permitted } from "../../src/access/permissions.ts";
import type { PromotionDetails } from "../../src/promotions/assessment.ts";
import type { ChangeCounts } from "../../src/promotions/change-counts.ts";
import type { Decision } from "../../src/promotions/rules.ts";
import { button, reason } from "../parts/button.ts";
import { area } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
import { bar, fold } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { completing } from "./words.ts";

type Verdict = {
  site: { slug: string };
  promotion: PromotionDetails;
  tally: ChangeCounts;
  /** Pages on this part of the list. */
  pages: { artifact_id: string }[];
  previous?: string | undefined;
  why: string | undefined;
  mine: Decision | undefined;
  may: Permitted;
  form: { comment?: string | undefined };
  errors: Record<string, string>;
};

const form = { form: "verdict" };

/** What stays in reach: how much was looked at, and the decision. All of it belongs to the form of the ticks. */
export function verdict(props: Verdict): Html {
  const { promotion, why, mine, may } = props;
  const waiting = promotion.state === "waiting";
  const finish = may.promote && promotion.state === "approved";
  return bar(
    html`${progress(props)}${props.tally.toLook > 0 && save(props)}${!why && comment(props)}${
      mine === "approve" && statusBadge("approved", "You approved it")
    }${waiting && why && reason("why-not", why)}${(waiting || !why) && decision("reject", "Reject", "danger", why)}${
      waiting && mine !== "approve" && decision("approve", `Approve for ${promotion.environment.name}`, "primary", why)
    }${finish && complete(promotion)}`,
    "verdict",
  );
}

/** Counted as they are ticked where all the boxes are on the page; else as they are kept. */
function progress({ tally, pages }: Verdict): Html {
  if (tally.toLook === 0) return html`<p class="progress grow">No page changes</p>`;
  if (pages.length === tally.toLook)
    return html`<p class="progress grow"><b class="n"></b> <b>of ${tally.toLook}</b> looked at</p>`;
  return html`<p class="progress grow" id="looked-too"><b>${tally.looked} of ${tally.toLook}</b> looked at</p>`;
}

/** Ticks keep themselves where scripts run. It comes first: what Enter on a tick sends is this, and never a decision. */
function save({ site, promotion, pages, previous }: Verdict): Html {
  const part = previous ? `?from=${pages[0]?.artifact_id}` : "";
  const action = `/sites/${site.slug}/promotions/${promotion.number}/looks${part}`;
  return html`<button type="submit" class="plain unscripted" form="verdict" formaction="${action}">Save ticks</button>`;
}

const comment = ({ form: { comment }, errors }: Verdict): Html =>
  fold(
    "Add a comment",
    area({
      name: "comment",
      label: "Comment",
      quiet: true,
      rows: 2,
      value: comment,
      error: errors.comment,
      more: { ...form, placeholder: "Comment (needed when you reject)" },
    }),
    { open: Boolean(comment || errors.comment) },
  );

const decision = (value: Decision, text: string, look: "primary" | "danger", why: string | undefined): Html =>
  button({ text, look, name: "decision", value, because: why && "why-not", more: form });

function complete(promotion: PromotionDetails): Html {
  const blocked = promotion.blockers.map((one) => one.message).join(" ");
  return html`${blocked && reason("stands-in-the-way", blocked)}${button({
    text: completing(promotion),
    look: "primary",
    because: blocked ? "stands-in-the-way" : undefined,
    more: { form: "completion" },
  })}`;
}
