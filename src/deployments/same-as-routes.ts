import { Hono } from "hono";
import { sameAsPage } from "../../views/deployments/same-as.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { Refusal, refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { whyNotBaseline } from "../record/baseline.ts";
import { countOf, formatCount } from "../text.ts";
import { previewSameAs, recordSameAs } from "./same-as.ts";

/** Fills an environment from another one, as its baseline: first with a preview. */
export const sameAsRoutes = new Hono<SiteEnv>();

type Fields = { environment: string; from: string };

sameAsRoutes.get("/", (c) => {
  refuse(whyNotMay(c.var.access, "record"), 403);
  return show(c, { environment: c.req.query("environment") ?? "", from: c.req.query("from") ?? "" });
});

sameAsRoutes.post("/", async (c) => {
  refuse(whyNotMay(c.var.access, "record"), 403);
  const form = await formFields(c, "environment", "from", "removals", "key");
  const { site } = c.var.access;
  const [environment, from] = [findEnvironment(site, form.environment), findEnvironment(site, form.from)];
  // the preview named this many: it is confirmed by sending the form
  const allowRemovals = /^\d{1,9}$/.test(form.removals) ? Number(form.removals) : undefined;
  try {
    const { number, changed } = await recordSameAs(c.var.db, sessionActor(c, form), site, environment, {
      from,
      allowRemovals,
    });
    flash(
      c,
      `Deployment ${number} recorded: ${environment.name} is the same as ${from.name}, ${formatCount(changed)} changed.`,
    );
    return c.redirect(`/sites/${site.slug}/environments/${environment.slug}`, 303);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 403) throw error;
    return show(c, form, error);
  }
});

async function show(c: SiteContext, fields: Fields, refused?: Refusal) {
  const { db, at: now } = c.var;
  const { site } = c.var.access;
  const environment = findEnvironment(site, fields.environment);
  const from = findEnvironment(site, fields.from);
  const tooLate = await whyNotBaseline(db, environment);
  const { changes, why } = tooLate
    ? { changes: [], why: tooLate }
    : await previewSameAs(db, site, environment, { from, now });
  const removals = changes.filter(({ change }) => change === "removed").length;
  const sentence = refused && refused.message !== why ? movedOn(removals, from.name) : undefined;
  const content = sameAsPage({
    site,
    environment,
    from,
    changes,
    removals,
    whyNot: why,
    refused: sentence,
    key: newId(),
  });
  const about = { title: `${environment.name}: same as ${from.name}`, environment: environment.slug };
  return sitePage(c, about, content, refused ? (refused.status === 409 ? 409 : 422) : 200);
}

const movedOn = (removals: number, from: string): string =>
  `${from} has changed since you saw this. It would now remove ${countOf(removals, "page or software item", "pages and software items")}; check it again.`;
