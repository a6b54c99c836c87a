import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { type Permission, whyNotMay } from "../access/permissions.ts";
import { refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { problemSchema } from "./schemas.ts";

export interface About {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
}

/** Who may make a call that changes something: a permission on the site, or a rule that says why this client may not. */
export type Needs = Permission | ((c: SiteContext) => Promise<string | undefined> | string | undefined);

/**
 * Asks for the right before the body is judged: nobody learns by errors how to do what they may not do. A rule reads from
 * the database what its verb reads as well, so it is asked only if the body was refused: then the verb never asked it.
 */
const rightsFirst =
  (needs: Needs): MiddlewareHandler<SiteEnv> =>
  async (c, next) => {
    if (typeof needs === "string") refuse(whyNotMay(c.var.access, needs), 403);
    await next();
    if (typeof needs !== "string" && refusedBody.has(c.res.status)) refuse(await needs(c as SiteContext), 403);
  };

const refusedBody = new Set([400, 413, 415, 422]);

const noParameters = z.strictObject({});
const idempotencyHeader = z.object({
  "Idempotency-Key": z
    .string()
    .min(1, { error: "An Idempotency-Key must have at least one character." })
    .max(200, { error: "An Idempotency-Key can have at most 200 characters." })
    .optional()
    .openapi({
      description:
        "Makes repeating the request harmless: the same key with the same body returns the first response again. With another body it is refused with 422. Refused requests are not stored.",
      example: "build-4711-beta",
    }),
});

/**
 * A call that reads. `needs`: a permission, if not everybody who sees the site may make it; or a rule, which the handler asks.
 */
export function getCall<
  Path extends string,
  Params extends z.ZodObject,
  Answer extends z.ZodType,
  Query extends z.ZodObject = typeof noParameters,
>(
  path: Path,
  {
    params,
    query,
    answer,
    mayConflict,
    needs = "view",
    ...about
  }: About & { params: Params; query?: Query; answer: Answer; mayConflict?: true; needs?: Needs },
) {
  return createRoute({
    ...about,
    method: "get",
    path,
    ...(needs !== "view" && { middleware: rightsFirst(needs) }),
    security: [{ token: [] }],
    request: { params, query: query ?? (noParameters as unknown as Query) },
    responses: {
      200: json("The requested data.", answer),
      ...refusals([401, ...(needs === "view" ? [] : [403 as const]), 404, ...(mayConflict ? [409 as const] : []), 422]),
    },
  });
}

type Change<Params extends z.ZodObject, Body extends z.ZodObject, Answer extends z.ZodType> = About & {
  params: Params;
  body: Body;
  answer: Answer;
  needs: Needs;
};

const mayRefuse = [400, 401, 403, 404, 409, 413, 415, 422, 507] as const;

/** A call that records or decides something. */
export function postCall<
  Path extends string,
  Params extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
>(
  path: Path,
  { params, body, answer, mayBeEmpty, needs, ...about }: Change<Params, Body, Answer> & { mayBeEmpty?: true },
) {
  return createRoute({
    ...about,
    method: "post",
    path,
    middleware: rightsFirst(needs),
    security: [{ token: [] }],
    request: {
      params,
      query: noParameters,
      headers: idempotencyHeader,
      // the library checks requests without a body only if one is required
      body: { required: !mayBeEmpty, content: { "application/json": { schema: body } } },
    },
    responses: { 201: json("Recorded.", answer), ...refusals(mayRefuse) },
  });
}

/** A call that changes some fields of something; repeating it changes nothing more. */
export const patchCall = changeCall("patch", {});

/** A call that replaces something by what the body says, as a new version. */
export const putCall = changeCall("put", { headers: idempotencyHeader });

function changeCall<Method extends "patch" | "put", Headers extends { headers?: z.ZodObject }>(
  method: Method,
  headers: Headers,
) {
  return <Path extends string, Params extends z.ZodObject, Body extends z.ZodObject, Answer extends z.ZodType>(
    path: Path,
    { params, body, answer, needs, ...about }: Change<Params, Body, Answer>,
  ) =>
    createRoute({
      ...about,
      method,
      path,
      middleware: rightsFirst(needs),
      security: [{ token: [] }],
      request: {
        params,
        query: noParameters,
        ...headers,
        body: { required: true, content: { "application/json": { schema: body } } },
      },
      responses: { 200: json("Changed.", answer), ...refusals(mayRefuse) },
    });
}

function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

const meanings = {
  400: "The body is not JSON.",
  401: "The token is missing, unknown, expired or revoked.",
  403: "The token's roles do not allow this.",
  404: "The site, or something that the request names, does not exist, or this token may not see it.",
  409: "It cannot be done now; all blockers are named.",
  413: "The body is too large.",
  415: "The body was not sent as application/json.",
  422: "Something in the request is wrong; each field is named.",
  507: "The disk is full: nothing was recorded. Retry-After says when to try again.",
};
type Refused = keyof typeof meanings;

function refusals(statuses: readonly Refused[]) {
  const answers = statuses.map((status) => [
    status,
    { description: meanings[status], content: { "application/problem+json": { schema: problemSchema } } },
  ]);
  return Object.fromEntries(answers) as Record<
    Refused,
    { description: string; content: { "application/problem+json": { schema: typeof problemSchema } } }
  >;
}
