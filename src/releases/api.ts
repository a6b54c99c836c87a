import { OpenAPIHono, z } from "@hono/zod-openapi";
import { tokenActor } from "../api/auth.ts";
import { getCall, type Needs, postCall } from "../api/calls.ts";
import { pageBy } from "../api/cursor.ts";
import { actWithReason, reasonCall } from "../api/reason-calls.ts";
import {
  documented,
  keySchema,
  kindSchema,
  knownKey,
  listOf,
  momentSchema,
  nameThenSchema,
  numberInPath,
  numberPosition,
  numberSchema,
  paging,
  personKindSchema,
  slugSchema,
  textUpTo,
  versionLabel,
} from "../api/schemas.ts";
import { notFound } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { findRelease, listContents, listReleases, type Release } from "../record/releases.ts";
import { liftMark, markAsBad } from "./bad-releases.ts";
import { createRelease } from "./releases.ts";
import { maxContents, whyNotMayMark } from "./rules.ts";

const tags = ["Releases"];

export const releaseApi = new OpenAPIHono<SiteEnv>();

const digest = z.string().openapi({ description: "SHA-256 of the release's contents." });

const redirect = textUpTo(2000).openapi({
  description: "Of a page that is removed: where visitors are to be led, a path of the site or a web address.",
  example: "/sale",
});

const createCall = postCall("/sites/{site}/releases", {
  needs: "release",
  tags,
  operationId: "makeRelease",
  summary: "Freeze exact versions and removals as a release",
  description:
    "Either `contents`, which must be what the first environment (or `from`) has at that moment, or `differences`: everything that one environment has and another has not.",
  params: z.object({ site: slugSchema }),
  body: z
    .strictObject({
      name: textUpTo(200).openapi({ example: "Spring sale" }),
      notes: textUpTo(10_000).optional(),
      from: slugSchema.optional().openapi({ example: "beta" }),
      contents: z
        .array(
          z.strictObject({
            kind: kindSchema,
            key: knownKey,
            version: versionLabel,
            redirect: redirect.nullable().optional(),
          }),
        )
        .optional()
        .openapi({ maxItems: maxContents }),
      differences: z
        .strictObject({ from: slugSchema, to: slugSchema })
        .optional()
        .openapi({ example: { from: "beta", to: "demo" } }),
      made_from: numberSchema.optional().openapi({
        description: "The release of which this is a newer state, such as one that was rejected.",
        example: 12,
      }),
    })
    .openapi("NewRelease"),
  answer: z
    .object({
      number: z.int(),
      digest,
      contents: z.array(
        z.object({ kind: kindSchema, key: keySchema, version: versionLabel, redirect: redirect.optional() }),
      ),
    })
    .openapi("MadeRelease"),
});

releaseApi.openapi(createCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await createRelease(c.var.db, tokenActor(c, body), c.var.access.site, body), 201);
});

const releaseSchema = z.object({
  number: z.int(),
  name: z.string(),
  notes: z.string().nullable(),
  digest,
  environment: slugSchema.openapi({
    description: "The environment that had its contents when it was created.",
    example: "beta",
  }),
  person: nameThenSchema,
  person_kind: personKindSchema,
  created_at: momentSchema,
  made_from: z.int().nullable().openapi({ description: "The release from which it was made." }),
  rollback_of: z.int().nullable().openapi({
    description: "The number of the promotion for whose rollback it was created; it cannot be promoted otherwise.",
  }),
  rollback_in_part: z.boolean().openapi({ description: "Whether that puts back only some of what it replaced." }),
  bad: z
    .object({ reason: z.string(), person: nameThenSchema, person_kind: personKindSchema, marked_at: momentSchema })
    .nullable()
    .openapi({ description: "That it is marked as bad: it cannot be promoted until the mark is lifted." }),
  size: z.int().openapi({ description: "How many pages and software items it contains." }),
});

const listCall = getCall("/sites/{site}/releases", {
  tags,
  operationId: "listReleases",
  summary: "A site's releases, newest first",
  params: z.object({ site: slugSchema }),
  query: z.strictObject(paging(numberPosition)),
  answer: listOf(releaseSchema.openapi("Release")),
});

releaseApi.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listReleases(c.var.db, c.var.access.site.id, { before: cursor?.number, limit: limit + 1 });
  return c.json(pageBy(rows, limit, releaseJson, "number"), 200);
});

const content = z.object({
  kind: kindSchema,
  key: keySchema,
  title: z.string().nullable().openapi({ description: "That of the version, or of the one that is removed." }),
  version: versionLabel,
  redirect: redirect.nullable(),
  digest: z.string().nullable(),
});

const showCall = getCall("/sites/{site}/releases/{n}", {
  tags,
  operationId: "getRelease",
  summary: "One release, with its contents",
  params: z.object({ site: slugSchema, n: numberInPath }),
  answer: releaseSchema.extend({ contents: z.array(content) }).openapi("ReleaseWithContents"),
});

releaseApi.openapi(showCall, async (c) => {
  const { n } = c.req.valid("param");
  const release = (await findRelease(c.var.db, c.var.access.site.id, n)) ?? notFound(`release ${n}`);
  const rows = await listContents(c.var.db, release.id);
  const contents = rows.map((row) => documented(content, row));
  return c.json({ ...releaseJson(release), contents }, 200);
});

const mayMark: Needs = (c) => whyNotMayMark(c.var.access.site, c.var.access);

const markCall = reasonCall("/sites/{site}/releases/{n}/bad", {
  needs: mayMark,
  tags,
  operationId: "markReleaseAsBad",
  summary: "Mark a release as bad, so that it cannot be promoted any further",
  description: "Allowed to approvers of the site, and to roles that may request promotions or administer it.",
  body: "NewReleaseMark",
  maxLength: 10_000,
  answer: releaseSchema,
});

releaseApi.openapi(markCall, async (c) => {
  return c.json(releaseJson(await actWithReason(c, markAsBad)), 201);
});

const liftCall = reasonCall("/sites/{site}/releases/{n}/bad/lift", {
  needs: mayMark,
  tags,
  operationId: "liftReleaseMark",
  summary: "Lift the mark of a release as bad",
  body: "NewReleaseMarkLift",
  maxLength: 10_000,
  answer: releaseSchema,
});

releaseApi.openapi(liftCall, async (c) => {
  return c.json(releaseJson(await actWithReason(c, liftMark)), 201);
});

const releaseJson = (row: Release): z.infer<typeof releaseSchema> =>
  documented(releaseSchema, {
    ...row,
    rollback_in_part: row.rollback_in_part === 1,
    bad: row.bad && {
      reason: row.bad.reason,
      person: row.bad.person,
      person_kind: row.bad.kind,
      marked_at: row.bad.marked_at,
    },
    size: row.size ?? 0,
  });
