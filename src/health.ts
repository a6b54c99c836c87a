import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { sql } from "kysely";
import type { Database } from "./database/connect.ts";
import type { AppEnv } from "./http/context.ts";

const patience = 3000;

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
  summary: "Whether the server runs",
  responses: { 200: answer("It runs.", "alive") },
});

healthApi.openapi(liveCall, (c) => c.json({ status: "alive" }, 200));

const readyCall = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["Operation"],
  operationId: "isReady",
  summary: "Whether the server and its database answer",
  responses: { 200: answer("Both do.", "ready"), 503: answer("The database does not.", "database unreachable") },
});

healthApi.openapi(readyCall, async (c) =>
  (await answers(c.var.db))
    ? c.json({ status: "ready" }, 200)
    : c.json({ status: "database unreachable" }, 503, { "retry-after": "10" }),
);

/** A database that takes longer than anybody waits is as good as none. */
async function answers(db: Database): Promise<boolean> {
  const asked = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  const { promise: tooLong, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, patience, false);
  return Promise.race([asked, tooLong]).finally(() => clearTimeout(timer));
}
