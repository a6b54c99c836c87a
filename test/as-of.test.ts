import { afterEach, beforeEach, expect, test } from "vitest";
import { recordDeployment } from "../src/deployments/record.ts";
import { type Moment, placementsAsOf } from "../src/record/as-of.ts";
import { promoted } from "./support/promoted.ts";
import { seeded, shuffled } from "./support/seeded.ts";
import { environmentOf, lineOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** What somebody tells: lines that stand at a moment, whether they are all there is, and which promotion allowed them. */
interface Told {
  at: number;
  name: string;
  lines: string[];
  complete: boolean;
  promotion?: number | undefined;
}

const start = Date.parse("2026-03-03T12:00:00.000Z");
const time = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const day = 24 * 60;

const names = ["/", "/sale", "/sale/shoes", "checkout"];

/** A history at moments that all differ: changes, repetitions, removals, and now and then a whole inventory. */
function history(random: () => number, length: number, promotions: number[] = []): Told[] {
  const pick = <T>(list: T[]) => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length }, (_, i) => {
    const named = names.filter(() => random() < 0.4);
    const lines = (named.length ? named : [pick(names)]).map((name) =>
      random() < 0.2 ? `-${name}` : `${name} v${1 + Math.floor(random() * 2)}`,
    );
    const complete = random() < 0.15;
    return {
      at: 10 + i * 10,
      name: `word ${i}`,
      lines,
      complete,
      promotion: promotions.length && random() < 0.4 ? pick(promotions) : undefined,
    };
  });
}

/** Told in this order, a minute apart, from a day after it all happened. Answers when each was told. */
async function tell(environment: string, told: Told[]): Promise<Map<Told, string>> {
  const cleo = await w.by("cleo");
  const heard = new Map<Told, string>();
  for (const [i, one] of told.entries()) {
    const at = time(day + i);
    await recordDeployment(w.db, { ...cleo, at }, w.site, environmentOf(w.site, environment), {
      effective_at: time(one.at),
      source: one.name,
      complete: one.complete,
      promotion: one.promotion,
      placements: one.lines.map(lineOf),
    });
    heard.set(one, at);
  }
  return heard;
}

type State = Record<string, { version: string | null; since: string; told: string; band: boolean }>;

/** What stood before, and what a promotion of that number lets in. */
type Gate = { before?: State; allowed?: Record<number, string> };

/** The independent answer: one word after the other, as it happened. */
function replay(told: Told[], until: number, { before, allowed }: Gate = {}): State {
  const state = { ...before };
  for (const one of [...told].sort((a, b) => a.at - b.at)) {
    if (one.at > until) break;
    const lines = one.lines.map(lineOf);
    const gone = Object.keys(state).filter((key) => one.complete && !lines.some((line) => line.key === key));
    for (const { key, version } of [...lines, ...gone.map((key) => ({ key, version: null }))]) {
      const mayBe = one.promotion !== undefined && version !== null && allowed?.[one.promotion] === version;
      const was = state[key];
      const changes = (was?.version ?? null) !== version || (was?.band && mayBe);
      if (changes) state[key] = { version, since: time(one.at), told: one.name, band: Boolean(allowed) && !mayBe };
    }
  }
  return state;
}

async function stood(environment: string, moment: Moment): Promise<State> {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, moment, { removed: true });
  const sources = await w.db.selectFrom("deployments").select(["number", "source"]).execute();
  const told = new Map(sources.map((one) => [one.number, one.source ?? "a promotion"]));
  return Object.fromEntries(
    rows.map((row) => [
      row.key,
      {
        version: row.version,
        since: row.effective_at,
        told: told.get(row.deployment) ?? "",
        band: row.out_of_band === 1,
      },
    ]),
  );
}

async function current(environment: string) {
  const rows = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .innerJoin("placements as p", "p.seq", "c.placement_seq")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "v.label as version", "c.effective_at as since", "c.out_of_band as band"])
    .select(["p.version_id as placed", "c.version_id as pointed", "p.effective_at"])
    .where("c.environment_id", "=", environmentOf(w.site, environment).id)
    .execute();
  for (const row of rows) expect([row.placed, row.effective_at]).toEqual([row.pointed, row.since]);
  return Object.fromEntries(
    rows.map((row) => [row.key, { version: row.version, since: row.since, band: row.band === 1 }]),
  );
}

const seeds = Array.from({ length: 5 }, (_, i) => 100 + i);

test.each(seeds)("the order of telling does not change what stood when (%i)", async (seed) => {
  const random = seeded(seed);
  const told = history(random, 24);
  await tell("beta", shuffled(told, random));
  for (const at of [0, ...told.map((one) => one.at)])
    expect(await stood("beta", { asOf: time(at + 5) }), `at ${at}`).toEqual(replay(told, at + 5));
  expect(await current("beta")).toEqual(bare(replay(told, Number.POSITIVE_INFINITY)));
});

const bare = (state: State) =>
  Object.fromEntries(Object.entries(state).map(([key, { version, since, band }]) => [key, { version, since, band }]));

test.each(seeds)("nor how it came there, where promotions allow some of it and not the rest (%i)", async (seed) => {
  const random = seeded(seed);
  await promoted(w, names);
  const v2 = { version: "v2", since: w.clock.at, told: "a promotion", band: false };
  const before = Object.fromEntries(names.map((name) => [name, v2]));
  const told = history(random, 24, [1, 2]);
  await tell("demo", shuffled(told, random));
  for (const at of told.map((one) => one.at))
    expect(await stood("demo", { asOf: time(at + 5) }), `at ${at}`).toEqual(
      replay(told, at + 5, { before, allowed: { 1: "v1", 2: "v2" } }),
    );
  expect(await current("demo")).toEqual(
    bare(replay(told, Number.POSITIVE_INFINITY, { before, allowed: { 1: "v1", 2: "v2" } })),
  );
});

test.each(seeds)("what was known then follows what had been told by then (%i)", async (seed) => {
  const random = seeded(seed);
  const told = history(random, 24);
  const heard = await tell("beta", shuffled(told, random));
  for (let i = 0; i < 40; i++) {
    const [at, knownAt] = [Math.floor(random() * 250), time(day + Math.floor(random() * 26) - 1)];
    const known = told.filter((one) => (heard.get(one) as string) <= knownAt);
    expect(await stood("beta", { asOf: time(at), knownAt }), `at ${at} by ${knownAt}`).toEqual(replay(known, at));
  }
});

test.each(seeds)("of two words for one moment the later told holds (%i)", async (seed) => {
  const random = seeded(seed);
  const told = shuffled(
    history(random, 24).map((one) => ({ ...one, at: Math.ceil(one.at / 30) * 30 })),
    random,
  );
  await tell("beta", told);
  for (const at of told.map((one) => one.at))
    expect(await stood("beta", { asOf: time(at + 5) }), `at ${at}`).toEqual(replay(told, at + 5));
});
