import { Hono } from "hono";
import { type SameAsTarget, sameAsPage } from "../../views/deployments/same-as.ts";
import type { Environment } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { Refusal, refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { whyNotBaseline } from "../record/baseline.ts";
import { knownEnvironments } from "../record/unknown.ts";
import { countOf, formatCount, joinWithAnd } from "../text.ts";
import { previewSameAs, recordAllSameAs } from "./same-as.ts";

/** Fills environments from another one, as their baseline: first with a preview. */
export const sameAsRoutes = new Hono<SiteEnv>();

/** `environments` are the slugs of those to fill. */
type Fields = { environments: string[]; from: string };

sameAsRoutes.get("/", (c) => {
  refuse(whyNotMay(c.var.access, "record"), 403);
  return show(c, { environments: c.req.queries("environment") ?? [], from: c.req.query("from") ?? "" });
});

sameAsRoutes.post("/", async (c) => {
  refuse(whyNotMay(c.var.access, "record"), 403);
  const fields = await formFields(c, "from", "key");
  const form = {
    ...fields,
    environments: await checkedValues(c, "environment"),
    removals: await checkedValues(c, "removals"),
  };
  const { site } = c.var.access;
  const from = findEnvironment(site, form.from);
  const copies = environmentsOf(c, form).map((environment, i) => ({
    environment,
    // the preview named this many: it is confirmed by sending the form
    allowRemovals: /^\d{1,9}$/.test(form.removals[i] ?? "") ? Number(form.removals[i]) : undefined,
  }));
  try {
    const recorded = await recordAllSameAs(c.var.db, sessionActor(c, form), site, from, copies);
    const sentences = recorded.map(
      ({ number, changed }, i) =>
        `Deployment ${number} recorded: ${copies[i]?.environment.name} is the same as ${from.name}, ${formatCount(changed)} changed.`,
    );
    flash(c, sentences.join(" "), "done", { nextStep: true });
    return c.redirect(`/sites/${site.slug}/environments/${copies[0]?.environment.slug}`, 303);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 403) throw error;
    return show(c, form, error);
  }
});

/** Throws a Refusal with 404 if there is no such environment, or none is named. */
function environmentsOf(c: SiteContext, { environments }: Fields): Environment[] {
  const slugs = environments.length ? [...new Set(environments)] : [""];
  return slugs.map((slug) => findEnvironment(c.var.access.site, slug));
}

async function show(c: SiteContext, fields: Fields, refused?: Refusal) {
  const { site } = c.var.access;
  const environments = environmentsOf(c, fields);
  const from = findEnvironment(site, fields.from);
  const targets: SameAsTarget[] = [];
  for (const environment of environments) targets.push(await targetOf(c, environment, from));
  const isKnown = refused && targets.some(({ whyNot }) => whyNot === refused.message);
  const removals = targets.reduce((sum, target) => sum + target.removals, 0);
  const sentence = refused && !isKnown ? movedOn(removals, from.name) : undefined;
  const names = joinWithAnd(environments.map(({ name }) => name));
  return sitePage(
    c,
    {
      title: `${names}: same as ${from.name}`,
      environment: environments.length === 1 ? environments[0]?.slug : undefined,
    },
    sameAsPage({ site, from, targets, refused: sentence, key: newId() }),
    refused ? (refused.status === 409 ? 409 : 422) : 200,
  );
}

/** What would change on one of the environments, or why it cannot be done. */
async function targetOf(c: SiteContext, environment: Environment, from: Environment): Promise<SameAsTarget> {
  const { db, at: now } = c.var;
  const whyNot = await whyNotBaseline(db, environment);
  if (whyNot) return { environment, changes: [], removals: 0, whyNot };
  const { site } = c.var.access;
  const known = knownEnvironments(await c.var.siteSummary(db, site));
  const { changes, why } = await previewSameAs(db, site, environment, { from, now, known });
  return {
    environment,
    changes,
    removals: changes.filter(({ change }) => change === "removed").length,
    whyNot: why,
  };
}

const movedOn = (removals: number, from: string): string =>
  `${from} has changed since you saw this. It would now remove ${countOf(removals, "page or software item", "pages and software items")}; check it again.`;
