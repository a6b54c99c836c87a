import { OpenAPIHono, z } from "@hono/zod-openapi";
import { reading } from "../api/calls.ts";
import { listed } from "../api/cursor.ts";
import { key, keyPosition, kind, list, paging, reference, slug, version } from "../api/schemas.ts";
import type { SiteEnv } from "../web.ts";
import { compare } from "./queries.ts";
import { readReference } from "./references.ts";

export const comparison = new OpenAPIHono<SiteEnv>();

const compareCall = reading("/sites/{site}/compare", {
  tags: ["Compare"],
  operationId: "compare",
  summary: "What differs between two environments, now or at past moments",
  description:
    "Each side is an environment, now or at a moment: `live@2026-03-03T14:00:00Z` or `live@{2.days.ago}`, `live~1` before its latest change, `live#42` just after deployment 42. In the order of kind and key.",
  params: z.object({ site: slug }),
  query: z.strictObject({ from: reference, to: reference, kind: kind.optional(), ...paging(keyPosition) }),
  answer: list(
    z
      .object({
        kind,
        key,
        change: z.enum(["added", "changed", "removed"]),
        from: version.openapi({ description: "The version on the one side; null: it is not there." }),
        to: version.openapi({ description: "The version on the other side; null: it is not there." }),
      })
      .openapi("Difference"),
  ),
});

comparison.openapi(compareCall, async (c) => {
  const { from, to, kind, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const side = (path: string, text: string) => readReference(c.var.db, site, { path, text, now: c.var.at });
  const sides = { from: await side("from", from), to: await side("to", to) };
  const after = cursor && { ...cursor, section: "" };
  const rows = await compare(c.var.db, site, sides, { kind, after, limit: limit + 1, order: "key" });
  return c.json(
    listed(
      rows,
      limit,
      ({ kind, key, change, from, to }) => ({ kind, key, change, from, to }),
      ({ kind, key }) => ({ kind, key }),
    ),
    200,
  );
});
