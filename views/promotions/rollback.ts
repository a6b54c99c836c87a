import type { Site } from "../../src/access/sites.ts";
import type { RollbackPreview } from "../../src/promotions/rollback.ts";
import { artifactKey, countOf, formatCount, joinWithAnd } from "../../src/text.ts";
import { artifactLink, versionTag } from "../parts/artifact.ts";
import { button, hiddenField, linkButton } from "../parts/button.ts";
import { env } from "../parts/environment.ts";
import { area } from "../parts/field.ts";
import { attr, each, type Html, html } from "../parts/html.ts";
import { bar, empty, head, note } from "../parts/page.ts";
import { noVersion } from "../parts/placement.ts";
import { statusBadge } from "../parts/status-badge.ts";
import { cell, rowHead, table } from "../parts/table.ts";
import { time } from "../parts/time.ts";

type Line = RollbackPreview["lines"][number];

type Props = RollbackPreview & {
  site: Site;
  now: string;
  /** What the gate asks of the rollback, as a sentence. */
  needs: string;
  /** The lines that are ticked, by their artifact keys; undefined: all. */
  selected: Set<string> | undefined;
  form: { reason: string; key: string };
  /** By field, or for a line by its artifact key. */
  errors: Record<string, string>;
  refused?: string | undefined;
};

/** What a rollback would restore, shown before it is requested. */
export function rollbackPage(props: Props): Html {
  const { site, promotion, lines, whyNot, refused, now } = props;
  const { number, environment, completion } = promotion;
  const address = `/sites/${site.slug}/promotions/${number}`;
  const title = head({
    over: [html`<a href="${address}">Promotion ${number}</a>`, env(environment)],
    title: html`Roll back <bdi>${promotion.name}</bdi>`,
    lead: completion && html`Completed on ${time(completion.completed_at, site.time_zone, now)}.`,
  });
  return html`${refused && note(refused, { kind: "bad" })}${title}${difference(props)}${later(props)}
${whyNot ? empty(whyNot, linkButton(address, `Back to promotion ${number}`)) : rollbackForm(props)}${left(lines)}`;
}

/** The two ways back are told apart in one sentence each. */
const difference = ({ site, promotion: { number, environment, completion } }: Props): Html =>
  html`<p><b>Rolling back</b> is a new promotion: what promotion ${number} replaced is put back on ${environment.name} now, and both stay true in the record.</p>
<p><b>It never happened</b> is a correction: use it on ${completion ? html`<a href="/sites/${site.slug}/deployments/${completion.deployment}">deployment ${completion.deployment}</a>` : "its deployment"} if the record is wrong and ${environment.name} never had these versions.</p>
`;

/** Names the later promotions and deployments whose changes a rollback would undo, too. */
function later({ promotion, lines }: Props): Html | false {
  const touched = lines.filter((line) => line.restorable && line.later.length);
  if (!touched.length) return false;
  const words = touched
    .slice(0, 5)
    .map(
      ({ key, later, moreLater }) =>
        `${key} (${joinWithAnd([...(moreLater ? ["earlier ones"] : []), ...later.map(changeName)])})`,
    );
  const more = touched.length - words.length;
  return note(
    `Changed again on ${promotion.environment.name} since promotion ${promotion.number}: ${joinWithAnd(more ? [...words, `${more} more`] : words)}. A rollback undoes these changes, too. Unselect what should stay.`,
  );
}

const changeName = ({ deployment, promotion }: Line["later"][number]): string =>
  promotion ? `promotion ${promotion}` : `deployment ${deployment}`;

function rollbackForm(props: Props): Html {
  const { site, promotion, lines, form, errors } = props;
  const restorable = lines.filter((line) => line.restorable);
  const columns = [html`<span class="sr">Included</span>`, "Page or software", "Now", "After", "Changed since"];
  return html`<form class="selecting releasing" method="post" action="/sites/${site.slug}/promotions/${promotion.number}/rollback">
${hiddenField("key", form.key)}
<div class="form">${area({ name: "reason", label: "Reason", rows: 2, required: true, value: form.reason, error: errors.reason, hint: "For the approvers and the record: why it has to go back.", more: { maxlength: 10_000 } })}<p class="reason">${props.needs}</p></div>
${table({ caption: "What is restored", look: "picking", columns, body: each(restorable, (line) => lineRow(props, line)) })}
${bar(html`<p class="grow"><b class="selected-count"></b> <b>of ${formatCount(restorable.length)}</b> lines included</p>${button({ text: "Request rollback", look: "primary" })}`)}
</form>`;
}

/** `page /sale v1`, or `page /sale` for what is removed again. */
const lineValue = ({ kind, key, version }: Pick<Line, "kind" | "key" | "version">): string =>
  [kind, key, version].filter((part) => part !== null).join(" ");

function lineRow({ site, selected, errors }: Props, line: Line): Html {
  const value = lineValue(line);
  const error = errors[artifactKey(line)];
  const since = each(
    line.later,
    ({ deployment, promotion }, i) =>
      html`${i > 0 && ", "}<a href="/sites/${site.slug}/${promotion ? `promotions/${promotion}` : `deployments/${deployment}`}">${promotion ? "promotion" : "deployment"} ${promotion ?? deployment}</a>`,
  );
  const current = line.current ? versionTag(line.current.version) : noVersion({ unknown: false });
  return html`<tr${attr("class", error && "bad")}><td class="pick"><label class="tick"><input type="checkbox" name="line" value="${value}"${attr("checked", !selected || selected.has(artifactKey(line)))}><span class="sr">${line.key}</span></label></td>${rowHead(artifactLink(site.slug, line))}${cell("Now", current)}${cell("After", html`${line.version === null ? statusBadge("removed", "removed") : versionTag(line.version)}${error && html` ${statusBadge("rejected", error, { wrap: true })}`}`)}${cell("Changed since", line.later.length ? html`${line.moreLater && "earlier ones, "}${since}` : html`<span class="none">no</span>`)}</tr>
`;
}

/** What is not part of a rollback, and why. */
function left(lines: Line[]): Html | false {
  const same = lines.filter(({ restorable, corrected }) => !restorable && !corrected);
  const corrected = lines.filter((line) => line.corrected);
  const named = (list: Line[]) =>
    joinWithAnd([...list.slice(0, 5).map(({ key }) => key), ...(list.length > 5 ? [`${list.length - 5} more`] : [])]);
  const sentences = [
    same.length && lines.some((line) => line.restorable)
      ? `Left out: ${countOf(same.length, "line")} already as before (${named(same)}).`
      : "",
    corrected.length ? `Left out, since the record was corrected and it was never there: ${named(corrected)}.` : "",
  ].filter(Boolean);
  return sentences.length > 0 && html`<p class="reason">${sentences.join(" ")}</p>`;
}
