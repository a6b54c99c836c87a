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

/** A deployment to record: when it happened, in minutes, its lines, whether it is complete, and its promotion. */
interface Statement {
  at: number;
  source: string;
  lines: string[];
  complete: boolean;
  promotion?: number | undefined;
}

const start = Date.parse("2026-03-03T12:00:00.000Z");
const time = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const day = 24 * 60;

const names = ["/", "/sale", "/sale/shoes", "checkout"];

/** Deployments at different moments: changes, repetitions, removals, and now and then a complete inventory. */
function history(random: () => number, length: number, promotions: number[] = []): Statement[] {
  const pick = <T>(list: T[]) => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length }, (_, i) => {
    const some = names.filter(() => random() < 0.4);
    const lines = (some.length ? some : [pick(names)]).map((name) =>
      random() < 0.2 ? `-${name}` : `${name} v${1 + Math.floor(random() * 2)}`,
    );
    const complete = random() < 0.15;
    return {
      at: 10 + i * 10,
      source: `deployment ${i}`,
      lines,
      complete,
      allow_removals: 1000,
      promotion: promotions.length && random() < 0.4 ? pick(promotions) : undefined,
    };
  });
}

/** Records the statements in this order, a minute apart, from a day after the first. Returns when each was recorded. */
async function recordAll(environment: string, statements: Statement[]): Promise<Map<Statement, string>> {
  const cleo = await w.by("cleo");
  const recordedAt = new Map<Statement, string>();
  for (const [i, statement] of statements.entries()) {
    const { at: minutes, source, complete, promotion, lines } = statement;
    const at = time(day + i);
    await recordDeployment(w.db, { ...cleo, at }, w.site, environmentOf(w.site, environment), {
      effective_at: time(minutes),
      source,
      complete,
      allow_removals: 1000,
      promotion,
      placements: lines.map(lineOf),
    });
    recordedAt.set(statement, at);
  }
  return recordedAt;
}

type State = Record<string, { version: string | null; since: string; source: string; band: boolean }>;

/** The state to begin with, and the version that each promotion, by its number, covers. */
type Gate = { before?: State; allowed?: Record<number, string> };

/** The expected state, computed independently: applies the statements in the order in which they happened. */
function replay(statements: Statement[], until: number, { before, allowed }: Gate = {}): State {
  const state = { ...before };
  for (const { at, source, lines: texts, complete, promotion } of statements.toSorted((a, b) => a.at - b.at)) {
    if (at > until) break;
    const lines = texts.map(lineOf);
    const removed = Object.keys(state).filter((key) => complete && !lines.some((line) => line.key === key));
    for (const { key, version } of [...lines, ...removed.map((key) => ({ key, version: null }))]) {
      const covered = promotion !== undefined && version !== null && allowed?.[promotion] === version;
      const before = state[key];
      const changes = (before?.version ?? null) !== version || (before?.band && covered);
      if (changes) state[key] = { version, since: time(at), source, band: Boolean(allowed) && !covered };
    }
  }
  return state;
}

async function stateOf(environment: string, moment: Moment): Promise<State> {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, moment, { removed: true });
  const deployments = await w.db.selectFrom("deployments").select(["number", "source"]).execute();
  const sources = new Map(deployments.map(({ number, source }) => [number, source ?? "a promotion"]));
  return Object.fromEntries(
    rows.map((row) => [
      row.key,
      {
        version: row.version,
        since: row.effective_at,
        source: sources.get(row.deployment) ?? "",
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

test.each(seeds)("the order of recording does not change what was there when (%i)", async (seed) => {
  const random = seeded(seed);
  const statements = history(random, 24);
  await recordAll("beta", shuffled(statements, random));
  for (const at of [0, ...statements.map(({ at }) => at)])
    expect(await stateOf("beta", { asOf: time(at + 5) }), `at ${at}`).toEqual(replay(statements, at + 5));
  expect(await current("beta")).toEqual(bare(replay(statements, Number.POSITIVE_INFINITY)));
});

const bare = (state: State) =>
  Object.fromEntries(Object.entries(state).map(([key, { version, since, band }]) => [key, { version, since, band }]));

test.each(seeds)("nor whether it was out of band, where promotions cover only part of it (%i)", async (seed) => {
  const random = seeded(seed);
  await promoted(w, names);
  const v2 = { version: "v2", since: w.clock.at, source: "a promotion", band: false };
  const before = Object.fromEntries(names.map((name) => [name, v2]));
  const statements = history(random, 24, [1, 2]);
  await recordAll("demo", shuffled(statements, random));
  for (const at of statements.map(({ at }) => at))
    expect(await stateOf("demo", { asOf: time(at + 5) }), `at ${at}`).toEqual(
      replay(statements, at + 5, { before, allowed: { 1: "v1", 2: "v2" } }),
    );
  expect(await current("demo")).toEqual(
    bare(replay(statements, Number.POSITIVE_INFINITY, { before, allowed: { 1: "v1", 2: "v2" } })),
  );
});

test.each(seeds)("what was known at a moment follows from what had been recorded by then (%i)", async (seed) => {
  const random = seeded(seed);
  const statements = history(random, 24);
  const recordedAt = await recordAll("beta", shuffled(statements, random));
  for (let i = 0; i < 40; i++) {
    const [at, knownAt] = [Math.floor(random() * 250), time(day + Math.floor(random() * 26) - 1)];
    const known = statements.filter((statement) => (recordedAt.get(statement) as string) <= knownAt);
    expect(await stateOf("beta", { asOf: time(at), knownAt }), `at ${at} by ${knownAt}`).toEqual(replay(known, at));
  }
});

test.each(seeds)("of two deployments at one moment the one recorded later counts (%i)", async (seed) => {
  const random = seeded(seed);
  const statements = shuffled(
    history(random, 24).map((statement) => ({ ...statement, at: Math.ceil(statement.at / 30) * 30 })),
    random,
  );
  await recordAll("beta", statements);
  for (const at of statements.map(({ at }) => at))
    expect(await stateOf("beta", { asOf: time(at + 5) }), `at ${at}`).toEqual(replay(statements, at + 5));
});
