import { OpenAPIHono, z } from "@hono/zod-openapi";
import { by } from "../api/auth.ts";
import { writing } from "../api/calls.ts";
import { key, kind, moment, number, place, slug, text, version } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { correct } from "./corrections.ts";
import { mostReason } from "./rules.ts";

export const corrections = new OpenAPIHono<SiteEnv>();

const correctCall = writing("/sites/{site}/corrections", {
  tags: ["Corrections"],
  operationId: "correct",
  summary: "Say that something was recorded wrongly, and what is right",
  description:
    "Of what a deployment said of one page or software, or, without kind and key, of all that it said. Nothing is deleted: what is known from now on leaves it out, and `known_at` before now still shows it. Needs a role that may correct the record.",
  params: z.object({ site: slug }),
  body: z
    .strictObject({
      deployment: number.openapi({ description: "The deployment that said it." }),
      kind: kind.optional(),
      key: key.optional(),
      reason: text(mostReason),
      stands: z
        .boolean()
        .optional()
        .openapi({ description: "The correction made before was wrong: it stands as it was recorded." }),
      instead: z
        .strictObject({
          version,
          environment: place.optional().openapi({ description: "Where it is missing: the same." }),
          effective_at: moment.optional().openapi({ description: "Where it is missing: the same moment." }),
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

corrections.openapi(correctCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await correct(c.var.db, by(c, body), c.var.access.site, body), 201);
});
