import { Hono } from "hono";
import { changeField } from "../../views/promotions/changes.ts";
import { inboxPage } from "../../views/promotions/inbox.ts";
import { positionQuery } from "../../views/promotions/sections.ts";
import { withoutGatePage } from "../../views/promotions/without-gate.ts";
import { whereItIs } from "../../views/promotions/words.ts";
import { notFound, Refusal, refuse, refuseFields, shownRefusal } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { checkedValues, formFields, parseLine, prefixedFields, readExactMoment } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { listContents } from "../record/releases.ts";
import { artifactKey, inPart } from "../text.ts";
import { longTime } from "../time/format.ts";
import { completeWithoutGate, listForced, reviewForced } from "./break-glass.ts";
import { whyNotReviewForced } from "./break-glass-rules.ts";
import { mayDecide } from "./call-rights.ts";
import { tickLine } from "./checklist.ts";
import { addComment, readMentions } from "./comments.ts";
import { loadInbox } from "./inbox.ts";
import type { PageRequest } from "./page-comments.ts";
import { pageDrafts, savePageDrafts } from "./page-drafts.ts";
import { type RefusedForm, readPosition, showPromotion, showPromotionState } from "./promotion-page.ts";
import { cancel, complete, decide } from "./promotions.ts";
import { findPromotion, type Promotion } from "./queries.ts";
import { dismissRejection } from "./rejections.ts";
import { type ReviewTicks, saveSectionTicks, saveTicks } from "./review-ticks.ts";
import { rollBack } from "./rollback.ts";
import { rollbackErrors, showRollback } from "./rollback-page.ts";
import { schedulePromotion } from "./schedule.ts";
import { planOf, readPlanForm } from "./schedule-form.ts";
import { changedSince } from "./since-completion.ts";
import { withdrawApproval } from "./withdrawals.ts";

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

inboxRoutes.get("/without-gate", async (c) => {
  const { site } = c.var.access;
  const actor = sessionActor(c);
  const promotions = await listForced(c.var.db, site.id, { open: false });
  const list = promotions.map((promotion) => ({ promotion, mayReviewForced: !whyNotReviewForced(promotion, actor) }));
  const title = "Completed without the gate";
  return sitePage(c, { title, here: "inbox" }, withoutGatePage({ site, list, now: c.var.at }));
});

export const promotionRoutes = new Hono<SiteEnv>();

promotionRoutes.get("/", (c) => c.redirect(`/sites/${c.var.access.site.slug}/approvals`, 303));

promotionRoutes.get("/:number{[0-9]{1,9}}", async (c) => {
  const number = Number(c.req.param("number"));
  await readMentions(c.var.db, c.var.access.site, c.var.person, number);
  return showPromotion(c, number);
});

promotionRoutes.get("/:number{[0-9]{1,9}}/state", (c) => showPromotionState(c, Number(c.req.param("number"))));

promotionRoutes.post("/:number{[0-9]{1,9}}/comments", async (c) => {
  const number = Number(c.req.param("number"));
  const form = await formFields(c, "comment", "key");
  try {
    await addComment(c.var.db, sessionActor(c, form), c.var.access.site, number, form.comment);
  } catch (error) {
    const { status, errors, refused } = shownRefusal(error);
    const shown = { form: { remark: form.comment }, errors: { remark: errors.comment ?? "" }, refused };
    return showPromotion(c, number, shown, status as 403 | 409 | 422);
  }
  flash(c, "Comment added.");
  return c.redirect(`${base(c)}/${number}#discussion`, 303);
});

promotionRoutes.post("/:number{[0-9]{1,9}}/mentions/dismissal", async (c) => {
  await readMentions(c.var.db, c.var.access.site, c.var.person, Number(c.req.param("number")));
  return c.redirect(`/sites/${c.var.access.site.slug}/approvals`, 303);
});

// The ticks are saved before the decision, so that they stay if it is refused.
promotionRoutes.post("/:number{[0-9]{1,9}}/approvals", async (c) => {
  const number = Number(c.req.param("number"));
  const names = ["decision", "comment", "digest", "seen", "role", "anyway"] as const;
  const { decision, comment, digest, seen, role, anyway } = await formFields(c, ...names);
  const typed = await postedPages(c);
  const drafts = await savedPages(c, number);
  const pages = [...new Map([...drafts, ...typed].map((page) => [page.key, page])).values()].filter((page) =>
    page.comment.trim(),
  );
  return attempt(c, number, { comment, role, pages }, async () => {
    const { shown, ticked } = await postedTicks(c);
    if (shown.length || ticked.length || typed.length) await savePostedTicks(c, number);
    if (decision !== "approve" && decision !== "reject") {
      refuse(await mayDecide(c), 403);
      throw new Refusal(422, "Select Approve or Reject.");
    }
    const shownThen = { digest, seen, askFirst: anyway !== "1" };
    const request = { decision, ...shownThen, comment, pages, role: role || undefined } as const;
    const target = await decide(c.var.db, sessionActor(c), c.var.access.site, number, request, nameOfTarget);
    return decision === "approve" ? `You approved it for ${target}.` : "You rejected it.";
  });
});

/** Enough for the notice on the next page, and cheaper than assessing the promotion here too. */
const nameOfTarget = (_db: unknown, _site: unknown, _number: number, _now: string, { environment }: Promotion) =>
  environment.name;

// Saves the ticks of the pages that are shown, and with `mark` or `unmark` those of a whole section, such as /sale.
promotionRoutes.post("/:number{[0-9]{1,9}}/looks", async (c) => {
  const number = Number(c.req.param("number"));
  const { comment, mark, unmark } = await formFields(c, "comment", "mark", "unmark");
  const section = (mark || unmark).replace(/^\//, "");
  try {
    const promotion = await savePostedTicks(c, number);
    if (mark || unmark)
      await saveSectionTicks(c.var.db, sessionActor(c), promotion, { section, reviewed: mark !== "" });
  } catch (error) {
    return showRefused(c, number, { comment, pages: await postedPages(c) }, error);
  }
  return c.redirect(`${base(c)}/${number}${positionQuery(readPosition(c))}`, 303);
});

promotionRoutes.post("/:number{[0-9]{1,9}}/completion", async (c) => {
  const number = Number(c.req.param("number"));
  const names = ["effective_at", "overrides", "freeze_override"] as const;
  const { effective_at: when, overrides, freeze_override: override } = await formFields(c, ...names);
  const { at, note, wrong } = readExactMoment(c, when);
  return attempt(c, number, { when, override }, async () => {
    if (wrong) refuseFields([{ path: "effective_at", message: wrong }]);
    const { db, access } = c.var;
    const request = { effective_at: at, freeze_override: overrides ? override : undefined };
    const promotion = await complete(db, sessionActor(c), access.site, number, request);
    const contents = await listContents(db, promotion.release_id);
    const changed = await changedSince(db, promotion, contents);
    const place = whereItIs(promotion, changed, contents.length, (iso) => longTime(iso, access.site.time_zone));
    return ["Completed.", `It ${place}.`, note].filter(Boolean).join(" ");
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/schedule", async (c) => {
  const number = Number(c.req.param("number"));
  const form = { ...(await readPlanForm(c)), ...(await formFields(c, "key")) };
  const { plan, errors } = planOf(c, form);
  return attempt(c, number, { plan: form }, async () => {
    refuseFields(errors);
    await schedulePromotion(c.var.db, sessionActor(c, form), c.var.access.site, number, plan);
    return "Plan saved.";
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/withdrawal", async (c) => {
  const number = Number(c.req.param("number"));
  const { withdrawal } = await formFields(c, "withdrawal");
  return attempt(c, number, { withdrawal }, async () => {
    await withdrawApproval(c.var.db, sessionActor(c), c.var.access.site, number, withdrawal);
    return "You withdrew your approval.";
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/checklist", async (c) => {
  const number = Number(c.req.param("number"));
  const { line, ticked } = await formFields(c, "line", "ticked");
  return attempt(c, number, {}, async () => {
    await tickLine(c.var.db, sessionActor(c), c.var.access.site, number, { line, ticked: ticked === "1" });
    return ticked === "1" ? "Ticked." : "No longer ticked.";
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

promotionRoutes.post("/:number{[0-9]{1,9}}/break-glass", async (c) => {
  const number = Number(c.req.param("number"));
  const { force } = await formFields(c, "force");
  return attempt(c, number, { force }, async () => {
    const { db, access } = c.var;
    await renamingError(
      "reason",
      "force",
      completeWithoutGate(db, sessionActor(c), access.site, number, { reason: force }),
    );
    return "Completed without its gate. Somebody else has to review it.";
  });
});

promotionRoutes.post("/:number{[0-9]{1,9}}/forced-review", async (c) => {
  const number = Number(c.req.param("number"));
  const { review } = await formFields(c, "review");
  return attempt(c, number, { review }, async () => {
    await renamingError(
      "comment",
      "review",
      reviewForced(c.var.db, sessionActor(c), c.var.access.site, number, review),
    );
    return `The completion of promotion ${number} without its gate is reviewed.`;
  });
});

/** A page can have several reasons and comments, so their fields have other names than in the API. */
async function renamingError<T>(path: string, field: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof Refusal) || !error.errors.length) throw error;
    const errors = error.errors.map((each) => (each.path === path ? { ...each, path: field } : each));
    throw new Refusal(error.status, error.message, { errors });
  });
}

promotionRoutes.get("/:number{[0-9]{1,9}}/rollback", (c) => showRollback(c, Number(c.req.param("number"))));

promotionRoutes.post("/:number{[0-9]{1,9}}/rollback", async (c) => {
  const number = Number(c.req.param("number"));
  const form = await formFields(c, "reason", "key");
  const values = await checkedValues(c, "line");
  const contents = values.map(parseLine);
  try {
    const request = { reason: form.reason, contents };
    const posted = { ...form, values };
    const rollback = await rollBack(c.var.db, sessionActor(c, posted), c.var.access.site, number, request);
    flash(c, `Rollback${inPart(rollback.rollback_in_part)} requested: promotion ${rollback.number}.`);
    return c.redirect(`${base(c)}/${rollback.number}`, 303);
  } catch (error) {
    const { status, refused } = shownRefusal(error);
    const errors = rollbackErrors(error instanceof Refusal ? error.errors : [], contents);
    const filled = {
      selected: new Set(contents.map(artifactKey)),
      reason: form.reason,
      errors,
      refused: errors.contents ?? refused,
    };
    return showRollback(c, number, filled, status as 403 | 409 | 422);
  }
});

promotionRoutes.post("/:number{[0-9]{1,9}}/dismissal", async (c) => {
  const number = Number(c.req.param("number"));
  return attempt(
    c,
    number,
    {},
    async () => {
      await dismissRejection(c.var.db, sessionActor(c), c.var.access.site, number);
      return `Rejection of promotion ${number} dismissed. It is still in the history.`;
    },
    `/sites/${c.var.access.site.slug}/approvals`,
  );
});

/** Carries the action out and shows the promotion with its notice, or after a refusal with what was typed. */
async function attempt(
  c: SiteContext,
  number: number,
  form: RefusedForm["form"],
  act: () => Promise<string>,
  next = `${base(c)}/${number}`,
) {
  try {
    flash(c, await act());
    return c.redirect(next, 303);
  } catch (error) {
    return showRefused(c, number, form, error);
  }
}

async function showRefused(c: SiteContext, number: number, form: RefusedForm["form"], error: unknown) {
  const ticks = await postedTicks(c);
  if (error instanceof Refusal && error.code === "not_reviewed")
    return showPromotion(c, number, { form, ticks, ask: error.message }, 409);
  const { status, errors, refused } = shownRefusal(error);
  const shown = { ...errorsByPage(errors, form?.pages ?? []), refused: refused ?? notBesideField(errors) };
  return showPromotion(c, number, { form, ticks, ...shown }, status as 403 | 409 | 422);
}

/** The errors of `pages.3.comment` under the name of that page's field. */
function errorsByPage(errors: Record<string, string>, pages: PageRequest[]) {
  const named = Object.entries(errors).map(([path, message]) => {
    const [, i] = /^pages\.(\d+)\.comment$/.exec(path) ?? [];
    return [i ? changeField(pages[Number(i)]?.key ?? "") : path, message];
  });
  return { errors: Object.fromEntries(named) as Record<string, string> };
}

/** What is wrong with the pages as a whole, or with one that has no field, is shown above the page. */
const notBesideField = (errors: Record<string, string>): string | undefined =>
  Object.entries(errors).find(([path]) => path === "pages" || path.endsWith(".key"))?.[1];

async function postedPages(c: SiteContext): Promise<PageRequest[]> {
  return (await prefixedFields(c, changeField(""))).map(([key, comment]) => ({ key, comment }));
}

/** What this person wrote before, also in sections that are not shown now. */
async function savedPages(c: SiteContext, number: number): Promise<PageRequest[]> {
  const drafts = await pageDrafts(c.var.db, c.var.access.site.id, number, c.var.person.id);
  return [...drafts].map(([key, comment]) => ({ key, comment }));
}

async function savePostedTicks(c: SiteContext, number: number): Promise<Promotion> {
  const promotion = (await findPromotion(c.var.db, c.var.access.site.id, number)) ?? notFound(`promotion ${number}`);
  await saveTicks(c.var.db, sessionActor(c), promotion, await postedTicks(c));
  await savePageDrafts(c.var.db, sessionActor(c), c.var.access.site.id, promotion, await postedPages(c));
  return promotion;
}

async function postedTicks(c: SiteContext): Promise<ReviewTicks> {
  return { shown: await checkedValues(c, "shown"), ticked: await checkedValues(c, "looked") };
}

const base = (c: SiteContext) => `/sites/${c.var.access.site.slug}/promotions`;
