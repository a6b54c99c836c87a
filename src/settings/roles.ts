import { Hono } from "hono";
import { type RoleFields, rolePage, rolesAddress, rolesPage } from "../../views/settings/roles.ts";
import { administersEverySite } from "../access/administrators.ts";
import { permissionPhrases, permissions } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import { besideFields, notFound, refuse } from "../errors.ts";
import type { PersonContext, PersonEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, personPage } from "../http/pages.ts";
import { actingPerson, needPerson } from "../http/session.ts";
import { roleSentence } from "../people/rules.ts";
import { holderCounts, roleUse } from "../roles/queries.ts";
import { changeRole, createRole, removeRole } from "../roles/roles.ts";
import { whyNotAdministerRoles, whyNotRemoveRole } from "../roles/rules.ts";

const emptyForm: RoleFields = { name: "", slug: "", permissions: [] };

/** All but the one that every role has. */
const choices = permissions
  .filter((permission) => permission !== "view")
  .map((permission) => ({ permission, phrase: permissionPhrases[permission] }));

/** Roles, for administrators of every site. */
export const roleSettingsRoutes = new Hono<PersonEnv>();

roleSettingsRoutes.use("*", needPerson, async (c, next) => {
  const { db, person } = c.var;
  refuse(whyNotAdministerRoles(await administersEverySite(db, person.id)), 403);
  await next();
});

roleSettingsRoutes.get("/", async (c) => showRoles(c, emptyForm));

roleSettingsRoutes.post("/", async (c) => {
  const form = await readRole(c);
  try {
    const { name } = await createRole(c.var.db, actingPerson(c), form);
    flash(c, `Role ${name} created. Give it to people under People, or name it in a gate.`);
    return c.redirect(here(c), 303);
  } catch (error) {
    return showRoles(c, form, besideFields(error));
  }
});

roleSettingsRoutes.get("/:role", async (c) => showRole(c, c.req.param("role")));

roleSettingsRoutes.post("/:role", async (c) => {
  const slug = c.req.param("role");
  const form = { ...(await readRole(c)), slug };
  try {
    const changed = await changeRole(c.var.db, actingPerson(c), slug, form);
    flash(c, changed ? "Role saved." : "Nothing changed.");
    // administrators may lose the right to this page with it
    const { db, person } = c.var;
    return c.redirect((await administersEverySite(db, person.id)) ? here(c) : "/", 303);
  } catch (error) {
    return showRole(c, slug, { form, ...besideFields(error, "permissions") });
  }
});

roleSettingsRoutes.post("/:role/removal", async (c) => {
  const { name } = await removeRole(c.var.db, actingPerson(c), c.req.param("role"));
  flash(c, `Role ${name} removed.`);
  return c.redirect(here(c), 303);
});

const here = (c: PersonContext) => rolesAddress(c.req.query("site"));

async function readRole(c: PersonContext): Promise<RoleFields> {
  return { ...(await formFields(c, "name", "slug")), permissions: await checkedValues(c, "permissions") };
}

type Refused = { errors: Record<string, string>; status: number };

async function showRoles(c: PersonContext, form: RoleFields, refused?: Refused) {
  const [roles, holders] = [await listRoles(c.var.db), await holderCounts(c.var.db)];
  const content = rolesPage({
    from: c.req.query("site"),
    form,
    permissions: choices,
    roles: roles.map((role) => ({ ...role, may: roleSentence(role, []), holders: holders.get(role.slug) ?? 0 })),
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, "Roles", content, (refused?.status ?? 200) as 200);
}

async function showRole(c: PersonContext, slug: string, refused?: Refused & { form: RoleFields }) {
  const role = (await listRoles(c.var.db)).find((one) => one.slug === slug) ?? notFound("role");
  const content = rolePage({
    from: c.req.query("site"),
    form: refused?.form ?? role,
    name: role.name,
    slug,
    permissions: choices,
    whyNotRemove: whyNotRemoveRole(role, await roleUse(c.var.db, slug)),
    ...(refused && { errors: refused.errors }),
  });
  return personPage(c, role.name, content, (refused?.status ?? 200) as 200);
}
