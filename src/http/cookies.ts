import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AnyContext } from "./context.ts";

export const secure = (c: AnyContext): boolean => c.get("baseUrl").startsWith("https:");

/** Over https no other host can set a cookie of this name (RFC 6265bis, 4.1.3.2). Its path has to be "/" for that. */
const nameOf = (c: AnyContext, name: string): string => (secure(c) ? `__Host-${name}` : name);

export const readCookie = (c: AnyContext, name: string): string | undefined => getCookie(c, nameOf(c, name));

/** Keeps a text in this browser, where no script can read it. Without `lifetimeMs`: until the browser is closed. */
export function keepCookie(
  c: AnyContext,
  name: string,
  text: string,
  { lifetimeMs, sameSite = "Lax" }: { lifetimeMs?: number; sameSite?: "Lax" | "Strict" } = {},
): void {
  const maxAge = lifetimeMs === undefined ? {} : { maxAge: lifetimeMs / 1000 };
  setCookie(c, nameOf(c, name), text, { httpOnly: true, sameSite, path: "/", secure: secure(c), ...maxAge });
}

export function dropCookie(c: AnyContext, name: string): void {
  deleteCookie(c, nameOf(c, name), { path: "/", secure: secure(c) });
}
