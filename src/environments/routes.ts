import { Hono } from "hono";
import { environmentPage, titleOf } from "../../views/environments/page.ts";
import type { Environment } from "../access/environments.ts";
import { roleNames } from "../access/roles.ts";
import { findAnyEnvironment } from "../access/sites.ts";
import { readBoardFilter, readPosition } from "../board/filters.ts";
import { findingMarksOn } from "../board/finding-marks.ts";
import { listDifferences } from "../compare/queries.ts";
import type { Database } from "../database/connect.ts";
import { newId } from "../database/ids.ts";
import { listDeployments } from "../deployments/queries.ts";
import { countFindings } from "../findings/queries.ts";
import { listFreezes } from "../freezes/queries.ts";
import { nextWindow, windowAt } from "../freezes/rules.ts";
import { gateAsOf } from "../gates/queries.ts";
import { gateSentence } from "../gates/sentences.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { readMoment } from "../http/forms.ts";
import { sitePage } from "../http/pages.ts";
import { listApprovers } from "../record/approvers.ts";
import { endOfTime, type Moment, placementsAsOf } from "../record/as-of.ts";
import { whyNotBaseline } from "../record/baseline.ts";
import { changesAround, countAsOf, type EnvironmentCounts, hasLaterRecords, removedAt } from "../record/changes.ts";
import { correctedSince } from "../record/corrections.ts";
import { titlesNow } from "../record/current.ts";
import { formerNames, nameAt } from "../record/former-names.ts";
import { formatMoment } from "../time/parse-moment.ts";
import { loadHistogram } from "./histogram.ts";

export const environmentRoutes = new Hono<SiteEnv>();

/** Lines on a page; `size=1000` in the address selects the longer one. */
const pageSizes = { default: 200, max: 1000 };

environmentRoutes.get("/:environment", async (c) => {
  const { db, at: now } = c.var;
  const { site, may } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.param("environment"));
  const { at, knownAt, momentNote, wrong } = readMoments(c);
  const moment: Moment = { asOf: at ?? endOfTime, knownAt };
  const { kind, text } = readBoardFilter(site, { kind: c.req.query("kind"), text: c.req.query("text") });
  const after = readPosition(c.req.query("after")) || undefined;
  const size = c.req.query("size") === String(pageSizes.max) ? pageSizes.max : pageSizes.default;
  const around = await changesAround(db, environment.id, moment);
  const slice = { kind, text, after, limit: size + 1 };
  const lines = await placementsAsOf(db, site.id, environment.id, moment, slice);
  const count =
    at || environment.retired_at
      ? await countAsOf(db, site.id, environment.id, moment, lines)
      : await countNow(c, environment.id);
  const shown = lines.slice(0, size);
  const last = lines.length > size ? shown.at(-1) : undefined;
  const removed = at && !after && !kind && !text ? await removedAt(db, site.id, environment.id, moment) : [];
  const approvers = await listApprovers(db, [...shown, ...removed]);
  const deployments = await listDeployments(db, site.id, {
    environment: environment.id,
    until: at,
    knownAt,
    limit: 10,
  });
  const former = at ? await formerNames(db, [environment.id]) : [];
  const gate = at ? await gateAsOf(db, environment.id, at) : environment.gate;
  const isBeforeRecord = at !== undefined && (!around.first || at < around.first);
  const chart = around.first && { first: around.first, now, zone: site.time_zone };
  const props = {
    site,
    environment,
    gate: gate || !isBeforeRecord ? gateSentence(gate, await roleNames(db)) : undefined,
    nameThen: nameAt(former, environment, at ?? endOfTime),
    now,
    at,
    knownAt,
    momentNote,
    wrong,
    knownAtText: wrong?.known ?? (knownAt ? formatMoment(knownAt, site.time_zone) : ""),
    recordDiffers: at !== undefined && (await recordDiffers(db, site.id, environment, at, knownAt)),
    titlesNow: at ? await titlesNow(db, environment.id, shown) : new Map(),
    corrected: knownAt
      ? await correctedSince(
          db,
          [...shown, ...removed].map((line) => line.seq),
          knownAt,
        )
      : new Map(),
    asOfText: wrong?.text ?? (at ? formatMoment(at, site.time_zone) : ""),
    filter: { kind, text },
    isContinued: after !== undefined,
    size: size === pageSizes.max ? pageSizes.max : undefined,
    count,
    around,
    histogram: chart && !after ? await loadHistogram(db, environment.id, moment, chart) : undefined,
    lines: shown,
    next: last && `${last.kind}:${last.section}${last.key}`,
    approvers,
    removed,
    deployments,
    findings: at ? [] : await countFindings(db, environment.id),
    marks: at ? new Map() : await findingMarksOn(db, site, environment, shown),
    freezes: await freezesOf(db, site.id, environment, at ?? now),
    key: newId(),
    sameAs: at || !may.record ? [] : await sourcesOf(c, environment),
    may,
  };
  const about = { title: titleOf(props), past: at !== undefined, environment: environment.slug };
  return sitePage(c, about, environmentPage(props), wrong ? 422 : 200);
});

/** The freezes that cover a moment of the environment and, of those that nobody has ended, that come after it. */
async function freezesOf(db: Database, siteId: string, environment: Environment, at: string) {
  const freezes = await listFreezes(db, siteId, { environment: environment.id, endsAfter: at });
  return freezes.reverse().flatMap((freeze) => {
    const now = windowAt(freeze, at);
    const window = now ?? nextWindow(freeze, at);
    return window ? [{ ...freeze, window, active: now !== undefined }] : [];
  });
}

/** Whether the record of this moment is different today from what was known at `knownAt`, or at the moment itself. */
async function recordDiffers(db: Database, siteId: string, environment: Environment, asOf: string, knownAt = asOf) {
  if (!(await hasLaterRecords(db, environment.id, { asOf, knownAt }))) return false;
  const sides = { from: { environment, moment: { asOf, knownAt } }, to: { environment, moment: { asOf } } };
  return (await listDifferences(db, { id: siteId }, sides, { limit: 1 })).length > 0;
}

/** The environments from which this one can be filled, as long as nothing but baselines is recorded for it; the last first. */
async function sourcesOf(c: SiteContext, environment: Environment): Promise<Environment[]> {
  const { site } = c.var.access;
  if (environment.retired_at || (await whyNotBaseline(c.var.db, environment))) return [];
  const { environments } = await c.var.siteSummary(c.var.db, site);
  const counts = new Map(environments.map((row) => [row.environment_id, row.pages + row.software]));
  return site.environments.filter(({ id }) => id !== environment.id && counts.get(id)).reverse();
}

/** The rail's counts, which are there already. */
async function countNow(c: SiteContext, environmentId: string): Promise<EnvironmentCounts> {
  const { environments } = await c.var.siteSummary(c.var.db, c.var.access.site);
  const counts = environments.find((row) => row.environment_id === environmentId);
  const { pages = 0, software = 0, out_of_band = 0 } = counts ?? {};
  return { pages, software, out_of_band, later: 0 };
}

/** The two moments in the address, or what is wrong with them: then the page shows what is there now. */
function readMoments(c: SiteContext) {
  const [asOf = "", knownAt = ""] = [c.req.query("as_of"), c.req.query("known_at")];
  const [moment, known] = [readMoment(c, asOf), readMoment(c, knownAt)];
  if (moment.wrong) return { wrong: { text: asOf, known: knownAt, message: moment.wrong } };
  if (known.wrong) return { wrong: { text: asOf, known: knownAt, message: `Recorded by: ${known.wrong}` } };
  // what was known at a past moment is a view of the past, even if it is about now
  return { at: moment.at ?? (known.at && c.var.at), knownAt: known.at, momentNote: moment.note };
}
