import { Hono } from "hono";
import {
  environmentSettingsPage,
  environmentsPage,
  type NewEnvironmentForm,
  type SettingsEnvironment,
} from "../../views/settings/environments.ts";
import type { Environment } from "../access/environments.ts";
import { listRoles } from "../access/roles.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { addServer, createEnvironment, removeServer, renameEnvironment } from "../environments/environments.ts";
import { gateSentence } from "../environments/rules.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import type { Tier } from "../schema.ts";
import { slugFrom } from "../text.ts";

export const environmentSettingsRoutes = new Hono<SiteEnv>();

async function withGateSentence(c: SiteContext, environment: Environment): Promise<SettingsEnvironment> {
  const roles = await listRoles(c.var.db);
  const names = Object.fromEntries(roles.map((role) => [role.slug, role.name]));
  return { ...environment, gate: gateSentence(environment.gate, names) };
}

environmentSettingsRoutes.get("/", async (c) => showAll(c, { name: "", slug: "", tier: "other", key: newId() }));

environmentSettingsRoutes.post("/", async (c) => {
  const { key, tier, ...form } = await formFields(c, "name", "slug", "tier", "key");
  const environment = { name: form.name, slug: form.slug.trim() || slugFrom(form.name), tier: tier as Tier };
  try {
    await createEnvironment(c.var.db, sessionActor(c, { ...environment, key }), c.var.access.site, environment);
  } catch (error) {
    return showAll(c, { ...form, tier, key }, besideFields(error, "name").errors);
  }
  flash(c, `${form.name.trim()} added as the last environment.`);
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

environmentSettingsRoutes.get("/:environment", async (c) =>
  showOne(c, findEnvironment(c.var.access.site, c.req.param("environment"))),
);

environmentSettingsRoutes.post("/:environment/name", async (c) => {
  const environment = findEnvironment(c.var.access.site, c.req.param("environment"));
  const { name } = await formFields(c, "name");
  try {
    await renameEnvironment(c.var.db, sessionActor(c), c.var.access.site, environment, name);
  } catch (error) {
    return showOne(c, environment, { name, errors: besideFields(error).errors });
  }
  flash(c, `Renamed to ${name.trim()}.`);
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

environmentSettingsRoutes.post("/:environment/servers", async (c) => {
  const environment = findEnvironment(c.var.access.site, c.req.param("environment"));
  const { server: name, base_url, key } = await formFields(c, "server", "base_url", "key");
  const server = { name, base_url: base_url.trim() };
  try {
    await addServer(c.var.db, sessionActor(c, { ...server, key }), c.var.access.site, environment, server);
  } catch (error) {
    const { name: nameError, ...errors } = besideFields(error).errors;
    return showOne(c, environment, {
      server: { ...server, key },
      errors: { ...errors, ...(nameError && { server: nameError }) },
    });
  }
  flash(c, `Server ${name.trim()} added to ${environment.name}.`);
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

environmentSettingsRoutes.post("/:environment/servers/:server{[0-9a-f-]{36}}/removal", async (c) => {
  const environment = findEnvironment(c.var.access.site, c.req.param("environment"));
  await removeServer(c.var.db, sessionActor(c), c.var.access.site, environment, c.req.param("server"));
  flash(c, "Server removed.");
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/settings/environments`;

async function showAll(c: SiteContext, form: NewEnvironmentForm, errors?: Record<string, string>) {
  const { site } = c.var.access;
  const content = environmentsPage({
    site,
    environments: await Promise.all(site.environments.map((one) => withGateSentence(c, one))),
    form,
    ...(errors && { errors }),
  });
  return sitePage(c, { title: "Environments", here: "settings" }, content, errors ? 422 : 200);
}

type RefusedForm = {
  errors: Record<string, string>;
  name?: string;
  server?: { name: string; base_url: string; key: string };
};

async function showOne(c: SiteContext, environment: Environment, refused?: RefusedForm) {
  const content = environmentSettingsPage({
    site: c.var.access.site,
    environment: await withGateSentence(c, environment),
    name: refused?.name ?? environment.name,
    server: refused?.server ?? { name: "", base_url: "", key: newId() },
    ...(refused && { errors: refused.errors }),
  });
  const about = { title: `Settings of ${environment.name}`, here: "settings" as const, environment: environment.slug };
  return sitePage(c, about, content, refused ? 422 : 200);
}
