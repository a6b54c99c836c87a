import type { Permitted } from "../src/access/permissions.ts";
import type { AssetUrls } from "../src/http/assets.ts";
import { pathWithQuery } from "./parts/address.ts";
import type { Html, Piece } from "./parts/html.ts";
import { attr, classes, each, html, withoutMarkup } from "./parts/html.ts";
import { note } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { fullTime, time } from "./parts/time.ts";

/** An environment on the rail. */
export type RailStop = {
  slug: string;
  name: string;
  tier: string;
  href: string;
  /** The roles that its gate requires, such as ['Tester']; shown on the line that leads to it. */
  gate?: string[] | undefined;
  /** Its state in a few words: '5 ahead of demo'. */
  lead: string;
  /** Shown after it as a link: '2' 'waiting for Marketing'. */
  waiting?: { count: number; text: string; href: string } | undefined;
  /** Further facts: '13 pages, 5 software items'. */
  small: string;
  /** When something last changed there. */
  changedAt?: string | undefined;
  current?: boolean | undefined;
  /** Why it takes no promotions now, as sentences. */
  frozen?: string[] | undefined;
};

type Here = "board" | "inbox" | "releases" | "compare" | "calendar" | "history" | "settings" | "record";

/** What every page has around its content. */
export type Frame = {
  title: string | Html;
  /** The address of the page, with its query: it is printed. */
  address: string;
  assets: AssetUrls;
  now: string;
  site?: { slug: string; name: string; timeZone: string } | undefined;
  sites: { slug: string; name: string }[];
  environments: RailStop[];
  rail: "full" | "slim" | "none";
  inboxCount: number;
  /** The number of the site's events that the page shows. */
  events?: number | undefined;
  person?: { id: string; name: string } | undefined;
  /** What this person may do on the site; undefined on a page that belongs to no site. */
  may?: Permitted | undefined;
  flash?: { kind: "done" | "bad"; text: string; nextStep?: boolean | undefined } | undefined;
  /** The next of the first steps of a new site, shown with the notice that one is done. */
  nextStep?: { href: string; text: string } | undefined;
  /** The page shows a past moment, and has another background. */
  past?: boolean | undefined;
  here?: Here | undefined;
};

/** A whole page: masthead, rail, content and footer. */
export const layout = (frame: Frame, content: Html): Html =>
  page(
    { ...frame, title: html`${frame.inboxCount > 0 && `(${frame.inboxCount}) `}${frame.title}` },
    html`${masthead(frame)}
${frame.rail !== "none" && frame.environments.length > 0 && rail(frame)}
<main id="main">
${frame.flash && flash(frame.flash, frame.nextStep)}${!frame.past && frozen(frame)}${content}
</main>
<footer class="foot"><span>${frame.site ? html`<bdi>${frame.site.name}</bdi> · times in ${frame.site.timeZone}` : "Sitebook"}</span><span><a href="${inSite("/help", frame)}">Help</a> · press <kbd>?</kbd> for keyboard shortcuts</span>${printedBy(frame)}</footer>
${frame.person && frame.events !== undefined && listening(frame, frame.person)}`,
  );

/** Listens for changes of the site, once the script says so. What is to be updated then is triggered by `changed` from it. */
const listening = ({ site, events }: Frame, person: { id: string }): Html => {
  const address = pathWithQuery(`/sites/${site?.slug}/changes`, { for: person.id, since: String(events) });
  return html`<div id="site-changes" hidden hx-sse:connect="${address}" hx-sse:close="bye" hx-trigger="listen" hx-swap="none"></div>`;
};

/** What an open page updates of its frame: the inbox count, and by hx-select-oob the rail, which it also has. */
export const liveParts = (frame: Frame): Html =>
  html`${inboxCount(frame)}${frame.rail !== "none" && frame.environments.length > 0 && rail(frame)}${frame.rail === "full" && html`<span id="changed-since">Changed since: <a href="">reload</a></span>`}`;

/** How many need this person. Loaded again when the site changes; its words are then read out by screen readers. */
const inboxCount = ({ site, inboxCount: count, person, rail, environments }: Frame): Html => {
  const current = environments.find((stop) => stop.current)?.slug;
  const address = pathWithQuery(`/sites/${site?.slug}/frame`, { for: person?.id, rail, environment: current });
  return html`<span id="inbox-count" data-count="${count}" data-live="${count > 0 ? `Inbox: ${count} need you` : "Inbox: nothing needs you"}" hx-get="${address}" hx-trigger="changed from:#site-changes" hx-swap="outerMorph" hx-select-oob="#rail:outerMorph,#changed-since:outerMorph" hx-status:4xx="swap:none" hx-status:5xx="swap:none">${count > 0 && html` <span class="count">${count}<span class="sr"> need you</span></span>`}</span>`;
};

/** Only on paper: who printed the page, when it was loaded, and its address, which a script updates after a filter. */
const printedBy = ({ person, site, now, address }: Frame): Html | undefined =>
  site &&
  html`<p class="printed">Printed ${person && html`by <bdi>${person.name}</bdi>, `}as shown on ${fullTime(now, site.timeZone)} (${site.timeZone}), from <span id="printed-from">${address}</span></p>`;

/** A page for people who are not signed in: sign-in, setup, an invitation. */
export const signedOutLayout = (frame: Pick<Frame, "title" | "assets" | "flash">, content: Html): Html =>
  page(
    frame,
    html`<main class="door" id="main"><div>
<div class="brand">${logo}<span>Sitebook</span></div>
${frame.flash && flash(frame.flash)}${content}
</div></main>`,
  );

const page = (frame: Pick<Frame, "title" | "assets" | "site" | "past">, body: Html): Html => html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${withoutMarkup(html`${frame.title}`)}${frame.site && `, ${frame.site.name}`} · Sitebook</title>
<link rel="icon" type="image/svg+xml" href="${frame.assets.icon}">
<link rel="stylesheet" href="${frame.assets.css}">
<script src="${frame.assets.htmx}" defer></script>
<script src="${frame.assets.js}" defer></script>
</head>
<body${classes(frame.past && "past")}>
<a class="skip" href="#main">Skip to content</a>
${body}
<div id="announcement" class="sr" role="status" aria-live="polite"></div>
</body>
</html>`;

const flash = ({ kind, text }: NonNullable<Frame["flash"]>, next?: Frame["nextStep"]): Html =>
  note(next ? html`${text} Next: <a href="${next.href}">${next.text}</a>` : text, { kind });

/** On the board for every environment, and on pages about one for that one. */
const frozen = ({ site, rail, environments }: Frame): Html =>
  each(
    environments.filter(({ current }) => rail === "full" || current).flatMap((stop) => stop.frozen ?? []),
    (sentence) =>
      note(sentence, { kind: "bad", actions: html`<a href="/sites/${site?.slug}/settings/freezes">Freezes</a>` }),
  );

const logo = html`<svg viewBox="0 0 38 12" aria-hidden="true" focusable="false"><path class="brand-line" d="M6 6h26"/><path class="brand-beta" d="M6 .8 11.6 10.6H.4z"/><path class="brand-demo" d="M14 1h10v10H14z"/><circle class="brand-live" cx="32" cy="6" r="5.2"/></svg>`;

const masthead = (frame: Frame): Html => html`<header class="masthead">
<a class="brand" href="${frame.site ? `/sites/${frame.site.slug}` : "/"}" aria-label="Sitebook">${logo}<span class="brand-word">Sitebook</span></a>
${frame.sites.length > 0 && siteMenu(frame)}
${frame.site && siteNav(frame, `/sites/${frame.site.slug}`)}
<a class="help" href="${inSite("/help", frame)}" data-key="?" aria-label="Help" title="Help and keyboard shortcuts">?</a>
${frame.person ? personMenu(frame, frame.person) : html`<a class="who" href="/sign-in">Sign in</a>`}
</header>`;

const siteMenu = ({ site: current, sites }: Frame): Html => html`<details class="switch">
<summary><span class="sr">Site: </span><bdi class="cut">${current?.name ?? "Sites"}</bdi></summary>
<ul>${each(sites, (site) => html`<li><a href="/sites/${site.slug}"${attr("aria-current", site.slug === current?.slug && "true")}><bdi>${site.name}</bdi></a></li>`)}<li><a href="/sites">All sites</a></li></ul>
</details>`;

function siteNav(frame: Frame, base: string): Html {
  const to = (here: Here, href: string, text: Piece, key?: string) =>
    html`<li><a href="${href}"${attr("aria-current", frame.here === here && "page")}${attr("data-key", key)}>${text}</a></li>`;
  return html`<nav aria-label="Site"><ul>
${to("board", base, "Board", "g b")}
${to("inbox", `${base}/approvals`, html`Inbox${inboxCount(frame)}`, "g i")}
${to("releases", `${base}/releases`, "Releases", "g r")}
${to("compare", `${base}/compare`, "Compare", "g c")}
${to("calendar", `${base}/calendar`, "Calendar")}
${to("history", `${base}/history`, "History", "g h")}
${frame.may?.administer && to("settings", `${base}/settings`, "Settings")}
${frame.may?.record && html`<li class="record"><a href="${base}/deployments/new"${attr("aria-current", frame.here === "record" && "page")}>Record</a></li>`}
</ul></nav>
<form role="search" action="${base}/search"><label class="sr" for="seek">Search, or ask a question</label><input id="seek" type="search" name="q" placeholder="Search" data-key="/"><button type="submit">Search</button></form>`;
}

/** A page that belongs to no site, with the header of this one. */
const inSite = (path: string, { site }: Frame): string => pathWithQuery(path, { site: site?.slug });

const personMenu = (frame: Frame, person: { name: string }): Html => html`<details class="switch who">
<summary><span class="sr">Signed in: </span><bdi class="cut">${person.name}</bdi></summary>
<ul><li><a href="${inSite("/account", frame)}">Account</a></li><li><form method="post" action="/sign-out"><button type="submit" class="plain">Sign out</button></form></li></ul>
</details>`;

const rail = (
  frame: Frame,
): Html => html`<nav${classes("rail", frame.rail === "slim" && "slim")} aria-label="Environments, in order of promotion" id="rail"><ol>
${each(frame.environments, (stop, index) => station(frame, stop, frame.environments[index + 1]))}</ol></nav>`;

const station = (
  { site, now }: Frame,
  stop: RailStop,
  next: RailStop | undefined,
): Html => html`<li data-tier="${stop.tier}">
<div class="stop"><a class="env" href="${stop.href}"${attr("aria-current", stop.current && "page")}><bdi>${stop.name}</bdi></a>${
  next &&
  html`<span class="line"></span>${next.gate?.length && html`<span class="gate">gate: <b>${next.gate.join(", ")}</b></span><span class="line"></span>`}`
}</div>
<p>${stop.frozen && html`${statusBadge("blocked", "frozen")}, `}<b>${stop.lead}</b>${stop.waiting && html`<span class="extra">, <a href="${stop.waiting.href}">${stop.waiting.count} ${stop.waiting.text}</a></span>`}<small>${stop.small}${stop.changedAt && html` · last change ${time(stop.changedAt, site?.timeZone ?? "UTC", now)}`}</small></p>
</li>
`;
