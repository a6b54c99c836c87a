import type { EnvironmentFeed, FeedEntry, FeedLine } from "../../src/feeds/environment-feed.ts";
import { countOf, nameWithKind } from "../../src/text.ts";
import { longTime } from "../../src/time/format.ts";
import { each, eachWithAnd, type Html, html } from "../parts/html.ts";
import { xmlText } from "../parts/xml.ts";

type Props = EnvironmentFeed & {
  site: { slug: string; name: string; time_zone: string };
  /** The address of Sitebook, and that of the feed itself. */
  baseUrl: string;
  self: string;
};

/** An Atom feed (RFC 4287) of what was deployed to an environment. */
export function atomFeed(props: Props): Html {
  const { site, environment, baseUrl } = props;
  return html`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>urn:uuid:${props.id}</id>
<title>${xmlText(`${site.name}: changes on ${environment.name}`)}</title>
<updated>${props.updated}</updated>
<author><name>Sitebook</name></author>
<generator>Sitebook</generator>
<link rel="self" type="application/atom+xml" href="${xmlText(props.self)}"/>
<link rel="alternate" type="text/html" href="${xmlText(`${baseUrl}/sites/${site.slug}/environments/${environment.slug}`)}"/>
${each(props.entries, (entry) => atomEntry(entry, props))}</feed>
`;
}

const atomEntry = (entry: FeedEntry, props: Props): Html => html`<entry>
<id>urn:uuid:${entry.id}</id>
<title>${xmlText(titleOf(entry))}</title>
<published>${entry.effective_at}</published>
<updated>${entry.updated}</updated>
<author><name>${xmlText(nameWithKind({ name: entry.person, kind: entry.kind }))}</name></author>
<link rel="alternate" type="text/html" href="${xmlText(`${props.baseUrl}/sites/${props.site.slug}/deployments/${entry.number}`)}"/>
<content type="html">${xmlText(contentOf(entry, props).text)}</content>
</entry>
`;

/** "Spring campaign: 12 changes"; "Deployment 7: 1 change, out of band" */
function titleOf({ number, release, changed, out_of_band, baseline }: FeedEntry): string {
  const what = release ?? `Deployment ${number}`;
  if (baseline) return `${what}: ${countOf(changed, "item")}, a baseline`;
  return `${what}: ${countOf(changed, "change")}${out_of_band ? ", out of band" : ""}`;
}

function contentOf(entry: FeedEntry, { site, environment, baseUrl }: Props): Html {
  const { lines, changed, approvals, promotion, note } = entry;
  const more = changed - lines.length;
  return html`<p>On ${environment.name} since ${longTime(entry.effective_at, site.time_zone)} (${site.time_zone})${promotion && html`, by <a href="${baseUrl}/sites/${site.slug}/promotions/${promotion}">promotion ${promotion}</a>`}.${note && ` ${note}`}</p>
<ul>${each(lines, lineOf)}</ul>
${more > 0 && html`<p>And ${countOf(more, "more change", "more changes")}.</p>`}
<p>${approvals.length ? html`Approved by ${eachWithAnd(approvals.map(({ name, role }) => html`${name} (${role})`))}.` : "Nobody approved it."}</p>`;
}

const lineOf = ({ key, title, version, before, corrected }: FeedLine): Html =>
  html`<li>${key}${title && ` (${title})`}: ${version === null ? `${before ?? "it"} removed` : before === null ? version : `${before} → ${version}`}${corrected && ", corrected since"}</li>`;
