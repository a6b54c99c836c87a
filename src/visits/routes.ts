import { Hono } from "hono";
import { visitsPage } from "../../views/visits.ts";
import { findAnyEnvironment } from "../access/sites.ts";
import { countFindings } from "../findings/queries.ts";
import type { SiteEnv } from "../http/context.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { observationRule } from "../observer/observation-rule.ts";
import { latestVisits } from "../sightings/queries.ts";
import { countOf } from "../text.ts";
import { observeSite } from "./reporters.ts";
import { visitHours } from "./settings.ts";
import { startVisits, whyNotVisited } from "./visits.ts";

/** The visits to the servers of an environment. */
export const visitRoutes = new Hono<SiteEnv>();

/** Has Sitebook look for itself on all servers of the site, and keep the record by what it sees. */
visitRoutes.post("/", async (c) => {
  const { site } = c.var.access;
  const { started } = await observeSite(c.var.db, sessionActor(c), site);
  flash(
    c,
    started
      ? `Sitebook is visiting ${countOf(started, "server")}. The board fills once they have been visited.`
      : "Sitebook keeps the record by what it sees. The visits are in progress already.",
  );
  return c.redirect(`/sites/${site.slug}`, 303);
});

visitRoutes.get("/:environment", async (c) => {
  const { site, may } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.param("environment"));
  const visits = await latestVisits(c.var.db, environment.servers);
  const content = visitsPage({
    site,
    now: c.var.at,
    environment,
    servers: environment.servers.map((server) => ({ ...server, visit: visits.get(server.id) })),
    findings: (await countFindings(c.var.db, environment.id)).reduce((sum, { count }) => sum + count, 0),
    everyHours: await visitHours(c.var.db, environment.id),
    rule: await observationRule(c.var.db, environment.id),
    why: whyNotVisited(environment),
    may,
  });
  return sitePage(c, { title: `Visits to ${environment.name}`, environment: environment.slug }, content);
});

visitRoutes.post("/:environment", async (c) => {
  const { site } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.param("environment"));
  const { started } = await startVisits(c.var.db, sessionActor(c), site, environment);
  flash(
    c,
    started ? `Visiting ${countOf(started, "server")} of ${environment.name}.` : "A visit is in progress already.",
  );
  return c.redirect(`/sites/${site.slug}/observations/${environment.slug}`, 303);
});
