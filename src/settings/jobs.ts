import { Hono } from "hono";
import { jobsPage } from "../../views/settings/jobs.ts";
import type { SiteEnv } from "../http/context.ts";
import { flash, sitePage } from "../http/pages.ts";
import { keptDays, listJobs, maxAttempts, runAgain } from "../jobs/queue.ts";

/** Background work. */
export const jobSettingsRoutes = new Hono<SiteEnv>();

const maxShown = 100;

jobSettingsRoutes.get("/", async (c) => {
  const { site } = c.var.access;
  const { open, done } = await listJobs(c.var.db, site.id, maxShown);
  const hasFailed = ({ attempts, lease_until }: (typeof open)[number]) =>
    attempts >= maxAttempts && (lease_until === null || lease_until <= c.var.at);
  const content = jobsPage({
    site,
    now: c.var.at,
    failed: open.filter(hasFailed),
    waiting: open.filter((job) => !hasFailed(job)),
    done,
    keptDays,
  });
  return sitePage(c, { title: "Background work", here: "settings" }, content);
});

jobSettingsRoutes.post("/:job{[0-9a-f-]{36}}/again", async (c) => {
  const { site } = c.var.access;
  await runAgain(c.var.db, site.id, c.req.param("job"), c.var.at);
  flash(c, "It will be tried again.");
  return c.redirect(`/sites/${site.slug}/settings/jobs`, 303);
});
