import { OpenAPIHono, z } from "@hono/zod-openapi";
import { withoutReplay } from "../access/actor.ts";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall, putCall } from "../api/calls.ts";
import { environmentSlug, slugSchema, textUpTo } from "../api/schemas.ts";
import type { Database } from "../database/connect.ts";
import type { SiteEnv } from "../http/context.ts";
import { namedServer } from "../observations/servers.ts";
import { observationRule } from "../observer/observation-rule.ts";
import { observeSite } from "./reporters.ts";
import { changeVisitSettings, scheduleVisits, visitHours, visitSettingsOf } from "./settings.ts";
import { settingsOf, visitDefaults } from "./settings-rules.ts";

const tags = ["Observations"];

/** How Sitebook visits servers, and how often. */
export const visitSettingsApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, env: environmentSlug });

/** Ranges are documented here and checked by the rules, so that page and API refuse with the same sentence. */
const whole = (minimum: number, maximum: number, description: string) =>
  z.number().openapi({ type: "integer", minimum, maximum, description });

const options = {
  honours_robots: z.boolean().openapi({ description: "false: it is your own site, so robots.txt is not asked." }),
  pages_at_once: whole(1, 10, "How many pages are requested at once."),
  pause_ms: whole(0, 60_000, "The pause after each page, in milliseconds."),
  max_pages: whole(1, 10_000, "How many pages are visited at most."),
  connect_to: textUpTo(260).openapi({
    description: "A host name or IP address, with a port if needed, to connect to in place of the server's own.",
    example: "192.0.2.7:8443",
  }),
  link_depth: whole(0, 10, "How many links are followed from a known page; 0: none."),
  kept_parameters: z.array(z.string()).openapi({ description: "The parameters that are kept in queries of links." }),
  other_hosts: z.array(z.string()).openapi({
    description:
      "Other hosts whose files and links are checked, too, with a port if needed: up to 20. Each address is asked once a visit at most, one at a time on each host, as its robots.txt allows and without credentials; no link that is nofollow. What does not answer is no finding.",
    example: ["cdn.example.com"],
  }),
};

const serverSettings = z
  .object({
    server: z.string(),
    ...options,
    credentials: z
      .array(z.string())
      .openapi({ description: "The names of the headers that are sent; never their values." }),
  })
  .openapi("VisitSettings");

async function settingsJson(db: Database, { id, name }: { id: string; name: string }) {
  const { header_names, ...stored } = await visitSettingsOf(db, id);
  const settings = settingsOf(stored);
  return {
    server: name,
    ...settings,
    honours_robots: settings.honours_robots === 1,
    kept_parameters: settings.kept_parameters.split(" ").filter(Boolean),
    other_hosts: settings.other_hosts.split(" ").filter(Boolean),
    credentials: header_names.split(", ").filter(Boolean),
  };
}

const getSettings = getCall("/sites/{site}/environments/{env}/visit-settings", {
  needs: "administer",
  tags,
  operationId: "getVisitSettings",
  summary: "How the servers of an environment are visited, and how often",
  description: "For administrators.",
  params,
  answer: z
    .object({
      reporter: z.enum(["people", "observation"]).openapi({ description: "Who reports what is on the environment." }),
      every_hours: z.int().openapi({ description: "0: only on request." }),
      after_deployments: z.boolean(),
      servers: z.array(serverSettings),
    })
    .openapi("EnvironmentVisits"),
});

visitSettingsApi.openapi(getSettings, async (c) => {
  const { db } = c.var;
  const { id, servers } = findAnyEnvironment(c.var.access.site, c.req.valid("param").env);
  const { reporter, after_deployments } = await observationRule(db, id);
  const answer = {
    reporter,
    every_hours: await visitHours(db, id),
    after_deployments: after_deployments === 1,
    servers: await Promise.all(servers.map((server) => settingsJson(db, server))),
  };
  return c.json(answer, 200);
});

const credentials = z.strictObject({
  user: textUpTo(4000).optional(),
  password: textUpTo(4000).optional(),
  cookie: textUpTo(4000).optional(),
  header: textUpTo(4000)
    .optional()
    .openapi({ description: "One more header, as `Name: value`.", example: "X-Key: 4711" }),
});

const changeSettings = putCall("/sites/{site}/environments/{env}/visit-settings", {
  needs: "administer",
  tags,
  operationId: "changeVisitSettings",
  summary: "Change how a server is visited",
  description: "For administrators. A setting that is not sent gets its default, but credentials stay as they are.",
  params,
  body: z
    .strictObject({
      server: textUpTo(200).optional().openapi({ description: "Needed if the environment has several servers." }),
      ...z.object(options).partial().shape,
      credentials: credentials.nullable().optional().openapi({
        description:
          "For Basic authentication, a cookie or a header. They are encrypted and never returned. null: none any more.",
      }),
    })
    .openapi("NewVisitSettings"),
  answer: serverSettings,
});

visitSettingsApi.openapi(changeSettings, async (c) => {
  const { server: name, credentials, honours_robots = true, ...sent } = c.req.valid("json");
  const { kept_parameters = [], other_hosts = [], ...settings } = sent;
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const server = namedServer(environment, name);
  const request = {
    ...visitDefaults,
    ...settings,
    honours_robots: honours_robots ? (1 as const) : (0 as const),
    kept_parameters: kept_parameters.join(" "),
    other_hosts: other_hosts.join(" "),
    user: "",
    password: "",
    cookie: "",
    header: "",
    ...credentials,
    removesCredentials: credentials === null,
  };
  // a fingerprint of the request would be one of its credentials; and the same again changes nothing
  const actor = withoutReplay(tokenActor(c, {}));
  await changeVisitSettings(c.var.db, actor, site, environment, server.id, request, c.var.secrets);
  return c.json(await settingsJson(c.var.db, server), 200);
});

const schedule = z.object({
  every_hours: whole(0, 744, "Every how many hours; 0: only on request."),
  after_deployments: z.boolean(),
});

const scheduleCall = putCall("/sites/{site}/environments/{env}/visit-schedule", {
  needs: "administer",
  tags,
  operationId: "scheduleVisits",
  summary: "Have the servers of an environment visited regularly",
  description: "For administrators.",
  params,
  body: z
    .strictObject({
      every_hours: schedule.shape.every_hours,
      after_deployments: z.boolean().optional().openapi({
        default: true,
        description: "Whether they are also visited after each deployment, and when a promotion is requested.",
      }),
    })
    .openapi("NewVisitSchedule"),
  answer: schedule.openapi("VisitSchedule"),
});

visitSettingsApi.openapi(scheduleCall, async (c) => {
  const body = c.req.valid("json");
  const { every_hours, after_deployments = true } = body;
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const options = { afterDeployments: after_deployments };
  await scheduleVisits(c.var.db, tokenActor(c, body), site, environment, every_hours, options);
  return c.json({ every_hours, after_deployments }, 200);
});

const observeCall = postCall("/sites/{site}/observation", {
  needs: "administer",
  tags,
  operationId: "observeSite",
  summary: "Have Sitebook keep the record of all environments that have servers by what it sees there",
  description: "For administrators. The visits start at once; the first to each environment is its baseline.",
  params: z.object({ site: slugSchema }),
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("NewObservation"),
  answer: z
    .object({ started: z.int().openapi({ description: "How many visits were started: one for each server." }) })
    .openapi("StartedObservation"),
});

visitSettingsApi.openapi(observeCall, async (c) =>
  c.json(await observeSite(c.var.db, tokenActor(c, {}), c.var.access.site), 201),
);
