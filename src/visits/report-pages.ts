import type { Actor } from "../access/actor.ts";
import { type Environment, refuseRetired } from "../access/environments.ts";
import { whyNotMay } from "../access/permissions.ts";
import { baseUrlsOf, type Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import { eventLoopYielder } from "../database/event-loop.ts";
import { siteTransaction } from "../database/site-transaction.ts";
import { refuse, refuseFields } from "../errors.ts";
import { dateTagOf } from "../findings/checks.ts";
import { isOnServers } from "../intake/addresses.ts";
import { filtersOf } from "../observations/filters.ts";
import { namedServer } from "../observations/servers.ts";
import { normalKey } from "../record/keys.ts";
import { endVisit } from "./end.ts";
import { addressOn, type Look, lookElsewhere, lookFrom } from "./look.ts";
import { bodyOf, type ReportedPage, reportErrors } from "./report-rules.ts";
import { saveReport } from "./save-report.ts";
import { whyNotVisited } from "./visits.ts";

export interface PagesReport {
  /** The name of the server; undefined: the environment's only one. */
  server?: string | undefined;
  pages: ReportedPage[];
}

/**
 * Saves what another observer saw on a server as a visit of its own, with its findings and, where it is kept by observation,
 * the record. Pages that are not in it stay as they were seen. Throws a Refusal with 403, 422 for wrong fields, or 409 while a
 * visit to the server is in progress.
 */
export async function reportPages(
  db: Database,
  actor: Actor,
  site: Site,
  environment: Environment,
  { server: name, pages }: PagesReport,
): Promise<{ server: string; pages: number; changed: number }> {
  refuse(whyNotMay(actor, "record"), 403);
  refuseRetired(environment);
  refuse(whyNotVisited(environment));
  const server = namedServer(environment, name);
  refuseFields(reportErrors(pages));
  const looks = await looksOf(db, site, environment, { baseUrl: server.base_url, pages, now: actor.at });
  const visit = await siteTransaction(db, actor, site.id, (trx, actor) =>
    saveReport(trx, actor, { site, environment, server, looks }),
  );
  await endVisit(db, visit, visit.started_at, { paths: new Set(looks.map(({ path }) => path)) });
  return { server: server.name, pages: visit.visited, changed: visit.changed };
}

/** The same that a visit makes of the responses of a server, without a second look. */
async function looksOf(
  db: Database,
  site: Site,
  { id, servers }: Environment,
  { baseUrl, pages, now }: { baseUrl: string; pages: ReportedPage[]; now: string },
): Promise<Look[]> {
  const filters = await filtersOf(db, site.id, { paths: pages.map(({ path }) => normalKey("page", path)) });
  const siteUrls = baseUrlsOf(site);
  const baseUrls = servers.map(({ base_url }) => base_url);
  const dateTag = await dateTagOf(db, id);
  const yieldIfDue = eventLoopYielder();
  const looks: Look[] = [];
  for (const page of pages) {
    await yieldIfDue();
    const path = normalKey("page", page.path);
    const context = { siteUrls, filter: filters(path), dateTag, now };
    looks.push(lookOf({ ...page, path }, { baseUrl, baseUrls }, context));
  }
  return looks;
}

function lookOf(
  page: ReportedPage,
  { baseUrl, baseUrls }: { baseUrl: string; baseUrls: string[] },
  context: Parameters<typeof lookFrom>[3],
): Look {
  const { path, status, location } = page;
  const requested = addressOn(baseUrl, path);
  const address = location === undefined ? new URL(requested) : new URL(location, requested);
  const isRedirect = status >= 300 && status <= 399 && location !== undefined;
  if (isRedirect || !isOnServers(address, baseUrls)) return lookElsewhere(path, address.href, context);
  const { body, type } = bodyOf(page);
  const response = { status, headers: { "content-type": `${type}; charset=utf-8` }, body: Buffer.from(body) };
  const known = { path, etag: null, last_modified: null };
  return lookFrom({ address: address.href, response }, requested, known, context);
}
