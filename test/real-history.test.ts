// The history of a real site: the Vue documentation from 2019-12 to 2026-07, taken from its public git repository:
// the content of each page over time, by digest, and the versions of its software, without the texts of the pages.
// real-history.jsonl.gz has one deployment per line, oldest first:
//   {"at": "…", "source": "commit", "pages": [["/guide/instance", "dde7a25167a7"], ["/old", null]], "software": […]}
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Actor } from "../src/access/actor.ts";
import type { Site } from "../src/access/sites.ts";
import { correct } from "../src/corrections/corrections.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { verify } from "../src/integrity/verify.ts";
import { complete, decide, requestPromotion } from "../src/promotions/promotions.ts";
import { placementsAsOf } from "../src/record/as-of.ts";
import type { DeploymentReport } from "../src/record/report.ts";
import { createRelease } from "../src/releases/releases.ts";
import { createSite } from "../src/sites/sites.ts";
import { engine } from "./support/database.ts";
import { seeded, shuffled } from "./support/seeded.ts";
import { environmentOf, type World, world } from "./support/world.ts";

interface RealDeployment {
  at: string;
  source: string;
  pages: [path: string, digest: string | null][];
  software: [name: string, version: string | null][];
}

/** All of it on SQLite. On PostgreSQL, which takes four times as long, the last part, unless `npm run torture` runs it. */
const isWhole = engine === "sqlite" || Boolean(process.env.SITEBOOK_TEST_WHOLE_HISTORY);

const realDeployments: RealDeployment[] = gunzipSync(
  await readFile(new URL("support/real-history.jsonl.gz", import.meta.url)),
)
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .slice(isWhole ? 0 : -120);
/** How many moments are looked at: of the last part, which has a fourteenth of the deployments, a fifth of them. */
const [fewMoments, manyMoments] = isWhole ? [200, 500] : [40, 100];
const first = Date.parse(realDeployments[0]?.at as string);
const last = Date.parse(realDeployments.at(-1)?.at as string);
const days = 24 * 60 * 60 * 1000;
const week = 7 * days;
const firstMonday = Date.parse("2019-12-16T06:00:00.000Z");
const time = (ms: number) => new Date(ms).toISOString();

let w: World;
let site: Site;
beforeEach(async () => {
  w = await world();
  site = await createSite(
    w.db,
    { ...(await w.by("iris")), at: "2019-12-01T00:00:00.000Z" },
    { slug: "docs", name: "Docs" },
  );
});
afterEach(() => w.close());

// thousands of transactions, which on a busy machine take longer than other tests may
const options = { timeout: 10 * 60_000 };

test("beta, demo and live have the right state at any moment of six years of a real site", options, async () => {
  await recordInOrder();

  const monday = (at: number) => firstMonday + Math.ceil((at - firstMonday) / week) * week;
  const beta = arrivals(realDeployments, (at) => at);
  const demo = arrivals(realDeployments, monday);
  const live = arrivals(realDeployments, (at) => monday(at) + 2 * days);
  for (const [name, all] of Object.entries({ beta, demo, live }))
    for (const [moment, state] of states(all, moments(fewMoments)))
      expect(await stateOf(name, moment), `${name} at ${time(moment)}`).toEqual(state);
  expect(await verify(w.db, site.id)).toHaveProperty("head");
});

test("recorded in any order and then corrected, the state by both clocks is that of a replay", options, async () => {
  const random = seeded(1752);
  const order = shuffled(realDeployments, random);
  const recordedAt = (i: number) => last + week + i;
  const [cleo, ada] = [await w.by("cleo"), await w.by("ada")];
  for (const [i, deployment] of order.entries())
    await recordDeployment(
      w.db,
      { ...cleo, at: time(recordedAt(i)) },
      site,
      environmentOf(site, "beta"),
      reportOf(deployment),
    );

  const beta = arrivals(realDeployments, (at) => at);
  for (const [moment, state] of states(beta, moments(fewMoments)))
    expect(await stateOf("beta", moment), `beta at ${time(moment)}`).toEqual(state);

  const wrong = linesToCorrect(order, 150, random);
  for (const [j, { index, kind, key }] of wrong.entries()) {
    const at = time(recordedAt(order.length + j));
    await correct(w.db, { ...ada, at }, site, { deployment: index + 1, kind, key, reason: "It was never there" });
  }
  for (const moment of moments(manyMoments)) {
    const known = Math.floor(random() * (order.length + wrong.length + 1)) - 1;
    const corrected = new Set(
      wrong.slice(0, Math.max(known + 1 - order.length, 0)).map(({ index, kind, key }) => `${index} ${kind} ${key}`),
    );
    const knownDeployments = order.slice(0, known + 1).map((deployment, i) => without(deployment, i, corrected));
    const happened = arrivals(
      knownDeployments.filter((one) => Date.parse(one.at) <= moment),
      (at) => at,
    );
    const [[, expected] = []] = states(happened, [moment]);
    expect(await stateOf("beta", moment, recordedAt(known)), `beta at ${time(moment)}, known ${known}`).toEqual(
      expected,
    );
  }
  expect(await verify(w.db, site.id)).toHaveProperty("head");
});

/** Random lines of these deployments, each at most once. */
function linesToCorrect(order: RealDeployment[], count: number, random: () => number) {
  const lines = order.flatMap(({ pages, software }, index) => [
    ...pages.map(([key]) => ({ index, kind: "page" as const, key })),
    ...software.map(([key]) => ({ index, kind: "software" as const, key })),
  ]);
  return shuffled(lines, random).slice(0, count);
}

function without(deployment: RealDeployment, index: number, corrected: Set<string>): RealDeployment {
  return {
    ...deployment,
    pages: deployment.pages.filter(([key]) => !corrected.has(`${index} page ${key}`)),
    software: deployment.software.filter(([key]) => !corrected.has(`${index} software ${key}`)),
  };
}

/** Records each change when it happens. Each Monday, the changes on beta are promoted to demo, and two days later to live. */
async function recordInOrder(): Promise<void> {
  const cleo = await w.by("cleo");
  const ada = await w.by("ada");
  const theo = await w.by("theo");
  const mara = await w.by("mara");
  const remaining = [...realDeployments];
  let released = remaining.length;
  for (let monday = firstMonday; released; monday += week) {
    if (monday < first) continue;
    await recordUntil(monday);
    if (remaining.length === released) continue;
    released = remaining.length;
    const release = await createRelease(w.db, { ...ada, at: time(monday) }, site, {
      name: `Week of ${time(monday).slice(0, 10)}`,
      differences: { from: "beta", to: "demo" },
    });
    await promote(release.number, "demo", theo, monday);
    await recordUntil(monday + 2 * days);
    await promote(release.number, "live", mara, monday + 2 * days);
  }

  async function recordUntil(moment: number): Promise<void> {
    while (remaining[0] && Date.parse(remaining[0].at) <= moment) {
      const deployment = remaining.shift() as RealDeployment;
      await recordDeployment(
        w.db,
        { ...cleo, at: deployment.at },
        site,
        environmentOf(site, "beta"),
        reportOf(deployment),
      );
    }
  }

  async function promote(release: number, to: string, approver: Actor, moment: number): Promise<void> {
    const at = time(moment);
    const { number, digest } = await requestPromotion(w.db, { ...ada, at }, site, { release, to });
    await decide(w.db, { ...approver, at }, site, number, { decision: "approve", digest });
    await complete(w.db, { ...ada, at }, site, number, {});
  }
}

function reportOf({ at, source, pages, software }: RealDeployment): DeploymentReport {
  return {
    effective_at: at,
    source,
    placements: [
      ...pages.map(([key, version]) => ({ kind: "page" as const, key, version })),
      ...software.map(([key, version]) => ({ kind: "software" as const, key, version })),
    ],
  };
}

type State = Record<string, string>;

/** Sitebook's state: each page and software item with its version, and since when it was there. */
async function stateOf(environment: string, moment: number, known?: number): Promise<State> {
  const knownAt = known === undefined ? undefined : time(known);
  const rows = await placementsAsOf(w.db, site.id, environmentOf(site, environment).id, {
    asOf: time(moment),
    knownAt,
  });
  return Object.fromEntries(rows.map((row) => [`${row.kind} ${row.key}`, `${row.version} since ${row.effective_at}`]));
}

type Arrivals = [moment: number, changes: Map<string, string | null>][];

/** The changes of these deployments by the moment at which they arrive in an environment, oldest first. */
function arrivals(deployments: RealDeployment[], arrival: (at: number) => number): Arrivals {
  const all = new Map<number, Map<string, string | null>>();
  for (const { at, pages, software } of deployments.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const moment = arrival(Date.parse(at));
    const changes = all.get(moment) ?? new Map<string, string | null>();
    for (const [key, version] of pages) changes.set(`page ${key}`, version);
    for (const [key, version] of software) changes.set(`software ${key}`, version);
    all.set(moment, changes);
  }
  return [...all];
}

/**
 * The expected states, computed independently, oldest first: applies one arrival after the other, up to each moment. The
 * state of a moment is gone once the next one is asked for.
 */
function* states(all: Arrivals, moments: number[]): Generator<[moment: number, state: State]> {
  const state: State = {};
  const remaining = [...all];
  for (const moment of moments.toSorted((a, b) => a - b)) {
    while (remaining[0] && remaining[0][0] <= moment) {
      const [at, changes] = remaining.shift() as Arrivals[number];
      for (const [name, version] of changes) {
        if (version === null) delete state[name];
        else if (!state[name]?.startsWith(`${version} `)) state[name] = `${version} since ${time(at)}`;
      }
    }
    yield [moment, state];
  }
}

function moments(count: number): number[] {
  const random = seeded(20260722);
  return Array.from({ length: count }, () => Math.floor(first + random() * (last + week - first)));
}
