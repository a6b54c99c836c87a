import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { postCall } from "../api/calls.ts";
import type { SiteEnv } from "../http/context.ts";
import { maySchedule } from "./call-rights.ts";
import { withBlockersJson } from "./promotion-json.ts";
import { byNumber, tags, withBlockersSchema } from "./promotion-schema.ts";
import { schedulePromotion } from "./schedule.ts";
import { planFields, readPlan } from "./schedule-json.ts";

export const scheduleApi = new OpenAPIHono<SiteEnv>();

const scheduleCall = postCall("/sites/{site}/promotions/{n}/schedule", {
  needs: maySchedule,
  tags,
  operationId: "schedulePromotion",
  summary: "Plan when a promotion goes live, change the plan, or withdraw it",
  description:
    "The plan replaces the one before: a field that is missing is not planned. Possible until the promotion has ended, for those who complete it and for administrators.",
  params: byNumber,
  body: z.strictObject(planFields).openapi("NewSchedule"),
  answer: withBlockersSchema,
});

scheduleApi.openapi(scheduleCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const plan = readPlan(c, body);
  const promotion = await schedulePromotion(c.var.db, tokenActor(c, body), c.var.access.site, n, plan);
  return c.json(withBlockersJson(promotion), 201);
});
