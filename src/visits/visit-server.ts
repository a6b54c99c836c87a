import { baseUrlsOf, environmentById, findSiteById } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { dateTagOf, probesOf } from "../findings/checks.ts";
import { enqueue, type Job } from "../jobs/queue.ts";
import { type Client, createClient, NoResponse } from "../network/get.ts";
import type { Visit } from "../sightings/queries.ts";
import { addMs } from "../time/add.ts";
import { checkNextLinks } from "./check-links.ts";
import { endVisit } from "./end.ts";
import type { Reach } from "./fetch-page.ts";
import { addLinkedPages, beginLinks } from "./linked-pages.ts";
import type { Look } from "./look.ts";
import { lookAtAll, type Noticed, paceOf, type VisitContext, type Visitor } from "./look-at-all.ts";
import { otherHosts } from "./other-hosts.ts";
import { savePageLinks } from "./page-links.ts";
import { nextPages, planPages } from "./pages.ts";
import { readVersions } from "./probes.ts";
import { type Robots, readRobots } from "./robots.ts";
import { downAfter } from "./rules.ts";
import { saveLooks } from "./save-looks.ts";
import { sealContext, visitSettingsOf } from "./settings.ts";
import { otherUrlsOf, readConnectTo } from "./settings-rules.ts";
import { listedPages } from "./sitemaps.ts";

/** With so many, most of the time until a page is looked at again passes while the others are. */
const maxBatch = 40;

/** A page can need four requests, and a batch has to be saved well before the lease of the job ends. */
const batchSize = (pauseMs: number): number =>
  Math.min(Math.max(Math.floor(60_000 / Math.max(pauseMs, 1000)), 1), maxBatch);

/**
 * Goes on with a visit, for a slice of time, and enqueues the rest. What it has looked at is saved batch by batch, so that
 * a visit whose server was killed goes on where it was.
 */
export async function visitServer(db: Database, { ref }: Pick<Job, "ref">, context: VisitContext): Promise<void> {
  const visit = await db.selectFrom("visits").selectAll().where("id", "=", ref).executeTakeFirst();
  if (!visit || visit.ended_at) return;
  // the server that got the report was killed before it could end it
  if (visit.reported) return endVisit(db, visit, context.now(), { paths: new Set() });
  let client: Client | undefined;
  try {
    const visitor = await visitorFor(db, visit, context);
    client = visitor.reach.client;
    await goOn(visitor);
  } catch (error) {
    if (!(error instanceof NoResponse)) throw error;
    if (context.stopping?.aborted) return later(db, visit, context.now());
    await endVisit(db, visit, context.now(), { problem: error.message });
  } finally {
    client?.close();
  }
}

async function visitorFor(db: Database, visit: Visit, context: VisitContext): Promise<Visitor> {
  const site = await findSiteById(db, visit.site_id);
  const servers = site ? environmentById(site, visit.environment_id).servers : [];
  const server = servers.find(({ id }) => id === visit.server_id);
  if (!site || !server) throw new NoResponse("network", "The server was removed.");
  const { sealed_headers, ...settings } = await visitSettingsOf(db, server.id);
  const headers = sealed_headers === null ? "{}" : context.secrets.unseal(sealed_headers, sealContext(server.id));
  if (headers === undefined)
    throw new NoResponse(
      "private",
      "Its credentials cannot be read: SECRET, or the file with the key, is not the one they were saved with.",
    );
  const elsewhere = readConnectTo(settings.connect_to);
  const detour = elsewhere && { origin: new URL(server.base_url).origin, ...elsewhere };
  const reach: Reach = {
    client: createClient(context.isAllowed, context.stopping, detour),
    baseUrl: server.base_url,
    baseUrls: servers.map(({ base_url }) => base_url),
    headers: JSON.parse(headers),
  };
  const dateTag = await dateTagOf(db, visit.environment_id);
  return { db, visit, reach, settings, siteUrls: baseUrlsOf(site), dateTag, context };
}

async function goOn(visitor: Visitor): Promise<void> {
  const { db, reach, settings, context, siteUrls } = visitor;
  const until = performance.now() + (context.sliceMs ?? 20_000);
  const robots = await readRobots(reach, settings.honours_robots === 1);
  let { visit } = visitor;
  // a server that refused its first page may have refused its sitemaps, too
  if (visit.pages === null || (visit.waited_after === 0 && visit.visited === 0)) {
    await beginLinks(db, visit, settings.link_depth);
    visit = await planPages(db, visit, await listedPages(reach, robots.sitemaps, siteUrls, settings.max_pages));
  }
  for (;;) {
    const limit = batchSize(paceOf(visitor, robots).pauseMs);
    const pages = await nextPages(db, visit, { limit, links: settings.link_depth > 0 });
    if (!pages.length) return checkMore({ ...visitor, visit }, robots, until);
    const noticed: Noticed = { links: [], addresses: new Map() };
    const looks = await lookAtAll({ ...visitor, visit }, robots, pages, noticed);
    if (context.stopping?.aborted) return later(db, visit, context.now());
    // before it is saved that these pages were visited, so that a kill loses no link
    visit = await addLinkedPages(db, visit, noticed.links, settings.max_pages);
    await savePageLinks(db, visit.server_id, noticed.addresses);
    const { usable, trouble } = withoutTrouble(looks, visit);
    const saved = await saveLooks(db, visit, usable, context.now());
    // another server goes on with it, which may be killed: its job is this one
    if (!saved) return later(db, visit, addMs(context.now(), elsewhereMs));
    visit = saved;
    if (trouble?.retryAfterMs && visit.visited !== visit.waited_after)
      return wait(db, visit, addMs(context.now(), trouble.retryAfterMs));
    if (trouble)
      return endVisit(db, visit, context.now(), { problem: trouble.observation.reason ?? "It does not answer." });
    if (performance.now() > until) return later(db, visit, context.now());
  }
}

/** Once all pages are looked at: checks what they link to, and reads the versions of software. */
async function checkMore(visitor: Visitor, robots: Robots, until: number): Promise<void> {
  const { db, reach, settings, context } = visitor;
  const pace = paceOf(visitor, robots);
  const elsewhere = otherHosts(reach, otherUrlsOf(settings), settings.pause_ms);
  const checking = { reach, robots, ...pace, elsewhere, until, stopping: context.stopping };
  let visit: Visit | undefined = visitor.visit;
  while (visit && visit.links < settings.max_pages) {
    const current: Visit = visit;
    visit = await checkNextLinks(db, current, checking);
    if (context.stopping?.aborted || (visit && performance.now() > until)) return later(db, current, context.now());
  }
  const versions = await readVersions(reach, await probesOf(db, visitor.visit.environment_id));
  if (context.stopping?.aborted) return later(db, visitor.visit, context.now());
  return endVisit(db, visitor.visit, context.now(), { versions });
}

/**
 * The looks before the server asked to wait, or stopped answering. Pages are not to blame if the last ones all failed, or
 * all of a small server.
 */
function withoutTrouble(looks: Look[], { visited, pages }: Visit): { usable: Look[]; trouble?: Look } {
  const waits = looks.findIndex(({ retryAfterMs }) => retryAfterMs > 0);
  if (waits >= 0) return { usable: looks.slice(0, waits), trouble: looks[waits] as Look };
  const good = looks.findLastIndex(({ isTrouble }) => !isTrouble) + 1;
  const failed = looks.length - good;
  const isWhole = visited === 0 && failed === (pages ?? 0);
  if (failed === 0 || (failed < downAfter && !isWhole)) return { usable: looks };
  return { usable: looks.slice(0, good), trouble: looks[good] as Look };
}

/** When to see whether another server has ended a visit. */
const elsewhereMs = 60_000;

async function later(db: Database, { site_id, id }: Visit, at: string): Promise<void> {
  await enqueue(db, { site_id, kind: "visit", ref: id, run_at: at });
}

/** As a server asks for; not again before it has shown another page, so that a visit ends. */
const wait = (db: Database, visit: Visit, until: string): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const { id, visited } = visit;
    await trx.updateTable("visits").set({ waited_after: visited }).where("id", "=", id).execute();
    await later(trx, visit, until);
  });
