import type { Probe } from "../../src/findings/checks.ts";
import type { ProbeKind, ProbeRequest } from "../../src/findings/probe-rules.ts";
import { artifactLink } from "../parts/artifact.ts";
import { button, postButton } from "../parts/button.ts";
import { checkbox, input, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { empty, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";
import { type SettingsSite, settingsHead } from "./site.ts";

export type FindingSettingsProps = {
  site: SettingsSite;
  environment: { slug: string; name: string };
  isHidden: boolean;
  /** The meta tag of review dates; empty: none. */
  dateTag: string;
  probes: Probe[];
  /** The form for another one, as it was refused. */
  typed?: ProbeRequest;
  errors?: Record<string, string>;
};

export function findingSettingsPage(props: FindingSettingsProps): Html {
  const { site, environment, isHidden, dateTag, errors = {} } = props;
  const environments = `/sites/${site.slug}/settings/environments`;
  const own = `${environments}/${environment.slug}`;
  const hidden = html`<form class="form" method="post" action="${own}/findings">
${checkbox({ name: "hidden", label: "Search engines are not to list its pages", checked: isHidden, hint: "A page without noindex is a finding then." })}
<div class="end">${button({ text: "Save" })}</div></form>`;
  const dates = html`<form class="form" method="post" action="${own}/findings/dates">
${input({ name: "date_tag", label: "Meta tag", value: dateTag, error: errors.date_tag, hint: "For example review-date or expires. A page whose date, such as 2026-03-01, has passed is stale. Empty: none is read." })}
<div class="end">${button({ text: html`Save<span class="sr"> the meta tag</span>` })}</div></form>
<p><a href="${own}/visits">Settings of visits</a></p>`;
  return html`${settingsHead(site, "/environments", html`What is checked on ${environment.name}`, {
    over: [html`<a href="${environments}">Environments</a>`, html`<a href="${own}"><bdi>${environment.name}</bdi></a>`],
    under: "Visits compare pages with the record. They can check more.",
  })}
${split(html`<h2>Versions of software</h2>${probeList(props, own)}${probeForm(props, own)}`, html`${panel("hidden", "Search engines", hidden)}${panel("dates", "Review dates", dates)}`)}`;
}

const kindNames: Record<ProbeKind, string> = { json: "JSON", header: "response header", meta: "meta tag" };

function probeList({ site, probes }: FindingSettingsProps, own: string): Html {
  if (!probes.length) return empty("No version is read from its servers yet.");
  const body = each(probes, ({ id, software, how, path, name }) =>
    row(
      html`${rowHead(artifactLink(site.slug, { kind: "software", key: software }))}${cell("Address", html`<code>${path}</code>`)}${cell("Read from", html`${kindNames[how]} <code>${name}</code>`)}${cell("Action", postButton(`${own}/findings/software/${id}/removal`, { text: html`Remove<span class="sr"> ${software}</span>`, look: "plain" }))}`,
    ),
  );
  return table({
    caption: "Software whose version is read from each server",
    columns: ["Software", "Address", "Read from", "Action"],
    body,
  });
}

const probeForm = ({ typed, errors = {} }: FindingSettingsProps, own: string): Html =>
  html`<form class="form" method="post" action="${own}/findings/software">
${input({ name: "software", label: "Software", value: typed?.software, error: errors.software, required: true, hint: "Its name in the record. A name that is listed above is changed." })}
${input({ name: "path", label: "Path on the server", value: typed?.path, error: errors.path, required: true, hint: "For example /health." })}
<div class="side">${select({
    name: "how",
    label: "The version is in",
    value: typed?.how,
    error: errors.how,
    choices: Object.entries(kindNames).map(([value, label]) => ({ value, label })),
  })}
${input({ name: "name", label: "Pointer or name", value: typed?.name, error: errors.name, hint: "A JSON pointer such as /version, or the name of the header or meta tag." })}</div>
<div class="end">${button({ text: "Save software", look: "primary" })}</div></form>`;
