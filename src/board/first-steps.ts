import { sql } from "kysely";
import type { Permitted } from "../access/permissions.ts";
import type { Site } from "../access/sites.ts";
import type { Database } from "../database/connect.ts";
import type { SiteSummary } from "./site-summary.ts";

/** One step of the first hour with a site. Whether it is done follows from the record; none of them has to be. */
export interface FirstStep {
  name: "addresses" | "live" | "others" | "people" | "release";
  done: boolean;
  /** Where it is done, for those who may. */
  href: string | undefined;
}

/** Whether this person can have Sitebook look for itself: there is a server, and it does not keep the record of any environment yet. */
export async function canObserve(db: Database, { environments }: Site, may: Permitted): Promise<boolean> {
  const ids = environments.filter(({ servers }) => servers.length).map(({ id }) => id);
  if (!may.administer || !ids.length) return false;
  const observed = db.selectFrom("observation_rules").select("environment_id").where("environment_id", "in", ids);
  return !(await observed.where("reporter", "=", "observation").executeTakeFirst());
}

/** After this, the steps that are left are taken for what nobody wants to do. */
export const daysShown = 30;

/**
 * The steps from an empty site to its first release, for people who can do some of them. As soon as there is something on
 * the board, undefined if all are done, if the reader left the others for later, or if the site is older than 30 days.
 */
export async function firstSteps(
  db: Database,
  site: Site,
  summary: SiteSummary,
  { may, now, leftForLater }: { may: Permitted; now: string; leftForLater: boolean },
): Promise<FirstStep[] | undefined> {
  if (!may.record && !may.administer) return;
  const { created_at, releases } = await siteRow(db, site.id);
  const isNew = Date.parse(now) - Date.parse(created_at) < daysShown * 86_400_000;
  if (summary.rows && (leftForLater || !isNew)) return;
  const base = `/sites/${site.slug}`;
  const recorded = site.environments.map((_, i) => summary.environments[i]?.changed_at !== null);
  const step = (name: FirstStep["name"], done: boolean, allowed: boolean, path: string | undefined): FirstStep => ({
    name,
    done,
    href: allowed && path ? base + path : undefined,
  });
  const steps = [
    step(
      "addresses",
      site.environments.every(({ servers }) => servers.length),
      may.administer,
      "/settings/environments",
    ),
    step(
      "live",
      recorded.at(-1) === true,
      may.record,
      `/deployments/new?environment=${site.environments.at(-1)?.slug}`,
    ),
    step("others", recorded.slice(0, -1).every(Boolean), may.record, pathToFill(site, recorded)),
    step("people", await hasOthers(db, site.id), may.administer, "/settings/people"),
    step("release", releases > 0, may.release, pathToRelease(site, summary, recorded)),
  ];
  return summary.rows && steps.every(({ done }) => done) ? undefined : steps;
}

/** The first open step after the last one that is done, as an earlier one was left for later; else the first open one. */
export function nextStep(steps: FirstStep[]): FirstStep | undefined {
  const open = (step: FirstStep) => !step.done && step.href !== undefined;
  return steps.slice(steps.findLastIndex(({ done }) => done) + 1).find(open) ?? steps.find(open);
}

/** To all that differs between the first two environments of which one is ahead; or else to where a change is recorded first. */
function pathToRelease({ environments }: Site, { differing }: SiteSummary, recorded: boolean[]): string | undefined {
  const at = differing.findIndex((count) => count > 0);
  const [from, to] = [environments[at], environments[at + 1]];
  if (from && to) return `/releases/new?from=${from.slug}&to=${to.slug}`;
  return recorded[0] ? `/deployments/new?environment=${environments[0]?.slug}` : undefined;
}

function siteRow(db: Database, siteId: string) {
  return db.selectFrom("sites").select(["created_at", "releases"]).where("id", "=", siteId).executeTakeFirstOrThrow();
}

/** The environments without a record: all of them from the last one, if that has one, or else the first by a list. */
function pathToFill(site: Site, recorded: boolean[]): string {
  const missing = site.environments.filter((_, i) => !recorded[i]);
  const [next] = missing.length ? missing : site.environments;
  const last = site.environments.at(-1);
  if (!recorded.at(-1)) return `/deployments/new?environment=${next?.slug}`;
  const names = (missing.length ? missing : [next]).map((environment) => `environment=${environment?.slug}`);
  return `/deployments/same-as?from=${last?.slug}&${names.join("&")}`;
}

async function hasOthers(db: Database, siteId: string): Promise<boolean> {
  const people = await db
    .selectFrom("memberships as m")
    .innerJoin("people as p", "p.id", "m.person_id")
    .select(sql<number>`count(distinct p.id)`.as("count"))
    .where("m.site_id", "=", siteId)
    .where("p.kind", "=", "person")
    .executeTakeFirstOrThrow();
  return people.count > 1;
}
