import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { sql } from "kysely";
import type { Database } from "./database/connect.ts";
import type { AppEnv } from "./http/context.ts";

const timeoutMs = 3000;

export const healthApi = new OpenAPIHono<AppEnv>();

const answer = (description: string, word: string) => ({
  description,
  content: { "application/json": { schema: z.object({ status: z.literal(word) }) } },
});

const liveCall = createRoute({
  method: "get",
  path: "/healthz",
  tags: ["Operation"],
  operationId: "isAlive",
  summary: "Check that the server is running",
  responses: { 200: answer("The server is running.", "alive") },
});

healthApi.openapi(liveCall, (c) => c.json({ status: "alive" }, 200));

const readyCall = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["Operation"],
  operationId: "isReady",
  summary: "Check that the server and its database answer",
  responses: {
    200: answer("Both answer.", "ready"),
    503: answer("The database does not answer.", "database unreachable"),
  },
});

healthApi.openapi(readyCall, async (c) =>
  (await answers(c.var.db))
    ? c.json({ status: "ready" }, 200)
    : c.json({ status: "database unreachable" }, 503, { "retry-after": "10" }),
);

/** A database that takes longer than the timeout counts as unreachable. */
async function answers(db: Database): Promise<boolean> {
  const query = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  const { promise: timedOut, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, timeoutMs, false);
  return Promise.race([query, timedOut]).finally(() => clearTimeout(timer));
}
