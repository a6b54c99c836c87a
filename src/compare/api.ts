import { OpenAPIHono, z } from "@hono/zod-openapi";
import { getCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import {
  documented,
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
import { refuseFields } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { readReference, withKnownAt } from "../record/references.ts";
import { listDifferences, unknownSides } from "./queries.ts";
import { differenceKinds, isPromotion, promotedAs } from "./rules.ts";

export const compareApi = new OpenAPIHono<SiteEnv>();

const difference = z
  .object({
    kind: kindSchema,
    key: keySchema,
    change: z.enum(differenceKinds).openapi({
      description:
        "How `to` differs from `from`. `missing`: `to` never had it. `unknown`: nothing was recorded of it in the earlier environment, though the later one has it.",
    }),
    promotion: z.enum(["new", "changed", "removed"]).nullable().optional().openapi({
      description:
        "What a promotion would do in `to`; null if that is unknown. Only if `to` is the environment after `from`, at the same moment.",
    }),
    from: versionLabel.openapi({ description: "The version in `from`; null: not there." }),
    to: versionLabel.openapi({ description: "The version in `to`; null: not there." }),
  })
  .openapi("Difference");

const compareCall = getCall("/sites/{site}/compare", {
  tags: ["Compare"],
  operationId: "compare",
  summary: "What differs between two environments, now or at past moments",
  description:
    "Each side is an environment, now or at a moment: `live@2026-03-03T14:00:00Z` or `live@{2.days.ago}`, `live~1` before its last change, `live#42` just after deployment 42. In the order of kind and key.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({
    from: referenceSchema,
    to: referenceSchema,
    known_at: momentText
      .optional()
      .openapi({ description: "Only what had been recorded by that moment, for both sides." }),
    from_known_at: momentText.optional().openapi({ description: "The same for `from` only." }),
    to_known_at: momentText.optional().openapi({ description: "The same for `to` only." }),
    kind: kindSchema.optional(),
    ...paging(keyPosition),
  }),
  answer: listOf(difference).extend({
    unknown: z.array(z.enum(["from", "to"])).openapi({
      description:
        "Sides for which nothing had been recorded at their moment: unknown, not empty. There are no items then.",
    }),
  }),
});

compareApi.openapi(compareCall, async (c) => {
  const query = c.req.valid("query");
  const { from, to, kind, limit, cursor } = query;
  const { site } = c.var.access;
  const readSide = async (path: "from" | "to", text: string) => {
    const knownAt = query[`${path}_known_at`] ?? query.known_at;
    const reference = await readReference(c.var.db, site, { path, text, now: c.var.at });
    const side = withKnownAt(reference, knownAt, site, c.var.at);
    if ("wrong" in side) throw refuseFields([{ path: "known_at", message: side.wrong }]);
    return side;
  };
  const sides = { from: await readSide("from", from), to: await readSide("to", to) };
  const unknown = (await unknownSides(c.var.db, sides)).map(({ name }) => name);
  if (unknown.length) return c.json({ items: [], next: null, unknown }, 200);
  const promotes = isPromotion(site, sides);
  const after = cursor && { ...cursor, section: "" };
  const rows = await listDifferences(c.var.db, site, sides, { kind, after, limit: limit + 1, order: "key" });
  const json = (row: (typeof rows)[number]) =>
    documented(difference, { ...row, promotion: promotes ? promotedAs(row.change) : undefined });
  return c.json({ ...pageBy(rows, limit, json, "kind", "key"), unknown }, 200);
});
