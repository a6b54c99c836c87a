import { OpenAPIHono, z } from "@hono/zod-openapi";
import { reading } from "../api/calls.ts";
import { listed } from "../api/cursor.ts";
import { key, keyPosition, kind, list, lookedUp, paging, slug, version } from "../api/schemas.ts";
import { refuseFields } from "../errors.ts";
import type { Site } from "../sites/queries.ts";
import type { SiteEnv } from "../web.ts";
import { compare } from "./queries.ts";
import { parseReference, type Side } from "./references.ts";

export const comparison = new OpenAPIHono<SiteEnv>();

const reference = lookedUp.openapi({ type: "string", format: undefined, example: "live@2026-03-03T14:00:00Z" });

const compareCall = reading("/sites/{site}/compare", {
  tags: ["Compare"],
  operationId: "compare",
  summary: "What differs between two environments, now or at past moments",
  description:
    "Each side is an environment, or an environment at a moment: live@2026-03-03T14:00:00Z. In the order of kind and key.",
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
  const sides = { from: side("from", from, site, c.var.at), to: side("to", to, site, c.var.at) };
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

function side(path: string, text: string, site: Site, now: string): Side {
  const read = parseReference(text, site, now);
  if ("wrong" in read) throw refuseFields([{ path, message: read.wrong }]);
  return read;
}
