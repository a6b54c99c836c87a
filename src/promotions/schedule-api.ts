import { z } from "@hono/zod-openapi";
import { momentSchema, momentText, nameThenSchema, personKindSchema } from "../api/schemas.ts";
import { refuseFields } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import type { Promotion } from "./queries.ts";
import { planOf } from "./schedule-form.ts";
import type { Plan } from "./schedule-rules.ts";

/** The fields of a plan in the body of a call. */
export const planFields = {
  go_live_at: momentText.nullable().optional().openapi({
    description: "When it is planned to be completed: a moment to come. null: no moment is planned.",
  }),
  by_itself: z.boolean().optional().openapi({
    description:
      "Whether the deployment happens by itself then. Sitebook completes the promotion at that moment if nothing blocks it; otherwise it reminds those who complete it.",
  }),
};

/** The plan in a body; undefined if it has none. Throws a Refusal with 422 if a moment cannot be read. */
export function readPlan(
  c: SiteContext,
  body: { go_live_at?: string | null | undefined; by_itself?: boolean | undefined },
): Plan {
  const { plan, errors } = planOf(c, body);
  refuseFields(errors);
  return plan;
}

export const scheduleSchema = z
  .object({
    go_live_at: momentSchema.nullable(),
    by_itself: z.boolean(),
    person: nameThenSchema,
    kind: personKindSchema,
    planned_at: momentSchema,
    not_completed_because: z.string().nullable().openapi({
      description:
        "Why Sitebook could not complete it at its moment. Null before that, or if somebody only has to do it.",
    }),
  })
  .nullable()
  .openapi({ description: "The plan that counts; null: nothing was planned." });

export function scheduleJson(schedule: Promotion["schedule"]): z.infer<typeof scheduleSchema> {
  if (!schedule) return null;
  const { go_live_at, by_itself, person, kind, planned_at, go_live_due } = schedule;
  return { go_live_at, by_itself, person, kind, planned_at, not_completed_because: go_live_due?.reason ?? null };
}
