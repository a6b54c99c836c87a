import { OpenAPIHono, z } from "@hono/zod-openapi";
import { by } from "../api/auth.ts";
import { reading, writing } from "../api/calls.ts";
import { listed } from "../api/cursor.ts";
import {
  key,
  kind,
  knownKey,
  list,
  moment,
  numberInPath,
  numberPosition,
  paging,
  slug,
  text,
  version,
} from "../api/schemas.ts";
import { missing } from "../errors.ts";
import type { SiteEnv } from "../http/context.ts";
import { contentsOf, findRelease, listReleases, type Release } from "../record/releases.ts";
import { makeRelease } from "./releases.ts";
import { mostContents } from "./rules.ts";

const tags = ["Releases"];

export const releases = new OpenAPIHono<SiteEnv>();

const digest = z.string().openapi({ description: "SHA-256 of its contents." });

const makeCall = writing("/sites/{site}/releases", {
  tags,
  operationId: "makeRelease",
  summary: "Freeze exact versions and removals as a release",
  description:
    "Either `contents`, which must be what stands in the first environment (or in `from`) at that moment, or `differences`: all that one environment holds otherwise than another.",
  params: z.object({ site: slug }),
  body: z
    .strictObject({
      name: text(200).openapi({ example: "Spring sale" }),
      notes: text(10_000).optional(),
      from: slug.optional().openapi({ example: "beta" }),
      contents: z
        .array(z.strictObject({ kind, key: knownKey, version }))
        .optional()
        .openapi({ maxItems: mostContents }),
      differences: z
        .strictObject({ from: slug, to: slug })
        .optional()
        .openapi({ example: { from: "beta", to: "demo" } }),
    })
    .openapi("NewRelease"),
  answer: z
    .object({ number: z.int(), digest, contents: z.array(z.object({ kind, key, version })) })
    .openapi("MadeRelease"),
});

releases.openapi(makeCall, async (c) => {
  const body = c.req.valid("json");
  return c.json(await makeRelease(c.var.db, by(c, body), c.var.access.site, body), 201);
});

const release = z.object({
  number: z.int(),
  name: z.string(),
  notes: z.string().nullable(),
  digest,
  environment: slug.openapi({ description: "Where its contents stood when it was made.", example: "beta" }),
  person: z.string().openapi({ description: "Who made it." }),
  created_at: moment,
  size: z.int().openapi({ description: "How many pages and pieces of software it holds." }),
});

const listCall = reading("/sites/{site}/releases", {
  tags,
  operationId: "listReleases",
  summary: "A site's releases, newest first",
  params: z.object({ site: slug }),
  query: z.strictObject(paging(numberPosition)),
  answer: list(release.openapi("Release")),
});

releases.openapi(listCall, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const rows = await listReleases(c.var.db, c.var.access.site.id, { before: cursor?.number, limit: limit + 1 });
  return c.json(
    listed(rows, limit, asRelease, ({ number }) => ({ number })),
    200,
  );
});

const showCall = reading("/sites/{site}/releases/{n}", {
  tags,
  operationId: "getRelease",
  summary: "One release, with what it holds",
  params: z.object({ site: slug, n: numberInPath }),
  answer: release
    .extend({
      contents: z.array(z.object({ kind, key, title: z.string().nullable(), version, digest: z.string().nullable() })),
    })
    .openapi("ReleaseWithContents"),
});

releases.openapi(showCall, async (c) => {
  const { n } = c.req.valid("param");
  const found = (await findRelease(c.var.db, c.var.access.site.id, n)) ?? missing(`release ${n}`);
  const rows = await contentsOf(c.var.db, found.id);
  const contents = rows.map(({ kind, key, title, version, digest }) => ({ kind, key, title, version, digest }));
  return c.json({ ...asRelease(found), contents }, 200);
});

function asRelease(row: Release): z.infer<typeof release> {
  const { number, name, notes, digest, environment, person, created_at } = row;
  return { number, name, notes, digest, environment, person, created_at, size: row.size ?? 0 };
}
