import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall, putCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import { environmentSlug, listOf, momentSchema, paging, slugSchema } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { findingCodes } from "./finding-rules.ts";
import { type Finding, listFindings } from "./queries.ts";
import { chooseReporter } from "./reporters.ts";
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

const reporter = z.enum(["people", "observation"]).openapi({
  description:
    "`people`: people and machines report what is on the environment. `observation`: Sitebook itself records what it sees on all of its servers at each visit, as the machine account Observer. The first visit is the baseline.",
});

const reporterCall = putCall("/sites/{site}/environments/{env}/reporter", {
  needs: "administer",
  tags,
  operationId: "chooseReporter",
  summary: "Choose who reports what is on an environment",
  description: "With observation, its servers are visited every hour unless another schedule is set.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  body: z.strictObject({ reporter }).openapi("NewReporter"),
  answer: z.object({ reporter }).openapi("Reporter"),
});

observationApi.openapi(reporterCall, async (c) => {
  const { site } = c.var.access;
  const body = c.req.valid("json");
  const environment = findEnvironment(site, c.req.valid("param").env);
  await chooseReporter(c.var.db, tokenActor(c, body), site, environment, body.reporter);
  return c.json(body, 200);
});
