import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall, putCall } from "../api/calls.ts";
import { environmentSlug, idSchema, slugSchema, textUpTo } from "../api/schemas.ts";
import type { Database } from "../database/connect.ts";
import type { SiteEnv } from "../http/context.ts";
import { dateTagOf, isHidden, probesOf, removeProbe, setDateTag, setHidden, setProbe } from "./checks.ts";

const tags = ["Observations"];

/** What visits check in an environment besides what they always do. */
export const checkApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, env: environmentSlug });

const probeFields = {
  software: textUpTo(2000).openapi({ example: "checkout-service" }),
  how: z.enum(["json", "header", "meta"]).openapi({
    description: "The version is in a JSON document, a response header or a meta tag.",
  }),
  path: textUpTo(2000).openapi({ description: "The path of the address on each server.", example: "/health" }),
  name: textUpTo(200).openapi({
    description: "A JSON pointer (RFC 6901), or the name of the header or meta tag.",
    example: "/version",
  }),
};

const checks = z
  .object({
    hidden: z.boolean().openapi({ description: "Whether search engines are not to list its pages." }),
    date_tag: z.string().nullable().openapi({
      description:
        "The meta tag that says when a page is to be reviewed, as a date or RFC 3339: a page whose date has passed is stale. null: none is read.",
    }),
    software: z
      .array(z.object({ id: idSchema, ...probeFields }))
      .openapi({ description: "The software whose version is read from each server, by name." }),
  })
  .openapi("Checks");

async function checksOf(db: Database, environmentId: string): Promise<z.infer<typeof checks>> {
  const software = await probesOf(db, environmentId);
  return {
    hidden: await isHidden(db, environmentId),
    date_tag: (await dateTagOf(db, environmentId)) || null,
    software: software.map(({ environment_id: _environment, ...probe }) => probe),
  };
}

const ofChecks = { needs: "administer", tags, params, answer: checks } as const;

const getChecks = getCall("/sites/{site}/environments/{env}/checks", {
  ...ofChecks,
  operationId: "getChecks",
  summary: "What visits to an environment check besides what they always do",
  description: "For administrators.",
});

checkApi.openapi(getChecks, async (c) => {
  const { id } = findAnyEnvironment(c.var.access.site, c.req.valid("param").env);
  return c.json(await checksOf(c.var.db, id), 200);
});

const changeChecks = putCall("/sites/{site}/environments/{env}/checks", {
  ...ofChecks,
  operationId: "changeChecks",
  summary: "Say whether search engines are to list the pages of an environment",
  description: "For administrators.",
  body: z.strictObject({ hidden: checks.shape.hidden }).openapi("NewChecks"),
});

checkApi.openapi(changeChecks, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  await setHidden(c.var.db, tokenActor(c, body), site, environment, body.hidden);
  return c.json(await checksOf(c.var.db, environment.id), 200);
});

const datesCall = putCall("/sites/{site}/environments/{env}/checks/dates", {
  ...ofChecks,
  operationId: "checkDates",
  summary: "Name the meta tag that says when the pages of an environment are to be reviewed",
  description: "For administrators. The next visits read it. A page whose date has passed is stale.",
  body: z
    .strictObject({ date_tag: textUpTo(100).nullable().openapi({ example: "review-date" }) })
    .openapi("NewDateCheck"),
});

checkApi.openapi(datesCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  await setDateTag(c.var.db, tokenActor(c, body), site, environment, body.date_tag ?? "");
  return c.json(await checksOf(c.var.db, environment.id), 200);
});

const probeCall = putCall("/sites/{site}/environments/{env}/checks/software", {
  ...ofChecks,
  operationId: "checkSoftware",
  summary: "Have the version of a software item read from each server of an environment",
  description: "For administrators. It replaces how the same software item was read before.",
  body: z.strictObject(probeFields).openapi("NewSoftwareCheck"),
});

checkApi.openapi(probeCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  await setProbe(c.var.db, tokenActor(c, body), site, environment, body);
  return c.json(await checksOf(c.var.db, environment.id), 200);
});

const removeCall = postCall("/sites/{site}/environments/{env}/checks/software/{id}/removal", {
  needs: "administer",
  tags,
  operationId: "stopCheckingSoftware",
  summary: "Stop reading the version of a software item",
  description: "For administrators.",
  params: z.object({ site: slugSchema, env: environmentSlug, id: idSchema }),
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("SoftwareCheckRemoval"),
  answer: z.object({ software: z.string() }).openapi("RemovedSoftwareCheck"),
});

checkApi.openapi(removeCall, async (c) => {
  const { env, id } = c.req.valid("param");
  const { site } = c.var.access;
  return c.json(await removeProbe(c.var.db, tokenActor(c, {}), site, findEnvironment(site, env), id), 201);
});
