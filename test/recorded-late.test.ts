import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { correct } from "../src/corrections/corrections.ts";
import { recordDeployment } from "../src/deployments/record.ts";
import { verify } from "../src/integrity/verify.ts";
import { type Moment, placementsAsOf } from "../src/record/as-of.ts";
import { engine } from "./support/database.ts";
import { promoted } from "./support/promoted.ts";
import { seeded, shuffled } from "./support/seeded.ts";
import { environmentOf, lineOf, type World, world } from "./support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** A deployment to record. */
interface Statement {
  at: string;
  lines: Map<string, string | null>;
  complete: boolean;
  /** The number of its promotion. */
  promotion?: number | undefined;
}
/** A correction to make: of a line, or (no key) of all of a statement, by its index; `stands` undoes one. */
interface Correction {
  index: number;
  key?: string | undefined;
  stands: boolean;
}
type Action = { statement: Statement } | { correction: Correction };

const start = Date.parse("2026-03-03T12:00:00.000Z");
const time = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const day = 24 * 60;
/** When the action with this index is recorded: a minute after the previous one, from a day after everything happened. */
const recordedAt = (action: number) => time(day + action);

/** Records the statements and corrections. Returns undefined for a refused correction, so that the model needs no rules. */
async function perform(actions: Action[], environment = "beta"): Promise<(Action | undefined)[]> {
  const [cleo, ada] = [await w.by("cleo"), await w.by("ada")];
  const numbers: number[] = [];
  const done: (Action | undefined)[] = [];
  for (const [i, action] of actions.entries()) {
    const at = recordedAt(i);
    if ("statement" in action) {
      const { at: effective_at, lines, complete, promotion } = action.statement;
      const placements = [...lines].map(([name, version]) => ({ ...lineOf(name), version }));
      const report = { effective_at, complete, allow_removals: 1000, promotion, placements };
      const recorded = await recordDeployment(
        w.db,
        { ...cleo, at },
        w.site,
        environmentOf(w.site, environment),
        report,
      );
      numbers.push(recorded.number);
      done.push(action);
    } else {
      const { index, key, stands } = action.correction;
      const line = key === undefined ? {} : { kind: lineOf(key).kind, key };
      const request = { deployment: numbers[index] ?? 0, ...line, stands, reason: "It was otherwise" };
      const accepted = await correct(w.db, { ...ada, at }, w.site, request).then(
        () => action,
        () => undefined,
      );
      done.push(accepted);
    }
  }
  return done;
}

/** Seeds of random histories: fewer on PostgreSQL, which takes several times as long to record one. */
const seeds =
  engine === "sqlite" ? { late: [1, 2, 3, 4, 5], promoted: [1, 2, 3, 4] } : { late: [1, 2], promoted: [1, 2] };

type State = Record<string, string>;

/** The state to begin with, and the version that each promotion, by its number, covers. */
type Gate = { before: State; allowed: Record<number, string> };

const outOfBand = ", out of band";

/** The expected state, computed independently: applies all that was recorded and not corrected by then, in order. */
function replay(done: (Action | undefined)[], asOf: string, knownAt: string, gate?: Gate): State {
  const known = done.filter((action, i) => action && recordedAt(i) <= knownAt) as Action[];
  const statements = known.flatMap((action) => ("statement" in action ? [action.statement] : []));
  const wrong = new Map<string, boolean>();
  // the lines that were corrected together with their whole statement
  const correctedWithWhole = new Map<number, string[]>();
  for (const action of known) {
    if (!("correction" in action)) continue;
    const { index, key, stands } = action.correction;
    if (key !== undefined) {
      wrong.set(`${index} ${key}`, !stands);
      // undoing the correction of the whole statement no longer affects this line
      const others = correctedWithWhole.get(index)?.filter((name) => name !== key);
      if (others) correctedWithWhole.set(index, others);
    } else {
      wrong.set(`${index}`, !stands);
      const names = stands
        ? (correctedWithWhole.get(index) ?? [])
        : keysOf(statements[index]).filter((name) => !wrong.get(`${index} ${name}`));
      if (!stands) correctedWithWhole.set(index, names);
      for (const name of names) wrong.set(`${index} ${name}`, !stands);
    }
  }
  const state: State = { ...gate?.before };
  const version = (key: string) => state[key]?.split(" ")[0];
  const ordered = statements
    .map((statement, i) => ({ ...statement, i }))
    .sort((a, b) => (a.at === b.at ? a.i - b.i : a.at < b.at ? -1 : 1));
  for (const { at, lines, complete, promotion, i } of ordered) {
    if (at > asOf) break;
    const removed = complete && !wrong.get(`${i}`) ? Object.keys(state).filter((key) => !lines.has(key)) : [];
    for (const [key, label] of [...lines, ...removed.map((key): [string, null] => [key, null])]) {
      const allowed = label !== null && promotion !== undefined && gate?.allowed[promotion] === label;
      const changes = (version(key) ?? "null") !== String(label) || (allowed && state[key]?.endsWith(outOfBand));
      if (!wrong.get(`${i} ${key}`) && changes) state[key] = `${label} since ${at}${gate && !allowed ? outOfBand : ""}`;
    }
  }
  return state;
}

/** The keys of its lines. What a complete inventory does not list is only corrected with the whole. */
const keysOf = (statement: Statement | undefined): string[] => [...(statement?.lines.keys() ?? [])];

async function stateOf(moment: Moment, environment = "beta"): Promise<State> {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, moment, { removed: true });
  return Object.fromEntries(rows.map((row) => [row.key, shown(row)]));
}

const shown = (row: { version: string | null; effective_at: string; out_of_band: number }) =>
  `${row.version} since ${row.effective_at}${row.out_of_band ? outOfBand : ""}`;

/** The state by the current pointers. */
async function current(environment = "beta"): Promise<State> {
  const rows = await w.db
    .selectFrom("current_placements as c")
    .innerJoin("artifacts as a", "a.id", "c.artifact_id")
    .leftJoin("versions as v", "v.id", "c.version_id")
    .select(["a.key", "v.label as version", "c.effective_at", "c.out_of_band"])
    .where("c.environment_id", "=", environmentOf(w.site, environment).id)
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key, shown(row)]));
}

const names = ["/", "/sale", "/sale/shoes", "checkout"];

/** A correction, or the undoing of one, of a line or all of one of the first `count` statements. */
function randomCorrection(statements: Statement[], count: number, random: () => number): Action {
  const index = Math.floor(random() * count);
  const keys = keysOf(statements[index]);
  const key = random() < 0.75 ? keys[Math.floor(random() * keys.length)] : undefined;
  return { correction: { index, key, stands: random() < 0.35 } };
}

/** Statements for different moments, recorded late and shuffled, with corrections of lines and whole statements, and undone ones. */
function history(random: () => number, length: number): Action[] {
  const pick = <T>(list: T[]) => list[Math.floor(random() * list.length)] as T;
  const statements = shuffled(
    Array.from({ length }, (_, i): Statement => {
      const some = names.filter(() => random() < 0.5);
      const version = () => (random() < 0.2 ? null : `v${1 + Math.floor(random() * 2)}`);
      const lines = new Map((some.length ? some : [pick(names)]).map((name) => [name, version()]));
      return { at: time(10 + i * 10), lines, complete: random() < 0.15 };
    }),
    random,
  );
  return statements.flatMap((statement, i) => [
    { statement },
    ...(random() < 0.6
      ? [randomCorrection(statements, i + 1, random), randomCorrection(statements, i + 1, random)]
      : []),
  ]);
}

test.each(seeds.late)(
  "late and corrected records give the state of records in order, at 100 moments as known at 100 others (%i)",
  async (seed) => {
    const random = seeded(seed);
    const done = await perform(history(random, 24));
    expect(done.filter((action) => action && "correction" in action).length).toBeGreaterThan(8);
    for (let i = 0; i < 100; i++) {
      const [asOf, knownAt] = [
        time(Math.floor(random() * 270)),
        recordedAt(Math.floor(random() * (done.length + 2)) - 1),
      ];
      expect(await stateOf({ asOf, knownAt }), `at ${asOf} by ${knownAt}`).toEqual(replay(done, asOf, knownAt));
    }
    expect(await current()).toEqual(replay(done, time(day), recordedAt(done.length)));
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  },
);

test.each(seeds.promoted)("so do records with promotions, several of them for the same moment (%i)", async (seed) => {
  const random = seeded(seed);
  const before = Object.fromEntries((await promoted(w, names)).map((key) => [key, `v2 since ${w.clock.at}`]));
  const gate: Gate = { before, allowed: { 1: "v1", 2: "v2" } };
  const actions = history(random, 24).map((action): Action => {
    if ("correction" in action) return action;
    const promotion = random() < 0.45 ? 1 + Math.floor(random() * 2) : undefined;
    const minutes = (Date.parse(action.statement.at) - start) / 60_000;
    return { statement: { ...action.statement, at: time(Math.ceil(minutes / 30) * 30), promotion } };
  });
  const done = await perform(actions, "demo");
  for (let i = 0; i < 100; i++) {
    const [asOf, knownAt] = [
      time(Math.floor(random() * 270)),
      recordedAt(Math.floor(random() * (done.length + 2)) - 1),
    ];
    expect(await stateOf({ asOf, knownAt }, "demo"), `at ${asOf} by ${knownAt}`).toEqual(
      replay(done, asOf, knownAt, gate),
    );
  }
  expect(await current("demo")).toEqual(replay(done, time(day), recordedAt(done.length), gate));
  expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
});

/** A deployment of a real site: see test/real-history.test.ts. */
interface RealDeployment {
  at: string;
  pages: [path: string, digest: string | null][];
  software: [name: string, version: string | null][];
}

test("a part of a real site's history, recorded late, shuffled and corrected, gives the state of records in order", async () => {
  const zipped = await readFile(new URL("support/real-history.jsonl.gz", import.meta.url));
  const real: RealDeployment[] = gunzipSync(zipped)
    .toString()
    .trim()
    .split("\n")
    .slice(1, engine === "sqlite" ? 90 : 40)
    .map((line) => JSON.parse(line));
  const random = seeded(1752);
  const statements = shuffled(
    real.map(
      ({ at, pages, software }): Statement => ({ at, lines: new Map([...pages, ...software]), complete: false }),
    ),
    random,
  );
  const done = await perform(
    statements.flatMap((statement, i) => [
      { statement },
      ...(random() < 0.5 ? [randomCorrection(statements, i + 1, random)] : []),
    ]),
  );
  const moments = real.map(({ at }) => at).sort();
  for (let i = 0; i < 60; i++) {
    const asOf = moments[Math.floor(random() * moments.length)] as string;
    const knownAt = recordedAt(Math.floor(random() * (done.length + 1)));
    expect(await stateOf({ asOf, knownAt }), `at ${asOf} by ${knownAt}`).toEqual(replay(done, asOf, knownAt));
  }
  expect(await current()).toEqual(replay(done, moments.at(-1) as string, recordedAt(done.length)));
});

test("records, corrections and undone corrections in any order give the state of a plain model", async () => {
  const statement = fc.record({
    at: fc.integer({ min: 1, max: 200 }).map(time),
    lines: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(null, "v1", "v2")), {
        minLength: 1,
        selector: ([name]) => name,
      })
      .map((lines) => new Map(lines)),
    complete: fc.boolean(),
  });
  const correction = fc.record({
    index: fc.nat(6),
    key: fc.option(fc.constantFrom(...names), { nil: undefined }),
    stands: fc.boolean(),
  });
  const actions = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: statement.map((item) => ({ statement: item })) },
      correction.map((item) => ({ correction: item })),
    ),
    {
      minLength: 2,
      maxLength: 14,
    },
  );
  await fc.assert(
    fc.asyncProperty(actions, fc.nat(200), fc.nat(16), async (list, minute, known) => {
      await w.close();
      w = await world();
      const done = await perform(list);
      for (const [asOf, knownAt] of [
        [time(minute), recordedAt(known - 1)],
        [time(200), recordedAt(list.length)],
      ] as const)
        expect(await stateOf({ asOf, knownAt })).toEqual(replay(done, asOf, knownAt));
    }),
    // on PostgreSQL creating the shop takes longer than the test itself
    { numRuns: engine === "sqlite" ? 60 : 12, seed: 1752 },
  );
});
