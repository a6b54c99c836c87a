import { button, hiddenField } from "./parts/button.ts";
import { input } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { empty, head, panel, split } from "./parts/page.ts";
import { cell, row, rowHead, table } from "./parts/table.ts";

export type SiteForm = { name: string; slug: string; time_zone: string };

/** What a new site asks for. The fields are called as the rules name what is wrong with them. */
export const siteFields = (form: SiteForm, zones: string[], errors: Record<string, string> = {}): Html =>
  html`${input({ name: "site.name", id: "site-name", label: "Name of the site", value: form.name, error: errors["site.name"], hint: "As people call it, such as Fennel & Co." })}
${input({ name: "site.slug", id: "site-slug", label: "Short name", value: form.slug, error: errors["site.slug"], hint: "For addresses, such as fennel. Left empty, it is made from the name.", more: { autocapitalize: "none", spellcheck: "false" } })}
${zoneField({ name: "site.time_zone", id: "site-zone", value: form.time_zone, error: errors["site.time_zone"] }, zones)}`;

/** Any zone the machine knows may be typed; the list, of one name for each, helps to find it. */
export const zoneField = (
  field: { name: string; id?: string; value: string; error?: string | undefined },
  zones: string[],
): Html =>
  html`${input({ ...field, label: "Time zone", hint: "All times of the site are shown in it.", more: { list: "zones", autocomplete: "off", spellcheck: "false" } })}
<datalist id="zones">${each(zones, (zone) => html`<option value="${zone}"></option>`)}</datalist>`;

export const sitesPage = (props: {
  sites: { slug: string; name: string; roles: string[] }[];
  /** Nothing where this person may not make one. */
  form?: (SiteForm & { key: string }) | undefined;
  zones: string[];
  errors?: Record<string, string>;
}): Html => {
  const list = props.sites.length
    ? table({
        caption: "Sites on which you hold a role",
        columns: ["Site", "Your roles"],
        body: each(props.sites, (site) =>
          row(
            html`${rowHead(html`<a href="/sites/${site.slug}">${site.name}</a>`)}${cell("Your roles", site.roles.join(", "))}`,
          ),
        ),
      })
    : empty(
        props.form
          ? "There is no site yet. Make the first one: you administer it, and can then invite others."
          : "You hold no role on any site. An administrator of a site can give you one.",
      );
  return html`${head({ title: "Sites" })}${props.form ? split(list, newSite(props.form, props)) : list}`;
};

const newSite = (
  form: SiteForm & { key: string },
  { zones, errors }: { zones: string[]; errors?: Record<string, string> },
) =>
  panel(
    "new-site",
    "A new site",
    html`<form class="form" method="post" action="/sites">${hiddenField("key", form.key)}
${siteFields(form, zones, errors)}
<p><small>It starts with beta, demo and live; others can be added. You administer it.</small></p>
<div class="end">${button({ text: "Make the site", look: "primary" })}</div></form>`,
  );
