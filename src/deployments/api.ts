import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import {
  beforeApprovalSchema,
  documented,
  environmentSlug,
  keySchema,
  kindSchema,
  listOf,
  momentSchema,
  momentText,
  numberInPath,
  numberSchema,
  paging,
  personKindSchema,
  referenceSchema,
  searchText,
  slugSchema,
  textUpTo,
  versionLabel,
} from "../api/schemas.ts";
import { notFound, refuseFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment, readRangeEnd } from "../http/forms.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { lengthLimits } from "../record/keys.ts";
import { readReference } from "../record/references.ts";
import { maxPlacements } from "../record/report.ts";
import { isBeforeApproval } from "../time/before-approval.ts";
import { invalidMoment, parseRfc3339 } from "../time/rfc3339.ts";
import { type Deployment, findDeployment, listDeploymentPlacements, listDeployments } from "./queries.ts";
import { recordDeployment } from "./record.ts";
import { recordSameAs } from "./same-as.ts";

const tags = ["Deployments"];

export const deploymentApi = new OpenAPIHono<SiteEnv>();

const line = z
  .strictObject({
    kind: kindSchema,
    key: keySchema,
    version: versionLabel,
    digest: textUpTo(lengthLimits.digest)
      .optional()
      .openapi({ description: "A digest of its content. The same version with another digest is refused." }),
    title: textUpTo(lengthLimits.title).optional(),
    source: textUpTo(lengthLimits.source)
      .optional()
      .openapi({ description: "Where it comes from: a commit, build or revision." }),
    notes: textUpTo(lengthLimits.note).optional(),
    requires: z
      .record(z.string(), z.string())
      .optional()
      .openapi({
        description:
          "The software that it needs, by name, each as a range of versions (semver, or numbers with any number of parts) or as one exact label.",
        example: { "checkout-service": ">=3.2 <4" },
      }),
  })
  .openapi("Line");

const recordedDeployment = z
  .object({
    number: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    removed: z.int().openapi({ description: "How many of the changes are removals." }),
    out_of_band: z.int(),
    titles_kept: z.int().optional().openapi({
      description: "How many versions keep the title that was first recorded for them, where another one was sent.",
    }),
    similar_keys: z
      .array(z.object({ kind: kindSchema, key: keySchema, known: keySchema }))
      .optional()
      .openapi({
        description:
          "New keys that differ from a known one only in case, a closing slash or the form of a character. They are recorded: check whether they were meant.",
      }),
  })
  .openapi("RecordedDeployment");

const recordCall = postCall("/sites/{site}/environments/{env}/deployments", {
  needs: "record",
  tags,
  operationId: "recordDeployment",
  summary: "Record a deployment: what is in an environment from a moment on",
  description: `At most ${maxPlacements} placements, all or nothing. A deployment is recorded even if no promotion allowed it; where approvals are needed, it is then flagged out of band.`,
  params: z.object({ site: slugSchema, env: environmentSlug }),
  body: z
    .strictObject({
      effective_at: momentSchema.optional().openapi({
        description: "When it took effect; now if it is missing. May be in the past, but not in the future.",
      }),
      note: textUpTo(lengthLimits.note).optional(),
      source: textUpTo(lengthLimits.source).optional().openapi({ example: "https://ci.example/builds/4711" }),
      promotion: numberSchema.optional().openapi({ description: "The number of the promotion that allowed it." }),
      complete: z
        .boolean()
        .optional()
        .openapi({ description: "This is the complete list: anything not listed is recorded as removed." }),
      allow_removals: z.int().min(0).optional().openapi({
        description:
          "How many pages and software items the complete list may remove, at most. Without it, a list that is empty, or that would remove more than ten and more than a fifth of what is there, is refused with the code removals_not_allowed.",
      }),
      baseline: z.boolean().optional().openapi({
        description:
          "This was already there when the record begins, so it needs no promotion and is not out of band. Only while nothing but baselines is recorded for the environment.",
      }),
      placements: z.array(line).openapi({ maxItems: maxPlacements }),
    })
    .openapi("NewDeployment"),
  answer: recordedDeployment,
});

deploymentApi.openapi(recordCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const recorded = await recordDeployment(
    c.var.db,
    tokenActor(c, body),
    site,
    findEnvironment(site, c.req.valid("param").env),
    body,
  );
  return c.json(recorded, 201);
});

const sameAsCall = postCall("/sites/{site}/environments/{env}/same-as", {
  needs: "record",
  tags,
  operationId: "recordSameAs",
  summary: "Record what is on another environment as the complete baseline of this one",
  description: "Only while nothing but baselines is recorded for the environment.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  body: z
    .strictObject({
      from: environmentSlug.openapi({ description: "The environment to copy, as it is now.", example: "live" }),
      allow_removals: z.int().min(0).optional().openapi({
        description: "How many pages and software items it may remove, at most; see recordDeployment.",
      }),
    })
    .openapi("NewSameAs"),
  answer: recordedDeployment,
});

deploymentApi.openapi(sameAsCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const from = findEnvironment(site, body.from);
  const copy = { environment, allowRemovals: body.allow_removals };
  return c.json(await recordSameAs(c.var.db, tokenActor(c, body), site, from, copy), 201);
});

const deployment = z.object({
  number: z.int(),
  environment: environmentSlug,
  effective_at: momentSchema,
  seen_otherwise_at: momentSchema.nullable().openapi({
    description:
      "Of what Sitebook saw itself: it happened after this moment, at which its pages were last seen otherwise.",
  }),
  recorded_at: momentSchema,
  person: z.string().openapi({ description: "What the person or token that recorded it was called then." }),
  person_kind: personKindSchema,
  promotion: z.int().nullable(),
  source: z.string().nullable(),
  note: z.string().nullable(),
  complete: z.boolean(),
  baseline: z.boolean(),
  before_approval: beforeApprovalSchema,
  changed: z.int(),
  unchanged: z.int(),
  out_of_band: z.int(),
  freezes: z.array(z.int()).openapi({
    description: "The numbers of the freezes that covered the environment when it took effect.",
  }),
});

const listCall = getCall("/sites/{site}/deployments", {
  tags,
  operationId: "listDeployments",
  summary: "A site's deployments, newest first by when they took effect",
  params: z.object({ site: slugSchema }),
  description: "`environment` can name a moment, such as `live~1`: then only deployments up to that moment are listed.",
  query: z.strictObject({
    environment: referenceSchema.optional(),
    since: momentText.optional(),
    until: momentText.optional().openapi({ description: "A day or minute that is named as the end is included." }),
    ...paging(z.strictObject({ effective_at: searchText(), number: numberSchema })),
  }),
  answer: listOf(deployment.openapi("Deployment")),
});

deploymentApi.openapi(listCall, async (c) => {
  const { environment, limit, cursor, ...range } = c.req.valid("query");
  const since = rangeMoment(c, "since", range.since);
  const until = rangeMoment(c, "until", range.until);
  const { site } = c.var.access;
  const parameter = environment && { path: "environment", text: environment, now: c.var.at };
  const reference = parameter ? await readReference(c.var.db, site, parameter) : undefined;
  const ends = [until, reference?.at].filter((at) => at !== undefined).sort();
  const filter = { environment: reference?.environment.id, since, until: ends[0], before: cursor, limit: limit + 1 };
  const rows = await listDeployments(c.var.db, site.id, filter);
  const approvers = await listApprovers(c.var.db, rows);
  const json = (row: Deployment) => asDeployment(row, approvers);
  return c.json(pageBy(rows, limit, json, "effective_at", "number"), 200);
});

/** Throws a Refusal with 422 if it cannot be read. A time with an offset may be in the future, for clocks differ. */
function rangeMoment(c: SiteContext, name: "since" | "until", text: string | undefined): string | undefined {
  if (text === undefined) return;
  const exact = parseRfc3339(text);
  if (exact) return exact;
  const { at, wrong = invalidMoment(text, "2026-03-03T14:00:00Z") } = (name === "since" ? readMoment : readRangeEnd)(
    c,
    text,
  );
  if (!at) refuseFields([{ path: name, message: wrong }]);
  return at;
}

const placement = z.object({
  kind: kindSchema,
  key: keySchema,
  title: z.string().nullable().openapi({ description: "That of the version, or of the one that was removed." }),
  version: versionLabel,
  before: versionLabel.openapi({ description: "The version before; null if there was none." }),
  digest: z.string().nullable(),
  source: z.string().nullable(),
  notes: z.string().nullable(),
  promotion: z.int().nullable(),
  out_of_band: z.boolean(),
  before_approval: beforeApprovalSchema,
  corrected: z.boolean().openapi({ description: "It was recorded wrongly, and no longer counts." }),
});

const showCall = getCall("/sites/{site}/deployments/{n}", {
  tags,
  operationId: "getDeployment",
  summary: "One deployment, with what it changed",
  params: z.object({ site: slugSchema, n: numberInPath }),
  answer: deployment.extend({ placements: z.array(placement) }).openapi("DeploymentWithPlacements"),
});

deploymentApi.openapi(showCall, async (c) => {
  const { n } = c.req.valid("param");
  const row = (await findDeployment(c.var.db, c.var.access.site.id, n)) ?? notFound(`deployment ${n}`);
  const rows = await listDeploymentPlacements(c.var.db, row.id, { limit: Number.MAX_SAFE_INTEGER });
  const approvers = await listApprovers(c.var.db, [row, ...rows]);
  const placements = rows.map((row) =>
    documented(placement, {
      ...row,
      out_of_band: row.out_of_band === 1,
      before_approval: isBeforeApproval(row, approvers.get(row.promotion_id ?? "") ?? []),
      corrected: row.corrected === 1,
    }),
  );
  return c.json({ ...asDeployment(row, approvers), placements }, 200);
});

const asDeployment = (row: Deployment, approvers: Map<string, ApprovedBy[]>): z.infer<typeof deployment> =>
  documented(deployment, {
    ...row,
    person_kind: row.kind,
    complete: row.complete === 1,
    baseline: row.baseline === 1,
    before_approval: isBeforeApproval(row, approvers.get(row.promotion_id ?? "") ?? []),
  });
