import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findAnyEnvironment, type Site } from "../access/sites.ts";
import { getCall } from "../api/calls.ts";
import { pageOf } from "../api/cursor.ts";
import {
  approvedBySchema,
  beforeApprovalSchema,
  documented,
  environmentJson,
  environmentSchema,
  environmentSlug,
  keyPosition,
  keySchema,
  kindSchema,
  listOf,
  momentSchema,
  momentText,
  paging,
  placedJson,
  promotionFlags,
  searchText,
  slugSchema,
  versionLabel,
} from "../api/schemas.ts";
import type { Database } from "../database/connect.ts";
import { refuseFields } from "../errors.ts";
import { freezesAt } from "../freezes/queries.ts";
import type { SiteEnv } from "../http/context.ts";
import { queryMoment } from "../http/forms.ts";
import { type ApprovedBy, listApprovers } from "../record/approvers.ts";
import { endOfTime, type Moment, type PlacementAsOf, placementsAsOf } from "../record/as-of.ts";
import { countAsOf, firstChange } from "../record/changes.ts";
import { environmentEvents, environmentsAsOf } from "../record/environments-as-of.ts";

const tags = ["Environments"];

export const environmentApi = new OpenAPIHono<SiteEnv>();

const listCall = getCall("/sites/{site}/environments", {
  tags,
  operationId: "listEnvironments",
  summary: "A site's environments, in order of promotion",
  description:
    "With `as_of` those of that moment, in the order and with the names and counts of then. A moment before the record of the site is refused.",
  params: z.object({ site: slugSchema }),
  query: z.strictObject({ as_of: momentText.optional() }),
  answer: listOf(environmentSchema),
});

environmentApi.openapi(listCall, async (c) => {
  const { site } = c.var.access;
  const asOf = queryMoment(c, "as_of", c.req.valid("query").as_of);
  if (asOf) return c.json({ items: await listAsOf(c.var.db, site, asOf), next: null }, 200);
  const { environments: counts, frozen } = await c.var.siteSummary(c.var.db, site);
  const emptyCounts = { pages: 0, software: 0 };
  return c.json(
    {
      items: site.environments.map((each, i) => environmentJson(each, counts[i] ?? emptyCounts, frozen.has(each.id))),
      next: null,
    },
    200,
  );
});

async function listAsOf(db: Database, site: Site, asOf: string): Promise<z.infer<typeof environmentSchema>[]> {
  const events = await environmentEvents(db, site.id);
  const [first] = events;
  if (first && asOf < first.recorded_at)
    throw refuseFields([
      {
        path: "as_of",
        message: `The record of this site begins at ${first.recorded_at}. Which environments it had before is unknown.`,
      },
    ]);
  const items = [];
  for (const [i, { slug, ...then }] of environmentsAsOf(events, asOf).entries()) {
    const counts = await countAsOf(db, site.id, then.id, { asOf });
    const frozen = (await freezesAt(db, site.id, then.id, asOf)).length > 0;
    items.push(environmentJson({ ...findAnyEnvironment(site, slug), ...then, position: i + 1 }, counts, frozen));
  }
  return items;
}

const placement = z
  .object({
    kind: kindSchema,
    key: keySchema,
    title: z.string().nullable().openapi({ description: "That of the version." }),
    version: versionLabel,
    digest: z.string().nullable(),
    effective_at: momentSchema.openapi({ description: "Since when it has been there." }),
    recorded_at: momentSchema.openapi({ description: "When it was recorded." }),
    deployment: z.int(),
    promotion: z.int().nullable(),
    ...promotionFlags,
    approved_by: z.array(approvedBySchema),
    out_of_band: z.boolean().openapi({
      description: "The environment has a gate, no promotion covers this, and it is not in a baseline.",
    }),
    baseline: z.boolean().openapi({ description: "It was already there when the site's record began." }),
    before_approval: beforeApprovalSchema,
  })
  .openapi("Placement");

const placementsCall = getCall("/sites/{site}/environments/{env}/placements", {
  tags,
  operationId: "listPlacements",
  summary: "What is in an environment, now or at a past moment, and who approved it",
  description:
    "Sorted by kind and key. `as_of` selects what was there at that moment; `known_at` leaves out what was recorded after that one. All pages of one list show the same moment.",
  params: z.object({ site: slugSchema, env: environmentSlug }),
  query: z.strictObject({
    as_of: momentText.optional(),
    known_at: momentText.optional(),
    kind: kindSchema.optional(),
    q: searchText(200).optional().openapi({ description: "Part of a path, a name or a title." }),
    ...paging(keyPosition.extend({ as_of: searchText(), known_at: searchText() })),
  }),
  answer: listOf(placement).extend({
    unknown: z.boolean().openapi({
      description: "Nothing had been recorded for that moment: what was there is unknown, not empty.",
    }),
  }),
});

environmentApi.openapi(placementsCall, async (c) => {
  const { as_of, known_at, kind, q, limit, cursor } = c.req.valid("query");
  const { site } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.valid("param").env);
  const moment: Moment = cursor
    ? { asOf: cursor.as_of, knownAt: cursor.known_at }
    : { asOf: queryMoment(c, "as_of", as_of) ?? endOfTime, knownAt: queryMoment(c, "known_at", known_at) };
  const after = cursor && { kind: cursor.kind, key: cursor.key, section: "" };
  const slice = { kind, text: q, after, limit: limit + 1, order: "key" } as const;
  const rows = await placementsAsOf(c.var.db, site.id, environment.id, moment, slice);
  const approvers = await listApprovers(c.var.db, rows);
  const position = ({ kind, key }: PlacementAsOf) => ({
    kind,
    key,
    as_of: moment.asOf,
    known_at: moment.knownAt ?? c.var.at,
  });
  const first = await firstChange(c.var.db, environment.id, moment.knownAt);
  const unknown = first === undefined || first > moment.asOf;
  return c.json({ ...pageOf(rows, limit, (row) => placementJson(row, approvers), position), unknown }, 200);
});

function placementJson(row: PlacementAsOf, approvers: Map<string, ApprovedBy[]>): z.infer<typeof placement> {
  const approvals = approvers.get(row.promotion_id ?? "") ?? [];
  return documented(placement, { ...row, ...placedJson(row, approvals) });
}
