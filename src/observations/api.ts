import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment } from "../access/sites.ts";
import { getCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import { environmentSlug, idSchema, knownKey, listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { normalKey } from "../record/keys.ts";
import { namedServer } from "./servers.ts";
import { listStates } from "./states.ts";

const tags = ["Observations"];

/** What servers showed of pages. */
export const observationApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, env: environmentSlug });

const digest = z.string().nullable();

const state = z
  .object({
    id: idSchema,
    server: z.string(),
    path: z.string(),
    seen_at: momentSchema.openapi({ description: "Since when it is seen so, until the next state." }),
    outcome: z.enum(["shown", "missing", "unobserved"]).openapi({
      description: "unobserved: what the server sent says nothing about the page.",
    }),
    reason: z.string().nullable().openapi({ description: "Why it is not shown." }),
    status: z.int().nullable(),
    address: z.string().nullable().openapi({ description: "Where redirects led." }),
    title: z.string().nullable(),
    language: z.string().nullable(),
    canonical: z.string().nullable(),
    robots: z.string().nullable(),
    text_digest: digest.openapi({ description: "SHA-256 of what a visitor reads, without noise and masks." }),
    structure_digest: digest.openapi({ description: "SHA-256 of the elements with their addresses." }),
    bytes: z.int(),
  })
  .openapi("Observation");

const statesCall = getCall("/sites/{site}/environments/{env}/observations", {
  tags,
  operationId: "listObservations",
  summary: "What the servers of an environment showed of a page, newest first",
  description: "A state for each change. The last 20 of each server are kept.",
  params,
  query: z.strictObject({
    path: knownKey,
    server: z.string().max(200).optional().openapi({ description: "Only this server." }),
    ...paging(z.strictObject({ id: idSchema })),
  }),
  answer: listOf(state),
});

observationApi.openapi(statesCall, async (c) => {
  const { path, server, limit, cursor } = c.req.valid("query");
  const environment = findAnyEnvironment(c.var.access.site, c.req.valid("param").env);
  const servers = server === undefined ? environment.servers : [namedServer(environment, server)];
  const rows = await listStates(
    c.var.db,
    servers.map(({ id }) => id),
    { path: normalKey("page", path), before: cursor?.id, limit: limit + 1 },
  );
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  const stateJson = ({ server_id, ...row }: (typeof rows)[number]) => ({ server: names.get(server_id) ?? "", ...row });
  return c.json(
    pageOf(rows, limit, stateJson, ({ id }) => ({ id })),
    200,
  );
});
