import { Hono } from "hono";
import { approvalsPage } from "../../views/promotions/inbox.ts";
import { notFound, Refusal, refuseFields, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields, readMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { loadInbox } from "./inbox.ts";
import { type RefusedForm, showPromotion } from "./promotion-page.ts";
import { cancel, complete, decide } from "./promotions.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { type ReviewTicks, saveTicks } from "./review-ticks.ts";

/** The inbox. */
export const inboxRoutes = new Hono<SiteEnv>();

inboxRoutes.get("/", async (c) => {
  const show = (["needs", "others", "done"] as const).find((one) => one === c.req.query("show"));
  const before = /^\d{1,9}$/.test(c.req.query("before") ?? "") ? Number(c.req.query("before")) : undefined;
  const box = await loadInbox(c.var.db, sessionActor(c), c.var.access.site, {
    before,
    limit: show === "done" ? 50 : 10,
  });
  return sitePage(
    c,
    { title: "Inbox", here: "inbox" },
    approvalsPage({ ...box, site: c.var.access.site, show, before, by: sessionActor(c), now: c.var.at }),
  );
});

export const promotionRoutes = new Hono<SiteEnv>();

promotionRoutes.get("/", (c) => c.redirect(`/sites/${c.var.access.site.slug}/approvals`, 303));

promotionRoutes.get("/:number{[0-9]{1,9}}", (c) => showPromotion(c, Number(c.req.param("number"))));

/** Keeps the ticks, then the decision: what was looked at stays ticked where the decision is refused. */

promotionRoutes.post("/:number{[0-9]{1,9}}/approvals", async (c) => {
  const number = Number(c.req.param("number"));
  const { decision, comment, digest } = await formFields(c, "decision", "comment", "digest");
  const { shown, looked } = await ticks(c);
  if (shown.length || looked.length) await savePostedTicks(c, number);
  return attempt(c, number, { comment }, async () => {
    if (decision !== "approve" && decision !== "reject")
      throw new Refusal(422, "Say whether you approve or reject it.");
    const verdict = { decision, digest, comment } as const;
    const place = await decide(c.var.db, sessionActor(c), c.var.access.site, number, verdict, nameOfTarget);
    return decision === "approve" ? `You approved it for ${place}.` : "You rejected it.";
  });
});

/** All that the next page says of it, which shows the rest itself. */
const nameOfTarget = (_db: unknown, _site: unknown, _number: number, { environment }: Promotion) => environment.name;

promotionRoutes.post("/:number{[0-9]{1,9}}/looks", async (c) => {
  const number = Number(c.req.param("number"));
  await savePostedTicks(c, number);
  const part = c.req.query("from");
  return c.redirect(`${base(c)}/${number}${part ? `?from=${encodeURIComponent(part)}` : ""}`, 303);
});

promotionRoutes.post("/:number{[0-9]{1,9}}/completion", async (c) => {
  const number = Number(c.req.param("number"));
  const { effective_at: when } = await formFields(c, "effective_at");
  const { at, note, wrong } = readMoment(c, when);
  return attempt(c, number, { when }, async () => {
    if (wrong) refuseFields([{ path: "effective_at", message: wrong }]);
    const done = await complete(c.var.db, sessionActor(c), c.var.access.site, number, { effective_at: at });
    return ["Completed.", `It is on ${done.environment.name}.`, note].filter(Boolean).join(" ");
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/cancellation", async (c) => {
  const number = Number(c.req.param("number"));
  const { reason } = await formFields(c, "reason");
  return attempt(c, number, { reason }, async () => {
    await cancel(c.var.db, sessionActor(c), c.var.access.site, number, reason);
    return "It is cancelled.";
  });
});

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
  await saveTicks(c.var.db, sessionActor(c), promotion, await ticks(c));
}

async function ticks(c: SiteContext): Promise<ReviewTicks> {
  return { shown: await checkedValues(c, "shown"), looked: await checkedValues(c, "looked") };
}

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/promotions`;
