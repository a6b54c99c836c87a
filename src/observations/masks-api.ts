import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { idSchema, knownKey, momentSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { masksOf } from "./filters.ts";
import { addMask, removeMask } from "./masks.ts";
import { forgetNoise, listNoise } from "./noise.ts";

const tags = ["Observations"];

/** What visits leave out of the pages that they compare. */
export const maskApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema });

const maskFields = {
  kind: z.enum(["selector", "pattern"]).openapi({
    description:
      "`selector`: the elements of a CSS selector. `pattern`: what a regular expression (RE2) matches in a line.",
  }),
  expression: textUpTo(500).openapi({ example: ".visitor-count" }),
};

const mask = z.object({ id: idSchema, ...maskFields }).openapi("Mask");

const masksCall = getCall("/sites/{site}/masks", {
  needs: "administer",
  tags,
  operationId: "listMasks",
  summary: "What is left out of all pages before they are compared, oldest first",
  description: "For administrators.",
  params,
  answer: z.object({ items: z.array(mask) }),
});

maskApi.openapi(masksCall, async (c) => c.json({ items: await masksOf(c.var.db, c.var.access.site.id) }, 200));

const addCall = postCall("/sites/{site}/masks", {
  needs: "administer",
  tags,
  operationId: "addMask",
  summary: "Leave something out of all pages of a site",
  description: "For administrators. What was seen is compared again without it, and what that explains is settled.",
  params,
  body: z.strictObject(maskFields).openapi("NewMask"),
  answer: mask,
});

maskApi.openapi(addCall, async (c) => {
  const body = c.req.valid("json");
  const added = { ...body, expression: body.expression.trim() };
  const { id } = await addMask(c.var.db, tokenActor(c, body), c.var.access.site, added);
  return c.json({ id, ...added }, 201);
});

const removeCall = postCall("/sites/{site}/masks/{id}/removal", {
  needs: "administer",
  tags,
  operationId: "removeMask",
  summary: "Have visits compare again what a mask left out",
  description: "For administrators.",
  params: z.object({ site: slugSchema, id: idSchema }),
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("MaskRemoval"),
  answer: z.object({ expression: z.string() }).openapi("RemovedMask"),
});

maskApi.openapi(removeCall, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await removeMask(c.var.db, tokenActor(c, {}), c.var.access.site, id), 201);
});

const noiseId = z.string().regex(/^[0-9a-f]{64}$/);

const noise = z
  .object({
    id: noiseId,
    kind: z.enum(["words", "address", "content", "order", "presence"]).openapi({
      description:
        "What differs there: the words or the address of an element, all that it contains, the order of its children, or whether such children are there.",
    }),
    place: z.string().openapi({ example: "/html[1]/body[1]/p.visitors[1]" }),
    example: z.string().openapi({ description: "What was seen there." }),
    learned_at: momentSchema,
  })
  .openapi("Noise");

const noiseCall = getCall("/sites/{site}/noise", {
  tags,
  operationId: "listNoise",
  summary: "What was learned to differ on each request of a page, and is left out",
  params,
  query: z.strictObject({ path: knownKey }),
  answer: z.object({ items: z.array(noise) }),
});

maskApi.openapi(noiseCall, async (c) =>
  c.json({ items: await listNoise(c.var.db, c.var.access.site.id, c.req.valid("query").path) }, 200),
);

const forgetCall = postCall("/sites/{site}/noise/{id}/removal", {
  needs: "record",
  tags,
  operationId: "forgetNoise",
  summary: "Have visits compare again what was learned to be noise",
  params: z.object({ site: slugSchema, id: noiseId }),
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("NoiseRemoval"),
  answer: z.object({ path: z.string() }).openapi("ForgottenNoise"),
});

maskApi.openapi(forgetCall, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await forgetNoise(c.var.db, tokenActor(c, {}), c.var.access.site, id), 201);
});
