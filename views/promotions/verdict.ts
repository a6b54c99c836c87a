import type { Permitted } from "../../src/access/permissions.ts";
import type { PromotionDetails } from "../../src/promotions/assessment.ts";
import type { ChangeCounts } from "../../src/promotions/change-counts.ts";
import type { ReviewPosition, ReviewSection } from "../../src/promotions/review-sections.ts";
import type { Decision, Requirement } from "../../src/promotions/rules.ts";
import { formatCount } from "../../src/text.ts";
import { button, reason } from "../parts/button.ts";
import { area, select } from "../parts/field.ts";
import { type Html, html } from "../parts/html.ts";
import { bar, fold } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { positionQuery } from "./sections.ts";
import { whereCompleted } from "./words.ts";

type Verdict = {
  site: { slug: string };
  promotion: PromotionDetails;
  changes: ChangeCounts;
  /** Undefined if all pages are on the page as cards; and the part of them that is shown. */
  sections: ReviewSection[] | undefined;
  position: ReviewPosition;
  whyNot: string | undefined;
  /** Why it cannot be approved, though it can be rejected. */
  stale: string | undefined;
  /** Why the person has to sign in again before they approve, and where. */
  signIn: { why: string; href: string } | undefined;
  ownDecision: Decision | undefined;
  /** The roles between which the person has to choose; empty if there is no choice. */
  roles: Requirement[];
  may: Permitted;
  /** What is asked before the approval that was just sent is recorded. */
  ask: string | undefined;
  form: { comment?: string | undefined; role?: string | undefined };
  errors: Record<string, string>;
};

const form = { form: "verdict" };

/** The bar that stays in reach: how much is reviewed, and the decision. Its controls belong to the form around the list. */
export function verdict(props: Verdict): Html {
  const { promotion, whyNot, stale, signIn, ask, ownDecision, may } = props;
  const waiting = promotion.state === "waiting";
  const canComplete = may.promote && promotion.state === "approved";
  return bar(
    html`${ask ? question(ask) : progress(props)}${props.changes.toReview > 0 && save(props)}${!whyNot && comment(props)}${!whyNot && props.roles.length > 0 && role(props)}${
      ownDecision === "approve" && statusBadge("approved", "You approved it")
    }${waiting && (whyNot ?? stale) && reason("why-not", whyNot ?? stale)}${waiting && !(whyNot ?? stale) && signIn && reason("why-not", html`${signIn.why} <a href="${signIn.href}">Sign in again</a>`)}${(waiting || !whyNot) && decision("reject", "Reject", "danger", whyNot)}${
      waiting &&
      ownDecision !== "approve" &&
      decision(
        "approve",
        `Approve ${ask ? "anyway " : ""}for ${promotion.environment.name}`,
        "primary",
        whyNot ?? stale ?? signIn?.why,
      )
    }${canComplete && complete(promotion)}`,
    "verdict",
    "decision",
  );
}

/** Asked once: the next press of the button is recorded, whatever is ticked by then. */
const question = (ask: string): Html =>
  html`<p class="grow" role="alert">${ask}<input type="hidden" name="anyway" value="1" form="verdict"></p>`;

/** The stylesheet counts the cards as they are ticked. Of sections, which may be folded, it is the count that was saved. */
function progress({ changes: { toReview, reviewed }, sections }: Verdict): Html {
  if (toReview === 0) return html`<p class="progress grow">No page changes</p>`;
  if (!sections)
    return html`<p class="progress grow"><b class="n"></b> <b>of ${formatCount(toReview)}</b> reviewed</p>`;
  return html`<p class="progress grow" id="progress"><b>${formatCount(reviewed)} of ${formatCount(toReview)}</b> reviewed</p>`;
}

/** Only shown where scripts, which save each tick, do not run. It comes first so that Enter on a checkbox never sends a decision. */
function save({ site, promotion, position }: Verdict): Html {
  const action = `/sites/${site.slug}/promotions/${promotion.number}/looks${positionQuery(position)}`;
  return html`<button type="submit" class="plain unscripted" form="verdict" formaction="${action}">Save what is reviewed</button>`;
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
      more: { ...form, placeholder: "Comment (required when you reject)" },
    }),
    { open: Boolean(comment || errors.comment) },
  );

const role = ({ roles, form: { role }, errors }: Verdict): Html =>
  select({
    name: "role",
    label: "Approve as",
    choices: [
      { value: "", label: "Select your role" },
      ...roles.map((requirement) => ({ value: requirement.role, label: requirement.name })),
    ],
    value: role,
    error: errors.role,
    more: form,
  });

const decision = (value: Decision, text: string, look: "primary" | "danger", whyNot: string | undefined): Html =>
  button({ text, look, name: "decision", value, because: whyNot && "why-not", more: form });

function complete(promotion: PromotionDetails): Html {
  const blocked = promotion.blockers.map((blocker) => blocker.message).join(" ");
  return html`${blocked && reason("blocked", blocked)}${button({
    text: `Mark as ${whereCompleted(promotion)}`,
    look: "primary",
    because: blocked ? "blocked" : undefined,
    more: { form: "completion" },
  })}`;
}
