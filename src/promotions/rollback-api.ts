import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { keySchema, kindSchema, knownKey, textUpTo, versionLabel } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { mayRollBack } from "./call-rights.ts";
import { withBlockersJson } from "./promotion-json.ts";
import { byNumber, tags, withBlockersSchema } from "./promotion-schema.ts";
import { previewRollback, rollBack } from "./rollback.ts";

export const rollbackApi = new OpenAPIHono<SiteEnv>();

const rollbackCall = postCall("/sites/{site}/promotions/{n}/rollback", {
  needs: mayRollBack,
  tags,
  operationId: "rollBackPromotion",
  summary: "Request the promotion that puts back what a completed one replaced",
  description:
    "The rollback is a promotion of its own, with a release made for it: it needs the approvals that the gate asks of rollbacks, and has to be completed. A page or software item that the promotion added is removed again. 409 if nothing is left to restore.",
  params: byNumber,
  body: z
    .strictObject({
      reason: textUpTo(10_000),
      contents: z
        .array(
          z.strictObject({
            kind: kindSchema,
            key: knownKey,
            version: versionLabel.optional().openapi({
              description: "What you expect to be restored, null for a removal; refused if it is something else.",
            }),
          }),
        )
        .optional()
        .openapi({ description: "What to put back; all that can be if missing." }),
    })
    .openapi("NewRollback"),
  answer: withBlockersSchema,
});

rollbackApi.openapi(rollbackCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  return c.json(withBlockersJson(await rollBack(c.var.db, tokenActor(c, body), c.var.access.site, n, body)), 201);
});

const previewCall = getCall("/sites/{site}/promotions/{n}/rollback", {
  tags,
  operationId: "previewRollback",
  summary: "What a rollback of a promotion would put back now",
  params: byNumber,
  answer: z
    .object({
      allowed: z.boolean(),
      message: z.string().nullable().openapi({ description: "Why no rollback can be requested." }),
      contents: z.array(
        z.object({
          kind: kindSchema,
          key: keySchema,
          current: versionLabel,
          restored: versionLabel,
          included: z.boolean().openapi({
            description: "false: it is already as it was before, or the record of the change was corrected.",
          }),
          changed_since_by: z
            .array(z.object({ deployment: z.int(), promotion: z.int().nullable() }))
            .openapi({ description: "What changed it later: the latest ten at most, oldest first." }),
        }),
      ),
    })
    .openapi("RollbackPreview"),
});

rollbackApi.openapi(previewCall, async (c) => {
  const { n } = c.req.valid("param");
  const { lines, whyNot } = await previewRollback(c.var.db, tokenActor(c, {}), c.var.access.site, n);
  const contents = lines.map(({ kind, key, current, version, restorable, later }) => ({
    kind,
    key,
    current: current?.version ?? null,
    restored: version,
    included: restorable,
    changed_since_by: later,
  }));
  return c.json({ allowed: !whyNot, message: whyNot ?? null, contents }, 200);
});
