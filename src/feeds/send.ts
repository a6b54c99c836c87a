import type { Next } from "hono";
import { sha256 } from "../database/ids.ts";
import type { AnyContext } from "../http/context.ts";

/**
 * Sends a document to a program that asks for it again and again: with 304 if it has this one already (RFC 9110, 13.1).
 * `changedAt`, ISO 8601 UTC, is when it may have changed last.
 */
export function sendFresh(
  c: AnyContext,
  text: string,
  { type, changedAt }: { type: string; changedAt: string },
): Response {
  const etag = `W/"${sha256(text).slice(0, 32)}"`;
  const headers: Record<string, string> = { etag, "cache-control": "private, no-cache" };
  // a second in which more may happen would hide that from clients that compare only the time
  const settled = Date.parse(c.get("at")) - Date.parse(changedAt) > 1000;
  if (settled) headers["last-modified"] = new Date(changedAt).toUTCString();
  const known = c.req.header("if-none-match");
  const since = Date.parse(c.req.header("if-modified-since") ?? "");
  const isFresh = known
    ? listOf(known).includes(etag)
    : settled && since >= Math.floor(Date.parse(changedAt) / 1000) * 1000;
  return isFresh ? c.body(null, 304, headers) : c.body(text, 200, { ...headers, "content-type": type });
}

/** Lets pages of other sites show badges. Runs outside of what sets the security headers. */
export async function showElsewhere(c: AnyContext, next: Next): Promise<void> {
  await next();
  const { headers } = c.res;
  if (headers.get("content-type")?.startsWith("image/svg")) headers.set("cross-origin-resource-policy", "cross-origin");
}

/** The tags of an If-None-Match header, all of them weak, as weak and strong ones match here. */
const listOf = (header: string): string[] =>
  header.split(",").map((tag) => (tag.trim().startsWith("W/") ? tag.trim() : `W/${tag.trim()}`));
