import type { Context, MiddlewareHandler } from "hono";
import { logLine } from "../log.ts";
import type { AppEnv } from "./context.ts";

/** What is refused to somebody, or looks like an attempt to get around a rule. Wrong fields (422) are everyday. */
const logged = new Set([400, 401, 403, 413, 415, 429]);

/** How many lines one address gets in a minute; the others are counted. */
const maxLines = 20;
const minuteMs = 60_000;

/**
 * Writes a line to the server's log for each refused request: the status, the method and the path without its query, the
 * client's address, and the id of the person or token. Never what was sent. `write`: undefined logs nothing.
 */
export function logRefusals(write: ((line: string) => void) | undefined, now = Date.now): MiddlewareHandler<AppEnv> {
  if (!write) return (_c, next) => next();
  const log = limited(write, now);
  // a request to the API passes here twice: the inner one knows the token
  const seen = new WeakSet<Request>();
  return async (c, next) => {
    await next();
    if (!isRefused(c) || seen.has(c.req.raw)) return;
    seen.add(c.req.raw);
    const address = c.var.address();
    log(address, lineOf(c, address));
  };
}

/** A site on which somebody has no role is answered as one that does not exist. */
function isRefused(c: Context): boolean {
  const { status } = c.res;
  const isForeignSite = status === 404 && c.get("person") && !c.get("access") && /\/sites\/[^/]/.test(c.req.path);
  return logged.has(status) || isForeignSite;
}

function lineOf(c: Context<AppEnv>, address: string): string {
  const { method, path } = c.req;
  const who = c.var.person ? ` ${c.var.person.kind}=${c.var.person.id}` : "";
  return `refused status=${c.res.status} method=${method} path=${JSON.stringify(hidingSecrets(path))} address=${address || "unknown"}${who}`;
}

/** Secrets and hashes are longer than anything else in a path. */
const hidingSecrets = (path: string): string => path.replace(/[\w-]{40,}/g, "…").slice(0, 200);

/** A client that is refused again and again cannot fill the disk with it. */
function limited(write: (line: string) => void, now: () => number) {
  let since = now();
  const lines = new Map<string, number>();
  return (address: string, line: string): void => {
    if (now() - since >= minuteMs) {
      for (const [client, count] of lines)
        if (count > maxLines) write(logLine(`refused more=${count - maxLines} address=${client || "unknown"}`));
      lines.clear();
      since = now();
    }
    const count = (lines.get(address) ?? 0) + 1;
    lines.set(address, count);
    if (count <= maxLines) write(logLine(line));
  };
}
