import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { PromotionDetails } from "../../src/promotions/assessment.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import type { Requirement } from "../../src/promotions/rules.ts";
import { countOf } from "../../src/text.ts";
import { digest } from "../parts/artifact.ts";
import { button, confirmButton } from "../parts/button.ts";
import { area } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
import { momentPicker } from "../parts/moment.ts";
import { blockers, facts, fold, panel } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { time } from "../parts/time.ts";
import { whereCompleted } from "./words.ts";

export type Panels = {
  site: Site;
  promotion: PromotionDetails;
  /** Completed promotions of the same release before this one, the oldest first. */
  earlier: Promotion[];
  now: string;
  /** Whether the gate is waiting for this person. */
  forYou: boolean;
  may: Permitted;
  form: { when?: string | undefined; reason?: string | undefined };
  errors: Record<string, string>;
};

export const panels = (props: Panels): Html =>
  html`${gate(props)}${props.promotion.open && blocking(props.promotion)}${props.promotion.open && props.may.promote && actions(props)}${about(props)}`;

type Approval = Promotion["approvals"][number];

function gate(props: Panels): Html {
  const { promotion, earlier } = props;
  const before = earlier.flatMap(({ approvals, environment }) =>
    approvals.map((approval) => decided(props, approval, environment.name)),
  );
  const steps = [
    ...before,
    ...promotion.approvals.map((approval) => decided(props, approval)),
    ...promotion.requirements
      .filter(({ given, needed }) => promotion.open && given < needed)
      .map((requirement) => missing(props, requirement)),
  ];
  return panel(
    "gate",
    `Approvals for ${promotion.environment.name}`,
    html`${promotion.requirements.length === 0 && html`<p><small>No approval needed.</small></p>`}${steps.length > 0 ? html`<ul class="steps">${steps}</ul>` : promotion.requirements.length > 0 && html`<p><small>Nobody had decided.</small></p>`}`,
  );
}

function decided({ site, now }: Panels, approval: Approval, target?: string): Html {
  const { person, role_name, decision, comment, decided_at } = approval;
  const word = decision === "approve" ? "approved" : "rejected";
  return html`<li>${statusBadge(word, html`<bdi>${person}</bdi> (<bdi>${role_name}</bdi>) ${word}`, { wrap: true })}<small>${target && `for ${target}, `}${time(decided_at, site.time_zone, now)}${comment && html` <span class="quote">${comment}</span>`}</small></li>`;
}

const missing = ({ forYou }: Panels, { name, needed, given }: Requirement): Html =>
  html`<li>${statusBadge("waiting", needed === 1 ? `${name} has to approve` : `${name}: ${given} of ${needed} approvals`, { wrap: true })}<small>${forYou ? "waiting for you" : "waiting"}</small></li>`;

const blocking = (promotion: PromotionDetails): Html =>
  panel(
    "blockers",
    "Blocking",
    promotion.blockers.length
      ? blockers(promotion.blockers)
      : html`<ul class="steps"><li>${statusBadge("approved", "Nothing is blocking this.")}</li></ul>`,
  );

/** Completing and cancelling, for people with that permission. The button in the bar submits the same form. */
function actions({ site, promotion, form, errors }: Panels): Html {
  const base = `/sites/${site.slug}/promotions/${promotion.number}`;
  const where = whereCompleted(promotion);
  const since = momentPicker({
    name: "effective_at",
    label: `${where.charAt(0).toUpperCase()}${where.slice(1)} since`,
    value: form.when,
    error: errors.effective_at,
    hint: `Time zone ${site.time_zone}. Empty means now.`,
  });
  const blocked = promotion.blockers.length > 0;
  return panel(
    "actions",
    "Actions",
    html`<form id="completion" class="form" method="post" action="${base}/completion">
${fold(`Already ${where}? Enter when`, since, { open: Boolean(form.when || errors.effective_at) })}
${blocked && html`<p class="reason" id="not-yet">${countOf(promotion.blockers.length, "blocker")} left.</p>`}
<div class="end">${button({ text: `Mark as ${whereCompleted(promotion)}`, because: blocked ? "not-yet" : undefined })}</div>
</form>
${confirmButton("Cancel promotion", "This ends the promotion for everyone. To try again, request a new one.", {
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
        html`<a href="/sites/${site.slug}/releases/${promotion.release}">${promotion.release}, <bdi>${promotion.name}</bdi></a>`,
      ],
      ["Notes", promotion.release_notes],
      ["Requested by", html`<bdi>${promotion.asked_by}</bdi>, ${time(promotion.asked_at, site.time_zone, now)}`],
    ])}${fold(
      "What the approval covers",
      html`<p><small>The ${countOf(promotion.contents.length, "line")} of release ${promotion.release} exactly as frozen, the environment ${promotion.environment.name}, and its gate as it was when the promotion was requested. If any of these changes, a new promotion has to be requested. Digest ${digest(promotion.digest)}</small></p>`,
    )}<p><a href="/sites/${site.slug}/promotions/${promotion.number}/evidence.zip" download>Evidence pack</a></p>`,
  );
