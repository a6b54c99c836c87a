import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "../../src/access/actor.ts";
import { permissions } from "../../src/access/permissions.ts";
import { findSite, type Site } from "../../src/access/sites.ts";
import { type Database, openDatabase } from "../../src/database/connect.ts";
import { createSite } from "../../src/sites/sites.ts";
import { observeSite } from "../../src/visits/reporters.ts";
import { startVisits } from "../../src/visits/visits.ts";
import { starting } from "../support/serving.ts";
import { atMost, type Line, median } from "./aims.ts";
import type { BenchServer } from "./arena.ts";
import { get, loadOk, once } from "./load.ts";

const slug = "visited";
const pages = 2000;

/**
 * The first visit to a site of 2,000 pages, each of which is looked at four times as it has noise, and recorded; and one more,
 * with the settings that servers have by default. The memory is that of the server since its start.
 */
export async function measureVisits(server: BenchServer, log: (text: string) => void): Promise<Line[]> {
  await using visited = starting({}, [process.execPath, "test/bench/site.ts"]);
  const base = (await visited.printedLine("The site is at ")).replace("The site is at ", "");
  const db = openDatabase(server.databaseUrl);
  try {
    const { actor, site } = await visitedSite(db, base);
    const startMb = peakMb(server);
    log("Measuring: the first visit to 2,000 pages …");
    const first = await visitBesideClicks(server, db, site, () => observeSite(db, now(actor), site));
    log("Measuring: another visit to 2,000 pages …");
    const [environment] = site.environments as [Site["environments"][number]];
    const again = await visitBesideClicks(server, db, site, () => startVisits(db, now(actor), site, environment));
    return [
      atMost("a visit to 2,000 pages", 180, again.seconds, "s"),
      atMost("the first visit to 2,000 pages with noise", 300, first.seconds, "s"),
      atMost("memory of the server at most", 150, peakMb(server), "MB"),
      atMost("memory that visits add to that of its start", 150, peakMb(server) - startMb, "MB"),
      atMost("others' clicks beside a visit, p99", 100, again.p99Ms, "ms"),
      atMost("others' clicks beside the first visit, p99", 100, first.p99Ms, "ms"),
    ];
  } finally {
    await db.destroy();
  }
}

const now = (actor: Actor): Actor => ({ ...actor, at: new Date().toISOString() });

async function visitedSite(db: Database, base_url: string): Promise<{ actor: Actor; site: Site }> {
  const person = await db.selectFrom("people").selectAll().where("name", "=", "Ada").executeTakeFirstOrThrow();
  const actor = now({ person, roles: [], permissions: new Set(permissions), at: "" });
  const environments = [{ slug: "beta", tier: "development" as const, servers: [{ name: "web", base_url }] }];
  await createSite(db, actor, { slug, name: "Visited", environments });
  return { actor, site: (await findSite(db, slug)) as Site };
}

const clickEveryMs = 100;

/** How long a visit takes, and how long another person waits meanwhile for a page that is asked for every so often. */
async function visitBesideClicks(
  { url, cookie }: BenchServer,
  db: Database,
  { id }: Site,
  start: () => Promise<unknown>,
): Promise<{ seconds: number; p99Ms: number }> {
  await start();
  const waits: number[] = [];
  for (let i = 0; ; i++) {
    const path = i % 2 ? "/sites/bench/history" : `/sites/${slug}`;
    waits.push(...(await loadOk(url, once(get(path, { cookie: cookie.ada })), 200, { connections: 1 })).waits);
    await sleep(clickEveryMs);
    const visit = await latestVisit(db, id);
    if (!visit.ended_at) continue;
    if (visit.problem || visit.visited < pages) throw new Error(`Visited ${visit.visited} pages: ${visit.problem}`);
    return {
      seconds: (Date.parse(visit.ended_at) - Date.parse(visit.started_at)) / 1000,
      p99Ms: median(waits, 0.99),
    };
  }
}

const latestVisit = (db: Database, siteId: string) =>
  db
    .selectFrom("visits")
    .selectAll()
    .where("site_id", "=", siteId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();

const peakMb = ({ server }: BenchServer): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
