import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { postCall, putCall } from "../api/calls.ts";
import { environmentSlug, slugSchema, textUpTo } from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { lengthLimits } from "../record/keys.ts";
import { reportPages } from "./report-pages.ts";
import { maxReportedPages } from "./report-rules.ts";
import { chooseReporter } from "./reporters.ts";
import { startVisits } from "./visits.ts";

const tags = ["Observations"];

/** Visits by Sitebook and by another observer, and whether they keep the record. */
export const visitApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, env: environmentSlug });

const visitCall = postCall("/sites/{site}/environments/{env}/visits", {
  needs: "record",
  tags,
  operationId: "startVisits",
  summary: "Have Sitebook visit the pages of an environment on each of its servers",
  description: "It happens in the background. A server to which a visit is in progress is left out.",
  params,
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("NewVisits"),
  answer: z
    .object({ started: z.int().openapi({ description: "How many visits were started: one for each server." }) })
    .openapi("StartedVisits"),
});

visitApi.openapi(visitCall, async (c) => {
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
  params,
  body: z.strictObject({ reporter }).openapi("NewReporter"),
  answer: z.object({ reporter }).openapi("Reporter"),
});

visitApi.openapi(reporterCall, async (c) => {
  const { site } = c.var.access;
  const body = c.req.valid("json");
  const environment = findEnvironment(site, c.req.valid("param").env);
  await chooseReporter(c.var.db, tokenActor(c, body), site, environment, body.reporter);
  return c.json(body, 200);
});

const serverName = textUpTo(200)
  .optional()
  .openapi({ description: "The name of a server of the environment. Needed if it has several.", example: "web" });

const reportedPage = z
  .strictObject({
    path: textUpTo(lengthLimits.key).openapi({ example: "/sale/shoes" }),
    status: z.int().openapi({ minimum: 100, maximum: 599, description: "The last HTTP status, after redirects." }),
    html: z.string().optional().openapi({ description: "The page as it was sent. Either this or `text`." }),
    text: z.string().optional().openapi({ description: "What a visitor reads, line by line." }),
    content_type: textUpTo(200).optional().openapi({ description: "Without it: text/html, or text/plain for a text." }),
    title: textUpTo(lengthLimits.title).optional().openapi({ description: "Of a text. HTML has its own." }),
    location: textUpTo(2000).optional().openapi({ description: "Where redirects led, if there were any." }),
  })
  .openapi("ReportedPage");

const reportCall = postCall("/sites/{site}/environments/{env}/observations", {
  needs: "record",
  tags,
  operationId: "reportPages",
  summary: "Report what another observer saw on a server, such as a crawler within a private network",
  description: `At most ${maxReportedPages} pages, all or nothing. They are compared with the record as a visit by this token, without a second look at what differs: findings are opened and settled and, where an environment is kept by observation, its record follows. Pages that are not named stay as they were seen. A page is recorded as removed once two reports or visits did not find it.`,
  params,
  body: z
    .strictObject({ server: serverName, pages: z.array(reportedPage).openapi({ maxItems: maxReportedPages }) })
    .openapi("NewObservations"),
  answer: z
    .object({
      server: z.string(),
      pages: z.int(),
      changed: z.int().openapi({ description: "How many of the pages show something else than before." }),
    })
    .openapi("SavedObservations"),
});

visitApi.openapi(reportCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  return c.json(await reportPages(c.var.db, tokenActor(c, body), site, environment, body), 201);
});
