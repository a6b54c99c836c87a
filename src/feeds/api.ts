import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { idSchema, momentSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { createFeed, revokeFeed } from "./feeds.ts";
import { listFeeds } from "./queries.ts";
import { feedTitle } from "./rules.ts";

const tags = ["Feeds"];

export const feedApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema });

const listCall = getCall("/sites/{site}/feeds", {
  tags,
  operationId: "listFeeds",
  summary: "The secret addresses of feeds, newest first",
  description:
    "Those of this token; for an administrator, all of the site. The addresses themselves are stored nowhere.",
  params,
  answer: z.object({
    items: z.array(
      z
        .object({
          id: idSchema,
          kind: z.enum(["environment", "calendar", "badge_environment", "badge_software", "badge_promotion"]),
          title: z.string().openapi({ example: "Changes on live" }),
          name: z.string().nullable(),
          person: z.string(),
          created_at: momentSchema,
          used_at: momentSchema.nullable().openapi({ description: "When it was last read, to ten minutes." }),
        })
        .openapi("Feed"),
    ),
  }),
});

feedApi.openapi(listCall, async (c) => {
  const { site, may } = c.var.access;
  const rows = await listFeeds(c.var.db, site.id, may.administer ? undefined : c.var.person.id);
  const items = rows.map((row) => {
    const { id, kind, name, person, created_at, used_at } = row;
    return { id, kind, title: feedTitle(row), name, person, created_at, used_at };
  });
  return c.json({ items }, 200);
});

const createCall = postCall("/sites/{site}/feeds", {
  needs: "view",
  tags,
  operationId: "createFeed",
  summary: "Create a secret address for a feed, the calendar or a badge",
  description:
    "Whoever knows the address reads it, until it is revoked or its creator may no longer see the site; a token that is revoked or has expired may not. `address` is shown once. A repeated request creates another address.",
  params,
  body: z
    .strictObject({
      what: textUpTo(100).openapi({
        description:
          "`environment:SLUG` (Atom), `calendar:` (iCalendar), `badge_environment:SLUG`, `badge_software:SLUG` or `badge_promotion:` (SVG).",
        example: "environment:live",
      }),
      about: textUpTo(2000).optional().openapi({
        description: "The name of the software, or the number of the promotion, that a badge shows.",
      }),
      name: textUpTo(200).optional().openapi({ description: "What it is for.", example: "Wall screen" }),
    })
    .openapi("NewFeed"),
  answer: z.object({ id: idSchema, title: z.string(), address: z.string() }).openapi("CreatedFeed"),
});

feedApi.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  const request = { about: "", name: "", ...body };
  const { id, title, path } = await createFeed(c.var.db, tokenActor(c, body), c.var.access.site, request);
  return c.json({ id, title, address: c.var.baseUrl + path }, 201);
});

const revokeCall = postCall("/sites/{site}/feeds/{id}/revocation", {
  needs: "view",
  tags,
  operationId: "revokeFeed",
  summary: "Revoke the address of a feed",
  description: "One of this token; for an administrator, any of the site. 404 if it was revoked already.",
  params: params.extend({ id: idSchema }),
  body: z.strictObject({}).openapi("FeedRevocation"),
  mayBeEmpty: true,
  answer: z.object({ id: idSchema, title: z.string() }).openapi("RevokedFeed"),
});

feedApi.openapi(revokeCall, async (c) => {
  const { id } = c.req.valid("param");
  const { title } = await revokeFeed(c.var.db, tokenActor(c, {}), c.var.access.site, id);
  return c.json({ id, title }, 201);
});
