import { Hono } from "hono";
import { linkPage, memberPage, peoplePage } from "../../views/settings-people.ts";
import { tokenPage, tokensPage } from "../../views/settings-tokens.ts";
import { parseMoment } from "../environments/moments.ts";
import { besideFields, missing } from "../errors.ts";
import { by, choices, fields, page, type SiteContext, type SiteEnv, say } from "../web.ts";
import { goodUntil } from "./links.ts";
import { changeRoles, invite, resetPassword } from "./people.ts";
import { belongsElsewhere, findMember, listRoles, membersOf, tokensOf } from "./queries.ts";
import { whatItMay, whyNotGiveLink } from "./rules.ts";
import { createToken, revokeToken } from "./tokens.ts";

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

async function roleChoices(c: SiteContext) {
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

/** Tokens, the machines' accounts. */
export const tokenSettings = new Hono<SiteEnv>();

tokenSettings.get("/", async (c) => showTokens(c, { name: "", roles: ["contributor"], until: "" }));

tokenSettings.post("/", async (c) => {
  const { name, until } = await fields(c, "name", "until");
  const roles = await choices(c, "roles");
  const { site } = c.var.access;
  const expires_at = until ? endOfDay(until, site.time_zone) : undefined;
  if (until && !expires_at) return showTokens(c, { name, roles, until }, { until: "Write a day like 2026-12-31." });
  try {
    const token = await createToken(c.var.db, by(c), site, { name, roles, expires_at });
    return page(c, { title: token.name, here: "settings" }, tokenPage({ site, ...token }), 201);
  } catch (error) {
    const { expires_at: past, ...errors } = besideFields(error).errors;
    return showTokens(c, { name, roles, until }, { ...errors, ...(past && { until: past }) });
  }
});

tokenSettings.post("/:token{[0-9a-f-]{36}}/revocation", async (c) => {
  const { name } = await revokeToken(c.var.db, by(c), c.var.access.site, c.req.param("token"));
  say(c, `${name} is revoked.`);
  return c.redirect(`/sites/${c.var.access.site.slug}/settings/tokens`, 303);
});

/** The midnight after a day, by the site's clocks; nothing for what is no day. */
function endOfDay(day: string, zone: string): string | undefined {
  const today = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00Z`) : Number.NaN;
  if (Number.isNaN(today) || dayOf(today) !== day) return;
  const read = parseMoment(`${dayOf(today + 24 * 60 * 60 * 1000)}T00:00`, zone, "2999-12-31T00:00:00.000Z");
  return "at" in read ? read.at : undefined;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

async function showTokens(
  c: SiteContext,
  form: { name: string; roles: string[]; until: string },
  errors?: Record<string, string>,
) {
  const { site } = c.var.access;
  const tokens = await tokensOf(c.var.db, site.id);
  const props = { site, tokens, choices: await roleChoices(c), form, now: c.var.at };
  const content = tokensPage({ ...props, ...(errors && { errors }) });
  return page(c, { title: "Tokens", here: "settings" }, content, errors ? 422 : 200);
}
