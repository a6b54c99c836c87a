import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import { environmentSlug, listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { findingCodes } from "./finding-rules.ts";
import { type Finding, listFindings } from "./queries.ts";
import { startVisits } from "./visits.ts";

const tags = ["Observations"];

export const observationApi = new OpenAPIHono<SiteEnv>();

const code = z.enum(findingCodes);

const finding = z
  .object({
    environment: environmentSlug,
    server: z.string(),
    path: z.string().nullable().openapi({ description: "Of the page; null: it is about the whole server." }),
    code,
    sentence: z.string(),
    advice: z.string().openapi({ description: "What to do about it." }),
    opened_at: momentSchema.openapi({ description: "When a visit first found it." }),
  })
  .openapi("Finding");

const findingJson = ({ environment, server, path, code, sentence, advice, opened_at }: Finding) => ({
  environment,
  server,
  path: path || null,
  code,
  sentence,
  advice,
  opened_at,
});

const findingsCall = getCall("/sites/{site}/findings", {
  tags,
  operationId: "listFindings",
  summary: "What the servers show that disagrees with the record or with good order, newest first",
  description: "A finding is listed until a visit no longer finds it.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({
    environment: environmentSlug.optional(),
    kind: code.optional().openapi({ description: "Only findings with this code." }),
    ...paging(z.strictObject({ id: z.string().max(40) })),
  }),
  answer: listOf(finding),
});

observationApi.openapi(findingsCall, async (c) => {
  const { environment, kind, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const rows = await listFindings(c.var.db, site.id, {
    environmentId: environment && findAnyEnvironment(site, environment).id,
    code: kind,
    before: cursor?.id,
    limit: limit + 1,
  });
  return c.json(
    pageOf(rows, limit, findingJson, ({ id }) => ({ id })),
    200,
  );
});

const visitCall = postCall("/sites/{site}/environments/{env}/visits", {
  needs: "record",
  tags,
  operationId: "startVisits",
  summary: "Have Sitebook visit the pages of an environment on each of its servers",
  description: "It happens in the background. A server to which a visit is in progress is left out.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("NewVisits"),
  answer: z
    .object({ started: z.int().openapi({ description: "How many visits were started: one for each server." }) })
    .openapi("StartedVisits"),
});

observationApi.openapi(visitCall, async (c) => {
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  return c.json(await startVisits(c.var.db, tokenActor(c, {}), site, environment), 201);
});
