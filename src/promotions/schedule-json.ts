import { z } from "@hono/zod-openapi";
import { documented, momentSchema, momentText, nameThenSchema, personKindSchema, textUpTo } from "../api/schemas.ts";
import { refuseFields } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import type { Promotion } from "./queries.ts";
import { planOf, type TypedPlan } from "./schedule-form.ts";
import type { Plan } from "./schedule-rules.ts";
import { takeDowns } from "./take-down-rules.ts";

/** The fields of a plan in the body of a call. */
export const planFields = {
  go_live_at: momentText.nullable().optional().openapi({
    description: "When it is planned to be completed: a moment to come. null: no moment is planned.",
  }),
  by_itself: z.boolean().optional().openapi({
    description:
      "Whether the deployment happens by itself then. Sitebook completes the promotion at that moment if nothing blocks it; otherwise it reminds those who complete it.",
  }),
  take_down_at: momentText.nullable().optional().openapi({
    description:
      "When it is planned to be taken down again, after `go_live_at`. At that moment Sitebook requests the prepared promotion, which the approvals of this one cover.",
  }),
  take_down: z.enum(takeDowns).nullable().optional().openapi({
    description:
      "What the take-down does: it removes the pages that the promotion adds or changes, or restores all that the target had before. Fixed once approvals cover it.",
  }),
  take_down_redirect: textUpTo(2000).nullable().optional().openapi({
    description:
      "Where visitors of the pages that the take-down removes are to be led: a path of the site, or a web address. null: nowhere. Fixed once approvals cover it.",
  }),
  take_down_by_itself: z.boolean().optional().openapi({ description: "Whether the take-down happens by itself then." }),
};

/** The plan in a body. Throws a Refusal with 422 if a moment cannot be read. */
export function readPlan(c: SiteContext, body: TypedPlan): Plan {
  const { plan, errors } = planOf(c, body);
  refuseFields(errors);
  return plan;
}

export const scheduleSchema = z
  .object({
    go_live_at: momentSchema.nullable(),
    by_itself: z.boolean(),
    take_down_at: momentSchema.nullable(),
    take_down: z.enum(takeDowns).nullable(),
    take_down_redirect: z.string().nullable(),
    take_down_by_itself: z.boolean(),
    take_down_release: z.int().nullable().openapi({
      description: "The number of the release with the prepared contents of the take-down, which approvals cover.",
    }),
    taken_down_by: z.int().nullable().openapi({ description: "The number of the promotion that takes it down." }),
    not_taken_down_because: z.string().nullable().openapi({
      description: "Why Sitebook could not take it down at its moment.",
    }),
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
  return documented(scheduleSchema.unwrap(), {
    ...schedule,
    not_taken_down_because: schedule.take_down_due?.reason ?? null,
    not_completed_because: schedule.go_live_due?.reason ?? null,
  });
}
