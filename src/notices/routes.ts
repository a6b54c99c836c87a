import { type Context, Hono } from "hono";
import { noticesPage } from "../../views/notices/page.ts";
import { unsubscribePage } from "../../views/notices/unsubscribe.ts";
import { notFound, Refusal, shownRefusal } from "../errors.ts";
import type { AppEnv, SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, signedOutPage, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { bouncedAddress, bounceSentence, clearBounces } from "../mail/bounced-addresses.ts";
import { choicesOf, chooseNotices, rulesOf } from "./choices.ts";
import { findByUnsubscribeKey, listNotices } from "./queries.ts";
import { noticeKinds, noticeNames, type SubscriptionSubject } from "./rules.ts";
import { follow, listSubscriptions, unfollow } from "./subscriptions.ts";

/** What the signed-in person wants to be told about a site, and what they follow. */
export const noticeRoutes = new Hono<SiteEnv>();

const maxShown = 50;

noticeRoutes.get("/", (c) => show(c));

noticeRoutes.post("/", async (c) => {
  const choices = await formFields(c, ...noticeKinds);
  try {
    const sent = Object.entries(choices).filter(([, choice]) => choice !== "");
    await chooseNotices(c.var.db, c.var.person.id, c.var.access.site.id, Object.fromEntries(sent));
  } catch (error) {
    return show(c, shownRefusal(error).errors, 422);
  }
  flash(c, "Saved.");
  return c.redirect(base(c), 303);
});

noticeRoutes.post("/follow", async (c) => {
  const { subject, name, environment, back } = await formFields(c, "subject", "name", "environment", "back");
  try {
    if (!isSubject(subject)) throw new Refusal(422, "Select what to follow.");
    await follow(c.var.db, sessionActor(c), c.var.access.site, {
      subject,
      name,
      environment: environment || undefined,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return show(c, { name: error.message }, 422, { subject, name, environment });
  }
  flash(c, `You follow ${name} now.`);
  return c.redirect(back.startsWith(`/sites/${c.var.access.site.slug}/`) ? back : base(c), 303);
});

noticeRoutes.post("/:id{[0-9a-f-]{36}}/unfollow", async (c) => {
  await unfollow(c.var.db, c.var.person.id, c.var.access.site.id, c.req.param("id"));
  flash(c, "You no longer follow it.");
  return c.redirect(base(c), 303);
});

noticeRoutes.post("/address-confirmation", async (c) => {
  await clearBounces(c.var.db, [c.var.person.email], c.var.access.site.id);
  flash(c, "Notices are sent to your address again.");
  return c.redirect(base(c), 303);
});

const isSubject = (text: string): text is SubscriptionSubject =>
  ["environment", "section", "page", "campaign"].includes(text);

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/notices`;

async function show(
  c: SiteContext,
  errors: Record<string, string> = {},
  status: 200 | 422 = 200,
  form = { subject: "page", name: "", environment: c.var.access.site.environments.at(-1)?.slug ?? "" },
) {
  const { db, access, person, at, mailer } = c.var;
  const bounced = await bouncedAddress(db, access.site.id, person.email);
  const content = noticesPage({
    site: access.site,
    now: at,
    mailIsSetUp: mailer !== undefined,
    email: person.email ?? "",
    bounced: bounced && bounceSentence(bounced),
    rules: await rulesOf(db, access.site.id),
    choices: await choicesOf(db, access.site.id, person.id),
    names: noticeNames,
    subscriptions: await listSubscriptions(db, access.site, person.id),
    notices: await listNotices(db, access.site.id, { personId: person.id, limit: maxShown }),
    form,
    errors,
  });
  return sitePage(c, { title: "Notices" }, content, status);
}

/** Behind the link at the end of a mail. Opening it changes nothing, as mail scanners open every link. */
export const unsubscribeRoutes = new Hono<AppEnv>();

unsubscribeRoutes.get("/unsubscribe", async (c) => {
  const { key, site, names } = await unsubscribing(c);
  return signedOutPage(c, "Unsubscribe", unsubscribePage({ key, site, names, done: false }));
});

unsubscribeRoutes.post("/unsubscribe", async (c) => {
  const { key, site, names, kinds, person_id, site_id } = await unsubscribing(c);
  await chooseNotices(c.var.db, person_id, site_id, Object.fromEntries(kinds.map((kind) => [kind, "off"])));
  return signedOutPage(c, "Unsubscribe", unsubscribePage({ key, site, names, done: true }));
});

/** Of a digest with several kinds those that its person may switch off. */
async function unsubscribing(c: Context<AppEnv>) {
  const key = c.req.query("key") ?? "";
  const { kinds: all, ...about } = (await findByUnsubscribeKey(c.var.db, key)) ?? notFound("notice");
  const rules = await rulesOf(c.var.db, about.site_id);
  const optional = all.filter((kind) => rules[kind] !== "required");
  // otherwise the refusal says why
  const kinds = optional.length ? optional : all;
  return { ...about, key, kinds, names: kinds.map((kind) => noticeNames[kind]) };
}
