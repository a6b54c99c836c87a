import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment, findSite } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { patchCall, postCall } from "../api/calls.ts";
import {
  environmentJson,
  environmentSchema,
  environmentSlug,
  slugSchema,
  textUpTo,
  tierSchema,
} from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { changeEnvironment, retireEnvironment } from "./changes.ts";
import { createEnvironment } from "./environments.ts";
import { lastPlace } from "./order.ts";

const tags = ["Environments"];

export const environmentChangesApi = new OpenAPIHono<SiteEnv>();

const name = textUpTo(200).openapi({
  description: "No two environments of a site have names that differ only in case, spaces or invisible characters.",
});

const before = slugSchema
  .nullable()
  .optional()
  .openapi({ description: "The environment that it comes before; null: it is the last one.", example: "live" });

const createCall = postCall("/sites/{site}/environments", {
  needs: "administer",
  tags,
  operationId: "createEnvironment",
  summary: "Add an environment, as the last one or before another",
  description: "For administrators. It cannot come between two environments while a promotion between them is open.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      slug: slugSchema,
      name: name.optional(),
      tier: tierSchema.optional(),
      servers: z.array(z.strictObject({ name: textUpTo(200), base_url: textUpTo(2000) })).optional(),
      before,
    })
    .openapi("NewEnvironment"),
  answer: environmentSchema,
});

environmentChangesApi.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  const { before, ...environment } = body;
  const { slug } = await createEnvironment(
    c.var.db,
    tokenActor(c, body),
    c.var.access.site,
    environment,
    before ?? undefined,
  );
  return c.json(await changed(c, slug), 201);
});

const changeCall = patchCall("/sites/{site}/environments/{env}", {
  needs: "administer",
  tags,
  operationId: "changeEnvironment",
  summary: "Rename an environment, change its tier, or move it",
  description:
    "For administrators. Its slug stays, since addresses contain it. It cannot be moved while a promotion that needs the present order is open.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  body: z.strictObject({ name: name.optional(), tier: tierSchema.optional(), before }).openapi("EnvironmentChange"),
  answer: environmentSchema,
});

environmentChangesApi.openapi(changeCall, async (c) => {
  const { before, ...change } = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const request = { ...change, before: before === null ? lastPlace : before };
  const { slug } = await changeEnvironment(c.var.db, tokenActor(c, request), site, environment, request);
  return c.json(await changed(c, slug), 200);
});

const retireCall = postCall("/sites/{site}/environments/{env}/retirement", {
  needs: "administer",
  tags,
  operationId: "retireEnvironment",
  summary: "Retire an environment: nothing is recorded for it any more, and its history stays",
  description: "For administrators. Refused while a promotion from or to it is open.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  body: z.strictObject({}).openapi("Retirement"),
  mayBeEmpty: true,
  answer: environmentSchema,
});

environmentChangesApi.openapi(retireCall, async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const { slug } = await retireEnvironment(c.var.db, tokenActor(c, {}), site, environment);
  return c.json(await changed(c, slug), 201);
});

async function changed(c: SiteContext, slug: string): Promise<z.infer<typeof environmentSchema>> {
  const site = (await findSite(c.var.db, c.var.access.site.slug)) ?? notFound("site");
  const environment = findAnyEnvironment(site, slug);
  const { environments, frozen } = await c.var.siteSummary(c.var.db, site);
  const counts = environments.find((one) => one.environment_id === environment.id);
  return environmentJson(environment, counts ?? { pages: 0, software: 0 }, frozen.has(environment.id));
}
