import { Hono } from "hono";
import { visitSettingsPage } from "../../views/settings/visits.ts";
import { findEnvironment } from "../access/sites.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { observationRule } from "../observer/observation-rule.ts";
import { chooseReporter } from "../visits/reporters.ts";
import { changeVisitSettings, scheduleVisits, visitHours, visitSettingsOf } from "../visits/settings.ts";
import type { VisitSettingsRequest } from "../visits/settings-rules.ts";

/** How Sitebook visits the servers of an environment, and how often. */
export const visitSettingsRoutes = new Hono<SiteEnv>();

visitSettingsRoutes.get("/:environment/visits", (c) => show(c));

visitSettingsRoutes.post("/:environment/visits", async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment"));
  const { every_hours, after } = await formFields(c, "every_hours", "after");
  const afterDeployments = after !== "no";
  try {
    const hours = numberOf(every_hours || "0");
    await scheduleVisits(c.var.db, sessionActor(c), site, environment, hours, { afterDeployments });
  } catch (error) {
    return show(c, { hours: every_hours, errors: besideFields(error, "every_hours").errors });
  }
  flash(c, "Saved.");
  return c.redirect(c.req.path, 303);
});

/** Who reports what is on the environment. */
visitSettingsRoutes.post("/:environment/visits/reporter", async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment"));
  const { reporter } = await formFields(c, "reporter");
  await chooseReporter(
    c.var.db,
    sessionActor(c),
    site,
    environment,
    reporter === "observation" ? "observation" : "people",
  );
  flash(c, "Saved.");
  return c.redirect(c.req.path.replace(/\/[^/]+$/, ""), 303);
});

visitSettingsRoutes.post("/:environment/visits/:server{[0-9a-f-]{36}}", async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment"));
  const server = c.req.param("server");
  const request = await readRequest(c);
  try {
    const { name } = await changeVisitSettings(
      c.var.db,
      sessionActor(c),
      site,
      environment,
      server,
      request,
      c.var.secrets,
    );
    flash(c, `Visits to ${name} saved.`);
  } catch (error) {
    return show(c, { server, request, errors: besideFields(error, "header").errors });
  }
  return c.redirect(c.req.path.replace(/\/[^/]+$/, ""), 303);
});

const numberOf = (text: string): number => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN);

/** A list as it is kept, however it was typed. */
const spaced = (text: string): string =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .join(" ");

async function readRequest(c: SiteContext): Promise<VisitSettingsRequest> {
  const form = await formFields(
    c,
    "robots",
    "pages_at_once",
    "pause_ms",
    "max_pages",
    "user",
    "password",
    "cookie",
    "header",
    "remove",
    "connect_to",
    "link_depth",
    "kept_parameters",
    "other_hosts",
  );
  return {
    honours_robots: form.robots === "own" ? 0 : 1,
    pages_at_once: numberOf(form.pages_at_once),
    pause_ms: numberOf(form.pause_ms),
    max_pages: numberOf(form.max_pages),
    connect_to: form.connect_to.trim(),
    link_depth: numberOf(form.link_depth || "0"),
    kept_parameters: spaced(form.kept_parameters),
    other_hosts: spaced(form.other_hosts),
    user: form.user,
    password: form.password,
    cookie: form.cookie.trim(),
    header: form.header.trim(),
    removesCredentials: form.remove === "1",
  };
}

type Refused = {
  hours?: string;
  server?: string;
  request?: VisitSettingsRequest;
  errors: Record<string, string>;
};

async function show(c: SiteContext, refused?: Refused) {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment") ?? "");
  const servers = environment.servers.map(async ({ id, name, base_url }) => {
    const { header_names, ...settings } = await visitSettingsOf(c.var.db, id);
    const own = refused?.server === id ? refused : undefined;
    return { id, name, base_url, header_names, settings: own?.request ?? settings, errors: own?.errors ?? {} };
  });
  const content = visitSettingsPage({
    site,
    environment,
    hours: refused?.hours ?? String(await visitHours(c.var.db, environment.id)),
    rule: await observationRule(c.var.db, environment.id),
    hoursError: refused?.errors.every_hours,
    servers: await Promise.all(servers),
    why: c.var.secrets.whyNotSeal(),
  });
  const about = { title: `Visits to ${environment.name}`, here: "settings" as const, environment: environment.slug };
  return sitePage(c, about, content, refused ? 422 : 200);
}
