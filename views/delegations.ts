import type { Site } from "../src/access/sites.ts";
import type { Delegation } from "../src/delegations/queries.ts";
import { longDay } from "../src/time/format.ts";
import { button, postButton } from "./parts/button.ts";
import { type Choice, input, select } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { empty, head, panel, split } from "./parts/page.ts";
import { statusBadge } from "./parts/status-badge.ts";
import { cell, row, rowHead, table } from "./parts/table.ts";

type Props = {
  site: Site;
  delegations: Delegation[];
  /** Those of this person. */
  roles: Choice[];
  people: { id: string; name: string }[];
  person: { id: string };
  administers: boolean;
  form: { role: string; substitute: string; from: string; until: string };
  errors: Record<string, string>;
  now: string;
};

export const delegationsPage = (props: Props): Html =>
  html`${head({
    title: "Substitutes",
    lead: "Who decides on promotions for somebody who is away.",
    under: "A substitute decides in that role without having it. Every decision says for whom it was made.",
  })}${split(list(props), panel("name", "Name a substitute", form(props)))}`;

function list(props: Props): Html {
  const { delegations } = props;
  if (!delegations.length) return empty("Nobody has named a substitute yet.");
  return table({
    caption: "Substitutes",
    quiet: true,
    columns: ["Away", "Role", "Substitute", "From", "Until", "State"],
    body: each(delegations, (delegation) => line(props, delegation)),
  });
}

function line(props: Props, delegation: Delegation): Html {
  const { site } = props;
  const day = (iso: string) => longDay(iso, site.time_zone);
  return row(
    html`${rowHead(html`<bdi>${delegation.person}</bdi>`)}${cell("Role", delegation.role_name)}${cell("Substitute", html`<bdi>${delegation.substitute}</bdi>`)}${cell("From", day(delegation.from_at))}${cell("Until", day(delegation.ended_at ?? delegation.until_at))}${cell("State", state(props, delegation))}`,
  );
}

function state({ site, person, administers, now }: Props, delegation: Delegation): Html {
  const { id, person_id, substitute_id, from_at, until_at, ended_at } = delegation;
  if (ended_at) return statusBadge("same", "ended early");
  if (until_at < now) return statusBadge("same", "over");
  const mine = administers || person_id === person.id || substitute_id === person.id;
  const text = html`End<span class="sr"> that ${delegation.substitute} stands in for ${delegation.person}</span>`;
  return html`${from_at > now ? statusBadge("waiting", "planned") : statusBadge("approved", "now")} ${mine && postButton(`/sites/${site.slug}/delegations/${id}/end`, { text, look: "plain" })}`;
}

const form = ({ site, roles, people, form, errors }: Props): Html =>
  html`<form class="form" method="post" action="/sites/${site.slug}/delegations">
${select({ name: "role", label: "Your role", choices: roles, value: form.role, error: errors.role })}
${select({ name: "substitute", label: "Substitute", choices: people.map(({ id, name }) => ({ value: id, label: name })), value: form.substitute, error: errors.substitute })}
${input({ name: "from", type: "date", label: "First day", value: form.from, error: errors.from, hint: "Empty means from now." })}
${input({ name: "until", type: "date", label: "Last day", value: form.until, required: true, error: errors.until, hint: `At most a year away. Time zone ${site.time_zone}.` })}
<div class="end">${button({ text: "Name substitute", look: "primary" })}</div></form>`;
