import { countOf } from "../../src/text.ts";
import { pathWithQuery } from "../parts/address.ts";
import { button, confirmButton } from "../parts/button.ts";
import { boxes, checkbox, input } from "../parts/field.ts";
import { each, type Html, html } from "../parts/html.ts";
import { head, panel, split } from "../parts/page.ts";
import { cell, row, rowHead, table } from "../parts/table.ts";

/** The page for all sites, with the header of this one. */
export const rolesAddress = (site: string | undefined, below = ""): string =>
  pathWithQuery(`/settings/roles${below}`, { site });

export type RoleFields = { name: string; slug: string; permissions: string[] };

type Common = {
  /** The short name of the site whose header the page has. */
  from: string | undefined;
  form: RoleFields;
  /** All that can be ticked, in words. */
  permissions: { permission: string; phrase: string }[];
  errors?: Record<string, string>;
};

export const rolesPage = (
  props: Common & { roles: { slug: string; name: string; may: string; holders: number }[] },
): Html => html`${head({ title: "Roles", under: "What people and tokens may do. The roles are the same on all sites." })}
${split(
  table({
    caption: `${countOf(props.roles.length, "role")}. Select one to change or remove it.`,
    columns: ["Role", "May", "People and tokens"],
    body: each(props.roles, ({ slug, name, may, holders }) =>
      row(
        html`${rowHead(html`<a href="${rolesAddress(props.from, `/${slug}`)}"><bdi>${name}</bdi></a>`)}${cell("May", may)}${cell("People and tokens", holders)}`,
      ),
    ),
  }),
  panel("new", "New role", roleForm(props, { isNew: true })),
)}`;

export const rolePage = (
  props: Common & {
    name: string;
    slug: string;
    /** Why it cannot be removed. */
    whyNotRemove: string | undefined;
  },
): Html => {
  const { from, name, slug, whyNotRemove } = props;
  return html`${head({ title: name, over: [html`<a href="${rolesAddress(from)}">Roles</a>`] })}
${split(
  roleForm(props, { isNew: false }),
  html`${panel("short-name", "Short name", html`<p><code>${slug}</code></p><p><small>Programs and identity providers use it. It stays when the name changes.</small></p>`)}
${panel(
  "remove",
  "Remove",
  whyNotRemove
    ? html`<p>${whyNotRemove}</p>`
    : confirmButton(`Remove ${name}`, "Nobody has this role, and no gate names it.", {
        action: rolesAddress(from, `/${slug}/removal`),
        text: "Remove",
        look: "danger",
      }),
)}`,
)}`;
};

function roleForm({ from, form, permissions, errors = {} }: Common, { isNew }: { isNew: boolean }): Html {
  const slug = input({
    name: "slug",
    label: "Short name",
    value: form.slug,
    error: errors.slug,
    required: true,
    hint: "For programs, for example legal. It cannot be changed later.",
    more: { autocomplete: "off", autocapitalize: "none", spellcheck: "false" },
  });
  const nameHint = isNew ? undefined : "What was done before keeps the name that the role had then.";
  return html`<form class="form" method="post" action="${rolesAddress(from, isNew ? "" : `/${form.slug}`)}">
${input({ name: "name", label: "Name", value: form.name, error: errors.name, required: true, hint: nameHint, more: { autocomplete: "off" } })}
${isNew && slug}
${boxes(
  "May, besides seeing everything",
  each(permissions, ({ permission, phrase }) =>
    checkbox({
      name: "permissions",
      value: permission,
      label: phrase,
      checked: form.permissions.includes(permission),
    }),
  ),
  { name: "permissions", error: errors.permissions },
)}
<p><small>Who may approve a promotion is decided by the gate of each environment, which names roles.</small></p>
<div class="end">${button({ text: isNew ? "Create role" : "Save role", look: "primary" })}</div></form>`;
}
