// The history of a real site: the Vue documentation from 2019-12 to 2026-07, taken from its public git repository:
// which page had which content from when on, by digest, and which software which version. Facts only, no text of the
// pages. real-history.jsonl.gz holds one deployment a line, oldest first:
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

interface Told {
  at: string;
  source: string;
  pages: [path: string, digest: string | null][];
  software: [name: string, version: string | null][];
}

/** All of it on SQLite; on PostgreSQL, which takes four times as long, the last year, unless `npm run torture` asks. */
const shown = engine === "sqlite" || process.env.SITEBOOK_TEST_WHOLE_HISTORY ? 0 : -330;

const told: Told[] = gunzipSync(await readFile(new URL("support/real-history.jsonl.gz", import.meta.url)))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line))
  .slice(shown);
const first = Date.parse(told[0]?.at as string);
const last = Date.parse(told.at(-1)?.at as string);
const days = 24 * 60 * 60 * 1000;
const week = 7 * days;
const firstMonday = Date.parse(shown ? "2024-01-01T06:00:00.000Z" : "2019-12-16T06:00:00.000Z");
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

// thousands of transactions: on a busy machine they take longer than other tests may
const patience = { timeout: 10 * 60_000 };

test("six years of a real site stand in beta, demo and live as they stood, at any moment", patience, async () => {
  await liveThrough();

  const monday = (at: number) => firstMonday + Math.ceil((at - firstMonday) / week) * week;
  const beta = arrivals(told, (at) => at);
  const demo = arrivals(told, monday);
  const live = arrivals(told, (at) => monday(at) + 2 * days);
  for (const moment of moments(200)) {
    expect(await stood("beta", moment), `beta at ${time(moment)}`).toEqual(replayed(beta, moment));
    expect(await stood("demo", moment), `demo at ${time(moment)}`).toEqual(replayed(demo, moment));
    expect(await stood("live", moment), `live at ${time(moment)}`).toEqual(replayed(live, moment));
  }
  expect(await verify(w.db, site.id)).toHaveProperty("head");
});

test("told in any order and then corrected, both clocks answer as a replay does", patience, async () => {
  const random = seeded(1752);
  const order = shuffled(told, random);
  const heard = (i: number) => last + week + i;
  const [cleo, ada] = [await w.by("cleo"), await w.by("ada")];
  for (const [i, one] of order.entries())
    await recordDeployment(w.db, { ...cleo, at: time(heard(i)) }, site, environmentOf(site, "beta"), reportOf(one));

  const beta = arrivals(told, (at) => at);
  for (const moment of moments(200))
    expect(await stood("beta", moment), `beta at ${time(moment)}`).toEqual(replayed(beta, moment));

  const wrong = linesToCorrect(order, 150, random);
  for (const [j, { word, kind, key }] of wrong.entries()) {
    const at = time(heard(order.length + j));
    await correct(w.db, { ...ada, at }, site, { deployment: word + 1, kind, key, reason: "It was never there" });
  }
  for (const moment of moments(500)) {
    const known = Math.floor(random() * (order.length + wrong.length + 1)) - 1;
    const corrected = new Set(
      wrong.slice(0, Math.max(known + 1 - order.length, 0)).map((one) => `${one.word} ${one.kind} ${one.key}`),
    );
    const believed = order.slice(0, known + 1).map((one, word) => without(one, word, corrected));
    const expected = replayed(
      arrivals(believed, (at) => at),
      moment,
    );
    expect(await stood("beta", moment, heard(known)), `beta at ${time(moment)}, known ${known}`).toEqual(expected);
  }
  expect(await verify(w.db, site.id)).toHaveProperty("head");
});

/** So many lines of what was told, each of them once. */
function linesToCorrect(order: Told[], count: number, random: () => number) {
  const lines = order.flatMap(({ pages, software }, word) => [
    ...pages.map(([key]) => ({ word, kind: "page" as const, key })),
    ...software.map(([key]) => ({ word, kind: "software" as const, key })),
  ]);
  return shuffled(lines, random).slice(0, count);
}

function without(one: Told, word: number, corrected: Set<string>): Told {
  return {
    ...one,
    pages: one.pages.filter(([key]) => !corrected.has(`${word} page ${key}`)),
    software: one.software.filter(([key]) => !corrected.has(`${word} software ${key}`)),
  };
}

/** Records each change as it happens. What beta holds each Monday is released to demo, and two days later to live. */
async function liveThrough(): Promise<void> {
  const cleo = await w.by("cleo");
  const ada = await w.by("ada");
  const theo = await w.by("theo");
  const mara = await w.by("mara");
  const ahead = [...told];
  let released = ahead.length;
  for (let monday = firstMonday; released; monday += week) {
    await recordUntil(monday);
    if (ahead.length === released) continue;
    released = ahead.length;
    const release = await createRelease(w.db, { ...ada, at: time(monday) }, site, {
      name: `Week of ${time(monday).slice(0, 10)}`,
      differences: { from: "beta", to: "demo" },
    });
    await promote(release.number, "demo", theo, monday);
    await recordUntil(monday + 2 * days);
    await promote(release.number, "live", mara, monday + 2 * days);
  }

  async function recordUntil(moment: number): Promise<void> {
    while (ahead[0] && Date.parse(ahead[0].at) <= moment) {
      const one = ahead.shift() as Told;
      await recordDeployment(w.db, { ...cleo, at: one.at }, site, environmentOf(site, "beta"), reportOf(one));
    }
  }

  async function promote(release: number, to: string, approver: Actor, moment: number): Promise<void> {
    const at = time(moment);
    const { number, digest } = await requestPromotion(w.db, { ...ada, at }, site, { release, to });
    await decide(w.db, { ...approver, at }, site, number, { decision: "approve", digest });
    await complete(w.db, { ...ada, at }, site, number, {});
  }
}

function reportOf({ at, source, pages, software }: Told): DeploymentReport {
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

/** Sitebook's answer: each page and software with its version, and since when it stood there. */
async function stood(environment: string, moment: number, known?: number): Promise<State> {
  const knownAt = known === undefined ? undefined : time(known);
  const rows = await placementsAsOf(w.db, site.id, environmentOf(site, environment).id, {
    asOf: time(moment),
    knownAt,
  });
  return Object.fromEntries(rows.map((row) => [`${row.kind} ${row.key}`, `${row.version} since ${row.effective_at}`]));
}

type Arrivals = [moment: number, changes: Map<string, string | null>][];

/** What was told, in the order of when it was so, put together by when it arrived. */
function arrivals(words: Told[], arrival: (at: number) => number): Arrivals {
  const all = new Map<number, Map<string, string | null>>();
  for (const { at, pages, software } of words.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    const moment = arrival(Date.parse(at));
    const changes = all.get(moment) ?? new Map<string, string | null>();
    for (const [key, version] of pages) changes.set(`page ${key}`, version);
    for (const [key, version] of software) changes.set(`software ${key}`, version);
    all.set(moment, changes);
  }
  return [...all];
}

/** The independent answer: one arrival after the other, up to the moment. */
function replayed(all: Arrivals, moment: number): State {
  const state: State = {};
  for (const [at, changes] of all.filter(([at]) => at <= moment))
    for (const [name, version] of changes) {
      if (version === null) delete state[name];
      else if (!state[name]?.startsWith(`${version} `)) state[name] = `${version} since ${time(at)}`;
    }
  return state;
}

function moments(count: number): number[] {
  const random = seeded(20260722);
  return Array.from({ length: count }, () => Math.floor(first + random() * (last + week - first)));
}
