import { button, hiddenField } from "./parts/button.ts";
import { input } from "./parts/field.ts";
import { each, type Html, html } from "./parts/html.ts";
import { empty, head, panel, split } from "./parts/page.ts";
import { cell, row, rowHead, table } from "./parts/table.ts";

export type SiteForm = {
  name: string;
  slug: string;
  time_zone: string;
  /** The environments that it starts with, and the address of a server of each, if one was entered. */
  addresses: { name: string; url: string }[];
  /** Whether the time zone is only proposed: then that of the browser is a better guess. */
  proposed?: boolean | undefined;
};

/** The fields of a new site, named as the paths of the errors about them. */
export const siteFields = (form: SiteForm, zones: string[], errors: Record<string, string> = {}): Html =>
  html`${input({ name: "site.name", id: "site-name", label: "Name of the site", value: form.name, error: errors["site.name"], hint: "For example Fennel & Co." })}
${input({ name: "site.slug", id: "site-slug", label: "Short name", value: form.slug, error: errors["site.slug"], hint: "Used in addresses, for example fennel. If empty, it is derived from the name.", more: { autocapitalize: "none", spellcheck: "false" } })}
${zoneField({ name: "site.time_zone", id: "site-zone", value: form.time_zone, error: errors["site.time_zone"] }, zones, form.proposed)}
${each(form.addresses, (address, i) => addressField(address, i, errors))}
<p><small>With an address, pages have links to open them on that environment, and its sitemap can be recorded. You can add it later.</small></p>`;

const addressField = (
  { name, url }: SiteForm["addresses"][number],
  i: number,
  errors: Record<string, string>,
): Html => {
  const field = `site.environments.${i}.servers.0.base_url`;
  const more = { placeholder: `https://${name}.example.com`, autocomplete: "off", spellcheck: "false" };
  const label = `Address of ${name} (optional)`;
  return input({ name: field, id: `site-address-${i}`, type: "url", label, value: url, error: errors[field], more });
};

/** Any time zone that this machine knows may be entered; the list has one name for each. */
export const zoneField = (
  field: { name: string; id?: string; value: string; error?: string | undefined },
  zones: string[],
  proposed?: boolean,
): Html =>
  html`${input({ ...field, label: "Time zone", hint: "All times on the site are shown in this time zone.", more: { ...(proposed && { "data-browser-zone": "" }), list: "zones", autocomplete: "off", spellcheck: "false" } })}
<datalist id="zones">${each(zones, (zone) => html`<option value="${zone}"></option>`)}</datalist>`;

export const sitesPage = (props: {
  sites: { slug: string; name: string; roles: string[] }[];
  /** Undefined if this person may not create a site. */
  form?: (SiteForm & { key: string }) | undefined;
  zones: string[];
  errors?: Record<string, string>;
}): Html => {
  const list = props.sites.length
    ? table({
        caption: "Your sites",
        columns: ["Site", "Your roles"],
        body: each(props.sites, (site) =>
          row(
            html`${rowHead(html`<a href="/sites/${site.slug}"><bdi>${site.name}</bdi></a>`)}${cell("Your roles", site.roles.join(", "))}`,
          ),
        ),
      })
    : empty(
        props.form
          ? "There is no site yet. Create the first one: you will be its administrator and can invite others."
          : "You have no role on any site. Ask an administrator of a site to give you one.",
      );
  return html`${head({ title: "Sites" })}${props.form ? split(list, newSite(props.form, props)) : list}`;
};

const newSite = (
  form: SiteForm & { key: string },
  { zones, errors }: { zones: string[]; errors?: Record<string, string> },
) =>
  panel(
    "new-site",
    "New site",
    html`<form class="form" method="post" action="/sites">${hiddenField("key", form.key)}
${siteFields(form, zones, errors)}
<p><small>It starts with beta, demo and live; you can add more environments. You will be its administrator, and so will whoever administers all the others.</small></p>
<div class="end">${button({ text: "Create site", look: "primary" })}</div></form>`,
  );
