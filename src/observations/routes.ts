import { Hono } from "hono";
import { observedPage } from "../../views/observations/page.ts";
import { findAnyEnvironment } from "../access/sites.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { whyNotKey } from "../record/keys.ts";
import { forgetNoise, listNoise } from "./noise.ts";
import { differenceBetween, pageStates, statesToCompare } from "./states.ts";

/** What the servers of an environment show of a page. */
export const observedPageRoutes = new Hono<SiteEnv>();

observedPageRoutes.get("/:environment/page", async (c) => {
  const { site, may } = c.var.access;
  const { db } = c.var;
  const environment = findAnyEnvironment(site, c.req.param("environment"));
  const path = c.req.query("path") ?? "";
  // links can lead to pages with a query
  if (whyNotKey("page", path.replace(/\?.*$/, "")) || path.length > 2000) notFound("page");
  const name = c.req.query("server");
  const [first] = environment.servers;
  const server = name === undefined ? first : environment.servers.find((one) => one.name === name);
  if (!server) notFound("server");
  const states = await pageStates(db, server.id, path);
  const compared = statesToCompare(states, { from: c.req.query("from"), to: c.req.query("to") });
  const about = { siteId: site.id, path };
  const content = observedPage({
    site,
    now: c.var.at,
    environment,
    server,
    path,
    states,
    compared: compared && {
      ...compared,
      difference: await differenceBetween(db, about, compared.before, compared.after),
    },
    noise: await listNoise(db, site.id, path),
    may,
  });
  return sitePage(c, { title: `${path} on ${environment.name}`, environment: environment.slug }, content);
});

observedPageRoutes.post("/:environment/page", async (c) => {
  const { site } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.param("environment"));
  const { noise, server } = await formFields(c, "noise", "server");
  const { path } = await forgetNoise(c.var.db, sessionActor(c), site, noise);
  flash(c, "Forgotten: the next visits compare it again.");
  const query = new URLSearchParams({ path, ...(server && { server }) });
  return c.redirect(`/sites/${site.slug}/observations/${environment.slug}/page?${query}`, 303);
});
