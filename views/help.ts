import { each, type Html, html } from "./parts/html.ts";
import { head, panel, split } from "./parts/page.ts";
import { statusLegend } from "./parts/status-badge.ts";

const WORDS: [string, string][] = [
  ["Site", "A web site, with its own environments."],
  [
    "Environment",
    "One of the places a site runs in, in the order things travel: on beta it is made, on demo it is shown, on live customers see it.",
  ],
  ["Server", "A machine, or an address, on which an environment runs."],
  [
    "Page, software",
    "What the book keeps track of. A page is known by its path, such as /sale/shoes; software by its name.",
  ],
  ["Section", "The pages whose paths begin with the same word."],
  ["Version", "One state of a page or of software. It never changes; what changes gets a new version."],
  ["Deployment", "Putting versions into one environment at one moment."],
  [
    "Release",
    "A numbered list of exact versions, and of removals, that travel together. It is frozen once it is made.",
  ],
  ["Promotion", "The request to move a release into an environment."],
  [
    "Gate",
    "Who has to approve before a promotion may be completed: by default a tester before demo, Marketing before live.",
  ],
  ["Completed", "What the promotion brings is now in the environment, and the book says so."],
  ["Out of band", "On an environment with a gate, something that no promotion brought. It is recorded, and marked."],
  ["Told later", "Recorded after it was so. Both times are kept, and both are shown."],
];

const KEYS: [string[], string][] = [
  [["/"], "search, or ask"],
  [["?"], "this page"],
  [["g", "b"], "the board"],
  [["g", "i"], "the inbox"],
  [["g", "r"], "releases"],
  [["g", "c"], "compare"],
  [["g", "h"], "history"],
  [["Ctrl", "Enter"], "send what you are writing; on a Mac, Cmd and Enter"],
  [["Esc"], "close a menu"],
];

const approving = html`<section><h2 id="approving">How approval works</h2>
<ol>
<li>The account manager asks for a promotion, and it appears in the inbox of whoever the gate asks.</li>
<li>Open it, look at each page, and tick what you have looked at. The ticks are for you; they are kept.</li>
<li>Approve, or reject and say why. One rejection ends the promotion; trying again is a new one.</li>
<li>When nothing stands in the way any more, the account manager completes it.</li>
</ol>
<p>An approval is for exactly what was shown. If anything in it changes, it has to be asked for again. One person counts once, and whoever asked does not approve.</p></section>`;

const recording = html`<section><h2 id="recording">How to record a deployment</h2>
<p>Press Record, choose the environment, and give one line for each page or piece of software that is there now:</p>
<pre>page /sale/shoes v34
software checkout-service 3.4.1
page /sale/winter removed</pre>
<p>You see what will change before anything is saved. If it happened earlier, say when: the book keeps both when it was so and when it was told. What is recorded is never edited or deleted.</p>
<p>A program can tell it too. <a href="/openapi.json">What it has to say</a> is written down for those who make programs.</p></section>`;

const asking = html`<section><h2 id="asking">What the search answers</h2>
<p>A page’s path or a software’s name says where it stands, since when, and who approved it. Words find titles, notes, comments and names; words in "quotation marks" stand together. And questions, as you would ask them:</p>
<ul>
<li>where is /sale</li>
<li>who approved /terms on live</li>
<li>what changed on live since Monday</li>
<li>when did /sale change on live</li>
<li>what was on live on 3 March 14:00</li>
<li>what waits for Marketing</li>
</ul></section>`;

const MOMENTS: [string, string][] = [
  ["3 March 14:00", "the newest 3 March that has been; 3 March 2025 14:00 and 2026-03-03 14:00 say which year"],
  ["yesterday 9:00, Monday", "a day without a time is its beginning, 00:00"],
  ["2 days ago, an hour ago", "days go back on the calendar, hours by the clock"],
  ["2026-03-03T14:00:00Z", "with its offset, wherever the site is"],
  ["~1, #42", "in Compare: before the environment’s latest change; just after deployment 42"],
];

const when = html`<section><h2 id="when">How to say when</h2>
<p>Wherever a moment is asked for, write it as you would say it. It is read on the site’s own clock; where that skipped an hour or showed it twice, the page says what it took.</p>
<dl class="glossary">${each(MOMENTS, ([said, meaning]) => html`<dt>${said}</dt><dd>${meaning}</dd>`)}</dl>
<p>In an address, in the API and on the command line a moment of an environment is written as live~1, live#42 or live@{2.days.ago}.</p></section>`;

const proving = html`<section><h2 id="proving">Taking it away, and proving it</h2>
<p>What the history and an environment show can be taken away, filtered as you see it, as CSV for a spreadsheet or as JSON lines for a program. The last line counts the rows: where it is missing, the file was cut off. In CSV a text that a spreadsheet would calculate has an apostrophe before it; in JSON lines everything is exactly as it was told.</p>
<p>An evidence pack, on a promotion and on an environment at any moment, holds a page to read and to print, and all that somebody needs who doubts it: without Sitebook they can check that it follows from the history, and that the history is the one that was signed.</p></section>`;

const words = html`<section><h2 id="words">The words</h2>
<dl class="glossary">${each(WORDS, ([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl></section>`;

const keys = html`<dl class="keys">${each(
  KEYS,
  ([pressed, what]) =>
    html`<dt>${each(pressed, (key, index) => html`${index > 0 && " "}<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`,
)}</dl>
<p>No key approves or promotes anything.</p>
<label class="box"><input type="checkbox" id="keys-on" disabled checked><span>Use these keys<small>Turn them off if you dictate, or if they get in your way. This browser remembers it; it needs JavaScript, as the keys do.</small></span></label>`;

/** The words, the signs, the keys, and how the two main jobs go. */
export const help =
  (): Html => html`${head({ title: "Help", under: "Sitebook is the book of a web site: what is where, since when, and who said yes." })}
${split(
  html`<div class="words">${approving}${recording}${asking}${when}${proving}${words}</div>`,
  html`${panel("signs", "The signs", html`<p><small>A colour only repeats what a word and a shape say.</small></p>${statusLegend()}`)}${panel("keys", "The keys", keys)}`,
)}`;
