import { Hono } from "hono";
import { linkPage, memberPage, peoplePage } from "../../views/settings/people.ts";
import { listRoles } from "../access/roles.ts";
import { besideFields, missing } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { choices, fields } from "../http/forms.ts";
import { page, say } from "../http/pages.ts";
import { by } from "../http/session.ts";
import { goodUntil } from "../people/links.ts";
import { changeRoles, invite, resetPassword } from "../people/people.ts";
import { belongsElsewhere, findMember, membersOf } from "../people/queries.ts";
import { whatItMay, whyNotGiveLink } from "../people/rules.ts";

/** People and roles. */
export const peopleSettings = new Hono<SiteEnv>();

peopleSettings.get("/", async (c) => showPeople(c, { name: "", email: "", roles: [] }));

peopleSettings.post("/", async (c) => {
  const form = { ...(await fields(c, "name", "email")), roles: await choices(c, "roles") };
  const { site } = c.var.access;
  try {
    const invited = await invite(c.var.db, by(c), site, form);
    if (invited.link) return showLink(c, "invitation", invited, invited.link);
    const names = await roleNames(c, invited.given);
    say(c, `${invited.name} has an account already, ${names ? `and is ${names} here now` : "and these roles too"}.`);
    return c.redirect(`/sites/${site.slug}/settings/people`, 303);
  } catch (error) {
    return showPeople(c, form, besideFields(error).errors);
  }
});

peopleSettings.get("/:person{[0-9a-f-]{36}}", async (c) => showMember(c, c.req.param("person")));

peopleSettings.post("/:person{[0-9a-f-]{36}}/roles", async (c) => {
  const { site } = c.var.access;
  const id = c.req.param("person");
  const wanted = await choices(c, "roles");
  try {
    const { name } = await changeRoles(c.var.db, by(c), site, id, wanted);
    const names = await roleNames(c, wanted);
    say(c, names ? `${name} is ${names} here now.` : `${name} holds no role here any more.`);
  } catch (error) {
    return showMember(c, id, { wanted, ...besideFields(error, "roles") });
  }
  // who gave up their own rights would meet a refusal here
  return c.redirect(id === c.var.person.id ? "/" : `/sites/${site.slug}/settings/people`, 303);
});

peopleSettings.post("/:person{[0-9a-f-]{36}}/link", async (c) => {
  const id = c.req.param("person");
  const { purpose, name, link } = await resetPassword(c.var.db, by(c), c.var.access.site, id);
  return showLink(c, purpose, { id, name }, link);
});

async function roleNames(c: SiteContext, slugs: string[]): Promise<string> {
  const all = await listRoles(c.var.db);
  return new Intl.ListFormat("en-GB").format(all.filter((one) => slugs.includes(one.slug)).map((one) => one.name));
}

/** The roles to choose from, each with what it allows on this site. */
export async function roleChoices(c: SiteContext) {
  const roles = await listRoles(c.var.db);
  return roles.map((role) => ({ ...role, may: whatItMay(role, c.var.access.site.environments) }));
}

async function showPeople(
  c: SiteContext,
  form: { name: string; email: string; roles: string[] },
  errors?: Record<string, string>,
) {
  const { site } = c.var.access;
  const members = await membersOf(c.var.db, site.id);
  const props = { site, members, choices: await roleChoices(c), form, now: c.var.at };
  const content = peoplePage({ ...props, ...(errors && { errors }) });
  return page(c, { title: "People and roles", here: "settings" }, content, errors ? 422 : 200);
}

async function showMember(
  c: SiteContext,
  id: string,
  wrong?: { wanted: string[]; errors: Record<string, string>; status: number },
) {
  const { site } = c.var.access;
  const member = (await findMember(c.var.db, site.id, id)) ?? missing("person on this site");
  const elsewhere = await belongsElsewhere(c.var.db, site, c.var.person.id, id);
  const content = memberPage({
    site,
    member,
    choices: await roleChoices(c),
    held: wrong?.wanted ?? member.roles.map((role) => role.slug),
    whyNotLink: whyNotGiveLink(c.var.person, member, elsewhere),
    now: c.var.at,
    ...(wrong && { errors: wrong.errors }),
  });
  return page(c, { title: member.name, here: "settings" }, content, (wrong?.status ?? 200) as 200);
}

/** Answers the post itself: a link that only this answer holds cannot be asked for again. */
function showLink(
  c: SiteContext,
  purpose: "invitation" | "reset",
  member: { id: string; name: string },
  secret: string,
) {
  const first = purpose === "invitation";
  const content = linkPage({
    site: c.var.access.site,
    member,
    title: first ? `An invitation for ${member.name}` : `A new password for ${member.name}`,
    sentence: `Send this link to ${member.name}. It opens a page to choose a password${first ? "" : ", and then signs them out everywhere else"}.`,
    link: `${c.var.baseUrl}/${purpose}?link=${secret}`,
    until: goodUntil(purpose, c.var.at),
  });
  return page(c, { title: first ? "Invitation" : "New password", here: "settings" }, content, 201);
}
