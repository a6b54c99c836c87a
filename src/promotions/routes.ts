import { Hono } from "hono";
import { inboxPage } from "../../views/promotions/inbox.ts";
import { notFound, Refusal, refuseFields, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields, readExactMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { loadInbox } from "./inbox.ts";
import { type RefusedForm, showPromotion } from "./promotion-page.ts";
import { cancel, complete, decide } from "./promotions.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { type ReviewTicks, saveTicks } from "./review-ticks.ts";

export const inboxRoutes = new Hono<SiteEnv>();

inboxRoutes.get("/", async (c) => {
  const show = (["needs", "others", "done"] as const).find((pile) => pile === c.req.query("show"));
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const inbox = await loadInbox(c.var.db, sessionActor(c), c.var.access.site, {
    before,
    limit: show === "done" ? 50 : 10,
  });
  return sitePage(
    c,
    { title: "Inbox", here: "inbox" },
    inboxPage({ ...inbox, site: c.var.access.site, show, before, actor: sessionActor(c), now: c.var.at }),
  );
});

export const promotionRoutes = new Hono<SiteEnv>();

promotionRoutes.get("/", (c) => c.redirect(`/sites/${c.var.access.site.slug}/approvals`, 303));

promotionRoutes.get("/:number{[0-9]{1,9}}", (c) => showPromotion(c, Number(c.req.param("number"))));

// The ticks are saved before the decision, so that they stay if it is refused.
promotionRoutes.post("/:number{[0-9]{1,9}}/approvals", async (c) => {
  const number = Number(c.req.param("number"));
  const { decision, comment, digest } = await formFields(c, "decision", "comment", "digest");
  const { shown, ticked } = await postedTicks(c);
  if (shown.length || ticked.length) await savePostedTicks(c, number);
  return attempt(c, number, { comment }, async () => {
    if (decision !== "approve" && decision !== "reject") throw new Refusal(422, "Select Approve or Reject.");
    const request = { decision, digest, comment } as const;
    const target = await decide(c.var.db, sessionActor(c), c.var.access.site, number, request, nameOfTarget);
    return decision === "approve" ? `You approved it for ${target}.` : "You rejected it.";
  });
});

/** Enough for the notice on the next page, and cheaper than assessing the promotion here too. */
const nameOfTarget = (_db: unknown, _site: unknown, _number: number, { environment }: Promotion) => environment.name;

promotionRoutes.post("/:number{[0-9]{1,9}}/looks", async (c) => {
  const number = Number(c.req.param("number"));
  await savePostedTicks(c, number);
  const from = c.req.query("from");
  return c.redirect(`${base(c)}/${number}${from ? `?from=${encodeURIComponent(from)}` : ""}`, 303);
});

promotionRoutes.post("/:number{[0-9]{1,9}}/completion", async (c) => {
  const number = Number(c.req.param("number"));
  const { effective_at: when } = await formFields(c, "effective_at");
  const { at, note, wrong } = readExactMoment(c, when);
  return attempt(c, number, { when }, async () => {
    if (wrong) refuseFields([{ path: "effective_at", message: wrong }]);
    const { environment } = await complete(c.var.db, sessionActor(c), c.var.access.site, number, { effective_at: at });
    return ["Completed.", `It is on ${environment.name}.`, note].filter(Boolean).join(" ");
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/cancellation", async (c) => {
  const number = Number(c.req.param("number"));
  const { reason } = await formFields(c, "reason");
  return attempt(c, number, { reason }, async () => {
    await cancel(c.var.db, sessionActor(c), c.var.access.site, number, reason);
    return `Promotion ${number} cancelled.`;
  });
});

/** Carries the action out and shows the promotion with its notice, or after a refusal with what was typed. */
async function attempt(c: SiteContext, number: number, form: RefusedForm["form"], act: () => Promise<string>) {
  try {
    flash(c, await act());
    return c.redirect(`${base(c)}/${number}`, 303);
  } catch (error) {
    const { status, ...refusal } = shownRefusal(error);
    return showPromotion(c, number, { form, ...refusal }, status as 403 | 409 | 422);
  }
}

async function savePostedTicks(c: SiteContext, number: number) {
  const promotion = (await findPromotion(c.var.db, c.var.access.site.id, number)) ?? notFound(`promotion ${number}`);
  await saveTicks(c.var.db, sessionActor(c), promotion, await postedTicks(c));
}

async function postedTicks(c: SiteContext): Promise<ReviewTicks> {
  return { shown: await checkedValues(c, "shown"), ticked: await checkedValues(c, "looked") };
}

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/promotions`;
