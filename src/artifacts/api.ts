import { OpenAPIHono, z } from "@hono/zod-openapi";
import { getCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import {
  approvedBySchema,
  beforeApprovalSchema,
  documented,
  environmentSlug,
  keyPosition,
  keySchema,
  kindSchema,
  listOf,
  momentSchema,
  paging,
  placedJson,
  promotionFlags,
  searchText,
  slugSchema,
  versionLabel,
} from "../api/schemas.ts";
import { notFound, refuseFields } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { listApprovers } from "../record/approvers.ts";
import { findArtifact } from "../record/artifacts.ts";
import { listCorrections } from "../record/corrections.ts";
import { currentByEnvironment } from "../record/current.ts";
import { normalKey, whyNotKey } from "../record/keys.ts";
import { isBeforeApproval } from "../time/before-approval.ts";
import { listArtifacts, listPlacements, type PastPlacement } from "./queries.ts";

const tags = ["Pages and software"];

const baselineSchema = z.boolean().openapi({ description: "It was already there when the site's record began." });

export const artifactApi = new OpenAPIHono<SiteEnv>();

const currentPlacement = z.object({
  environment: environmentSlug,
  version: versionLabel,
  effective_at: momentSchema,
  out_of_band: z.boolean(),
  baseline: baselineSchema,
  before_approval: beforeApprovalSchema,
});

const artifact = z
  .object({
    kind: kindSchema,
    key: keySchema,
    title: z
      .string()
      .nullable()
      .openapi({ description: "That of the version on the last environment that has one with a title." }),
    owner: z.string().nullable().openapi({ description: "The name of the person who owns it." }),
    placements: z.array(currentPlacement).openapi({
      description: "The current version in each environment. An environment that is not listed never had it.",
    }),
  })
  .openapi("Artifact");

const listCall = getCall("/sites/{site}/artifacts", {
  tags,
  operationId: "listArtifacts",
  summary: "All pages and software, with the current version in each environment",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({
    kind: kindSchema.optional(),
    q: searchText(200).optional().openapi({ description: "Part of a path, a name or a title." }),
    ...paging(keyPosition),
  }),
  answer: listOf(artifact),
});

artifactApi.openapi(listCall, async (c) => {
  const { kind, q, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const rows = await listArtifacts(c.var.db, site.id, { kind, text: q, after: cursor, limit: limit + 1 });
  const current = await currentByEnvironment(
    c.var.db,
    rows.map((row) => row.id),
  );
  const approvers = await listApprovers(c.var.db, current);
  const order = site.environments.map(({ slug }) => slug);
  const artifactJson = (row: (typeof rows)[number]) => {
    const own = current.filter((placement) => placement.artifact_id === row.id);
    own.sort((a, b) => order.indexOf(a.environment) - order.indexOf(b.environment));
    const placements = own.map((placement) =>
      documented(currentPlacement, {
        ...placement,
        out_of_band: placement.out_of_band === 1,
        baseline: placement.baseline === 1,
        before_approval: isBeforeApproval(placement, approvers.get(placement.promotion_id ?? "") ?? []),
      }),
    );
    return documented(artifact, { ...row, placements });
  };
  return c.json(pageBy(rows, limit, artifactJson, "kind", "key"), 200);
});

const correction = z
  .object({
    recorded_at: momentSchema,
    person: z.string(),
    reason: z.string(),
    stands: z
      .boolean()
      .openapi({ description: "false: the record was wrong. true: the correction before this one was wrong." }),
    instead: z.int().nullable().openapi({ description: "The number of the deployment that records what is right." }),
  })
  .openapi("Correction");

const pastPlacement = z
  .object({
    environment: environmentSlug,
    version: versionLabel,
    title: z.string().nullable().openapi({ description: "The title of that version, or of the one that was removed." }),
    digest: z.string().nullable(),
    effective_at: momentSchema,
    recorded_at: momentSchema,
    deployment: z.int(),
    promotion: z.int().nullable(),
    ...promotionFlags,
    redirect: z.string().nullable().openapi({
      description: "Of a removal by a promotion: where visitors are led, a path or a web address.",
    }),
    approved_by: z.array(approvedBySchema),
    out_of_band: z.boolean(),
    baseline: baselineSchema,
    before_approval: beforeApprovalSchema,
    corrections: z.array(correction).openapi({ description: "Oldest first; the last one applies." }),
  })
  .openapi("PastPlacement");

const historyCall = getCall("/sites/{site}/artifacts/{kind}/history", {
  tags,
  operationId: "getHistory",
  summary: "Every placement of one page or software item in all environments, newest first",
  params: z.object({ site: slugSchema, kind: kindSchema }),
  query: z.strictObject({ key: keySchema, ...paging(z.strictObject({ effective_at: searchText(), seq: z.int() })) }),
  answer: listOf(pastPlacement),
});

artifactApi.openapi(historyCall, async (c) => {
  const { kind } = c.req.valid("param");
  const { key, limit, cursor } = c.req.valid("query");
  const { db } = c.var;
  const normal = normalKey(kind, key);
  refuseFields([{ path: "key", message: whyNotKey(kind, normal) ?? "" }].filter((error) => error.message));
  const { id } = (await findArtifact(db, c.var.access.site.id, kind, normal)) ?? notFound(kind);
  const rows = await listPlacements(db, id, { before: cursor, limit: limit + 1 });
  const approvers = await listApprovers(db, rows);
  const corrections = await listCorrections(
    db,
    id,
    rows.map((row) => row.deployment_id),
  );
  const placementJson = (row: PastPlacement) => {
    const approvals = approvers.get(row.promotion_id ?? "") ?? [];
    const own = corrections.filter(({ corrected_id }) => corrected_id === row.deployment_id);
    return documented(pastPlacement, {
      ...row,
      ...placedJson(row, approvals),
      corrections: own.map((one) => documented(correction, { ...one, stands: one.stands === 1 })),
    });
  };
  return c.json(pageBy(rows, limit, placementJson, "effective_at", "seq"), 200);
});
