import { Hono } from "hono";
import { removalPage } from "../../views/settings/removal.ts";
import { listPossibleOwners } from "../artifacts/owners.ts";
import { removePerson } from "../departures/departures.ts";
import { dutiesOf } from "../departures/duties.ts";
import { besideFields, notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { findMember } from "../people/queries.ts";

/** Removing a person from the site, after what they still have to do was listed. */
export const removalRoutes = new Hono<SiteEnv>();

removalRoutes.get("/:person{[0-9a-f-]{36}}/removal", async (c) => showRemoval(c, c.req.param("person")));

removalRoutes.post("/:person{[0-9a-f-]{36}}/removal", async (c) => {
  const { site } = c.var.access;
  const id = c.req.param("person");
  const { owner } = await formFields(c, "owner");
  try {
    const { name } = await removePerson(c.var.db, sessionActor(c), site, id, owner || null);
    flash(c, `${name} no longer has a role here.`);
  } catch (error) {
    return showRemoval(c, id, { owner, ...besideFields(error, "person") });
  }
  // administrators who removed themselves may no longer open the settings
  return c.redirect(id === c.var.person.id ? "/" : `/sites/${site.slug}/settings/people`, 303);
});

async function showRemoval(
  c: SiteContext,
  id: string,
  refused?: { owner: string; errors: Record<string, string>; status: number },
) {
  const { site } = c.var.access;
  const member = (await findMember(c.var.db, site.id, id)) ?? notFound("person on this site");
  const people = await listPossibleOwners(c.var.db, site.id);
  const content = removalPage({
    site,
    member,
    duties: await dutiesOf(c.var.db, site, id, c.var.at),
    people: people.filter((person) => person.id !== id).map((person) => ({ id: person.id, name: person.shown })),
    owner: refused?.owner ?? "",
    ...(refused && { errors: refused.errors }),
  });
  return sitePage(c, { title: `Remove ${member.name}`, here: "settings" }, content, (refused?.status ?? 200) as 200);
}
