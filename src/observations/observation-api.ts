import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import {
  environmentSlug,
  idSchema,
  knownKey,
  listOf,
  momentSchema,
  paging,
  slugSchema,
  textUpTo,
} from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { lengthLimits, normalKey } from "../record/keys.ts";
import { listStates } from "./page-states.ts";
import { reportPages } from "./report-pages.ts";
import { maxReportedPages } from "./reported-pages-rules.ts";
import { namedServer } from "./servers.ts";

const tags = ["Observations"];

/** What servers showed: what was seen of a page, and what another observer saw. */
export const observationsApi = new OpenAPIHono<SiteEnv>();

const params = z.object({ site: slugSchema, env: environmentSlug });

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

observationsApi.openapi(reportCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  return c.json(await reportPages(c.var.db, tokenActor(c, body), site, environment, body), 201);
});

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

observationsApi.openapi(statesCall, async (c) => {
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
