import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { listOf, numberInQuery, numberPosition, numberSchema, paging, slugSchema, textUpTo } from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { promotionDetails } from "./assessment.ts";
import { canPromote } from "./eligibility.ts";
import { perRequestField, requestFields } from "./fields.ts";
import { promotionJson, withBlockersJson } from "./promotion-json.ts";
import {
  blockersSchema,
  byNumber,
  inSite,
  promotionSchema,
  stateSchema,
  tags,
  withBlockersSchema,
} from "./promotion-schema.ts";
import { requestPromotion } from "./promotions.ts";
import { listInState, listPromotions } from "./queries.ts";
import { planFields, readPlan } from "./schedule-json.ts";
import { seenDigest } from "./seen-texts.ts";

export const promotionApi = new OpenAPIHono<SiteEnv>();

const requestCall = postCall("/sites/{site}/promotions", {
  needs: "promote",
  tags,
  operationId: "askForPromotion",
  summary: "Request promotion of a release to an environment",
  params: inSite,
  body: z
    .strictObject({
      release: numberSchema,
      to: slugSchema.openapi({ example: "demo" }),
      ...perRequestField((name) => textUpTo(requestFields[name].maxLength).optional()),
      ...planFields,
    })
    .openapi("NewPromotion"),
  answer: withBlockersSchema,
});

promotionApi.openapi(requestCall, async (c) => {
  const body = c.req.valid("json");
  const request = { ...body, plan: readPlan(c, body) };
  return c.json(
    withBlockersJson(await requestPromotion(c.var.db, tokenActor(c, body), c.var.access.site, request)),
    201,
  );
});

const listCall = getCall("/sites/{site}/promotions", {
  tags,
  operationId: "listPromotions",
  summary: "A site's promotions, newest first",
  description: "Blockers are only given with a single promotion.",
  params: inSite,
  query: z.strictObject({ state: stateSchema.optional(), ...paging(numberPosition) }),
  answer: listOf(promotionSchema.openapi("Promotion")),
});

promotionApi.openapi(listCall, async (c) => {
  const { state, limit, cursor } = c.req.valid("query");
  const page = { before: cursor?.number, limit: limit + 1 };
  const { db } = c.var;
  const siteId = c.var.access.site.id;
  const rows = await (state ? listInState(db, siteId, state, page) : listPromotions(db, siteId, page));
  return c.json(pageBy(rows, limit, promotionJson, "number"), 200);
});

const showCall = getCall("/sites/{site}/promotions/{n}", {
  tags,
  operationId: "getPromotion",
  summary: "One promotion, with everything that blocks it",
  params: byNumber,
  answer: withBlockersSchema,
});

promotionApi.openapi(showCall, async (c) => {
  const { n } = c.req.valid("param");
  const { db, access, at } = c.var;
  const found = (await promotionDetails(db, access.site.id, n, at)) ?? notFound(`promotion ${n}`);
  const seen = await seenDigest(db, access.site, n);
  return c.json({ ...withBlockersJson(found), ...(seen && { seen }) }, 200);
});

const canCall = getCall("/sites/{site}/can-promote", {
  tags,
  operationId: "canPromote",
  summary: "Whether a release could be promoted to an environment now, with everything that blocks it",
  params: inSite,
  query: z.strictObject({ release: numberInQuery, to: slugSchema.openapi({ example: "live" }) }),
  mayConflict: true,
  answer: z.object({ allowed: z.boolean(), blockers: blockersSchema }).openapi("CanPromote"),
});

promotionApi.openapi(canCall, async (c) => {
  const request = c.req.valid("query");
  const { allowed, blockers } = await canPromote(c.var.db, tokenActor(c, request), c.var.access.site, request);
  return c.json({ allowed, blockers }, 200);
});
