import type { Actor } from "../../src/access/actor.ts";
import type { Site } from "../../src/access/sites.ts";
import type { Inbox } from "../../src/promotions/inbox.ts";
import type { Promotion } from "../../src/promotions/queries.ts";
import { countOf } from "../../src/text.ts";
import { linkButton } from "../parts/button.ts";
import { environmentPath } from "../parts/environment.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";
import { chips, empty, head } from "../parts/page.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { pager } from "../parts/table.ts";
import { time, timeWithAgo } from "../parts/time.ts";
import { changesInWords, holds, waitsFor } from "./words.ts";

type Props = Inbox & {
  site: Site;
  by: Actor;
  now: string;
  /** One pile alone. */
  show: "needs" | "others" | "done" | undefined;
  before: number | undefined;
};

export function approvalsPage(props: Props): Html {
  const { site, show, decide, complete, others, done, ended } = props;
  const base = `/sites/${site.slug}/approvals`;
  const shows = (one: Props["show"]) => !show || show === one;
  const chip = (text: string, count: number, one: Props["show"]) => ({
    href: one ? `${base}?show=${one}` : base,
    text,
    count,
    current: show === one,
  });
  const yours = decide.length + complete.length;
  return html`${head({
    title: "Inbox",
    under: waiting(props),
    actions: chips("Show", [
      chip("All", yours + others.length + ended, undefined),
      chip("Needs you", yours, "needs"),
      chip("Waiting for others", others.length, "others"),
      chip("Done", ended, "done"),
    ]),
  })}
${yours + others.length + ended === 0 && empty("No promotion has been asked for yet. One begins with a release.", linkButton(`/sites/${site.slug}/releases`, "To the releases"))}
${
  shows("needs") &&
  pile(
    "mine",
    "Needs your approval",
    decide.length,
    each(decide, (one, i) => toDecide(props, one, i === 0)),
  )
}
${
  shows("needs") &&
  pile(
    "approved",
    "Approved, to be completed",
    complete.length,
    each(complete, (one, i) => toComplete(props, one, i + decide.length === 0)),
  )
}
${
  shows("others") &&
  pile(
    "others",
    "Waiting for others",
    others.length,
    each(others, (one) => waitingLetter(props, one)),
  )
}
${
  shows("done") &&
  pile(
    "done",
    "Done",
    ended,
    each(done, (one) => doneLetter(props, one)),
  )
}
${shows("done") && older(props, base)}`;
}

/** Who needs you, and since when. */
function waiting({ decide, complete, site, now }: Props): Piece {
  const [first, ...rest] = decide;
  if (first) {
    const since = time(first.asked_at, site.time_zone, now);
    return html`${decide.length} ${rest.length ? "need" : "needs"} your approval. ${rest.length ? "The oldest" : "It"} has waited since ${since}.`;
  }
  if (complete.length) return `${countOf(complete.length, "promotion")} approved, to be completed.`;
  return "Nothing waits for you.";
}

const older = ({ show, before, more, done }: Props, base: string): Html =>
  pager({
    previous: before ? `${base}?show=done` : undefined,
    previousWord: "Newest",
    next: more ? `${base}?show=done${show ? `&before=${done.at(-1)?.number}` : ""}` : undefined,
    nextWord: show ? "Older" : "All that is done",
  });

const pile = (id: string, heading: string, count: number, letters: Html): Html =>
  count === 0
    ? html``
    : html`<section class="pile" aria-labelledby="${id}"><h2 id="${id}">${heading} <small>${count}</small></h2>
<ul class="letters">
${letters}</ul></section>
`;

const address = ({ site }: Props, one: Promotion) => `/sites/${site.slug}/promotions/${one.number}`;

const letter = (props: Props, one: Promotion, text: Piece, end: Html): Html => html`<li>
${environmentPath(one.from, one.environment)}
<div><h3><a href="${address(props, one)}">${one.name}</a> <small>Promotion ${one.number}</small></h3><p>${text}${one.open && one.note && html` <span class="quote">${one.note}</span>`}</p></div>
<div class="end">${end}</div>
</li>
`;

function toDecide(props: Props, one: Promotion, first: boolean): Html {
  const { toLook = 0, looked = 0 } = props.tallies.get(one.id) ?? {};
  const ticks = toLook ? ` You have looked at ${looked} of ${toLook}.` : "";
  return letter(
    props,
    one,
    `${whatChanges(props, one)}${ticks}`,
    html`${open(props, one, "Look and decide", first)}${asked(props, one)}`,
  );
}

const toComplete = (props: Props, one: Promotion, first: boolean): Html =>
  letter(
    props,
    one,
    whatChanges(props, one),
    html`${open(props, one, one.environment.tier === "production" ? "Look and publish" : "Look and complete", first)}${asked(props, one)}`,
  );

const open = (props: Props, one: Promotion, text: string, first: boolean): Html =>
  linkButton(address(props, one), html`${text}<span class="sr">: ${one.name}</span>`, first ? "primary" : undefined);

function waitingLetter(props: Props, one: Promotion): Html {
  const yes = one.approvals.some((approval) => approval.person_id === props.by.person.id);
  const standing =
    one.state === "approved"
      ? statusBadge("approved", "approved, to be completed")
      : statusBadge("waiting", `waiting for ${waitsFor(one)}`);
  return letter(
    props,
    one,
    `${whatChanges(props, one)}${yes ? " You approved it." : ""}`,
    html`${standing}${asked(props, one)}`,
  );
}

/** '2 new pages and 1 removed.' */
function whatChanges({ tallies }: Props, one: Promotion): string {
  const tally = tallies.get(one.id);
  const words = tally ? changesInWords(tally) : "";
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const asked = ({ site, now }: Props, one: Promotion): Html =>
  html`<span>asked for ${timeWithAgo(one.asked_at, site.time_zone, now)}</span>`;

function doneLetter(props: Props, one: Promotion): Html {
  const size = props.sizes.get(one.release_id) ?? { page: 0, software: 0 };
  return letter(
    props,
    one,
    html`${holds(size)}.${howItEnded(props, one)}`,
    html`${statusBadge(one.state, one.state)}${time(one.ended_at ?? one.asked_at, props.site.time_zone, props.now)}`,
  );
}

function howItEnded({ by }: Props, { approvals, cancellation }: Promotion): Html {
  const said = approvals.findLast((one) => one.decision === "reject") ?? approvals.at(-1);
  const who = said && (said.person_id === by.person.id ? "You" : `${said.person} (${said.role_name})`);
  const quote = (text: string | null) => (text ? html`: <span class="quote">${text}</span>` : ".");
  if (cancellation && cancellation.superseded_by !== null)
    return html` Promotion ${cancellation.superseded_by} took its place.`;
  if (cancellation) return html` ${cancellation.person} cancelled it${quote(cancellation.reason)}`;
  return said ? html` ${who} ${said.decision === "reject" ? "rejected" : "approved"} it${quote(said.comment)}` : html``;
}
