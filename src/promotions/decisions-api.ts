import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { postCall } from "../api/calls.ts";
import { actWithReason, reasonCall } from "../api/reason-calls.ts";
import { knownKey, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { mayDecide, mayTick, mayWithdraw } from "./call-rights.ts";
import { tickLine } from "./checklist.ts";
import { withBlockersJson } from "./promotion-json.ts";
import { byNumber, decisionSchema, digestSchema, tags, withBlockersSchema } from "./promotion-schema.ts";
import { decide } from "./promotions.ts";
import { withdrawApproval } from "./withdrawals.ts";

export const decisionApi = new OpenAPIHono<SiteEnv>();

const decideCall = postCall("/sites/{site}/promotions/{n}/approvals", {
  needs: mayDecide,
  tags,
  operationId: "decideOnPromotion",
  summary: "Approve or reject a promotion",
  description:
    "A decision is for exactly what was reviewed: 409 if the digest is not the promotion's. A rejection needs a comment, or one on at least one page, and ends the promotion.",
  params: byNumber,
  body: z
    .strictObject({
      decision: decisionSchema,
      digest: digestSchema,
      seen: z.string().optional().openapi({
        description:
          "`seen.digest` of the promotion when it was reviewed: 409 if its servers show something else by now. Without it, that is not checked.",
      }),
      role: z.string().optional().openapi({
        description:
          "Which role to decide in: needed to approve if several of the token's roles have approvals missing.",
        example: "tester",
      }),
      comment: textUpTo(10_000).optional(),
      pages: z
        .array(z.strictObject({ key: knownKey, comment: textUpTo(10_000) }))
        .optional()
        .openapi({ description: "Only of a rejection: what should change on single pages of the release." }),
    })
    .openapi("NewApproval"),
  answer: withBlockersSchema,
});

decisionApi.openapi(decideCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await decide(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const withdrawCall = reasonCall("/sites/{site}/promotions/{n}/withdrawal", {
  needs: mayWithdraw,
  tags,
  operationId: "withdrawApproval",
  summary: "Withdraw one's own approval",
  description: "Until the promotion has ended. It then waits again, and the same person may approve it again.",
  body: "NewWithdrawal",
  maxLength: 10_000,
  answer: withBlockersSchema,
});

decisionApi.openapi(withdrawCall, async (c) => {
  return c.json(withBlockersJson(await actWithReason(c, withdrawApproval)), 201);
});

const tickCall = postCall("/sites/{site}/promotions/{n}/checklist", {
  needs: mayTick,
  tags,
  operationId: "tickChecklist",
  summary: "Tick a line of the gate's checklist, or take the tick away",
  params: byNumber,
  body: z.strictObject({ line: textUpTo(300), ticked: z.boolean() }).openapi("NewTick"),
  answer: withBlockersSchema,
});

decisionApi.openapi(tickCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await tickLine(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});
