import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { postCall } from "../api/calls.ts";
import {
  environmentSlug,
  keySchema,
  kindSchema,
  momentSchema,
  numberSchema,
  slugSchema,
  textUpTo,
  versionLabel,
} from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { correct } from "./corrections.ts";
import { maxReasonLength } from "./rules.ts";

export const correctionApi = new OpenAPIHono<SiteEnv>();

const correctCall = postCall("/sites/{site}/corrections", {
  needs: "correct",
  tags: ["Corrections"],
  operationId: "correct",
  summary: "Correct what was recorded wrongly",
  description:
    "Marks a deployment’s line for one page or software item, or, without kind and key, the whole deployment as wrong. Nothing is deleted: from now on it no longer counts, and `known_at` before now still shows it. Needs a role that may correct the record.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      deployment: numberSchema.openapi({ description: "The number of the deployment to correct." }),
      kind: kindSchema.optional(),
      key: keySchema.optional(),
      reason: textUpTo(maxReasonLength),
      stands: z
        .boolean()
        .optional()
        .openapi({ description: "true: undo the latest correction, since the record was right." }),
      instead: z
        .strictObject({
          version: versionLabel,
          environment: environmentSlug.optional().openapi({ description: "If missing: the same environment." }),
          effective_at: momentSchema.optional().openapi({ description: "If missing: the same moment." }),
        })
        .optional()
        .openapi({ description: "What is right, recorded as a new deployment in the same step." }),
    })
    .openapi("NewCorrection"),
  answer: z
    .object({
      deployment: z.int(),
      corrected: z.int().openapi({ description: "How many lines of the deployment were corrected." }),
      instead: z.int().nullable().openapi({ description: "The number of the deployment that records what is right." }),
    })
    .openapi("Corrected"),
});

correctionApi.openapi(correctCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await correct(c.var.db, tokenActor(c, body), c.var.access.site, body), 201);
});
