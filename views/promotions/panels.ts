import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PromotionDetails } from "../../src/promotions/assessment.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Requirement } from "../../src/promotions/rules.ts";
import { countOf } from "../../src/text.ts";
import { digest } from "../parts/artifact.ts";
import { button, confirmButton } from "../parts/button.ts";
import { area, input } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
import { blockers, facts, fold, panel } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";
import { completing } from "./words.ts";

export type Panels = {
  site: Site;
  promotion: PromotionDetails;
  /** The same release's way through the gates before this one. */
  earlier: Promotion[];
  now: string;
  /** Whether the gate waits for whoever reads this. */
  forYou: boolean;
  may: Permitted;
  form: { when?: string | undefined; reason?: string | undefined };
  errors: Record<string, string>;
};

export const panels = (props: Panels): Html =>
  html`${gate(props)}${props.promotion.open && inTheWay(props.promotion)}${props.promotion.open && props.may.promote && actions(props)}${about(props)}`;

type Approval = Promotion["approvals"][number];

function gate(props: Panels): Html {
  const { promotion, earlier } = props;
  const before = earlier.flatMap((one) =>
    one.approvals.map((approval) => decided(props, approval, one.environment.name)),
  );
  const steps = [
    ...before,
    ...promotion.approvals.map((approval) => decided(props, approval)),
    ...promotion.requirements
      .filter((one) => promotion.open && one.given < one.needed)
      .map((one) => wanted(props, one)),
  ];
  return panel(
    "gate",
    `The gate to ${promotion.environment.name}`,
    html`${promotion.requirements.length === 0 && html`<p><small>It has no gate: nobody needs to approve.</small></p>`}${steps.length > 0 ? html`<ul class="steps">${steps}</ul>` : promotion.requirements.length > 0 && html`<p><small>Nobody had decided.</small></p>`}`,
  );
}

function decided({ site, now }: Panels, approval: Approval, where?: string): Html {
  const { person, role_name, decision, comment, decided_at } = approval;
  const sign = decision === "approve" ? "approved" : "rejected";
  return html`<li>${statusBadge(sign, html`${person} (${role_name}) ${sign}`, { wrap: true })}<small>${where && `for ${where}, `}${time(decided_at, site.time_zone, now)}${comment && html` <span class="quote">${comment}</span>`}</small></li>`;
}

const wanted = ({ forYou }: Panels, { name, needed, given }: Requirement): Html =>
  html`<li>${statusBadge("waiting", needed === 1 ? `${name} has to approve` : `${name}: ${given} of ${needed} have approved`, { wrap: true })}<small>${forYou ? "waiting for you" : "waiting"}</small></li>`;

function inTheWay(promotion: PromotionDetails): Html {
  const { name, tier } = promotion.environment;
  return panel(
    "blockers",
    tier === "production" ? "Before it can go live" : `Before it can go to ${name}`,
    promotion.blockers.length
      ? blockers(promotion.blockers)
      : html`<ul class="steps"><li>${statusBadge("approved", "Nothing stands in the way.")}</li></ul>`,
  );
}

/** Completing and cancelling, for those who may. The bar's button sends the same form. */
function actions({ site, promotion, form, errors }: Panels): Html {
  const base = `/sites/${site.slug}/promotions/${promotion.number}`;
  const since = input({
    name: "effective_at",
    type: "datetime-local",
    label: "Since when",
    value: form.when,
    error: errors.effective_at,
    hint: `On the clock of ${site.time_zone}. Empty: now.`,
  });
  const blocked = promotion.blockers.length > 0;
  return panel(
    "actions",
    "What can be done",
    html`<form id="completion" class="form" method="post" action="${base}/completion">
${fold(promotion.environment.tier === "production" ? "It is live already: say since when" : "It is there already: say since when", since, { open: Boolean(form.when || errors.effective_at) })}
${blocked && html`<p class="reason" id="not-yet">Not yet: ${countOf(promotion.blockers.length, "thing stands", "things stand")} in the way.</p>`}
<div class="end">${button({ text: completing(promotion), because: blocked ? "not-yet" : undefined })}</div>
</form>
${confirmButton("Cancel the promotion", "It ends here, for everybody. Trying again is a new one.", {
  action: `${base}/cancellation`,
  text: "Yes, cancel it",
  look: "danger",
  open: Boolean(errors.reason),
  content: area({ name: "reason", label: "Reason", rows: 2, value: form.reason, error: errors.reason }),
})}`,
  );
}

const about = ({ site, promotion, now }: Panels): Html =>
  panel(
    "about",
    "About",
    html`${facts([
      [
        "Release",
        html`<a href="/sites/${site.slug}/releases/${promotion.release}">${promotion.release}, ${promotion.name}</a>`,
      ],
      ["Notes", promotion.release_notes],
      ["Asked by", html`${promotion.asked_by}, ${time(promotion.asked_at, site.time_zone, now)}`],
    ])}${fold(
      "What exactly is approved",
      html`<p><small>The ${countOf(promotion.contents.length, "line")} of release ${promotion.release} as frozen, into ${promotion.environment.name}, under its gate as it stood when this was asked for. If any of that changes, it has to be asked for again. Digest ${digest(promotion.digest)}</small></p>`,
    )}<p><a href="/sites/${site.slug}/promotions/${promotion.number}/evidence.zip" download>Evidence pack</a></p>`,
  );
