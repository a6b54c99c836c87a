import type { Actor } from "../../src/access/actor.ts";
import { findSite, type Site } from "../../src/access/sites.ts";
import type { Database } from "../../src/database/connect.ts";
import { createSite } from "../../src/sites/sites.ts";
import { startVisits } from "../../src/visits/visits.ts";
import { htmlPage, sitemapOf, webSite } from "../support/web-site.ts";
import { onTortureDatabase } from "./cast.ts";

const slug = "visited";
const paths = Array.from({ length: 50 }, (_, i) => `/page-${i}`);

/** What is found on the site that is visited, whatever happens to those who visit it. */
const faults: Record<string, string> = {
  "/page-3": "<!DOCTYPE html><p>It has no title</p>",
  "/page-21": htmlPage("Hidden", "<p>From search engines</p>", '<meta name="robots" content="noindex">'),
  "/page-22": htmlPage("Twice", "<p>One of two</p>"),
  "/page-41": htmlPage("Twice", "<p>The other one</p>"),
  "/page-45": htmlPage("A picture", '<p>It is not there</p><img src="/gone.png">'),
};
const expected = [
  "broken_asset /page-45",
  "noindex /page-21",
  "title_doubled /page-22",
  "title_doubled /page-41",
  "title_empty /page-3",
];

/** Serves a site on this machine that never changes, apart from a counter, and has it in Sitebook. */
export async function visitedSite(databaseUrl: string) {
  let requests = 0;
  const counting = (path: string) =>
    htmlPage(`Title of ${path}`, `<p>The text of ${path}</p><p>Visitor <b>${requests++}</b></p>`);
  const site = await webSite(
    {},
    {
      otherwise: (response, { url = "" }) => {
        const isPage = paths.includes(url);
        response.writeHead(isPage ? 200 : 404, { "content-type": "text/html" });
        response.end(isPage ? (faults[url] ?? counting(url)) : "");
      },
    },
  );
  site.pages["/sitemap.xml"] = sitemapOf(site.base, paths);
  await onTortureDatabase(databaseUrl, (db) => createVisited(db, site.base));
  /** Starts a visit, if none is in progress. `now`: ISO 8601 UTC. */
  const start = (now: string) => onTortureDatabase(databaseUrl, (db) => startVisit(db, now));
  return { start, close: site.close };
}
export type VisitedSite = Awaited<ReturnType<typeof visitedSite>>;

async function iris(db: Database, at: string): Promise<Actor> {
  const person = await db.selectFrom("people").selectAll().where("name", "=", "Iris").executeTakeFirstOrThrow();
  return { person, roles: [], permissions: new Set(["administer", "record"]), at };
}

async function createVisited(db: Database, base_url: string): Promise<void> {
  const environments = [{ slug: "live", tier: "production" as const, servers: [{ name: "web", base_url }] }];
  await createSite(db, await iris(db, new Date().toISOString()), { slug, name: "Visited", environments });
}

async function startVisit(db: Database, now: string): Promise<void> {
  const site = (await findSite(db, slug)) as Site;
  await startVisits(db, await iris(db, now), site, site.environments[0] as Site["environments"][number]);
}

/** What visits left, read without Sitebook's own queries. */
export const readVisits = async (db: Database) => ({
  visits: await db.selectFrom("visits").selectAll().execute(),
  findings: await db.selectFrom("findings").select(["code", "path", "settled_at"]).execute(),
  observations: await db.selectFrom("observations").select(["path"]).execute(),
  noise: await db.selectFrom("learned_noise").select("path").execute(),
});

/**
 * Checks that each visit ended with all pages counted once, and that what was seen and found is that of the site, once: as the
 * site never changes, whatever was done twice would be there twice.
 */
export function* whyNotVisited({ visits, findings, observations, noise }: Awaited<ReturnType<typeof readVisits>>) {
  for (const { started_at, ended_at, problem, pages, visited } of visits) {
    const name = `The visit of ${started_at}`;
    if (!ended_at) yield `${name} has not ended.`;
    else if (problem) yield `${name} has a problem: ${problem}`;
    else if (pages !== paths.length || visited !== paths.length) yield `${name} counts ${visited} of ${pages} pages.`;
  }
  if (!visits.some(({ ended_at }) => ended_at)) return;
  const found = findings.map(({ code, path, settled_at }) => `${code} ${path}${settled_at ? ", settled" : ""}`).sort();
  if (found.join() !== expected.join()) yield `Visits found ${found.join("; ")}.`;
  const seen = observations.map(({ path }) => path).sort();
  if (seen.join() !== paths.toSorted().join()) yield `Visits kept ${seen.length} states of ${paths.length} pages.`;
  const moving = paths.filter((path) => !faults[path]);
  if (noise.length !== moving.length) yield `Visits learned ${noise.length} things of ${moving.length} pages.`;
}
