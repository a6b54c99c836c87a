import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import {
  environmentSlug,
  idSchema,
  listOf,
  momentSchema,
  nameThenSchema,
  paging,
  personKindSchema,
  slugSchema,
  textUpTo,
  versionLabel,
} from "../api/schemas.ts";
import type { SiteEnv } from "../http/context.ts";
import { findingCodes } from "../record/finding-kinds.ts";
import { acceptFinding, undoAcceptance } from "./accept.ts";
import { type Finding, findingPosition, listFindings } from "./queries.ts";
import { recordFinding } from "./record.ts";
import { findingStates } from "./state-rules.ts";

const tags = ["Observations"];

export const findingApi = new OpenAPIHono<SiteEnv>();

const code = z.enum(findingCodes);

const accepted = z.object({
  person: nameThenSchema,
  person_kind: personKindSchema,
  reason: z.string(),
  accepted_at: momentSchema,
});

const settled = z.object({
  how: z.enum(["gone", "recorded", "changed"]).openapi({
    description:
      "gone: a visit no longer found it. recorded: a deployment recorded what was found. changed: it was accepted, and something else was found since.",
  }),
  settled_at: momentSchema,
});

const finding = z
  .object({
    id: idSchema,
    environment: environmentSlug,
    server: z.string(),
    path: z.string().nullable().openapi({
      description: "Of the page, or the name of the software item; null: it is about the whole server.",
    }),
    code,
    sentence: z.string(),
    advice: z.string().openapi({ description: "What to do about it." }),
    state: z.enum(findingStates),
    opened_at: momentSchema.openapi({ description: "When a visit first found it." }),
    accepted: accepted.nullable().openapi({ description: "By whom it was accepted, until something changes." }),
    settled: settled.nullable(),
  })
  .openapi("Finding");

function findingJson(found: Finding): z.infer<typeof finding> {
  const { id, environment, server, path, code, sentence, advice, state, opened_at } = found;
  const { person, person_kind, reason, accepted_at, settled_at, settled_how } = found;
  return {
    id,
    environment,
    server,
    path: path || null,
    code,
    sentence,
    advice,
    state,
    opened_at,
    accepted: accepted_at && person && person_kind ? { person, person_kind, reason: reason ?? "", accepted_at } : null,
    settled: settled_at ? { how: settled_how ?? "gone", settled_at } : null,
  };
}

const findingsCall = getCall("/sites/{site}/findings", {
  tags,
  operationId: "listFindings",
  summary: "What the servers show that disagrees with the record or with good order, newest first",
  description:
    "A finding is open until a visit no longer finds it, somebody accepts it, or what was found is recorded. Those that are settled are listed latest first.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({
    environment: environmentSlug.optional(),
    state: z.enum(findingStates).default("open"),
    kind: code.optional().openapi({ description: "Only findings with this code." }),
    code: code.optional().openapi({ description: "The same as `kind`." }),
    ...paging(z.strictObject({ id: z.string().max(40), at: momentSchema.max(40).optional() })),
  }),
  answer: listOf(finding),
});

findingApi.openapi(findingsCall, async (c) => {
  const { environment, state, kind, code, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const rows = await listFindings(c.var.db, site.id, {
    state,
    environmentId: environment && findAnyEnvironment(site, environment).id,
    kind: kind ?? code,
    before: cursor,
    limit: limit + 1,
  });
  return c.json(pageOf(rows, limit, findingJson, findingPosition), 200);
});

const findingParams = z.object({ site: slugSchema, id: idSchema });

const acceptCall = postCall("/sites/{site}/findings/{id}/acceptance", {
  needs: "record",
  tags,
  operationId: "acceptFinding",
  summary: "Accept a finding until something changes",
  description: "It is no longer open. If a visit finds something else, or finds it anew, a new finding is opened.",
  params: findingParams,
  body: z.strictObject({ reason: textUpTo(10_000) }).openapi("NewAcceptance"),
  answer: finding,
});

findingApi.openapi(acceptCall, async (c) => {
  const body = c.req.valid("json");
  const { id } = c.req.valid("param");
  return c.json(findingJson(await acceptFinding(c.var.db, tokenActor(c, body), c.var.access.site, id, body)), 201);
});

const undoCall = postCall("/sites/{site}/findings/{id}/acceptance/undo", {
  needs: "record",
  tags,
  operationId: "undoAcceptance",
  summary: "Open an accepted finding again",
  params: findingParams,
  mayBeEmpty: true,
  body: z.strictObject({}).openapi("UndoneAcceptance"),
  answer: finding,
});

findingApi.openapi(undoCall, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(findingJson(await undoAcceptance(c.var.db, tokenActor(c, {}), c.var.access.site, id)), 201);
});

const recordCall = postCall("/sites/{site}/findings/{id}/deployment", {
  needs: "record",
  tags,
  operationId: "recordFinding",
  summary: "Record what was found as a deployment, which settles the finding",
  description:
    "For the codes missing (its removal is recorded), still_there, unrecorded, drifted, not_as_approved, not_there_yet and wrong_software. The deployment is effective since a visit first saw it so.",
  params: findingParams,
  mayBeEmpty: true,
  body: z
    .strictObject({
      version: textUpTo(200).optional().openapi({
        description:
          "The label of what is there. Without it: the label by which this content is known, or `seen` and the beginning of its digest.",
      }),
    })
    .openapi("RecordedFinding"),
  answer: z.object({ number: z.int(), version: versionLabel }).openapi("FindingDeployment", {
    description: "The number of the deployment, and the version that it records.",
  }),
});

findingApi.openapi(recordCall, async (c) => {
  const body = c.req.valid("json");
  const { id } = c.req.valid("param");
  return c.json(await recordFinding(c.var.db, tokenActor(c, body), c.var.access.site, id, body), 201);
});
