import type { Difference, DifferenceLine, LinePart } from "../../src/observations/difference.ts";
import { countOf, joinWithAnd } from "../../src/text.ts";
import { each, type Html, html, type Piece } from "../parts/html.ts";

type Sides = { before: Piece; after: Piece };

/** "3 lines added, 1 removed and the title changed from “Sale” to “Sales”", or that nothing differs. */
export function differenceWords({ title, counts, links }: Difference): Piece {
  const counted = [
    ["added", counts.added],
    ["removed", counts.removed],
    ["changed", counts.changed],
  ] as const;
  const present = counted.filter(([, count]) => count > 0);
  const lines = present.map(([word, count], i) => (i ? `${count} ${word}` : `${countOf(count, "line")} ${word}`));
  const changedLinks = [
    links.added.length > 0 && `${countOf(links.added.length, "link")} added`,
    links.removed.length > 0 && `${countOf(links.removed.length, "link")} removed`,
  ].filter((one) => one !== false);
  const titled = title && html`title changed from ${quoted(title.before)} to ${quoted(title.after)}`;
  const words = joinWithAnd([...lines, ...changedLinks]);
  if (!titled) return words ? `${words}.` : "The text is the same.";
  return html`${words && `${words}; `}${titled}.`;
}

const quoted = (text: string): Html => (text ? html`“<bdi>${text}</bdi>”` : html`none`);

/** Two contents side by side, line by line. On a phone each line is below the one that it replaces. */
export function differencePart({ lines, links }: Difference, heads: Sides): Html {
  const body = each(lines, (line) => row(line));
  return html`${lines.length > 0 && html`<table class="difference"><caption class="sr">Text side by side</caption><thead><tr><th scope="col">${heads.before}</th><th scope="col">${heads.after}</th></tr></thead><tbody>${body}</tbody></table>`}${linkList("Links removed", links.removed, "del")}${linkList("Links added", links.added, "ins")}`;
}

function row(line: DifferenceLine): Html {
  if (line.kind === "gap")
    return html`<tr class="gap"><td colspan="2">${countOf(line.lines, "line")} the same</td></tr>`;
  if (line.kind === "changed") return sides(parts(line.before, "del"), parts(line.after, "ins"));
  const text = html`<bdi>${line.text}</bdi>`;
  if (line.kind === "same") return sides(text, text, "same");
  return line.kind === "removed" ? sides(html`<del>${text}</del>`, "") : sides("", html`<ins>${text}</ins>`);
}

const sides = (before: Piece, after: Piece, look?: "same"): Html =>
  html`<tr${look && html` class="same"`}><td>${before}</td><td>${after}</td></tr>`;

const parts = (list: LinePart[], mark: "ins" | "del"): Html =>
  html`<bdi>${each(list, ({ text, isChanged }) => (isChanged ? marked(text, mark) : html`${text}`))}</bdi>`;

const marked = (text: string, mark: "ins" | "del"): Html =>
  mark === "ins" ? html`<ins>${text}</ins>` : html`<del>${text}</del>`;

const linkList = (heading: string, links: string[], mark: "ins" | "del"): Html | false =>
  links.length > 0 &&
  html`<h3>${heading}</h3><ul class="links">${each(links.slice(0, 100), (link) => html`<li>${marked(link, mark)}</li>`)}${links.length > 100 && html`<li>and ${countOf(links.length - 100, "more", "more")}</li>`}</ul>`;
