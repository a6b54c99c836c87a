import { Hono } from "hono";
import { environmentPage, titleOf } from "../../views/environments/page.ts";
import type { Environment } from "../access/environments.ts";
import { findEnvironment } from "../access/sites.ts";
import { readBoardFilter, readPosition } from "../board/filters.ts";
import { listDifferences } from "../compare/queries.ts";
import { inBatches } from "../database/batches.ts";
import type { Database } from "../database/connect.ts";
import { listDeployments } from "../deployments/queries.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { sitePage } from "../http/pages.ts";
import { listApprovers } from "../record/approvers.ts";
import { endOfTime, type Moment, placementsAsOf } from "../record/as-of.ts";
import { changesAround, countAsOf, type EnvironmentCounts, hasLaterRecords, removedAt } from "../record/changes.ts";
import { correctedSince } from "../record/corrections.ts";
import { listCurrentNames } from "../record/current.ts";
import { formatMoment } from "../time/parse-moment.ts";
import { loadHistogram } from "./histogram.ts";

export const environmentRoutes = new Hono<SiteEnv>();

/** Lines on a page; whoever asks for `size=1000` gets a longer one. */
const sizes = { usual: 200, most: 1000 };

environmentRoutes.get("/:environment", async (c) => {
  const { db, at: now } = c.var;
  const { site, permissions } = c.var.access;
  const environment = findEnvironment(site, c.req.param("environment"));
  const { at, knownAt, said, wrong } = readMoments(c);
  const moment: Moment = { asOf: at ?? endOfTime, knownAt };
  const { kind, text } = readBoardFilter(site, { kind: c.req.query("kind"), text: c.req.query("text") });
  const after = readPosition(c.req.query("after")) || undefined;
  const size = c.req.query("size") === String(sizes.most) ? sizes.most : sizes.usual;
  const around = await changesAround(db, environment.id, moment);
  const count = at ? await countAsOf(db, site.id, environment.id, moment) : await countNow(c, environment.id);
  const slice = { kind, text, after, limit: size + 1 };
  const lines = at
    ? await placementsAsOf(db, site.id, environment.id, moment, slice)
    : await standingNow(c, environment.id, await listCurrentNames(db, site.id, environment.id, slice));
  const shown = lines.slice(0, size);
  const last = lines.length > size ? shown.at(-1) : undefined;
  const removed = at && !after && !kind && !text ? await removedAt(db, site.id, environment.id, moment) : [];
  const promoted = [...shown, ...removed].map((line) => line.promotion_id);
  const approvers = await listApprovers(db, promoted);
  const deployments = await listDeployments(db, site.id, {
    environment: environment.id,
    until: at,
    knownAt,
    limit: 10,
  });
  const known = around.first && { first: around.first, now, zone: site.time_zone };
  const props = {
    site,
    environment,
    now,
    at,
    knownAt,
    said,
    wrong,
    typedKnown: wrong?.known ?? (knownAt ? formatMoment(knownAt, site.time_zone) : ""),
    knownOtherwise: at !== undefined && (await knownOtherwise(db, site.id, environment, at, knownAt)),
    corrected: knownAt
      ? await correctedSince(
          db,
          [...shown, ...removed].map((line) => line.seq),
          knownAt,
        )
      : new Map(),
    typed: wrong?.text ?? (at ? formatMoment(at, site.time_zone) : ""),
    filter: { kind, text },
    continued: after !== undefined,
    size: size === sizes.most ? sizes.most : undefined,
    count,
    around,
    histogram: known && !after ? await loadHistogram(db, environment.id, moment, known) : undefined,
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
    approvers,
    removed,
    deployments,
    may: { record: permissions.has("record") },
  };
  const about = { title: titleOf(props), past: at !== undefined, environment: environment.slug };
  return sitePage(c, about, environmentPage(props), wrong ? 422 : 200);
});

/** Whether something of this moment is known otherwise now than it was known then; without a "then", at the moment itself. */
async function knownOtherwise(db: Database, siteId: string, environment: Environment, asOf: string, knownAt = asOf) {
  if (!(await hasLaterRecords(db, environment.id, { asOf, knownAt }))) return false;
  const sides = { from: { environment, moment: { asOf, knownAt } }, to: { environment, moment: { asOf } } };
  return (await listDifferences(db, { id: siteId }, sides, { limit: 1 })).length > 0;
}

async function standingNow(c: SiteContext, environmentId: string, named: Awaited<ReturnType<typeof listCurrentNames>>) {
  const { db } = c.var;
  const { site } = c.var.access;
  return inBatches(named, (piece) =>
    placementsAsOf(db, site.id, environmentId, { asOf: endOfTime }, { ids: piece.map((one) => one.id) }),
  );
}

/** How much stands there now is counted for the rail already. */
async function countNow(c: SiteContext, environmentId: string): Promise<EnvironmentCounts> {
  const { places } = await c.var.tallies(c.var.db, c.var.access.site);
  const here = places.find((place) => place.environment_id === environmentId);
  return { pages: here?.pages ?? 0, software: here?.software ?? 0, out_of_band: here?.out_of_band ?? 0, unknown: 0 };
}

/** The moment that the address asks for and when it was known, or what is wrong with them; then it is now that is shown. */
function readMoments(c: SiteContext) {
  const [asOf = "", knownAt = ""] = [c.req.query("as_of"), c.req.query("known_at")];
  const [seen, known] = [readMoment(c, asOf), readMoment(c, knownAt)];
  if (seen.wrong) return { wrong: { text: asOf, known: knownAt, message: seen.wrong } };
  if (known.wrong) return { wrong: { text: asOf, known: knownAt, message: `Known when? ${known.wrong}` } };
  // what was known then is of the past too, even where the moment asked about is now
  return { at: seen.at ?? (known.at && c.var.at), knownAt: known.at, said: seen.note };
}
