import { Hono } from "hono";
import {
  environmentSettingsPage,
  environmentsPage,
  type NewEnvironmentForm,
  type SettingsEnvironment,
} from "../../views/settings/environments.ts";
import type { Environment } from "../access/environments.ts";
import { roleNames } from "../access/roles.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { changeEnvironment, retireEnvironment } from "../environments/changes.ts";
import { addServer, createEnvironment, removeServer } from "../environments/environments.ts";
import { lastPlace } from "../environments/order.ts";
import { besideFields } from "../errors.ts";
import { gateSentence } from "../gates/sentences.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import type { Tier } from "../schema.ts";
import { slugFrom } from "../text.ts";

export const environmentSettingsRoutes = new Hono<SiteEnv>();

async function withGateSentence(c: SiteContext, environment: Environment): Promise<SettingsEnvironment> {
  return { ...environment, gate: gateSentence(environment.gate, await roleNames(c.var.db)) };
}

environmentSettingsRoutes.get("/", async (c) =>
  showAll(c, { name: "", slug: "", tier: "other", before: lastPlace, key: newId() }),
);

environmentSettingsRoutes.post("/", async (c) => {
  const { key, tier, before, ...form } = await formFields(c, "name", "slug", "tier", "before", "key");
  const environment = { name: form.name, slug: form.slug.trim() || slugFrom(form.name), tier: tier as Tier };
  const sent = { ...environment, before, key };
  try {
    await createEnvironment(c.var.db, sessionActor(c, sent), c.var.access.site, environment, before);
  } catch (error) {
    return showAll(c, { ...form, tier, before, key }, besideFields(error, "name").errors);
  }
  const next = c.var.access.site.environments.find(({ slug }) => slug === before);
  flash(c, `${form.name.trim()} added ${next ? `before ${next.name}` : "as the last environment"}.`);
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

environmentSettingsRoutes.get("/:environment", async (c) =>
  showOne(c, findEnvironment(c.var.access.site, c.req.param("environment"))),
);

environmentSettingsRoutes.post("/:environment/name", async (c) => {
  const environment = findEnvironment(c.var.access.site, c.req.param("environment"));
  const { name, tier, before } = await formFields(c, "name", "tier", "before");
  const change = { name, tier: tier || undefined, before: before || undefined };
  try {
    await changeEnvironment(c.var.db, sessionActor(c), c.var.access.site, environment, change);
  } catch (error) {
    return showOne(c, environment, { ...change, errors: besideFields(error, "before").errors });
  }
  flash(c, `${name.trim()} saved.`);
  return c.redirect(`${base(c)}/${environment.slug}`, 303);
});

environmentSettingsRoutes.post("/:environment/retirement", async (c) => {
  const environment = findEnvironment(c.var.access.site, c.req.param("environment"));
  try {
    await retireEnvironment(c.var.db, sessionActor(c), c.var.access.site, environment);
  } catch (error) {
    return showOne(c, environment, { errors: besideFields(error, "retire").errors });
  }
  flash(c, `${environment.name} retired. Its history can still be read.`);
  return c.redirect(base(c), 303);
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
  tier?: string | undefined;
  before?: string | undefined;
  server?: { name: string; base_url: string; key: string };
};

async function showOne(c: SiteContext, environment: Environment, refused?: RefusedForm) {
  const content = environmentSettingsPage({
    site: c.var.access.site,
    environment: await withGateSentence(c, environment),
    name: refused?.name ?? environment.name,
    tier: refused?.tier ?? environment.tier,
    before: refused?.before,
    server: refused?.server ?? { name: "", base_url: "", key: newId() },
    ...(refused && { errors: refused.errors }),
  });
  const about = { title: `Settings of ${environment.name}`, here: "settings" as const, environment: environment.slug };
  return sitePage(c, about, content, refused ? 422 : 200);
}
