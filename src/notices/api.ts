import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, patchCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { idSchema, listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { rulesOf, setNoticeRules } from "./choices.ts";
import { type ListedNotice, listNotices, sendAgain } from "./queries.ts";
import { noticeKinds } from "./rules.ts";

const tags = ["Notices"];

export const noticeApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema });

const notice = z
  .object({
    id: idSchema,
    kind: z.enum(noticeKinds),
    person: z.string(),
    promotion: z.int().nullable(),
    event: z.int().openapi({ description: "The number of the event in the site's history." }),
    delivery: z.enum(["now", "daily", "weekly"]),
    state: z.enum(["waiting", "sent", "stopped", "refused", "bounced", "failed"]),
    reason: z.string().nullable().openapi({ description: "Why it was not sent, or not yet." }),
    created_at: momentSchema,
    ended_at: momentSchema.nullable(),
  })
  .openapi("Notice");

const noticeJson = (row: ListedNotice): z.infer<typeof notice> => {
  const { id, kind, person, promotion, seq, delivery, outcome, error, failed, created_at, ended_at } = row;
  const state = row.bounce ? "bounced" : failed ? "failed" : row.state;
  return { id, kind, person, promotion, event: seq, delivery, state, reason: outcome ?? error, created_at, ended_at };
};

const listCall = getCall("/sites/{site}/notices", {
  tags,
  operationId: "listNotices",
  summary: "What the people of a site were sent, newest first",
  description:
    "With why something was not sent. They are kept for 90 days. A token gets no notices, as it has no address: programs use webhooks, and each person selects what they get on the page of the site.",
  needs: "administer",
  params,
  query: z.strictObject(paging(z.strictObject({ id: idSchema }))),
  answer: listOf(notice),
});

noticeApi.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listNotices(c.var.db, c.var.access.site.id, { before: cursor?.id, limit: limit + 1 });
  return c.json(pageBy(rows, limit, noticeJson, "id"), 200);
});

const againCall = postCall("/sites/{site}/notices/{id}/again", {
  needs: "administer",
  tags,
  operationId: "sendNoticeAgain",
  summary: "Send a notice once more, now",
  description:
    "If it was sent before, its receiver gets the mail again, with the same Message-ID. Repeating the request before that is done changes nothing.",
  params: params.extend({ id: idSchema }),
  body: z.strictObject({}).openapi("NoticeRepetition"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, state: z.literal("waiting") }).openapi("RepeatedNotice"),
});

noticeApi.openapi(againCall, async (c) => {
  const { id } = c.req.valid("param");
  await sendAgain(c.var.db, c.var.access.site.id, id, c.var.at);
  return c.json({ id, state: "waiting" as const }, 201);
});

const rule = z.enum(["required", "optional", "off"]).openapi({
  description: "`required`: everyone gets it, and selects how often. `optional`: each person decides. `off`: nobody.",
});

const rules = z.object(Object.fromEntries(noticeKinds.map((kind) => [kind, rule]))).openapi("NoticeRules");

const rulesCall = getCall("/sites/{site}/notice-rules", {
  tags,
  operationId: "getNoticeRules",
  summary: "Which kinds of notices the people of a site get",
  needs: "administer",
  params,
  answer: rules,
});

noticeApi.openapi(rulesCall, async (c) => c.json(await rulesOf(c.var.db, c.var.access.site.id), 200));

const setRulesCall = patchCall("/sites/{site}/notice-rules", {
  needs: "administer",
  tags,
  operationId: "setNoticeRules",
  summary: "Set which kinds of notices the people of a site get",
  params,
  body: z
    .strictObject(Object.fromEntries(noticeKinds.map((kind) => [kind, rule.optional()])))
    .openapi("NoticeRulesChange"),
  answer: rules,
});

noticeApi.openapi(setRulesCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  await setNoticeRules(c.var.db, tokenActor(c, body), site, body as Record<string, string>);
  return c.json(await rulesOf(c.var.db, site.id), 200);
});
