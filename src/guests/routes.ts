import { type Context, Hono } from "hono";
import { codePage, guestReviewPage, guestsPage } from "../../views/guests.ts";
import { roleNames } from "../access/roles.ts";
import { recordSecurityEvent } from "../access/security-events.ts";
import { notFound, Refusal, shownRefusal } from "../errors.ts";
import { containsSecret } from "../http/compression.ts";
import type { AppEnv, SiteContext, SiteEnv } from "../http/context.ts";
import { dropCookie, keepCookie, readCookie } from "../http/cookies.ts";
import { checkedValues, formFields } from "../http/forms.ts";
import { flash, signedOutPage, sitePage } from "../http/pages.ts";
import { clientOf, sessionActor } from "../http/session.ts";
import { sendLetter } from "../mail/letter.ts";
import type { Mailer } from "../mail/mailer.ts";
import { assessPromotion } from "../promotions/assessment.ts";
import { whyNotDecide } from "../promotions/decision-rules.ts";
import { decide, promotionOf } from "../promotions/promotions.ts";
import { saveTicks } from "../promotions/review-ticks.ts";
import { seenDigest } from "../promotions/seen-texts.ts";
import { codeLifetimeMinutes, confirmCode, findGuest, type Guest, guestOfSession, newCode } from "./guest-session.ts";
import { inviteGuest, listGuests, revokeGuest } from "./guests.ts";
import { invitationUrl, mailInvitation } from "./invitation-mail.ts";
import { guestRoles, maskedEmail, whyNoGuests } from "./rules.ts";

/** Inviting guests to a promotion, below /sites/:site/promotions. */
export const guestInvitationRoutes = new Hono<SiteEnv>();

const numbered = "/:number{[0-9]{1,9}}/guests";

guestInvitationRoutes.get(numbered, (c) => showGuests(c, Number(c.req.param("number"))));

guestInvitationRoutes.post(numbered, async (c) => {
  const number = Number(c.req.param("number"));
  const form = await formFields(c, "name", "email", "role");
  const { db, access, mailer, baseUrl, person } = c.var;
  try {
    const guest = await inviteGuest(db, sessionActor(c), access.site, number, form, mailer !== undefined);
    const error = await mailInvitation({ mailer, baseUrl }, access.site, person.name, guest);
    containsSecret(c);
    return showGuests(c, number, { link: { name: guest.name, url: invitationUrl(baseUrl, guest), error } }, 201);
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    return showGuests(c, number, { form, errors: { ...errors, ...(refused && { guests: refused }) } }, status as 422);
  }
});

guestInvitationRoutes.post(`${numbered}/:guest{[0-9a-f-]{36}}/revocation`, async (c) => {
  const number = Number(c.req.param("number"));
  const { name } = await revokeGuest(c.var.db, sessionActor(c), c.var.access.site, number, c.req.param("guest"));
  flash(c, `The invitation of ${name} is withdrawn.`);
  return c.redirect(`/sites/${c.var.access.site.slug}/promotions/${number}/guests`, 303);
});

interface Shown {
  form?: { name: string; email: string; role: string };
  errors?: Record<string, string>;
  link?: { name: string; url: string; error: string | undefined };
}

async function showGuests(
  c: SiteContext,
  number: number,
  shown: Shown = {},
  status: 200 | 201 | 403 | 409 | 422 = 200,
) {
  const { db, access, at, mailer } = c.var;
  const promotion = await promotionOf(db, access.site, number);
  const names = await roleNames(db);
  const content = guestsPage({
    site: access.site,
    promotion,
    now: at,
    guests: await listGuests(db, promotion.id),
    roles: guestRoles(promotion).map((slug) => ({ value: slug, label: names[slug] ?? slug })),
    whyNot: access.may.promote
      ? whyNoGuests(promotion, mailer !== undefined)
      : "Those who request promotions invite guests.",
    mayRevoke: access.may.promote,
    form: shown.form ?? { name: "", email: "", role: "" },
    errors: shown.errors ?? {},
    link: shown.link,
  });
  return sitePage(c, { title: `Guests of promotion ${number}`, here: "inbox" }, content, status);
}

/** The pages of guests: a link that a code confirms, and the one promotion behind it. */
export const guestRoutes = new Hono<AppEnv>();

guestRoutes.get("/guest", async (c) => showCode(c, c.req.query("link") ?? ""));

guestRoutes.post("/guest/code", async (c) => {
  const { link } = await formFields(c, "link");
  const { db, at } = c.var;
  if (!c.var.mailer) throw new Refusal(409, "No mail server is set up, so no code can be sent.");
  const { guest, code } = await newCode(db, link, at);
  try {
    await sendLetter(c.var.mailer as Mailer, c.var.baseUrl, {
      to: { name: guest.name, address: guest.email },
      subject: `${code} is your code`,
      lead: `Your code is ${code}. It works for ${codeLifetimeMinutes} minutes. If you did not ask for it, ignore this mail.`,
      actions: [],
      why: "You get this because somebody opened your invitation.",
    });
  } catch (error) {
    return showCode(c, link, { error: `The code could not be sent: ${(error as Error).message}` });
  }
  return showCode(c, link, { sent: true });
});

guestRoutes.post("/guest/confirmation", async (c) => {
  const { link, code } = await formFields(c, "link", "code");
  const guest = await findGuest(c.var.db, link, c.var.at);
  try {
    const secret = await confirmCode(c.var.db, link, code, c.var.at);
    await recordSignIn(c, guest, "signed_in");
    keepCookie(c, guestCookie, secret);
  } catch (error) {
    const { errors } = shownRefusal(error);
    await recordSignIn(c, guest, "code_failed");
    return showCode(c, link, { sent: true, error: errors.code });
  }
  return c.redirect("/guest/review", 303);
});

/** For the administrators of the site. */
const recordSignIn = (c: Context<AppEnv>, { actor, site }: Guest, kind: "signed_in" | "code_failed") =>
  recordSecurityEvent(c.var.db, c.var.at, clientOf(c), {
    kind,
    personId: actor.person.id,
    siteId: site.id,
    ...(kind === "signed_in" && { detail: "as a guest, with a code" }),
  });

const guestCookie = "sitebook-guest";

async function showCode(c: Context<AppEnv>, link: string, state: { sent?: boolean; error?: string | undefined } = {}) {
  const guest = await findGuest(c.var.db, link, c.var.at);
  containsSecret(c);
  const content = codePage({
    link,
    site: guest.site.name,
    name: guest.name,
    email: maskedEmail(guest.email),
    ...state,
  });
  return signedOutPage(c, "Invitation", content, state.error ? 422 : 200);
}

guestRoutes.get("/guest/review", async (c) => showReview(c, await guestOf(c)));

guestRoutes.post("/guest/review", async (c) => {
  const guest = await guestOf(c);
  const { decision, comment, digest, seen } = await formFields(c, "decision", "comment", "digest", "seen");
  if (decision !== "approve" && decision !== "reject") return notFound("decision");
  const { site, promotion, actor } = guest;
  const ticks = { shown: await checkedValues(c, "shown"), ticked: await checkedValues(c, "ticked") };
  await saveTicks(c.var.db, actor, promotion, ticks);
  try {
    await decide(c.var.db, actor, site, promotion.number, { decision, digest, seen, comment });
  } catch (error) {
    const { errors, refused, status } = shownRefusal(error);
    return showReview(c, guest, { comment, errors, refused, ticked: ticks.ticked }, status as 409);
  }
  return c.redirect("/guest/review", 303);
});

async function guestOf(c: Context<AppEnv>): Promise<Guest> {
  const guest = await guestOfSession(c.var.db, readCookie(c, guestCookie) ?? "", c.var.at);
  if (guest) return guest;
  dropCookie(c, guestCookie);
  throw new Refusal(403, "Your time on this page has ended. Open the link in your mail again.");
}

interface RefusedReview {
  comment?: string;
  errors?: Record<string, string>;
  refused?: string | undefined;
  ticked?: string[];
}

async function showReview(
  c: Context<AppEnv>,
  { site, promotion, name, actor }: Guest,
  refused: RefusedReview = {},
  status: 200 | 409 | 422 = 200,
) {
  const details = await assessPromotion(c.var.db, site.id, promotion, c.var.at);
  const content = guestReviewPage({
    site,
    name,
    promotion: details,
    decided: details.approvals.findLast(
      ({ person_id, withdrawn_at }) => person_id === actor.person.id && !withdrawn_at,
    ),
    whyNot: whyNotDecide(promotion, actor),
    serversShow: (await seenDigest(c.var.db, site, promotion.number))?.digest,
    now: c.var.at,
    ...refused,
  });
  return signedOutPage(c, promotion.name, content, status);
}
