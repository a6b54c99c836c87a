import type { Context, Next } from "hono";
import { stateOf } from "./database/state.ts";
import { type AppEnv, findPerson } from "./web.ts";

interface Kept {
  /** Of the database, and the minute: pages say how long ago something was. */
  state: string;
  bytes: Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

/** So many bytes are kept; what was not asked for the longest goes first. */
const most = 32 * 1024 * 1024;

/**
 * Pages as bytes, kept for the session that saw them until anything is written or the minute ends, so that looking
 * again costs no more than sending them. Whether the session still holds is looked up each time.
 */
export function keepPages() {
  const kept = new Map<string, Kept>();
  let size = 0;

  function drop(key: string): void {
    size -= kept.get(key)?.bytes.length ?? 0;
    kept.delete(key);
  }

  function keep(key: string, page: Kept): void {
    drop(key);
    kept.set(key, page);
    size += page.bytes.length;
    for (const oldest of kept.keys()) {
      if (size <= most) return;
      drop(oldest);
    }
  }

  return async (c: Context<AppEnv>, next: Next) => {
    const cookie = c.req.header("cookie");
    if (c.req.method !== "GET" || !cookie) return next();
    const state = await stateAndPerson(c);
    // also what the cookies say once, such as that something was done
    const key = `${cookie} ${c.req.url}`;
    const page = c.get("person") && kept.get(key);
    if (page && page.state === state) return new Response(page.bytes, page);
    await next();
    const bytes = c.get("bytes");
    if (state && bytes && c.res.status === 200 && !c.res.headers.has("set-cookie"))
      keep(key, { state, bytes, headers: Object.fromEntries(c.res.headers) });
  };
}

/** Nothing where the database does not answer: what comes after this says so. */
async function stateAndPerson(c: Context<AppEnv>): Promise<string | undefined> {
  try {
    const state = await stateOf(c.get("db"));
    c.set("person", await findPerson(c));
    return `${c.get("at").slice(0, 16)} ${state}`;
  } catch {
    return;
  }
}
