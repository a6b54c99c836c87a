import { releasePage } from "../../views/releases/page.ts";
import { newId } from "../database/ids.ts";
import { notFound } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { eligibilityForAll } from "../promotions/eligibility.ts";
import { perRequestField, type RequestField, type RequestFieldName, requestFields } from "../promotions/fields.ts";
import { changesRequestedOf } from "../promotions/page-comments.ts";
import { listPromotions } from "../promotions/queries.ts";
import { emptyPlan, type PlanForm } from "../promotions/schedule-form.ts";
import { correctedSources } from "../record/corrections.ts";
import { currentPlacements } from "../record/current.ts";
import { findRelease, listContents } from "../record/releases.ts";
import { isUnknown, knownEnvironments } from "../record/unknown.ts";
import { whyNotMayMark } from "./rules.ts";

/** How many lines are on one part of the list. */
const maxLines = 200;

export interface RefusedRequest {
  form?: ({ to: string; plan: PlanForm } & Record<RequestFieldName, string>) | undefined;
  errors?: Record<string, string> | undefined;
  refused?: string | undefined;
  /** What was typed as the reason of a mark, and what is wrong with it. */
  mark?: { reason: string; error?: string | undefined } | undefined;
}

/** Sends the release's page; after a refused request for promotion with what was typed and why it was refused. */
export async function showRelease(
  c: SiteContext,
  number: number,
  { form = { to: "", plan: emptyPlan, ...perRequestField(() => "") }, errors = {}, refused, mark }: RefusedRequest = {},
  status: 200 | 403 | 409 | 422 = 200,
) {
  const { site, may } = c.var.access;
  const { db } = c.var;
  const release = (await findRelease(db, site.id, number)) ?? notFound(`release ${number}`);
  const contents = await listContents(db, release.id);
  const start = Math.max(
    contents.findIndex((content) => content.artifact_id === c.req.query("from")),
    0,
  );
  const shown = contents.slice(start, start + maxLines);
  const ids = shown.map((content) => content.artifact_id);
  const summary = await c.var.siteSummary(db, site);
  const known = knownEnvironments(summary);
  const environments = await Promise.all(
    site.environments.map(async (environment) => ({
      environment,
      environmentKnown: known.has(environment.id),
      current: await currentPlacements(db, environment.id, ids),
    })),
  );
  const unknownAt = (id: string) => {
    const states = environments.map(({ environmentKnown, current }) => ({
      environmentKnown,
      recorded: current.get(id),
    }));
    return states.map((_, i) => isUnknown(states, i));
  };
  const link = (i: number) => `/sites/${site.slug}/releases/${number}?from=${contents[i]?.artifact_id}`;
  const promotions = await listPromotions(db, site.id, { releases: [release.id], limit: 1000 });
  const content = releasePage({
    site,
    rejected: await changesRequestedOf(db, promotions),
    may,
    release,
    contents: shown,
    size: contents.length,
    pages: contents.filter((content) => content.kind === "page").length,
    environments,
    unknown: new Map(ids.map((id) => [id, unknownAt(id)])),
    promotions,
    blockers: summary.blockers,
    targets: may.promote ? await eligibilityForAll(db, sessionActor(c), site, release, contents) : [],
    previous: start > 0 ? link(Math.max(start - maxLines, 0)) : undefined,
    next: start + maxLines < contents.length ? link(start + maxLines) : undefined,
    form: { ...form, key: newId() },
    fields: Object.entries(requestFields) as [RequestFieldName, RequestField][],
    errors,
    mark,
    mayMark: !whyNotMayMark(site, sessionActor(c)),
    refused,
    corrected: await correctedSources(
      db,
      site.environments.find(({ slug }) => slug === release.environment)?.id ?? "",
      shown,
    ),
    now: c.var.at,
  });
  return sitePage(c, { title: `Release ${number}, ${release.name}`, here: "releases" }, content, status);
}
