import { OpenAPIHono, z } from "@hono/zod-openapi";
import { getCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import {
  keyPosition,
  keySchema,
  kindSchema,
  listOf,
  momentText,
  paging,
  referenceSchema,
  slugSchema,
  versionLabel,
} from "../api/schemas.ts";
import type { Database } from "../database/connect.ts";
import { refuseFields } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { firstChange } from "../record/changes.ts";
import { type EnvironmentAtMoment, readReference, withKnownAt } from "../record/references.ts";
import { listDifferences } from "./queries.ts";

export const compareApi = new OpenAPIHono<SiteEnv>();

const compareCall = getCall("/sites/{site}/compare", {
  tags: ["Compare"],
  operationId: "compare",
  summary: "What differs between two environments, now or at past moments",
  description:
    "Each side is an environment, now or at a moment: `live@2026-03-03T14:00:00Z` or `live@{2.days.ago}`, `live~1` before its latest change, `live#42` just after deployment 42. In the order of kind and key.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({
    from: referenceSchema,
    to: referenceSchema,
    known_at: momentText.optional().openapi({ description: "Both sides as they were known at that moment." }),
    from_known_at: momentText.optional().openapi({ description: "The one side only." }),
    to_known_at: momentText.optional().openapi({ description: "The other side only." }),
    kind: kindSchema.optional(),
    ...paging(keyPosition),
  }),
  answer: listOf(
    z
      .object({
        kind: kindSchema,
        key: keySchema,
        change: z.enum(["added", "changed", "removed"]),
        from: versionLabel.openapi({ description: "The version on the one side; null: it is not there." }),
        to: versionLabel.openapi({ description: "The version on the other side; null: it is not there." }),
      })
      .openapi("Difference"),
  ).extend({
    unknown: z
      .array(z.enum(["from", "to"]))
      .openapi({ description: "Sides that nobody had told Sitebook of at their moment: unknown, not empty." }),
  }),
});

compareApi.openapi(compareCall, async (c) => {
  const query = c.req.valid("query");
  const { from, to, kind, limit, cursor } = query;
  const { site } = c.var.access;
  const side = async (path: "from" | "to", text: string) => {
    const known = query[`${path}_known_at`] ?? query.known_at;
    const read = withKnownAt(await readReference(c.var.db, site, { path, text, now: c.var.at }), known, site, c.var.at);
    if ("wrong" in read) throw refuseFields([{ path: "known_at", message: read.wrong }]);
    return read;
  };
  const sides = { from: await side("from", from), to: await side("to", to) };
  const unknown = await unknownOf(c.var.db, sides);
  const after = cursor && { ...cursor, section: "" };
  const rows = await listDifferences(c.var.db, site, sides, { kind, after, limit: limit + 1, order: "key" });
  return c.json(
    {
      ...pageOf(
        rows,
        limit,
        ({ kind, key, change, from, to }) => ({ kind, key, change, from, to }),
        ({ kind, key }) => ({ kind, key }),
      ),
      unknown,
    },
    200,
  );
});

async function unknownOf(db: Database, sides: Record<"from" | "to", EnvironmentAtMoment>) {
  const unknown: ("from" | "to")[] = [];
  for (const name of ["from", "to"] as const) {
    const { environment, moment } = sides[name];
    const first = await firstChange(db, environment.id, moment.knownAt);
    if (!first || first > moment.asOf) unknown.push(name);
  }
  return unknown;
}
