import { createRoute, z } from "@hono/zod-openapi";
import { problemSchema } from "./schemas.ts";

export interface About {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
}

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

/** A call that reads. */
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
    ...about
  }: About & { params: Params; query?: Query; answer: Answer; mayConflict?: true },
) {
  return createRoute({
    ...about,
    method: "get",
    path,
    security: [{ token: [] }],
    request: { params, query: query ?? (noParameters as unknown as Query) },
    responses: {
      200: json("The requested data.", answer),
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
      query: noParameters,
      headers: idempotencyHeader,
      // the library checks requests without a body only if one is required
      body: { required: !mayBeEmpty, content: { "application/json": { schema: body } } },
    },
    responses: { 201: json("Recorded.", answer), ...refusals([400, 401, 403, 404, 409, 413, 415, 422, 507]) },
  });
}

/** A call that changes some fields of something; repeating it changes nothing more. */
export function patchCall<
  Path extends string,
  Params extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
>(path: Path, { params, body, answer, ...about }: About & { params: Params; body: Body; answer: Answer }) {
  return createRoute({
    ...about,
    method: "patch",
    path,
    security: [{ token: [] }],
    request: {
      params,
      query: noParameters,
      body: { required: true, content: { "application/json": { schema: body } } },
    },
    responses: { 200: json("Changed.", answer), ...refusals([400, 401, 403, 404, 409, 413, 415, 422, 507]) },
  });
}

/** A call that replaces something by what the body says, as a new version. */
export function putCall<
  Path extends string,
  Params extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
>(path: Path, { params, body, answer, ...about }: About & { params: Params; body: Body; answer: Answer }) {
  return createRoute({
    ...about,
    method: "put",
    path,
    security: [{ token: [] }],
    request: {
      params,
      query: noParameters,
      headers: idempotencyHeader,
      body: { required: true, content: { "application/json": { schema: body } } },
    },
    responses: { 200: json("Changed.", answer), ...refusals([400, 401, 403, 404, 409, 413, 415, 422, 507]) },
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
