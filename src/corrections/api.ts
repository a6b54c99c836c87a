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
  tags: ["Corrections"],
  operationId: "correct",
  summary: "Say that something was recorded wrongly, and what is right",
  description:
    "Of what a deployment said of one page or software, or, without kind and key, of all that it said. Nothing is deleted: what is known from now on leaves it out, and `known_at` before now still shows it. Needs a role that may correct the record.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      deployment: numberSchema.openapi({ description: "The deployment that said it." }),
      kind: kindSchema.optional(),
      key: keySchema.optional(),
      reason: textUpTo(maxReasonLength),
      stands: z
        .boolean()
        .optional()
        .openapi({ description: "The correction made before was wrong: it stands as it was recorded." }),
      instead: z
        .strictObject({
          version: versionLabel,
          environment: environmentSlug.optional().openapi({ description: "Where it is missing: the same." }),
          effective_at: momentSchema.optional().openapi({ description: "Where it is missing: the same moment." }),
        })
        .optional()
        .openapi({ description: "What is right, recorded as a deployment of its own in the same step." }),
    })
    .openapi("NewCorrection"),
  answer: z
    .object({
      deployment: z.int(),
      corrected: z.int().openapi({ description: "How much of what it said was corrected." }),
      instead: z.int().nullable().openapi({ description: "The deployment that tells what is right." }),
    })
    .openapi("Corrected"),
});

correctionApi.openapi(correctCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await correct(c.var.db, tokenActor(c, body), c.var.access.site, body), 201);
});
