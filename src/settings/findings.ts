import { Hono } from "hono";
import { type FindingSettingsProps, findingSettingsPage } from "../../views/settings/findings.ts";
import { findEnvironment } from "../access/sites.ts";
import { besideFields } from "../errors.ts";
import { dateTagOf, isHidden, probesOf, removeProbe, setDateTag, setHidden, setProbe } from "../findings/checks.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";

/** What visits check in an environment besides what they always do. */
export const findingSettingsRoutes = new Hono<SiteEnv>();

const environmentIn = (c: SiteContext) => findEnvironment(c.var.access.site, c.req.param("environment") ?? "");

const address = (c: SiteContext): string =>
  `/sites/${c.var.access.site.slug}/settings/environments/${environmentIn(c).slug}/findings`;

findingSettingsRoutes.get("/:environment/findings", (c) => show(c));

findingSettingsRoutes.post("/:environment/findings", async (c) => {
  const { hidden } = await formFields(c, "hidden");
  await setHidden(c.var.db, sessionActor(c), c.var.access.site, environmentIn(c), hidden === "1");
  flash(c, "Saved.");
  return c.redirect(address(c), 303);
});

findingSettingsRoutes.post("/:environment/findings/dates", async (c) => {
  const { date_tag } = await formFields(c, "date_tag");
  const dateTag = date_tag.trim();
  try {
    await setDateTag(c.var.db, sessionActor(c), c.var.access.site, environmentIn(c), dateTag);
  } catch (error) {
    return show(c, { dateTag, errors: besideFields(error, "date_tag").errors });
  }
  flash(c, dateTag ? "Saved. The next visit reads the dates." : "Saved.");
  return c.redirect(address(c), 303);
});

findingSettingsRoutes.post("/:environment/findings/software", async (c) => {
  const form = await formFields(c, "software", "how", "path", "name");
  const request = { ...form, software: form.software.trim(), path: form.path.trim(), name: form.name.trim() };
  try {
    await setProbe(c.var.db, sessionActor(c), c.var.access.site, environmentIn(c), request);
  } catch (error) {
    return show(c, { typed: request, errors: besideFields(error, "software").errors });
  }
  flash(c, `The version of ${request.software} is read with each visit.`);
  return c.redirect(address(c), 303);
});

findingSettingsRoutes.post("/:environment/findings/software/:id{[0-9a-f-]{36}}/removal", async (c) => {
  const id = c.req.param("id");
  const { software } = await removeProbe(c.var.db, sessionActor(c), c.var.access.site, environmentIn(c), id);
  flash(c, `The version of ${software} is no longer read.`);
  return c.redirect(address(c), 303);
});

async function show(c: SiteContext, refused?: Pick<FindingSettingsProps, "typed" | "errors"> & { dateTag?: string }) {
  const environment = environmentIn(c);
  const content = findingSettingsPage({
    site: c.var.access.site,
    environment,
    isHidden: await isHidden(c.var.db, environment.id),
    dateTag: await dateTagOf(c.var.db, environment.id),
    probes: await probesOf(c.var.db, environment.id),
    ...refused,
  });
  const about = {
    title: `What is checked on ${environment.name}`,
    here: "settings" as const,
    environment: environment.slug,
  };
  return sitePage(c, about, content, refused ? 422 : 200);
}
