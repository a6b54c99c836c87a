import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { By } from "../access/actor.ts";
import { listSites } from "../access/sites.ts";
import { repeatable } from "../api/auth.ts";
import { reading, writing } from "../api/calls.ts";
import { listed } from "../api/cursor.ts";
import { asEnvironment, environment, list, paging, slug, text, tier } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { createSite } from "./sites.ts";

const site = z.object({ slug, name: z.string(), time_zone: z.string().openapi({ example: "Europe/London" }) });

const about = { tags: ["Sites"], params: z.object({}) };

export const sites = new OpenAPIHono<SiteEnv>();

const listCall = reading("/sites", {
  ...about,
  operationId: "listSites",
  summary: "The sites on which the token holds a role",
  query: z.strictObject(paging(z.strictObject({ slug }))),
  answer: list(site.openapi("Site")),
});

sites.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listSites(c.var.db, c.var.person.id, { after: cursor?.slug, limit: limit + 1 });
  return c.json(
    listed(
      rows,
      limit,
      (row) => row,
      ({ slug }) => ({ slug }),
    ),
    200,
  );
});

const name = text(200).openapi({ example: "Fennel & Co" });

const newEnvironment = z.strictObject({
  slug,
  name: name.optional(),
  tier: tier.optional().openapi({
    description: "staging starts with a gate that asks one tester, production with one that asks marketing.",
  }),
  servers: z.array(z.strictObject({ name, base_url: text(2000) })).optional(),
});

const createCall = writing("/sites", {
  ...about,
  operationId: "createSite",
  summary: "Make a site",
  description: "Asks for an administrator of another site. Without environments it starts with beta, demo and live.",
  body: z
    .strictObject({
      slug,
      name,
      time_zone: z.string().optional().openapi({ description: "UTC where it is missing.", example: "Europe/London" }),
      environments: z.array(newEnvironment).optional(),
    })
    .openapi("NewSite"),
  answer: site.extend({ environments: z.array(environment) }).openapi("SiteWithEnvironments"),
});

sites.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  const { db, person, at } = c.var;
  const by: By = { person, roles: [], permissions: new Set(), at, ...repeatable(c, body) };
  const { slug, name, time_zone, environments } = await createSite(db, by, body);
  const nothing = { pages: 0, software: 0 };
  return c.json({ slug, name, time_zone, environments: environments.map((one) => asEnvironment(one, nothing)) }, 201);
});
