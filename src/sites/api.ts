import { OpenAPIHono, z } from "@hono/zod-openapi";
import { actorWithoutSite } from "../access/actor.ts";
import { listSites, permissionsOf } from "../access/sites.ts";
import { repeatableRequest } from "../api/auth.ts";
import { getCall, type Needs, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import {
  environmentJson,
  environmentSchema,
  listOf,
  paging,
  slugSchema,
  textUpTo,
  tierSchema,
} from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { whyNotCreateSite } from "./rules.ts";
import { createSite } from "./sites.ts";

const site = z.object({
  slug: slugSchema,
  name: z.string(),
  time_zone: z.string().openapi({ example: "Europe/London" }),
});

const about = { tags: ["Sites"], params: z.object({}) };

export const siteApi = new OpenAPIHono<SiteEnv>();

const listCall = getCall("/sites", {
  ...about,
  operationId: "listSites",
  summary: "The sites on which the token has a role",
  query: z.strictObject(paging(z.strictObject({ slug: slugSchema }))),
  answer: listOf(site.openapi("Site")),
});

siteApi.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listSites(c.var.db, c.var.person.id, { after: cursor?.slug, limit: limit + 1 });
  const json = (row: (typeof rows)[number]) => row;
  return c.json(pageBy(rows, limit, json, "slug"), 200);
});

const name = textUpTo(200).openapi({ example: "Fennel & Co" });

const newEnvironment = z.strictObject({
  slug: slugSchema,
  name: name.optional(),
  tier: tierSchema.optional().openapi({
    description:
      "A staging environment starts with a gate that needs 1 approval from tester, production from marketing.",
  }),
  servers: z.array(z.strictObject({ name, base_url: textUpTo(2000) })).optional(),
});

const mayCreateSite: Needs = async (c) => whyNotCreateSite(await permissionsOf(c.var.db, c.var.person.id));

const createCall = postCall("/sites", {
  needs: mayCreateSite,
  ...about,
  operationId: "createSite",
  summary: "Create a site",
  description:
    "For administrators of another site. Whoever administers all sites administers the new one, too. Without environments, it starts with beta, demo and live.",
  body: z
    .strictObject({
      slug: slugSchema,
      name,
      time_zone: z.string().optional().openapi({ description: "UTC if missing.", example: "Europe/London" }),
      environments: z.array(newEnvironment).optional(),
    })
    .openapi("NewSite"),
  answer: site.extend({ environments: z.array(environmentSchema) }).openapi("SiteWithEnvironments"),
});

siteApi.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  const { db, person, at } = c.var;
  const actor = actorWithoutSite(person, at, repeatableRequest(c, body));
  const { slug, name, time_zone, environments } = await createSite(db, actor, body);
  const empty = { pages: 0, software: 0 };
  return c.json(
    { slug, name, time_zone, environments: environments.map((one) => environmentJson(one, empty, false)) },
    201,
  );
});
