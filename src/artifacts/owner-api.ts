import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { postCall } from "../api/calls.ts";
import { keySchema, kindSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import { refuseFields } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { setOwner } from "./owners.ts";

export const ownerApi = new OpenAPIHono<SiteEnv>();

const ownerCall = postCall("/sites/{site}/owners", {
  needs: "assign",
  tags: ["Pages and software"],
  operationId: "setOwner",
  summary: "Set who owns a page, a software item or a section",
  description:
    "Give kind and key, or a section: then all its pages, also those that are recorded later. Needs a role that may set owners. Recorded in the history; repeating it changes nothing.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      kind: kindSchema.optional(),
      key: keySchema.optional(),
      section: textUpTo(2000)
        .optional()
        .openapi({ description: "The first segment of the paths, such as /sale; / for the top level." }),
      owner: textUpTo(200)
        .nullable()
        .openapi({ description: "The e-mail address of a person with a role on the site; null: nobody." }),
    })
    .openapi("NewOwner"),
  answer: z
    .object({
      changed: z.int().openapi({ description: "How many have another owner than before." }),
      owner: z.string().nullable().openapi({ description: "The owner’s name." }),
    })
    .openapi("Owner"),
});

ownerApi.openapi(ownerCall, async (c) => {
  const body = c.req.valid("json");
  const { kind, key, section, owner } = body;
  const one = kind && key !== undefined ? { kind, key } : undefined;
  if (!one === (section === undefined) || (section !== undefined && (kind || key !== undefined)))
    refuseFields([{ path: "key", message: "Give either kind and key, or a section." }]);
  const of = one ?? { section: (section ?? "").replace(/^\/|\/$/g, "") };
  const result = await setOwner(c.var.db, tokenActor(c, body), c.var.access.site, { of, owner });
  return c.json({ changed: result.changed, owner: result.owner }, 201);
});
