import { z } from "@hono/zod-openapi";
import { documented, momentSchema } from "../api/schemas.ts";
import type { listWebhooks } from "./deliveries.ts";
import { webhookTypes } from "./rules.ts";

export const webhookTypesSchema = z.array(z.string()).openapi({
  description: `What it is told of; empty: everything. One of ${webhookTypes.join(", ")}.`,
  example: ["promotion.applied"],
});

export const webhookShapeSchema = z.enum(["standard", "slack", "teams"]).openapi({
  description:
    "`standard`: signed by Standard Webhooks. The others are the incoming webhooks of Slack and Microsoft Teams.",
});

export const webhookSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    shape: webhookShapeSchema,
    host: z.string().openapi({ description: "Of its address, which is a secret." }),
    types: webhookTypesSchema,
    created_at: momentSchema,
    disabled_at: momentSchema.nullable(),
    disabled_reason: z.string().nullable(),
  })
  .openapi("Webhook");

type Row = Awaited<ReturnType<typeof listWebhooks>>[number];

export const webhookJson = (row: Row) =>
  documented(webhookSchema, { ...row, types: row.types === "*" ? [] : row.types.split(" ") });
