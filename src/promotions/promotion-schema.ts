import { z } from "@hono/zod-openapi";
import {
  beforeApprovalSchema,
  keySchema,
  momentSchema,
  nameThenSchema,
  numberInPath,
  personKindSchema,
  slugSchema,
} from "../api/schemas.ts";
import { perRequestField } from "./fields.ts";
import { scheduleSchema } from "./schedule-json.ts";

export const tags = ["Promotions"];

export const inSite = z.object({ site: slugSchema });

export const byNumber = z.object({ site: slugSchema, n: numberInPath });

export const stateSchema = z.enum([
  "waiting",
  "approved",
  "completed",
  "rejected",
  "cancelled",
  "superseded",
  "expired",
]);

export const decisionSchema = z.enum(["approve", "reject"]);

export const digestSchema = z
  .string()
  .openapi({ description: "Binds an approval to the release's contents, the target environment and its gate." });

export const blockersSchema = z
  .array(z.object({ code: z.string().openapi({ example: "approvals_missing" }), message: z.string() }))
  .openapi({ description: "Everything that blocks it, all at once." });

export const promotionSchema = z.object({
  number: z.int(),
  state: stateSchema,
  release: z.int(),
  name: z.string().openapi({ description: "The release's name." }),
  from: slugSchema.openapi({ example: "demo" }),
  to: slugSchema.openapi({ example: "live" }),
  digest: digestSchema,
  ...perRequestField(() => z.string().nullable()),
  rollback_of: z.int().nullable().openapi({
    description: "The number of the promotion that this one rolls back. Then `from` is the same as `to`.",
  }),
  rollback_in_part: z.boolean().openapi({ description: "Whether only some of what it replaced was chosen." }),
  gate: z.object({ version: z.int() }).nullable().openapi({
    description: "The gate under which it was requested, and which it keeps; null: there was none.",
  }),
  gate_changed: z.boolean().openapi({
    description: "Whether the environment has another gate by now. To apply it, request the promotion again.",
  }),
  asked_by: nameThenSchema,
  asked_by_kind: personKindSchema,
  asked_at: momentSchema,
  schedule: scheduleSchema,
  requirements: z.array(
    z.object({
      role: z.string(),
      needed: z.int(),
      given: z.int(),
      people: z
        .array(
          z.object({
            person: z.string(),
            kind: personKindSchema,
            for: z.string().nullable().openapi({
              description: "Who is away, if this is their substitute. The two of them count as one.",
            }),
          }),
        )
        .optional()
        .openapi({
          description: "Who can give the approvals that are missing. Only with a single open promotion.",
        }),
    }),
  ),
  approvals: z.array(
    z.object({
      person: nameThenSchema,
      for: z.string().nullable().openapi({ description: "Who was away, if their substitute decided." }),
      kind: personKindSchema,
      role: z.string(),
      decision: decisionSchema,
      comment: z.string().nullable(),
      decided_at: momentSchema,
      reviewed: z.int().nullable().openapi({
        description: "How many of `to_review` pages they had ticked as reviewed; null for a machine.",
      }),
      to_review: z.int().nullable(),
      identity: z.string().nullable().openapi({
        description: "How it is known who a guest is, who has no account; null for everyone else.",
        example: "code sent to j…@agency.example",
      }),
      carried_over: z
        .object({ promotion: z.int(), pages: z.array(keySchema) })
        .nullable()
        .openapi({
          description: "The pages of the same version that they had approved on an earlier promotion already.",
        }),
      pages: z
        .array(z.object({ key: keySchema, comment: z.string() }))
        .openapi({ description: "What a rejection asks to be changed on single pages." }),
      withdrawn_at: momentSchema.nullable().openapi({ description: "Since when it no longer counts." }),
      withdrawal_reason: z.string().nullable(),
    }),
  ),
  checklist: z
    .array(
      z.object({
        line: z.string(),
        ticked_by: z.string().nullable(),
        kind: personKindSchema.nullable(),
        ticked_at: momentSchema.nullable(),
      }),
    )
    .openapi({ description: "What the gate asks to be ticked before completion." }),
  completion: z
    .object({
      person: nameThenSchema,
      kind: personKindSchema,
      completed_at: momentSchema,
      deployment: z.int(),
      effective_at: momentSchema,
      corrected: z.boolean().openapi({ description: "Part of what it recorded was corrected since." }),
      before_approval: beforeApprovalSchema,
      freeze_override: z.string().nullable().openapi({
        description: "Why it was completed although the target was frozen; null: it was not frozen.",
      }),
      rolled_back_by: z.int().nullable().openapi({
        description:
          "The number of the latest completed promotion that put back what this one replaced, or part of it.",
      }),
      rolled_back_in_part: z.boolean().openapi({ description: "Whether that put back only some of it." }),
      forced: z
        .object({
          reason: z.string(),
          passed_over: blockersSchema,
          review: z
            .object({
              person: nameThenSchema,
              kind: personKindSchema,
              comment: z.string().nullable(),
              reviewed_at: momentSchema,
            })
            .nullable()
            .openapi({ description: "null: nobody else has reviewed it yet." }),
        })
        .nullable()
        .openapi({ description: "It was completed without its gate: why, and what blocked it." }),
    })
    .nullable(),
  cancellation: z
    .object({
      person: nameThenSchema,
      kind: personKindSchema,
      cancelled_at: momentSchema,
      reason: z.string(),
      superseded_by: z.int().nullable(),
    })
    .nullable(),
});

export const withBlockersSchema = promotionSchema
  .extend({
    blockers: blockersSchema,
    seen: z.object({ pages: z.int(), digest: z.string() }).optional().openapi({
      description:
        "Of how many of its pages visits have seen what `from` and `to` show, and the digest of that. Only of `getPromotion`, and only if they have seen any.",
    }),
  })
  .openapi("PromotionWithBlockers");
