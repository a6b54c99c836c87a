import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Actor } from "../access/actor.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { SiteEnv } from "../http/context.ts";
import { tokenActor } from "./auth.ts";
import { type About, type Needs, postCall } from "./calls.ts";
import { numberInPath, slugSchema, textUpTo } from "./schemas.ts";

/** A call about one numbered thing of a site that takes a reason and nothing else; `body` is its name in the document. */
export function reasonCall<Path extends string, Answer extends z.ZodType>(
  path: Path,
  { body, maxLength, ...about }: About & { body: string; maxLength: number; answer: Answer; needs: Needs },
) {
  return postCall(path, {
    ...about,
    params: z.object({ site: slugSchema, n: numberInPath }),
    body: z.strictObject({ reason: textUpTo(maxLength) }).openapi(body),
  });
}

type ReasonVerb<Result> = (db: Database, actor: Actor, site: Site, number: number, reason: string) => Promise<Result>;

type ReasonContext = Context<SiteEnv, string, { in: object; out: { json: { reason: string }; param: { n: number } } }>;

/** Does what a `reasonCall` asks for, as the owner of the token. */
export function actWithReason<Result>(c: ReasonContext, verb: ReasonVerb<Result>): Promise<Result> {
  const body = c.req.valid("json");
  return verb(c.var.db, tokenActor(c, body), c.var.access.site, c.req.valid("param").n, body.reason);
}
