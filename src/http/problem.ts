import type { Context } from "hono";
import type { Blocker, FieldError } from "../errors.ts";

const titles: Record<number, string> = {
  400: "Bad request",
  401: "Not authenticated",
  403: "Forbidden",
  404: "Not found",
  409: "Conflict",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  429: "Too many requests",
  500: "Internal server error",
  503: "Service unavailable",
  507: "Insufficient storage",
};

export interface Problem {
  status: number;
  message: string;
  code?: string | undefined;
  errors: FieldError[];
  blockers: Blocker[];
}

/** Sends an error as RFC 9457. The detail is the sentence that the page would show. */
export function sendProblem(c: Context, { status, message, code, errors, blockers }: Problem): Response {
  const body = {
    type: code ? `urn:sitebook:problem:${code}` : "about:blank",
    title: titles[status] ?? "Refused",
    status,
    detail: message,
    ...(code && { code }),
    ...(errors.length && { errors }),
    ...(blockers.length && { blockers }),
  };
  if (status === 401) c.header("www-authenticate", "Bearer");
  return c.body(JSON.stringify(body), status as 400, { "content-type": "application/problem+json" });
}
