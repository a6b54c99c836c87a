import type { Context, Next } from "hono";
import { compress } from "hono/compress";

/**
 * Compresses pages, answers of the API and downloads with gzip, downloads while they are written. Not answers that are
 * too small to gain by it, and not those with a secret: see `containsSecret`.
 */
export const compression = compress({ encoding: "gzip" });

/**
 * For pages that show a secret, such as a new token. The length of a compressed page tells which text in it is like
 * another one, so that somebody who can place text beside a secret could guess it letter by letter (BREACH).
 */
export function containsSecret(c: Context): void {
  c.header("cache-control", "no-store, no-transform");
}

/** JSON of a known length: without it the length of an answer is only known once it is compressed. */
export async function measureJson(c: Context, next: Next): Promise<void> {
  await next();
  const { res } = c;
  if (!res.body || !/json\b/.test(res.headers.get("content-type") ?? "") || res.headers.has("content-length")) return;
  const bytes = await res.arrayBuffer();
  c.res = undefined;
  c.res = new Response(bytes, res);
  c.res.headers.set("content-length", String(bytes.byteLength));
}
