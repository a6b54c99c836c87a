import type { Permitted } from "../../src/access/permissions.ts";
import type { Site } from "../../src/access/sites.ts";
import type { listOwners } from "../../src/artifacts/owners.ts";
import type { Kind } from "../../src/schema.ts";
import { confirmButton, hiddenField } from "../parts/button.ts";
import { checkbox, select } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { fold } from "../parts/page.ts";
import { nameOf, nameOfThen } from "../parts/people.ts";
import { time } from "../parts/time.ts";

type Owner = Awaited<ReturnType<typeof listOwners>>[number];

export type OwnerProps = {
  site: Site;
  now: string;
  may: Permitted;
  artifact: { kind: Kind; key: string; section: string };
  /** Newest first: the first one is the owner now. */
  owners: Owner[];
  /** Who can be the owner; empty for people who may not set it. */
  people: { id: string; name: string }[];
};

/** Who owns it, since when, and a form to change that. */
export function ownerPanel(props: OwnerProps): Html {
  const [current, ...earlier] = props.owners;
  return html`<div class="owner"><p>Owner: ${current ? ownership(props, current) : html`<span class="none">nobody</span>`}</p>${props.may.assign && ownerForm(props)}</div>
${earlier.length > 0 && fold("Earlier owners", html`<ul>${each(earlier, (owner) => html`<li>${ownership(props, owner)}</li>`)}</ul>`)}`;
}

const ownership = ({ site, now }: OwnerProps, { owner, owner_now, recorded_at, inherited, ...person }: Owner): Html =>
  html`<b>${owner === null ? "nobody" : nameOfThen(owner, owner_now)}</b>, ${inherited ? "who owned its section when it was first recorded" : html`set by ${nameOf(person)}`} <span class="ago">${time(recorded_at, site.time_zone, now)}</span>`;

function ownerForm({ site, artifact, owners, people }: OwnerProps): Html {
  const { kind, key, section } = artifact;
  const choices = [{ value: "", label: "Nobody" }, ...people.map(({ id, name }) => ({ value: id, label: name }))];
  const where = section ? `in /${section}` : "at the top level";
  return confirmButton("Change owner", html`The owner is shown on the board, which can be filtered by it.`, {
    action: `/sites/${site.slug}/artifacts/${kind}/owner`,
    text: "Set owner",
    content: html`${hiddenField("key", key)}${select({ name: "owner", label: "Owner", value: owners[0]?.owner_id ?? "", choices })}${
      kind === "page" && checkbox({ name: "whole", label: `All pages ${where}, also those recorded later` })
    }`,
  });
}
