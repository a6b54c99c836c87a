import { Hono } from "hono";
import { delegationsPage } from "../../views/delegations.ts";
import { roleNames } from "../access/roles.ts";
import { fieldErrors, notFound, refuseFields, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { validDate } from "../time/calendar.ts";
import { endOfDay, startOfDay } from "../time/parse-moment.ts";
import { endDelegation, setDelegation } from "./delegations.ts";
import { listDelegations, possibleSubstitutes } from "./queries.ts";

export const delegationRoutes = new Hono<SiteEnv>();

delegationRoutes.get("/", (c) => show(c, { role: "", substitute: "", from: "", until: "" }));

delegationRoutes.post("/", async (c) => {
  const form = await formFields(c, "role", "substitute", "from", "until", "key");
  const { db, access, at } = c.var;
  const zone = access.site.time_zone;
  try {
    const whyNotDate = (text: string) => (validDate(text) ? undefined : "Enter a date like 2026-12-31.");
    refuseFields(fieldErrors({ from: form.from ? whyNotDate(form.from) : undefined, until: whyNotDate(form.until) }));
    const from = form.from ? startOfDay(form.from, zone) : at;
    const period = { from_at: from < at ? at : from, until_at: endOfDay(form.until, zone) };
    await setDelegation(db, sessionActor(c, form), access.site, { ...form, ...period });
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    return show(c, form, { ...errors, ...(refused && { role: refused }) }, status as 422);
  }
  flash(c, "Substitute named.");
  return c.redirect(base(c), 303);
});

delegationRoutes.post("/:id/end", async (c) => {
  const id = c.req.param("id");
  if (!/^[\da-f-]{36}$/.test(id)) notFound("delegation");
  await endDelegation(c.var.db, sessionActor(c), c.var.access.site, id);
  flash(c, "Ended.");
  return c.redirect(base(c), 303);
});

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/delegations`;

type Form = { role: string; substitute: string; from: string; until: string };

async function show(c: SiteContext, form: Form, errors: Record<string, string> = {}, status: 200 | 422 = 200) {
  const { db, access, person, at } = c.var;
  const names = await roleNames(db);
  const content = delegationsPage({
    site: access.site,
    delegations: await listDelegations(db, access.site.id),
    roles: access.roles.map((slug) => ({ value: slug, label: names[slug] ?? slug })),
    people: (await possibleSubstitutes(db, access.site.id)).filter(({ id, signs_in }) => signs_in && id !== person.id),
    person,
    administers: access.may.administer,
    form,
    errors,
    now: at,
  });
  return sitePage(c, { title: "Substitutes" }, content, status);
}
