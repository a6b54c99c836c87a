import type { Visit } from "../src/sightings/queries.ts";
import { countOf, formatCount } from "../src/text.ts";
import { postButton } from "./parts/button.ts";
import { env } from "./parts/environment.ts";
import { each, type Html, html } from "./parts/html.ts";
import { empty, facts, head, panel, split } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { cell, row, rowHead, table } from "./parts/table.ts";
import { time } from "./parts/time.ts";

type Props = {
  site: { slug: string; time_zone: string };
  now: string;
  environment: { slug: string; name: string; tier: string; retired_at: string | null };
  servers: { id: string; name: string; base_url: string; visit: Visit | undefined }[];
  /** How many are open. */
  findings: number;
  everyHours: number;
  rule: { reporter: string; after_deployments: number };
  /** Why nothing can be visited. */
  why: string | undefined;
  may: { record: boolean; administer: boolean };
};

export function visitsPage(props: Props): Html {
  const { site, environment, servers, may, why } = props;
  const base = `/sites/${site.slug}`;
  const start =
    may.record && !environment.retired_at && servers.length > 0
      ? postButton(`${base}/observations/${environment.slug}`, { text: "Visit now", look: "primary" })
      : undefined;
  return html`${head({
    over: [html`Environment <a href="${base}/environments/${environment.slug}">${env(environment)}</a>`],
    title: html`Visits to ${environment.name}`,
    under: "Sitebook looks at each page of the record and of the sitemaps, and compares what it finds with the record.",
    actions: start,
  })}
${split(servers.length ? visits(props) : empty(why ?? "No server yet."), about(props))}`;
}

/** While a visit is in progress, it is loaded again. */
function visits({ site, now, environment, servers }: Props): Html {
  const isRunning = servers.some(({ visit }) => visit && !visit.ended_at);
  const again = html` hx-get="/sites/${site.slug}/observations/${environment.slug}" hx-trigger="every 2s" hx-select="#visits" hx-swap="outerHTML" hx-status:4xx="swap:none" hx-status:5xx="swap:none"`;
  const body = each(servers, ({ name, base_url, visit }) =>
    row(
      html`${rowHead(html`<bdi>${name}</bdi> <small><a href="${base_url}">${base_url}</a></small>`)}${cell("Last visit", visit ? time(visit.started_at, site.time_zone, now) : html`<span class="none">never</span>`)}${cell("Result", visit && result(visit, name))}`,
    ),
  );
  return html`<div id="visits"${isRunning && again}>${table({ caption: "Servers", columns: ["Server", "Last visit", "Result"], body })}</div>`;
}

function result(visit: Visit, server: string): Html {
  const { pages, visited, changed, note, problem, ended_at } = visit;
  const noted = note && html` <small>${note}</small>`;
  if (problem) return html`${statusBadge("rejected", "given up")} <small>${problem}</small>`;
  if (ended_at)
    return html`${statusBadge("approved", "done")} <small>${countOf(visited, "page")}, ${formatCount(changed)} changed</small>${noted}`;
  if (pages === null) return html`${statusBadge("waiting", "waiting")} <small>for its turn</small>`;
  return html`${statusBadge("waiting", "in progress")} <progress max="${Math.max(pages, 1)}" value="${visited}" aria-label="Visit to ${server}"></progress> <small>${formatCount(visited)} of ${countOf(pages, "page")}</small>${noted}`;
}

function about({ site, environment, findings, everyHours, rule, may }: Props): Html {
  const settings = `/sites/${site.slug}/settings/environments/${environment.slug}/visits`;
  return panel(
    "about",
    "About",
    html`${facts([
      [
        "Findings",
        html`<a href="/sites/${site.slug}/findings?environment=${environment.slug}">${countOf(findings, "finding")}</a>`,
      ],
      ["Visited", everyHours ? `every ${countOf(everyHours, "hour")}` : "only on request"],
      ["Also visited", rule.after_deployments === 1 && "after each deployment, once it was visited for the first time"],
      ["Reported by", rule.reporter === "observation" ? "observation: these visits" : "people and machines"],
    ])}${may.administer && !environment.retired_at && html`<p><a href="${settings}">Settings of visits</a></p>`}`,
  );
}
