import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { actWithReason, reasonCall } from "../api/reason-calls.ts";
import { listOf, momentSchema, numberPosition, paging, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { completeWithoutGate, listForced } from "./break-glass.ts";
import { mayComplete } from "./call-rights.ts";
import { promotionJson, withBlockersJson } from "./promotion-json.ts";
import { byNumber, inSite, promotionSchema, tags, withBlockersSchema } from "./promotion-schema.ts";
import { cancel, complete } from "./promotions.ts";

export const completionApi = new OpenAPIHono<SiteEnv>();

const completeCall = postCall("/sites/{site}/promotions/{n}/completion", {
  needs: mayComplete,
  tags,
  operationId: "completePromotion",
  summary: "Record that a promotion's contents are in the target environment",
  params: byNumber,
  body: z
    .strictObject({
      effective_at: momentSchema.optional().openapi({ description: "Since when; now if missing." }),
      freeze_override: textUpTo(1000).optional().openapi({
        description: "Why it is completed although the target is frozen. Needs a role that may override freezes.",
      }),
    })
    .openapi("NewCompletion"),
  mayBeEmpty: true,
  answer: withBlockersSchema,
});

completionApi.openapi(completeCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await complete(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const cancelCall = reasonCall("/sites/{site}/promotions/{n}/cancellation", {
  needs: mayComplete,
  tags,
  operationId: "cancelPromotion",
  summary: "Cancel a promotion",
  body: "NewCancellation",
  maxLength: 10_000,
  answer: withBlockersSchema,
});

completionApi.openapi(cancelCall, async (c) => {
  return c.json(withBlockersJson(await actWithReason(c, cancel)), 201);
});

const breakGlassCall = postCall("/sites/{site}/promotions/{n}/break-glass", {
  needs: "break_glass",
  tags,
  operationId: "completeWithoutGate",
  summary: "Complete a promotion although its gate is not met",
  description:
    "Needs the permission for it. What blocked it is kept with the reason, it is flagged wherever it shows, and somebody else has to review it. A release that is marked as bad is refused.",
  params: byNumber,
  body: z
    .strictObject({
      reason: textUpTo(10_000),
      effective_at: momentSchema.optional().openapi({ description: "Since when; now if missing." }),
    })
    .openapi("NewForcedCompletion"),
  answer: withBlockersSchema,
});

completionApi.openapi(breakGlassCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const actor = tokenActor(c, body);
  return c.json(withBlockersJson(await completeWithoutGate(c.var.db, actor, c.var.access.site, n, body)), 201);
});

const forcedCall = getCall("/sites/{site}/forced-completions", {
  tags,
  operationId: "listForcedCompletions",
  summary: "What was completed without its gate, newest first",
  description: "Reviewing it is for people, on the page: a token that could do so would belong to whoever created it.",
  params: inSite,
  query: z.strictObject({
    open: z.enum(["true", "false"]).optional().openapi({ description: "`true`: only what nobody has reviewed yet." }),
    ...paging(numberPosition),
  }),
  answer: listOf(promotionSchema),
});

completionApi.openapi(forcedCall, async (c) => {
  const { open, limit, cursor } = c.req.valid("query");
  const page = { open: open === "true", before: cursor?.number, limit: limit + 1 };
  const rows = await listForced(c.var.db, c.var.access.site.id, page);
  return c.json(pageBy(rows, limit, promotionJson, "number"), 200);
});
