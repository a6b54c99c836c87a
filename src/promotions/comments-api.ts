import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import {
  listOf,
  momentSchema,
  nameThenSchema,
  numberInPath,
  paging,
  personKindSchema,
  slugSchema,
  textUpTo,
} from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { addComment, type Comment, listComments, whyNotDiscuss } from "./comments.ts";
import { findPromotion } from "./queries.ts";

const tags = ["Promotions"];

const params = z.object({ site: slugSchema, n: numberInPath });

export const commentApi = new OpenAPIHono<SiteEnv>();

const comment = z.object({
  id: z.string(),
  person: nameThenSchema,
  kind: personKindSchema,
  comment: z.string(),
  mentioned: z.array(z.string()).openapi({
    description: "The names in it that are those of people of the site, as they were written.",
    example: ["@Mara"],
  }),
  commented_at: momentSchema,
});

const listCall = getCall("/sites/{site}/promotions/{n}/comments", {
  tags,
  operationId: "listComments",
  summary: "The comments on a promotion, oldest first",
  params,
  query: z.strictObject(paging(z.strictObject({ seq: z.int() }))),
  answer: listOf(comment.openapi("Comment")),
});

commentApi.openapi(listCall, async (c) => {
  const { n } = c.req.valid("param");
  const { limit, cursor } = c.req.valid("query");
  const promotion = (await findPromotion(c.var.db, c.var.access.site.id, n)) ?? notFound(`promotion ${n}`);
  const rows = await listComments(c.var.db, promotion.id, { after: cursor?.seq, limit: limit + 1 });
  return c.json(pageBy(rows, limit, commentJson, "seq"), 200);
});

const addCall = postCall("/sites/{site}/promotions/{n}/comments", {
  needs: (c) => whyNotDiscuss(c.var.access),
  tags,
  operationId: "addComment",
  summary: "Comment on a promotion",
  description:
    "Before or after its decision, which it does not touch. `@` and the name of a person of the site, or the part of their e-mail address before the @, mentions them. Everyone with a role other than viewer may comment.",
  params,
  body: z.strictObject({ comment: textUpTo(10_000) }).openapi("NewComment"),
  answer: comment,
});

commentApi.openapi(addCall, async (c) => {
  const body = c.req.valid("json");
  const { n } = c.req.valid("param");
  const added = await addComment(c.var.db, tokenActor(c, body), c.var.access.site, n, body.comment);
  return c.json(commentJson(added), 201);
});

function commentJson({ id, person, kind, comment: text, parts, commented_at }: Comment): z.infer<typeof comment> {
  const mentioned = parts.filter((part) => part.isMention).map((part) => part.text);
  return { id, person, kind, comment: text, mentioned: [...new Set(mentioned)], commented_at };
}
