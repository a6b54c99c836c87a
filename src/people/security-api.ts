import { OpenAPIHono, z } from "@hono/zod-openapi";
import { securityEventDays } from "../access/security-events.ts";
import { getCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { documented, listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { listSecurityEventsOfSite } from "./security-queries.ts";
import { securitySentence } from "./security-sentences.ts";

export const securityApi = new OpenAPIHono<SiteEnv>();

const event = z
  .object({
    at: momentSchema,
    kind: z.string().openapi({ example: "sign_in_failed" }),
    account: z.string().nullable().openapi({ description: "The person or token it is about.", example: "Mara" }),
    by: z.string().nullable().openapi({ description: "Who did it, if it was somebody else." }),
    sentence: z.string().openapi({ example: "Wrong password" }),
    address: z.string().openapi({ description: "Empty if unknown.", example: "192.0.2.66" }),
    user_agent: z.string(),
  })
  .openapi("SecurityEvent");

const listCall = getCall("/sites/{site}/security-events", {
  tags: ["Security"],
  operationId: "listSecurityEvents",
  summary: "Sign-ins and changes of accounts, newest first",
  description: `Of the people and tokens of the site, for its administrators. They are kept for ${securityEventDays} days, outside the site's history.`,
  needs: "administer",
  params: z.object({ site: slugSchema }),
  query: z.strictObject(paging(z.strictObject({ seq: z.int().min(0) }))),
  answer: listOf(event),
});

securityApi.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const range = { before: cursor?.seq, limit: limit + 1 };
  const rows = await listSecurityEventsOfSite(c.var.db, c.var.access.site.id, range);
  const item = (row: (typeof rows)[number]) =>
    documented(event, { ...row, account: row.person, sentence: securitySentence(row) });
  return c.json(pageBy(rows, limit, item, "seq"), 200);
});
