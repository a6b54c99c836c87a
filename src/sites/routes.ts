import { type Context, Hono } from "hono";
import { type SiteForm, sitesPage } from "../../views/sites.ts";
import { actorOn, actorWithoutSite } from "../access/actor.ts";
import { findAccess, hasSites, listSitesOf, permissionsOf, rolesBySite } from "../access/sites.ts";
import { newId } from "../database/ids.ts";
import { withDelegations } from "../delegations/queries.ts";
import { besideFields } from "../errors.ts";
import type { PersonEnv } from "../http/context.ts";
import { formFields, requestOf } from "../http/forms.ts";
import { flash, plainPage } from "../http/pages.ts";
import { needPerson } from "../http/session.ts";
import { needOf } from "../promotions/need-rules.ts";
import { emptySite, readSite, siteFromForm } from "./form.ts";
import { timeZones, whyNotCreateSite } from "./rules.ts";
import { createSite } from "./sites.ts";

/** The pages outside of a site: the entrance, and the list of sites. */
export const siteRoutes = new Hono<PersonEnv>();

siteRoutes.get("/", needPerson, async (c) => {
  const [only, another] = await listSitesOf(c.var.db, c.var.person.id);
  if (!only || another) return c.redirect("/sites", 303);
  return c.redirect(`/sites/${only.slug}${await whereNeeded(c, only.slug)}`, 303);
});

/** Where a person begins: on the promotion that waits for their decision, in the inbox if there are several, or on the board. */
async function whereNeeded(c: Context<PersonEnv>, slug: string): Promise<string> {
  const { db, person, at } = c.var;
  const access = await findAccess(db, person.id, slug);
  if (!access) return "";
  const actor = await withDelegations(db, access.site.id, actorOn(access, person, at));
  const { open, blockers } = await c.var.siteSummary(db, access.site);
  const [first, another] = open.filter(
    (promotion) => needOf(promotion, actor, blockers.get(promotion.id) ?? []) === "decision",
  );
  if (!first) return "";
  return another ? "/approvals" : `/promotions/${first.number}`;
}

siteRoutes.get("/sites", needPerson, async (c) => show(c, { ...emptySite(), key: newId() }));

siteRoutes.post("/sites", needPerson, async (c) => {
  const form = { ...(await readSite(c)), key: (await formFields(c, "key")).key };
  try {
    const actor = actorWithoutSite(c.var.person, c.var.at, requestOf(c, form));
    const site = await createSite(c.var.db, actor, siteFromForm(form), ["account-manager"]);
    flash(c, `${site.name} created. The first steps are below.`);
    return c.redirect(`/sites/${site.slug}`, 303);
  } catch (error) {
    const { errors } = besideFields(error);
    return show(
      c,
      form,
      Object.fromEntries(Object.entries(errors).map(([path, message]) => [`site.${path}`, message])),
    );
  }
});

async function show(c: Context<PersonEnv>, form: SiteForm & { key: string }, errors?: Record<string, string>) {
  const { db, person } = c.var;
  const mayCreate = !(await hasSites(db)) || !whyNotCreateSite(await permissionsOf(db, person.id));
  const props = { sites: await rolesBySite(db, person.id), zones: timeZones(), form: mayCreate ? form : undefined };
  return plainPage(c, "Sites", sitesPage({ ...props, ...(errors && { errors }) }), errors ? 422 : 200);
}
