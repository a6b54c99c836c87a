import { Hono } from "hono";
import { noticeSettingsPage } from "../../views/settings/notices.ts";
import { newId } from "../database/ids.ts";
import { shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { messageIdOf } from "../mail/message-id.ts";
import { rulesOf, setNoticeRules } from "../notices/choices.ts";
import { listNotices, sendAgain } from "../notices/queries.ts";
import { noticeKinds, noticeNames } from "../notices/rules.ts";

/** What the people of a site are told, and what was sent. */
export const noticeSettingsRoutes = new Hono<SiteEnv>();

const pageSize = 50;

noticeSettingsRoutes.get("/", (c) => show(c));

noticeSettingsRoutes.post("/", async (c) => {
  const form = await formFields(c, ...noticeKinds);
  const rules = Object.fromEntries(Object.entries(form).filter(([, rule]) => rule !== ""));
  try {
    await setNoticeRules(c.var.db, sessionActor(c), c.var.access.site, rules);
  } catch (error) {
    return show(c, shownRefusal(error).errors, 422);
  }
  flash(c, "Saved.");
  return c.redirect(base(c), 303);
});

noticeSettingsRoutes.post("/test", async (c) => {
  const { mailer, person, baseUrl } = c.var;
  try {
    if (!mailer) throw new Error("Set SMTP_URL and MAIL_FROM, and start Sitebook again.");
    const text = `This is a test of the mails that Sitebook at ${baseUrl} sends. They work.`;
    const messageId = messageIdOf(newId(), baseUrl);
    const to = { name: person.name, address: person.email ?? "" };
    await mailer({ to, subject: "Test mail from Sitebook", text, html: `<p>${text}</p>`, messageId });
    flash(c, `A mail is on its way to ${person.email}.`);
  } catch (error) {
    flash(c, `The mail could not be sent: ${(error as Error).message}`, "bad");
  }
  return c.redirect(base(c), 303);
});

noticeSettingsRoutes.post("/:notice{[0-9a-f-]{36}}/again", async (c) => {
  await sendAgain(c.var.db, c.var.access.site.id, c.req.param("notice"), c.var.at);
  flash(c, "It will be sent again.");
  return c.redirect(base(c), 303);
});

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/settings/notices`;

async function show(c: SiteContext, errors: Record<string, string> = {}, status: 200 | 422 = 200) {
  const { db, access, at, mailer, person } = c.var;
  const before = /^[0-9a-f-]{36}$/.test(c.req.query("before") ?? "") ? c.req.query("before") : undefined;
  const notices = await listNotices(db, access.site.id, { before, limit: pageSize + 1 });
  const content = noticeSettingsPage({
    site: access.site,
    now: at,
    mailIsSetUp: mailer !== undefined,
    email: person.email ?? "",
    rules: await rulesOf(db, access.site.id),
    names: noticeNames,
    notices: notices.slice(0, pageSize),
    older: notices.length > pageSize ? notices[pageSize - 1]?.id : undefined,
    isContinued: before !== undefined,
    errors,
  });
  return sitePage(c, { title: "Notices", here: "settings" }, content, status);
}
