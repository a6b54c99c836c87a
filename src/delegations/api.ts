import { OpenAPIHono, z } from "@hono/zod-openapi";
import { getCall } from "../api/calls.ts";
import { documented, momentSchema, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { listDelegations } from "./queries.ts";

export const delegationApi = new OpenAPIHono<SiteEnv>();

const delegation = z
  .object({
    person: z.string(),
    substitute: z.string(),
    role: z.string(),
    from: momentSchema,
    until: momentSchema,
    ended_at: momentSchema.nullable().openapi({ description: "When somebody ended it early." }),
  })
  .openapi("Delegation");

const listCall = getCall("/sites/{site}/delegations", {
  tags: ["Promotions"],
  operationId: "listDelegations",
  summary: "Who decides for whom, the latest first",
  description:
    "People name their substitutes on the page of the site. A token is never away, and is nobody's substitute.",
  params: z.object({ site: slugSchema }),
  answer: z.object({ items: z.array(delegation) }),
});

delegationApi.openapi(listCall, async (c) => {
  const rows = await listDelegations(c.var.db, c.var.access.site.id);
  const items = rows.map((row) => documented(delegation, { ...row, from: row.from_at, until: row.until_at }));
  return c.json({ items }, 200);
});
