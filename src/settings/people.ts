import { Hono } from "hono";
import { linkPage, linksPage, memberPage, type PeopleForm, peoplePage } from "../../views/settings/people.ts";
import { administersEverySite } from "../access/administrators.ts";
import { listRoles } from "../access/roles.ts";
import { listSessions } from "../access/sessions.ts";
import { besideFields, notFound } from "../errors.ts";
import { staffOf } from "../gates/queries.ts";
import { gateWarnings } from "../gates/warnings.ts";
import { containsSecret } from "../http/compression.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { actingPerson, clientOf, sessionActor } from "../http/session.ts";
import { bouncedAddress, bounceSentence, clearBounces } from "../mail/bounced-addresses.ts";
import { sendLetter } from "../mail/letter.ts";
import { signOutMember, whyNotSignOutMember } from "../people/end-sessions.ts";
import { inviteAll } from "../people/invitations.ts";
import { linkExpiry } from "../people/links.ts";
import { changeRoles, type Invited, invite, resetPassword } from "../people/people.ts";
import { belongsElsewhere, findMember, listMembers } from "../people/queries.ts";
import { roleSentence, whyNotGiveLink } from "../people/rules.ts";
import { endTwoFactorOf, twoFactorOf, whyNotEndOf } from "../people/two-factor.ts";
import { joinWithAnd } from "../text.ts";

/** People and roles. */
export const peopleSettingsRoutes = new Hono<SiteEnv>();

const emptyForm: PeopleForm = { name: "", email: "", roles: [], people: "" };

peopleSettingsRoutes.get("/", async (c) => showPeople(c, emptyForm));

peopleSettingsRoutes.post("/", async (c) => {
  const form = { ...(await formFields(c, "name", "email")), roles: await checkedValues(c, "roles") };
  const { site } = c.var.access;
  try {
    const invited = await invite(c.var.db, sessionActor(c), site, form);
    if (invited.link && invited.isForThemOnly) {
      flash(c, await mailOnly(c, invited));
      return c.redirect(`/sites/${site.slug}/settings/people`, 303);
    }
    if (invited.link) return showLink(c, "invitation", { ...invited, email: form.email }, invited.link);
    const names = await roleNames(c, invited.given);
    flash(c, `${invited.name} already has an account, ${names ? `and is now ${names} here` : "and these roles here"}.`);
    return c.redirect(`/sites/${site.slug}/settings/people`, 303);
  } catch (error) {
    return showPeople(c, { ...emptyForm, ...form }, besideFields(error).errors);
  }
});

peopleSettingsRoutes.post("/several", async (c) => {
  const { people } = await formFields(c, "people");
  const { site } = c.var.access;
  try {
    const invited = await inviteAll(c.var.db, sessionActor(c), site, people);
    if (invited.some(({ link }) => link)) return showLinks(c, invited);
    flash(c, "All of them already have an account, and these roles here.");
    return c.redirect(`/sites/${site.slug}/settings/people`, 303);
  } catch (error) {
    return showPeople(c, { ...emptyForm, people }, besideFields(error).errors);
  }
});

peopleSettingsRoutes.get("/:person{[0-9a-f-]{36}}", async (c) => showMember(c, c.req.param("person")));

peopleSettingsRoutes.post("/:person{[0-9a-f-]{36}}/roles", async (c) => {
  const { site } = c.var.access;
  const id = c.req.param("person");
  const roles = await checkedValues(c, "roles");
  // without any role they leave the site: what they still have to do is listed first
  if (!roles.length) return c.redirect(`/sites/${site.slug}/settings/people/${id}/removal`, 303);
  try {
    const { name } = await changeRoles(c.var.db, sessionActor(c), site, id, roles);
    const names = await roleNames(c, roles);
    flash(c, `${name} is now ${names} here.`);
  } catch (error) {
    return showMember(c, id, { roles, ...besideFields(error, "roles") });
  }
  // administrators who removed their own role may no longer open this page
  return c.redirect(id === c.var.person.id ? "/" : `/sites/${site.slug}/settings/people`, 303);
});

peopleSettingsRoutes.post("/:person{[0-9a-f-]{36}}/link", async (c) => {
  const id = c.req.param("person");
  const { purpose, name, email, link } = await resetPassword(c.var.db, sessionActor(c), c.var.access.site, id);
  return showLink(c, purpose, { id, name, email }, link);
});

peopleSettingsRoutes.post("/:person{[0-9a-f-]{36}}/address-confirmation", async (c) => {
  const { db, access } = c.var;
  const id = c.req.param("person");
  const { name, email } = (await findMember(db, access.site.id, id)) ?? notFound("person on this site");
  await clearBounces(db, [email], access.site.id);
  flash(c, `Notices are sent to the address of ${name} again.`);
  return c.redirect(`/sites/${access.site.slug}/settings/people/${id}`, 303);
});

peopleSettingsRoutes.post("/:person{[0-9a-f-]{36}}/two-factor-removal", async (c) => {
  const { db, at, access, person } = c.var;
  const id = c.req.param("person");
  const member = (await findMember(db, access.site.id, id)) ?? notFound("person on this site");
  await endTwoFactorOf(db, person, id, { client: clientOf(c), at });
  flash(c, `Two-factor sign-in of ${member.name} is off.`);
  return c.redirect(`/sites/${access.site.slug}/settings/people/${id}`, 303);
});

peopleSettingsRoutes.post("/:person{[0-9a-f-]{36}}/sign-out", async (c) => {
  const { db, access } = c.var;
  const id = c.req.param("person");
  const { name } = await signOutMember(db, actingPerson(c), access.site, id);
  flash(c, `${name} is signed out everywhere.`);
  return c.redirect(`/sites/${access.site.slug}/settings/people/${id}`, 303);
});

async function roleNames(c: SiteContext, slugs: string[]): Promise<string> {
  const all = await listRoles(c.var.db);
  return joinWithAnd(all.filter(({ slug }) => slugs.includes(slug)).map(({ name }) => name));
}

/** The roles to select from, each with what it allows on this site. */
export async function roleChoices(c: SiteContext) {
  const roles = await listRoles(c.var.db);
  return roles.map((role) => ({ ...role, may: roleSentence(role, c.var.access.site.environments) }));
}

async function showPeople(c: SiteContext, form: PeopleForm, errors?: Record<string, string>) {
  const { site } = c.var.access;
  const members = await listMembers(c.var.db, site.id);
  const props = { site, members, gaps: await gateGaps(c), choices: await roleChoices(c), form, now: c.var.at };
  const content = peoplePage({ ...props, ...(errors && { errors }) });
  return sitePage(c, { title: "People and roles", here: "settings" }, content, errors ? 422 : 200);
}

/** For administrators: what nobody could meet of the gates, as sentences. */
async function gateGaps(c: SiteContext): Promise<string[]> {
  const { site } = c.var.access;
  const staff = await staffOf(c.var.db, site.id, c.var.at);
  return site.environments.flatMap(({ name, gate }) => (gate ? gateWarnings(name, gate, staff) : []));
}

async function showMember(
  c: SiteContext,
  id: string,
  refused?: { roles: string[]; errors: Record<string, string>; status: number },
) {
  const { site } = c.var.access;
  const member = (await findMember(c.var.db, site.id, id)) ?? notFound("person on this site");
  const elsewhere = await belongsElsewhere(c.var.db, site, c.var.person.id, id);
  const bounced = await bouncedAddress(c.var.db, site.id, member.email);
  const content = memberPage({
    site,
    member,
    choices: await roleChoices(c),
    selected: refused?.roles ?? member.roles.map(({ slug }) => slug),
    mayClose: await administersEverySite(c.var.db, c.var.person.id),
    whyNotLink: whyNotGiveLink(c.var.person, member, elsewhere),
    bounced: bounced && bounceSentence(bounced),
    sessions: (await listSessions(c.var.db, id, c.var.at, c.var.sessionLifetime)).length,
    whyNotSignOut: await whyNotSignOutMember(c.var.db, c.var.person, site, member),
    hasTwoFactor: (await twoFactorOf(c.var.db, id)).isOn,
    whyNotEndTwoFactor: await whyNotEndOf(c.var.db, c.var.person, id),
    now: c.var.at,
    ...(refused && { errors: refused.errors }),
  });
  return sitePage(c, { title: member.name, here: "settings" }, content, (refused?.status ?? 200) as 200);
}

/** Answers the post itself, without a redirect: only this answer contains the link. It is mailed, too, where that is set up. */
async function showLink(
  c: SiteContext,
  purpose: "invitation" | "reset",
  member: { id: string; name: string; email: string | null },
  secret: string,
) {
  containsSecret(c);
  const link = `${c.var.baseUrl}/${purpose}?link=${secret}`;
  const first = purpose === "invitation";
  const content = linkPage({
    site: c.var.access.site,
    member,
    title: first ? `Invitation for ${member.name}` : `Password-reset link for ${member.name}`,
    sentence: `Send this link to ${member.name}. It opens a page to choose a password${first ? "" : ", and signs them out everywhere else once they do"}.`,
    link,
    mailed: await mailLink(c, purpose, member, link),
    until: linkExpiry(purpose, c.var.at),
  });
  return sitePage(c, { title: first ? "Invitation" : "Password-reset link", here: "settings" }, content, 201);
}

/** What came of mailing a link, as a sentence; undefined where no mail server is set up. */
async function mailLink(
  c: SiteContext,
  purpose: "invitation" | "reset",
  { name, email }: { name: string; email: string | null },
  url: string,
): Promise<string | undefined> {
  const { mailer, baseUrl, access, person } = c.var;
  if (!mailer || !email) return;
  const first = purpose === "invitation";
  try {
    await sendLetter(mailer, baseUrl, {
      to: { name, address: email },
      subject: first ? `Your invitation to ${access.site.name}` : "Your link for a new password",
      lead: first
        ? `${person.name} invites you to Sitebook, which records what is where on ${access.site.name}. Choose a password to begin.`
        : `${person.name} created this link with which you choose a new password for Sitebook.`,
      actions: [{ text: "Choose a password", url }],
      why: `You get this because ${person.name} entered your address. The link works once.`,
    });
    return `It was mailed to ${email}.`;
  } catch (error) {
    return `It could not be mailed to ${email}: ${(error as Error).message}`;
  }
}

/** Mails a link that nobody but its person may see. Returns what came of it, as a sentence. */
async function mailOnly(c: SiteContext, { name, email, link }: Invited): Promise<string> {
  const mailed = await mailLink(c, "invitation", { name, email }, `${c.var.baseUrl}/invitation?link=${link}`);
  return `${name} is also invited to another site, so the link is not shown here. ${mailed ?? "No mail server is set up: ask somebody who administers both sites to create another one."}`;
}

/** The same for several invitations, with who already has an account and got the roles only. */
async function showLinks(c: SiteContext, invited: Invited[]) {
  containsSecret(c);
  const invitations = [];
  for (const one of invited) {
    const { id, name, email, link } = one;
    if (!link) continue;
    const url = `${c.var.baseUrl}/invitation?link=${link}`;
    if (one.isForThemOnly) invitations.push({ id, name, mailed: await mailOnly(c, one) });
    else invitations.push({ id, name, link: url, mailed: await mailLink(c, "invitation", { name, email }, url) });
  }
  const content = linksPage({
    site: c.var.access.site,
    invitations,
    known: invited.filter(({ link }) => !link).map(({ name }) => name),
    until: linkExpiry("invitation", c.var.at),
  });
  return sitePage(c, { title: "Invitations", here: "settings" }, content, 201);
}
