import { Hono } from "hono";
import { freezesPage } from "../../views/freezes.ts";
import { whyNotMay } from "../access/permissions.ts";
import { findEnvironment } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { besideFields, refuse, refuseFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { longTime } from "../time/format.ts";
import { emptyForm, type FreezeForm, readFreezeForm, requestOf } from "./form.ts";
import { endFreeze, setFreeze } from "./freezes.ts";
import { listFreezes } from "./queries.ts";
import { nextWindow, stateOf, windowAt } from "./rules.ts";

/** The page of freezes, below the settings: everybody may read it, and those who may set freezes have its forms. */
export const freezeRoutes = new Hono<SiteEnv>();

const pageSize = 50;

freezeRoutes.get("/", (c) => show(c));

freezeRoutes.post("/", async (c) => {
  refuse(whyNotMay(c.var.access, "freeze"), 403);
  const form = await readFreezeForm(c);
  const { site } = c.var.access;
  try {
    const environment = findEnvironment(site, form.environment);
    const { request, errors } = requestOf(c, form);
    refuseFields(errors);
    const freeze = await setFreeze(c.var.db, sessionActor(c, { ...form }), site, environment, request);
    const from = windowAt(freeze, c.var.at) ? undefined : nextWindow(freeze, c.var.at)?.starts_at;
    const takesNone = from ? `will take no promotions from ${longTime(from, site.time_zone)}` : "takes no promotions";
    flash(c, `Freeze ${freeze.number} set: ${environment.name} ${takesNone}.`);
    return c.redirect(await nextPage(c, environment.slug), 303);
  } catch (error) {
    return show(c, { form, errors: besideFields(error, "environment").errors }, 422);
  }
});

freezeRoutes.post("/:number{[0-9]{1,9}}/end", async (c) => {
  const number = Number(c.req.param("number"));
  const { reason } = await formFields(c, "reason");
  const { site } = c.var.access;
  try {
    const { environment, environment_name } = await endFreeze(c.var.db, sessionActor(c), site, number, reason);
    flash(c, `Freeze ${number} of ${environment_name} ended.`);
    return c.redirect(await nextPage(c, environment), 303);
  } catch (error) {
    const { errors, status } = besideFields(error, "reason");
    return show(c, { end: { number, reason, error: errors.reason } }, status as 409 | 422);
  }
});

/** Back to the environment's page, if that is where the form was. */
async function nextPage(c: SiteContext, environment: string): Promise<string> {
  const { from_page } = await formFields(c, "from_page");
  const base = `/sites/${c.var.access.site.slug}`;
  return from_page === "environment" ? `${base}/environments/${environment}` : `${base}/settings/freezes`;
}

interface Refused {
  form?: FreezeForm;
  errors?: Record<string, string>;
  end?: { number: number; reason: string; error: string | undefined };
}

async function show(c: SiteContext, refused: Refused = {}, status: 200 | 409 | 422 = 200) {
  const { db, at: now } = c.var;
  const { site, may } = c.var.access;
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const unended = await listFreezes(db, site.id, { unended: true, endsAfter: now });
  const page = await listFreezes(db, site.id, { before, limit: pageSize + 1 });
  const isPast = (state: string) => state === "over" || state === "ended";
  const content = freezesPage({
    site,
    may,
    now,
    active: unended.flatMap((freeze) => {
      const window = windowAt(freeze, now);
      return window ? [{ ...freeze, window }] : [];
    }),
    planned: unended.flatMap((freeze) => {
      const window = windowAt(freeze, now) ? undefined : nextWindow(freeze, now);
      return window ? [{ ...freeze, window }] : [];
    }),
    past: page.slice(0, pageSize).filter((freeze) => isPast(stateOf(freeze, now))),
    older: page.length > pageSize ? page[pageSize - 1]?.number : undefined,
    form: refused.form ?? emptyForm(c.req.query("environment") ?? site.environments.at(-1)?.slug ?? "", newId()),
    errors: refused.errors ?? {},
    end: refused.end,
  });
  return sitePage(c, { title: "Freezes", here: "settings" }, content, status);
}
