import { createRoute, z } from "@hono/zod-openapi";
import { problemSchema } from "./schemas.ts";

interface About {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
}

const nothing = z.strictObject({});
const repeatable = z.object({
  "Idempotency-Key": z
    .string()
    .min(1, { error: "An Idempotency-Key has at least one character." })
    .max(200, { error: "An Idempotency-Key can have at most 200 characters." })
    .optional()
    .openapi({
      description:
        "Makes repeating the request harmless: the same key with the same body gives the first answer again. With another body it is refused with 422. A refused request is not remembered.",
      example: "build-4711-beta",
    }),
});

/** A call that looks something up. */
export function getCall<
  Path extends string,
  Params extends z.ZodObject,
  Answer extends z.ZodType,
  Query extends z.ZodObject = typeof nothing,
>(
  path: Path,
  {
    params,
    query,
    answer,
    mayConflict,
    ...about
  }: About & { params: Params; query?: Query; answer: Answer; mayConflict?: true },
) {
  return createRoute({
    ...about,
    method: "get",
    path,
    security: [{ token: [] }],
    request: { params, query: query ?? (nothing as unknown as Query) },
    responses: {
      200: json("What was asked for.", answer),
      ...refusals(mayConflict ? [401, 404, 409, 422] : [401, 404, 422]),
    },
  });
}

/** A call that records or decides something. */
export function postCall<
  Path extends string,
  Params extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
>(
  path: Path,
  {
    params,
    body,
    answer,
    mayBeEmpty,
    ...about
  }: About & { params: Params; body: Body; answer: Answer; mayBeEmpty?: true },
) {
  return createRoute({
    ...about,
    method: "post",
    path,
    security: [{ token: [] }],
    request: {
      params,
      query: nothing,
      headers: repeatable,
      // only where it is required are requests without a body checked at all
      body: { required: !mayBeEmpty, content: { "application/json": { schema: body } } },
    },
    responses: { 201: json("It is done.", answer), ...refusals([400, 401, 403, 404, 409, 413, 415, 422, 507]) },
  });
}

function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

const meanings = {
  400: "The body is not JSON.",
  401: "No token, or one that is not known, has expired or was revoked.",
  403: "The token's roles do not allow this.",
  404: "The site, or something named, is not there, or not for this token.",
  409: "It cannot be done as things stand; all blockers are named.",
  413: "The body is too large.",
  415: "The body is not sent as application/json.",
  422: "Something in the request is wrong; each field is named.",
  507: "The disk is full: nothing was recorded. Retry-After says when to try again.",
};
type Refused = keyof typeof meanings;

function refusals(statuses: Refused[]) {
  const answers = statuses.map((status) => [
    status,
    { description: meanings[status], content: { "application/problem+json": { schema: problemSchema } } },
  ]);
  return Object.fromEntries(answers) as Record<
    Refused,
    { description: string; content: { "application/problem+json": { schema: typeof problemSchema } } }
  >;
}
