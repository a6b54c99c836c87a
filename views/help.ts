import { each, type Html, html, type Piece } from "./parts/html.ts";
import { head, panel, split } from "./parts/page.ts";
import { statusLegend } from "./parts/status-badge.ts";

const terms: [string, string][] = [
  ["Site", "A web site, with its own environments."],
  [
    "Environment",
    "A place in which a site runs. Environments have an order: a site is built on beta and reviewed on demo, and customers see it on live. Administrators can add one between two others, move, rename and retire it; what was on it can still be read.",
  ],
  ["Server", "A machine, or an address, on which an environment runs."],
  [
    "Page, software",
    "What Sitebook tracks. A page is identified by its path, such as /sale/shoes, and software by its name.",
  ],
  ["Section", "The pages whose paths begin with the same segment."],
  [
    "Owner",
    "The person who looks after a page or software item. If a section has an owner, pages recorded in it later have the same one. The board can be filtered by owner.",
  ],
  ["Version", "One state of a page or software item. A version never changes; a change is a new version."],
  ["Title", "What one version of a page is called. The next version can have another title; the past keeps its own."],
  [
    "Now called",
    "Follows the name of a person or environment that was renamed since: the past shows the names of that time.",
  ],
  ["Deployment", "Putting versions on one environment at one time."],
  [
    "Release",
    "A numbered list of exact versions and removals that are promoted together. It never changes once it is created.",
  ],
  ["Promotion", "The request to deploy a release to the next environment."],
  [
    "Gate",
    "Who has to approve a promotion before it can be completed, and what else has to be met: by default a tester approves before demo, and Marketing before live. Administrators change it under Settings, Environments.",
  ],
  [
    "Freeze",
    "A period, once or recurring, in which no promotion to an environment can be completed. What is deployed there nevertheless is recorded, and flagged.",
  ],
  [
    "Planned",
    "The moment at which a promotion is to go live. If the deployment happens by itself then, Sitebook completes the promotion at that moment, unless something blocks it. Otherwise those who complete it find it in their inbox once it is due.",
  ],
  [
    "Take-down",
    "What is planned for the end of a campaign: its pages are removed, or what was there before is restored. The approvals of the promotion cover it, as long as nothing else is there by then.",
  ],
  [
    "Role",
    "What somebody may do on a site, and in which role they approve. A person can have several, and others on another site. The names and permissions of roles are the same on all sites: who administers every site changes them under Settings, Roles. A decision keeps the name that its role had then.",
  ],
  [
    "Removal and closing",
    "An administrator removes somebody from a site under Settings, People, after a list of what still waits for them; what they own can be passed on. An account is closed, on all sites, by its owner under Account, or by somebody who administers every site: nobody can sign in with it again, and its e-mail address is erased. The name stays in the history.",
  ],
  [
    "Identity provider",
    "Where people sign in with their company account. Who administers every site adds one under Settings, Sign-in. It recognises people by their verified e-mail address, and can give them roles.",
  ],
  [
    "Two-factor sign-in",
    "A code from an app on your telephone, asked for after your password. Set it up under Account, and keep the ten recovery codes. If you lose both, an administrator of every site can switch it off for you. Sitebook does not ask if you sign in with a passkey or with an identity provider.",
  ],
  [
    "Passkey",
    "A key that your telephone, computer, security key or password manager keeps, and with which you sign in by unlocking it: by your finger, face or PIN. It replaces the password and the code, and cannot be given to a false page. Add one under Account, and remove it there if the device is lost.",
  ],
  [
    "Security event",
    "A sign-in, a failed one, or a change of an account, with the address and browser it came from. Your own are under Account; administrators see those of the people of their site under Settings, Security. They are deleted after 180 days.",
  ],
  ["Completed", "The contents of the promotion are recorded on the target environment."],
  [
    "Rollback",
    "The promotion that puts back what a completed one replaced, all of it or only some pages. What had been added is removed again. If the record itself was wrong, correct the deployment instead: then it never happened.",
  ],
  [
    "Marked as bad",
    "A release in which something is wrong. It cannot be promoted any further until the mark is lifted.",
  ],
  [
    "Substitute",
    "Who decides on promotions for somebody who is away, in one role and for a period. People name theirs from their account page. Each decision says for whom it was made, and the two of them count as one.",
  ],
  [
    "Comment",
    "What people say about a promotion, before or after its decision. @ and a name puts it in that person’s inbox. A comment decides nothing.",
  ],
  [
    "Without its gate",
    "Completed in an emergency, although an approval or something else was missing. The reason is kept, and somebody else has to review it afterwards.",
  ],
  [
    "Notice",
    "A mail that says that a promotion needs you, that your request was decided, or that something you own or follow changed. Each person chooses what and how often under Notices, on their account page; administrators see what was sent under Settings, Notices. If a notice comes back for good, no more are sent to that address until its person confirms or changes it, or an administrator does.",
  ],
  [
    "Guest",
    "Somebody without an account, such as an agency, who decides on one promotion in a role that its gate opens to guests. They open a link and enter a code that is sent to them, and see nothing else of the site. The page of the promotion leads to its guests.",
  ],
  [
    "Webhook",
    "An address of a program or a chat channel that Sitebook tells when something happens, signed by Standard Webhooks, or as a message for Slack and Teams. Administrators create them under Settings, Webhooks, and see what was delivered.",
  ],
  [
    "Visit, observation",
    "Sitebook looks at the pages of a server by itself, on request, every so many hours and after deployments, and keeps what each showed. It follows robots.txt, and goes to no other servers than those entered under Settings, Environments. There, in the settings of visits, administrators can enter other hosts that are asked whether the files and links of pages are there. What it sees changes the record only where an administrator has chosen that.",
  ],
  [
    "Observer",
    "The machine account with which Sitebook records what it sees. In the settings of visits, administrators choose for each environment who reports what is on it: people and machines, or observation. Its versions are named after what the page shows, such as seen 3f9a8b7c, so that the same content has the same version everywhere. A gate can also have promotions completed by it, once all of their pages are seen as they were approved.",
  ],
  [
    "Noise, mask",
    "What of a page differs from one request to the next, such as a counter, says nothing: visits learn it by looking twice, and do not compare it, on any environment. It is listed with what changed on a page, and can be forgotten there. Administrators can mask more under Settings, Environments, Visits.",
  ],
  [
    "Finding",
    "What a server shows that disagrees with the record or with good order: a page that is missing, unrecorded, drifted (it changed, and no deployment was recorded) or not as approved. It is settled when a visit no longer finds it, or when what was found is recorded as a deployment; it can be accepted, with a reason, until something changes. Each environment leads to its findings.",
  ],
  ["Redirect", "Where the visitors of a removed page are led. It is part of the release that removes the page."],
  ["Out of band", "A change on an environment with a gate that no promotion covers. It is recorded, and flagged."],
  [
    "Feed",
    "A secret address at which a feed reader, a calendar or a wiki reads what happens on a site, without signing in. People create their own under Feeds, which the calendar and each environment link to. It shows what they may see, and can be revoked.",
  ],
  ["Recorded late", "Recorded after it happened. Both times are kept and shown."],
];

const shortcuts: [string[], string][] = [
  [["/"], "search, or ask a question"],
  [["?"], "this page"],
  [["g", "b"], "the board"],
  [["g", "i"], "the inbox"],
  [["g", "r"], "releases"],
  [["g", "c"], "compare"],
  [["g", "h"], "history"],
  [["Ctrl", "Enter"], "submit the form; on a Mac, Cmd and Enter"],
  [["Esc"], "close a menu"],
];

const approving = html`<section><h2 id="approving">How approval works</h2>
<ol>
<li>The account manager requests a promotion, and it appears in the inbox of the people whose approval the gate needs.</li>
<li>Open it, review each page, and tick what you have reviewed. Many pages are listed by section, which can be marked as a whole. The ticks are saved, and only for you.</li>
<li>Approve, or reject with a reason. One rejection ends the promotion; to try again, request a new one.</li>
<li>When nothing is blocking it and the release has been deployed, the account manager marks it as on demo, or as live.</li>
</ol>
<p>An approval covers exactly what was shown. If anything in it changes, it has to be requested again. Each person counts once, and cannot approve their own request unless the gate allows it. A promotion keeps the gate it was requested under.</p></section>`;

const recording = html`<section><h2 id="recording">How to record a deployment</h2>
<p>Press Record, select the environment, and enter one line for each page or software item that was deployed or removed:</p>
<pre>page /sale/shoes v34
software checkout-service 3.4.1
page /sale/winter removed</pre>
<p>Or take what you have: the address of a sitemap on the environment’s server, a list of paths or web addresses, a table from any program with a column such as URL, Page or Title, or an export of Sitebook. A page without a version gets the date of its last change, or “baseline”. Lines that cannot be taken are listed with the reason, and you can record the others.</p>
<p>The first time, record everything that is already on an environment as its <b>baseline</b>, or take it over with “Same as” from another environment. A baseline is where the record begins: it needs no approval and is not out of band, and in place of an approver you see the day and who recorded it. It can be recorded in several parts, until the first deployment that is none.</p>
<p>A preview shows what will change before anything is saved. If it happened earlier, enter when: Sitebook keeps both the time at which it happened and the time at which it was recorded. Nothing that is recorded is ever edited or deleted.</p>
<p>You can also use the API (<a href="/openapi.json">reference</a>).</p></section>`;

const asking = html`<section><h2 id="asking">Questions you can ask</h2>
<p>Search for a page’s path or the name of software to see where it is, since when, and who approved it. Other words find titles, notes, comments and names, in any case; if nothing has all of them, what has some of them is listed; use "quotation marks" for an exact phrase. You can also ask questions:</p>
<ul>
<li>where is /sale</li>
<li>who approved /terms on live in October</li>
<li>what did Marketing approve</li>
<li>what is out of band</li>
<li>what changed on live since Monday</li>
<li>when did /sale change on live</li>
<li>what was on live on 3 March 14:00</li>
<li>what waits for Marketing</li>
</ul></section>`;

const momentFormats: [string, Piece][] = [
  ["3 March 14:00", html`the last 3 March; for another year 3 March 2025 14:00 or <time>2025-03-03 14:00</time>`],
  ["yesterday 9:00, Monday", "a day without a time means its start, 00:00"],
  ["2 days ago, an hour ago", "days go back on the calendar to the same time of day; hours are exact"],
  ["2026-03-03T14:00:00Z", "with an offset, independent of the site’s time zone"],
  ["~1, #42", "in Compare: before the environment’s last change; just after deployment 42"],
];

const when = html`<section><h2 id="when">Dates and times</h2>
<p>You can enter dates and times in your own words. They are read in the site’s time zone. The end of a period includes the day or minute that you name. A time that the clock showed twice is shown with its name, such as 01:30 GMT, and can be entered that way.</p>
<dl class="glossary">${each(momentFormats, ([text, meaning]) => html`<dt>${text}</dt><dd>${meaning}</dd>`)}</dl>
<p>In addresses, in the API and on the command line write an environment at a past moment as live~1, live#42 or live@{2.days.ago}.</p></section>`;

const proving = html`<section><h2 id="proving">Export and proof</h2>
<p>You can export the board, the history and any environment, filtered as you see it, as CSV for a spreadsheet or as JSON lines for a program. The last line counts the rows: if it is missing, the file is incomplete. CSV files are UTF-8 with a byte order mark, so that Excel opens them with the right letters. In CSV a text that a spreadsheet would evaluate as a formula has an apostrophe before it; JSON lines have everything exactly as it was recorded. The export of an environment can be recorded again, on this or another site.</p>
<p>An evidence pack, of a promotion or of an environment at any moment, contains a page to read and print, and everything needed to check it without Sitebook: that it follows from the history, and that the history is the one that was signed. That of a promotion has only the events that concern it; choose <em>with the whole history</em> to prove that nothing else was left out, or to compare it with a checkpoint that you kept.</p></section>`;

const telling = html`<section><h2 id="telling">How to set up mail and webhooks</h2>
<ol>
<li><b>Mail</b>: whoever runs Sitebook starts it with <code>SMTP_URL</code>, such as <code>smtp://USER:PASSWORD@HOST:587</code>, with <code>MAIL_FROM</code>, such as <code>Sitebook &lt;sitebook@example.com&gt;</code>, and with <code>BASE_URL</code>, the address that people open. An administrator then presses “Send a test mail” under Settings, Notices. From then on those who must act get a mail; each person chooses what and how often under Notices, on their account page.</li>
<li><b>A program</b>: an administrator enters its address under Settings, Webhooks, and copies the secret, which is shown once. The program checks each delivery with the secret and the library of Standard Webhooks (www.standardwebhooks.com) for its language, and responds with a status from 200 to 299. The <a href="/openapi.json">API reference</a> has the fields.</li>
<li><b>A channel</b>: create an incoming webhook in Slack, or in Teams a workflow that posts to a channel when a webhook request is received, and enter its address in the same place.</li>
<li><b>Try it</b>: record a deployment. The page of the webhook lists the delivery, with what was answered, and delivers it again. What is not accepted is tried again for three days; then the webhook is disabled, and the administrators are told.</li>
<li><b>A feed</b>: everybody creates addresses for feed readers, calendars and badges under Feeds, which the calendar and each environment link to.</li>
</ol>
<p>A receiver in a private network has to be allowed with <code>WEBHOOK_NETWORKS</code>, such as <code>10.0.0.0/8</code>, by whoever runs Sitebook. A crash can repeat a mail or a delivery: it has the same id then.</p></section>`;

const words = html`<section><h2 id="words">Terms</h2>
<dl class="glossary">${each(terms, ([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>`)}</dl></section>`;

const keys = html`<dl class="keys">${each(
  shortcuts,
  ([pressed, what]) =>
    html`<dt>${each(pressed, (key, index) => html`${index > 0 && " "}<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`,
)}</dl>
<p>No shortcut approves or promotes anything.</p>
<label class="box"><input type="checkbox" id="keys-on" disabled checked><span>Use keyboard shortcuts<small>Turn them off if you use speech input, or if they get in your way. This browser remembers your choice. Shortcuts need JavaScript.</small></span></label>`;

/** Terms, icons, keyboard shortcuts, and how the two main tasks work. */
export const help =
  (): Html => html`${head({ title: "Help", under: "Sitebook is the book of record of a web site: what is where, since when, and who approved it." })}
${split(
  html`<div class="words">${approving}${recording}${asking}${when}${proving}${telling}${words}</div>`,
  html`${panel("signs", "Icons", html`<p><small>Each status has a word and a shape; its colour only repeats them.</small></p>${statusLegend()}`)}${panel("keys", "Keyboard shortcuts", keys)}`,
)}`;
