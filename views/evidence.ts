import type { Site } from "../src/access/sites.ts";
import type { Evidence, EvidenceSubject } from "../src/evidence/evidence.ts";
import type { Checkpoint } from "../src/integrity/checkpoints.ts";
import { formatCount } from "../src/text.ts";
import { longTime } from "../src/time/format.ts";
import { each, type Html, html, type Piece, verbatim, withoutMarkup } from "./parts/html.ts";

/** The columns of a pack's tables, which are also CSV files. Its verifier reads their names from those. */
export const evidenceColumns = {
  contents: ({ promotion }: EvidenceSubject) =>
    promotion
      ? ["kind", "key", "title", "change", "version", "replaced", "redirect"]
      : [
          "kind",
          "key",
          "title",
          "version",
          "effective_at",
          "effective_local",
          "recorded_at",
          "recorded_local",
          "deployment",
          "promotion",
          "out_of_band",
          "baseline",
        ],
  gates: [
    "event",
    "promotion",
    "environment",
    "environment_name",
    "environment_now",
    "gate",
    "required",
    "requester_may_approve",
    "other_rules",
  ],
  approvals: [
    "event",
    "promotion",
    "environment",
    "environment_name",
    "environment_now",
    "person",
    "person_id",
    "person_kind",
    "role",
    "decision",
    "decided_at",
    "decided_local",
    "withdrawn_at",
    "withdrawn_local",
    "reviewed",
    "to_review",
    "comment",
    "digest",
  ],
  steps: [
    "event",
    "recorded_at",
    "recorded_local",
    "what",
    "subject",
    "name",
    "environment",
    "environment_name",
    "environment_now",
    "effective_at",
    "effective_local",
    "person",
    "person_id",
    "said",
    "rollback_of",
    "rollback_in_part",
    "forced",
    "go_live_at",
    "go_live_local",
    "take_down_at",
    "take_down_local",
    "take_down",
  ],
};

const columnHeads: Record<string, string> = {
  key: "page or software",
  effective_at: "since",
  recorded_at: "recorded",
  decided_at: "decided",
  gate: "version of the gate",
  required: "approvals required",
  requester_may_approve: "requester may approve",
  other_rules: "other rules",
  replaced: "was before",
  what: "action",
  said: "note",
  redirect: "visitors led to",
  forced: "completed despite",
  go_live_at: "planned for",
  take_down_at: "planned to be taken down",
  take_down: "what the take-down does",
  rollback_of: "rollback of promotion",
  rollback_in_part: "1: only in part",
  environment_name: "called then",
  environment_now: "now called",
  person_id: "id of the person",
  person_kind: "person or machine",
  digest: "digest of what was approved",
};

type EvidenceProps = Evidence & { site: Site; checkpoint: Checkpoint };

/** A page without links to Sitebook: it is read from a folder, or on paper. Every row has to follow from the events. */
export function evidencePage(props: EvidenceProps): Html {
  const { site, about, contents, gates, approvals, steps, checkpoint } = props;
  const noContents = about.promotion
    ? "The release is empty."
    : "Nothing had been recorded by then. What was never recorded is unknown, not absent.";
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${withoutMarkup(titleOf(props))}</title>
<style>${style}</style>
</head>
<body>
<header><p>Evidence from the book of record of <bdi>${site.name}</bdi></p>
<h1>${titleOf(props)}</h1>
<p>${lead(props)}</p></header>
<main>
${section("contents", "Contents", evidenceColumns.contents(about), contents, noContents)}
${section("gates", "Gates", evidenceColumns.gates, gates, "No promotion is on record.")}
${section("approvals", "Decisions", evidenceColumns.approvals, approvals, "No decision is on record.")}
${section("steps", "Activity", evidenceColumns.steps, steps, "Nothing is on record.")}
<section><h2>How to check this</h2>
<p>Every row above follows from the events in <a href="events.jsonl">events.jsonl</a>: ${historyWords(props)}. Each event has the SHA-256 hash of itself and of all events before it; the last of these hashes, <code>${checkpoint.head}</code>, was signed on ${longTime(checkpoint.at, site.time_zone)} (${site.time_zone}) in <a href="checkpoint.txt">checkpoint.txt</a>.</p>
<p>To check all of that, run <code>node verify.mjs</code> in this folder; it needs only Node, and names what is wrong and where. ${about.extract ? "If you know the public key from elsewhere, it can compare that, too" : "If you know the public key from elsewhere, or kept an older checkpoint, it can compare them, too"}: see <a href="README.txt">README.txt</a>.</p></section>
</main>
</body>
</html>
`;
}

function titleOf({ about, site, nameThen }: EvidenceProps): Html {
  if (about.promotion) return html`Promotion ${about.promotion}: <bdi>${about.name}</bdi>`;
  return html`What was on <bdi>${nameThen}</bdi> on ${longTime(about.as_of ?? "", site.time_zone)}`;
}

function lead({ about, site, checkpoint, nameNow }: EvidenceProps): Piece {
  const known = about.known_at ? longTime(about.known_at, site.time_zone) : `event ${about.events}`;
  const subject = about.promotion
    ? html`Release ${about.release} of <bdi>${site.name}</bdi>.`
    : html`As of <code>${about.as_of}</code>, recorded by ${known}.${nameNow !== undefined && html` It is now called <bdi>${nameNow}</bdi>.`} In the tables its short name is <code>${about.environment}</code>.`;
  return html`${subject} In the tables times are in UTC, below them in ${site.time_zone}; all others are in ${site.time_zone}. Signed on ${longTime(checkpoint.at, site.time_zone)}.`;
}

/** Which part of the history the pack has. */
const historyWords = ({ about, site, checkpoint }: EvidenceProps): Html =>
  about.extract
    ? html`those of the ${formatCount(checkpoint.events)} events of <bdi>${site.name}</bdi> that concern this promotion, its release and its contents. Which ones is signed in <a href="extract.txt">extract.txt</a>`
    : html`the whole history of <bdi>${site.name}</bdi> up to event ${checkpoint.events}`;

function section(id: string, heading: string, names: string[], rows: Evidence["contents"], emptyText: string): Html {
  const columns = names.filter((name) => !name.endsWith("_local"));
  const cells = (row: Evidence["contents"][number]) =>
    each(columns, (name) => html`<td>${verbatim(cell(row, name))}</td>`);
  return html`<section aria-labelledby="${id}" tabindex="0"><h2 id="${id}">${heading}</h2>
${rows.length === 0 && html`<p>${emptyText}</p>`}
<table${rows.length === 0 && html` hidden`}><thead><tr>${each(columns, (name) => html`<th scope="col">${columnHeads[name] ?? name.replaceAll("_", " ")}</th>`)}</tr></thead><tbody>
${each(rows, (row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table></section>
`;
}

/** A time in UTC has the site's own below it. */
const cell = (row: Evidence["contents"][number], name: string): string =>
  name.endsWith("_at") && row[name] ? `${row[name]}\n${row[name.replace(/_at$/, "_local")]}` : String(row[name] ?? "");

const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1c2330; background: #fff; }
body { max-width: 72rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
header { border-bottom: 2px solid #1c2330; margin-bottom: 1.5rem; }
header p:first-child { margin: 0; color: #4a5365; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .25rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
main section:first-child h2 { margin-top: 0; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .8125rem; font-variant-numeric: tabular-nums; }
th { text-align: left; vertical-align: bottom; font-weight: 600; color: #4a5365; border-bottom: 1px solid #1c2330; }
th::first-letter { text-transform: uppercase; }
th, td { padding: .3rem .9rem .3rem 0; }
td { vertical-align: top; border-bottom: 1px solid #d9dee7; white-space: pre-wrap; overflow-wrap: break-word; }
td:last-child, #contents ~ table td:nth-child(2), #contents ~ table td:nth-child(3) { min-width: 8rem; overflow-wrap: anywhere; }
#steps ~ table td:nth-child(2), #steps ~ table td:nth-child(8), #approvals ~ table td:nth-child(11) { white-space: pre; }
code { font: .8125rem ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: #1d4fa3; }
@page { size: A4 landscape; margin: 15mm; }
@media print {
  body { max-width: none; padding: 0; }
  :root { font-size: 10pt; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  a { color: inherit; text-decoration: none; }
}
`;
