import type { Environment } from "../../src/access/environments.ts";
import type { ChangeCounts } from "../../src/promotions/change-counts.ts";
import type { Decision } from "../../src/promotions/rules.ts";
import type { Correction } from "../../src/record/corrections.ts";
import type { Kind } from "../../src/schema.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";
import { recordedLater } from "../../src/time/format.ts";
import { correctionTold } from "../corrections.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { hiddenField } from "../parts/button.ts";
import { environmentPath } from "../parts/environment.ts";
import { each, type Html, html } from "../parts/html.ts";
import { fold, head, note, split } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type ReviewProps, reviewList } from "./changes.ts";
import { type Panels, panels } from "./panels.ts";
import { verdict } from "./verdict.ts";
import { lead, pieces, waitsFor } from "./words.ts";

export type PromotionPage = Omit<Panels, "form" | "forYou"> &
  Omit<ReviewProps, "counts"> & {
    tally: ChangeCounts;
    /** Why this person may not decide, if so; and how they have decided. */
    why: string | undefined;
    mine: Decision | undefined;
    /** What this person has to do about it. */
    need: "decision" | "completion" | undefined;
    /** The moment of the approval that came after it was already so. */
    afterwards: string | undefined;
    form: Panels["form"] & { comment?: string | undefined };
    /** What of it was recorded wrongly. */
    corrected: (Correction & { kind: Kind; key: string })[];
    /** Why what was just tried did not happen. */
    refused?: string | undefined;
  };

export function promotionPage(props: PromotionPage): Html {
  const { promotion, tally } = props;
  const list = reviewList({ ...props, counts: tally.page });
  const decidable = promotion.open && (tally.toLook > 0 || promotion.state === "waiting" || !props.why);
  return html`<div class="looking">
${props.refused && note(props.refused, { kind: "bad" })}${header(props)}
${!promotion.open && outcome(props)}${props.corrected.length > 0 && correctedNote(props)}${split(
  html`${decidable ? verdictForm(props, list) : list}
${software(props)}${unchanged(props)}`,
  panels({ ...props, forYou: props.need === "decision" }),
)}
${promotion.open && verdict(props)}</div>`;
}

/** What is ticked keeps itself; the buttons and the comment of this form stand in the bar. */
function verdictForm({ site, promotion }: PromotionPage, list: Html): Html {
  const base = `/sites/${site.slug}/promotions/${promotion.number}`;
  return html`<form id="verdict" method="post" action="${base}/approvals" hx-post="${base}/looks" hx-trigger="change" hx-target="#looked" hx-select="#looked" hx-select-oob="#looked-too" hx-swap="outerHTML" hx-sync="this:queue last" hx-status:4xx="swap:none" hx-status:5xx="swap:none">
${hiddenField("digest", promotion.digest)}${list}</form>`;
}

function header(props: PromotionPage): Html {
  const { promotion, tally, site, now } = props;
  const needed = promotion.contents.some((one) => one.kind === "software" && neededBy(props, one.key).length > 0);
  return head({
    over: [
      environmentPath(promotion.from, promotion.environment),
      `Promotion ${promotion.number}`,
      html`asked for by ${promotion.asked_by}, ${time(promotion.asked_at, site.time_zone, now)}`,
    ],
    title: promotion.name,
    lead: html`${lead(promotion, tally, needed)} ${promotion.open && standing(props)} ${promotion.open && lookedAt(props)}`,
    under: promotion.note && html`<span class="quote">${promotion.note}</span>`,
  });
}

/** Read before the list, and said again to whoever ticks something in it. */
function lookedAt({ tally: { looked, toLook }, need }: PromotionPage): Html | false {
  if (toLook === 0) return false;
  const words = (need === "decision" || looked > 0) && `You have looked at ${looked} of ${toLook}.`;
  return html`<span id="looked" data-said="${looked} of ${toLook} looked at">${words}</span>`;
}

function standing({ promotion, need, mine }: PromotionPage): string {
  if (need === "decision") return "It waits for you.";
  if (promotion.state === "waiting")
    return `${mine === "approve" ? "You approved it; it" : "It"} waits for ${waitsFor(promotion)}.`;
  const approved = promotion.requirements.length ? "It is approved" : "It needs no approval";
  if (promotion.blockers.length) return `${approved}, but something stands in the way.`;
  const publish = promotion.environment.tier === "production" ? "publish" : "complete";
  return need ? `${approved} and waits for you to ${publish} it.` : `${approved}.`;
}

/** A completion is a fact like others, and may have been recorded wrongly. */
const correctedNote = ({ corrected, site, now }: PromotionPage): Html =>
  note(
    html`Part of what it brought was corrected: ${each(corrected.slice(0, 3), (one, i) => html`${i > 0 && "; "}${artifactLink(site.slug, { ...one, title: null })} ${correctionTold(one, site, now)}`)}${corrected.length > 3 && ` and ${corrected.length - 3} more`}.`,
  );

/** How it ended. */
function outcome(props: PromotionPage): Html {
  const { promotion, site, now } = props;
  const { completion, cancellation, approvals } = promotion;
  const at = (iso: string) => time(iso, site.time_zone, now);
  const rejection = approvals.find((one) => one.decision === "reject");
  const release = html`<a href="/sites/${site.slug}/releases/${promotion.release}">release ${promotion.release}</a>`;
  const line = (sign: Html, words: Html) => html`<div class="outcome">${sign}<p>${words}</p></div>`;
  if (completion) return line(statusBadge("completed", "Completed"), completed(props, completion));
  if (rejection)
    return line(
      statusBadge("rejected", "Rejected"),
      html`by ${rejection.person} (${rejection.role_name}), ${at(rejection.decided_at)}: <span class="quote">${rejection.comment}</span> Trying again is a new promotion of ${release}.`,
    );
  if (cancellation?.superseded_by)
    return line(
      statusBadge("superseded", "Superseded"),
      html`<a href="/sites/${site.slug}/promotions/${cancellation.superseded_by}">Promotion ${cancellation.superseded_by}</a> took its place, ${at(cancellation.cancelled_at)}: it holds all that this one does.`,
    );
  return line(
    statusBadge("cancelled", "Cancelled"),
    html`by ${cancellation?.person}, ${cancellation && at(cancellation.cancelled_at)}: <span class="quote">${cancellation?.reason}</span> Trying again is a new promotion of ${release}.`,
  );
}

type Completion = NonNullable<PromotionPage["promotion"]["completion"]>;

function completed({ promotion, site, now, afterwards }: PromotionPage, completion: Completion): Html {
  const at = (iso: string) => time(iso, site.time_zone, now);
  const { person, effective_at, completed_at, deployment } = completion;
  const approvers = joinWithAnd([...new Set(promotion.approvals.map((one) => `${one.person} (${one.role_name})`))]);
  const later = recordedLater({ effective_at, recorded_at: completed_at });
  return html`by ${person}: on ${promotion.environment.name} since ${at(effective_at)}${later && html` (${later}, ${at(completed_at)})`}, as <a href="/sites/${site.slug}/deployments/${deployment}">deployment ${deployment}</a>. ${approvers && `Approved by ${approvers}.`} ${
    afterwards && statusBadge("band", html`It was there before its approval of ${at(afterwards)}.`, { wrap: true })
  }`;
}

const neededBy = ({ promotion }: PromotionPage, software: string): string[] =>
  promotion.contents
    .filter((one) => Object.hasOwn(JSON.parse(one.requires ?? "{}") as object, software))
    .map((one) => `${one.key}${one.kind === "software" ? ` ${one.version}` : ""}`);

function software(props: PromotionPage): Html | false {
  const { promotion, site } = props;
  const moving = promotion.contents.filter((one) => one.kind === "software" && one.change !== "same");
  if (moving.length === 0) return false;
  const place: Pick<Environment, "name"> = promotion.environment;
  const was = promotion.open ? `On ${place.name} now` : `On ${place.name} before`;
  const will = promotion.open ? "Will be" : "In this promotion";
  const body = each(moving, (one) => {
    const needed = neededBy(props, one.key);
    const said =
      needed.length > 3 ? `${needed.slice(0, 3).join(", ")} and ${needed.length - 3} more` : joinWithAnd(needed);
    return row(
      html`${rowHead(artifactLink(site.slug, one))}${cell(was, versionTag(one.there?.version, "not there"))}${cell(will, versionTag(one.version))}${cell("Needed by", said || html`<span class="none">nothing in here</span>`)}`,
    );
  });
  return fold(
    promotion.open ? "Software that comes along" : "Software in it",
    table({ caption: "Software in this promotion", quiet: true, columns: ["Software", was, will, "Needed by"], body }),
    { small: pieces(moving.length), open: props.tally.toLook === 0 },
  );
}

function unchanged({ promotion, tally }: PromotionPage): Html | false {
  const [pages, software] = [tally.page.same, tally.software.same];
  if (pages + software === 0) return false;
  const what = joinWithAnd([pages ? countOf(pages, "page") : "", software ? pieces(software) : ""].filter(Boolean));
  const be = promotion.open ? (pages + software === 1 ? "is" : "are") : pages + software === 1 ? "was" : "were";
  return html`<p class="reason">Also in the release: ${what}, which ${be} on ${promotion.environment.name} already and did not need to change.</p>`;
}
