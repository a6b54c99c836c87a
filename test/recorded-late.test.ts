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

/** What somebody tells of one moment, … */
interface Word {
  at: string;
  lines: Map<string, string | null>;
  complete: boolean;
  /** The number of the promotion that it names. */
  promotion?: number | undefined;
}
/** … or corrects: what the word told as the so-and-so-manieth said of one key, or (no key) all of it, was wrong, or was not. */
interface Wrong {
  word: number;
  key?: string | undefined;
  stands: boolean;
}
type Act = { told: Word } | { wrong: Wrong };

const start = Date.parse("2026-03-03T12:00:00.000Z");
const time = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const day = 24 * 60;
/** When the act of this number was told: a minute after the one before, from a day after it all happened. */
const heard = (act: number) => time(day + act);

/** Does as a person would; what Sitebook refuses is taken out, so that the model need not know the rules. Answers what was done. */
async function act(acts: Act[], environment = "beta"): Promise<(Act | undefined)[]> {
  const [cleo, ada] = [await w.by("cleo"), await w.by("ada")];
  const numbers: number[] = [];
  const done: (Act | undefined)[] = [];
  for (const [i, one] of acts.entries()) {
    const at = heard(i);
    if ("told" in one) {
      const { at: effective_at, lines, complete, promotion } = one.told;
      const placements = [...lines].map(([name, version]) => ({ ...lineOf(name), version }));
      const report = { effective_at, complete, promotion, placements };
      const recorded = await recordDeployment(
        w.db,
        { ...cleo, at },
        w.site,
        environmentOf(w.site, environment),
        report,
      );
      numbers.push(recorded.number);
      done.push(one);
    } else {
      const { word, key, stands } = one.wrong;
      const line = key === undefined ? {} : { kind: lineOf(key).kind, key };
      const wish = { deployment: numbers[word] ?? 0, ...line, stands, reason: "It was otherwise" };
      const kept = await correct(w.db, { ...ada, at }, w.site, wish).then(
        () => one,
        () => undefined,
      );
      done.push(kept);
    }
  }
  return done;
}

type State = Record<string, string>;

/** What stood before, and what a promotion of that number lets in. */
type Gate = { before: State; allowed: Record<number, string> };

const outOfBand = ", out of band";

/** The independent answer: all that had been told by then, without what was known to be wrong by then, one after the other. */
function replay(done: (Act | undefined)[], asOf: string, knownAt: string, gate?: Gate): State {
  const known = done.filter((one, i) => one && heard(i) <= knownAt) as Act[];
  const words = known.flatMap((one) => ("told" in one ? [one.told] : []));
  const wrong = new Map<string, boolean>();
  const byWhole = new Map<number, string[]>();
  for (const one of known) {
    if (!("wrong" in one)) continue;
    const { word, key, stands } = one.wrong;
    if (key !== undefined) {
      wrong.set(`${word} ${key}`, !stands);
      // from now on it goes its own way, also where the whole is corrected back
      const others = byWhole.get(word)?.filter((name) => name !== key);
      if (others) byWhole.set(word, others);
    } else {
      wrong.set(`${word}`, !stands);
      const parts = stands
        ? (byWhole.get(word) ?? [])
        : [...all(words[word])].filter((name) => !wrong.get(`${word} ${name}`));
      if (!stands) byWhole.set(word, parts);
      // what was said of one line since then holds for that line
      for (const name of parts) wrong.set(`${word} ${name}`, !stands);
    }
  }
  const state: State = { ...gate?.before };
  const version = (key: string) => state[key]?.split(" ")[0];
  const ordered = words
    .map((word, i) => ({ ...word, i }))
    .sort((a, b) => (a.at === b.at ? a.i - b.i : a.at < b.at ? -1 : 1));
  for (const { at, lines, complete, promotion, i } of ordered) {
    if (at > asOf) break;
    const gone = complete && !wrong.get(`${i}`) ? Object.keys(state).filter((key) => !lines.has(key)) : [];
    for (const [key, label] of [...lines, ...gone.map((key): [string, null] => [key, null])]) {
      const allowed = label !== null && promotion !== undefined && gate?.allowed[promotion] === label;
      const changes = (version(key) ?? "null") !== String(label) || (allowed && state[key]?.endsWith(outOfBand));
      if (!wrong.get(`${i} ${key}`) && changes) state[key] = `${label} since ${at}${gate && !allowed ? outOfBand : ""}`;
    }
  }
  return state;
}

/** Everything that a deployment says a word of. What a whole inventory leaves out is corrected with the whole only. */
const all = (word: Word | undefined) => word?.lines.keys() ?? [];

async function stood(moment: Moment, environment = "beta"): Promise<State> {
  const rows = await placementsAsOf(w.db, w.site.id, environmentOf(w.site, environment).id, moment, { removed: true });
  return Object.fromEntries(rows.map((row) => [row.key, shown(row)]));
}

const shown = (row: { version: string | null; effective_at: string; out_of_band: number }) =>
  `${row.version} since ${row.effective_at}${row.out_of_band ? outOfBand : ""}`;

/** The pointers to what stands now, each as its placement says. */
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

/** Of the words told by then one is said to be wrong, in one line or as a whole, or not to be. */
function wrongOne(words: Word[], told: number, random: () => number): Act {
  const word = Math.floor(random() * told);
  const keys = [...(words[word]?.lines.keys() ?? [])];
  const key = random() < 0.75 ? keys[Math.floor(random() * keys.length)] : undefined;
  return { wrong: { word, key, stands: random() < 0.35 } };
}

/** Late, shuffled telling with corrections of lines and of whole deployments, corrections of those, and moments that all differ. */
function history(random: () => number, length: number): Act[] {
  const pick = <T>(list: T[]) => list[Math.floor(random() * list.length)] as T;
  const words = shuffled(
    Array.from({ length }, (_, i): Word => {
      const named = names.filter(() => random() < 0.5);
      const version = () => (random() < 0.2 ? null : `v${1 + Math.floor(random() * 2)}`);
      const lines = new Map((named.length ? named : [pick(names)]).map((name) => [name, version()]));
      return { at: time(10 + i * 10), lines, complete: random() < 0.15 };
    }),
    random,
  );
  return words.flatMap((told, i) => [
    { told },
    ...(random() < 0.6 ? [wrongOne(words, i + 1, random), wrongOne(words, i + 1, random)] : []),
  ]);
}

test.each([1, 2, 3, 4, 5])(
  "at 100 moments as known at 100 others, corrections and all, it is what telling it in order makes (%i)",
  async (seed) => {
    const random = seeded(seed);
    const done = await act(history(random, 24));
    expect(done.filter((one) => one && "wrong" in one).length).toBeGreaterThan(8);
    for (let i = 0; i < 100; i++) {
      const [asOf, knownAt] = [time(Math.floor(random() * 270)), heard(Math.floor(random() * (done.length + 2)) - 1)];
      expect(await stood({ asOf, knownAt }), `at ${asOf} by ${knownAt}`).toEqual(replay(done, asOf, knownAt));
    }
    expect(await current()).toEqual(replay(done, time(day), heard(done.length)));
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  },
);

test.each([1, 2, 3, 4])(
  "nor do promotions, or words for one moment, make it another than telling it in order makes (%i)",
  async (seed) => {
    const random = seeded(seed);
    const before = Object.fromEntries((await promoted(w, names)).map((key) => [key, `v2 since ${w.clock.at}`]));
    const gate: Gate = { before, allowed: { 1: "v1", 2: "v2" } };
    const acts = history(random, 24).map((one): Act => {
      if ("wrong" in one) return one;
      const promotion = random() < 0.45 ? 1 + Math.floor(random() * 2) : undefined;
      const minutes = (Date.parse(one.told.at) - start) / 60_000;
      return { told: { ...one.told, at: time(Math.ceil(minutes / 30) * 30), promotion } };
    });
    const done = await act(acts, "demo");
    for (let i = 0; i < 100; i++) {
      const [asOf, knownAt] = [time(Math.floor(random() * 270)), heard(Math.floor(random() * (done.length + 2)) - 1)];
      expect(await stood({ asOf, knownAt }, "demo"), `at ${asOf} by ${knownAt}`).toEqual(
        replay(done, asOf, knownAt, gate),
      );
    }
    expect(await current("demo")).toEqual(replay(done, time(day), heard(done.length), gate));
    expect(await verify(w.db, w.site.id)).toMatchObject({ events: expect.any(Number) });
  },
);

/** The facts of a real site, as test/real-history.test.ts tells them. */
interface Real {
  at: string;
  pages: [path: string, digest: string | null][];
  software: [name: string, version: string | null][];
}

test("a slice of a real site's history, told late, shuffled and corrected, is what telling it in order makes", async () => {
  const zipped = await readFile(new URL("support/real-history.jsonl.gz", import.meta.url));
  const real: Real[] = gunzipSync(zipped)
    .toString()
    .trim()
    .split("\n")
    .slice(1, 90)
    .map((line) => JSON.parse(line));
  const random = seeded(1752);
  const words = shuffled(
    real.map(({ at, pages, software }): Word => ({ at, lines: new Map([...pages, ...software]), complete: false })),
    random,
  );
  const done = await act(
    words.flatMap((told, i) => [{ told }, ...(random() < 0.5 ? [wrongOne(words, i + 1, random)] : [])]),
  );
  const moments = real.map((one) => one.at).sort();
  for (let i = 0; i < 60; i++) {
    const asOf = moments[Math.floor(random() * moments.length)] as string;
    const knownAt = heard(Math.floor(random() * (done.length + 1)));
    expect(await stood({ asOf, knownAt }), `at ${asOf} by ${knownAt}`).toEqual(replay(done, asOf, knownAt));
  }
  expect(await current()).toEqual(replay(done, moments.at(-1) as string, heard(done.length)));
});

test("whatever is told, corrected and corrected again, in whatever order, the rule gives what a plain model gives", async () => {
  const word = fc.record({
    at: fc.integer({ min: 1, max: 200 }).map(time),
    lines: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(null, "v1", "v2")), {
        minLength: 1,
        selector: ([name]) => name,
      })
      .map((lines) => new Map(lines)),
    complete: fc.boolean(),
  });
  const wrong = fc.record({
    word: fc.nat(6),
    key: fc.option(fc.constantFrom(...names), { nil: undefined }),
    stands: fc.boolean(),
  });
  const acts = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: word.map((told) => ({ told })) },
      wrong.map((one) => ({ wrong: one })),
    ),
    {
      minLength: 2,
      maxLength: 14,
    },
  );
  await fc.assert(
    fc.asyncProperty(acts, fc.nat(200), fc.nat(16), async (list, minute, known) => {
      await w.close();
      w = await world();
      const done = await act(list);
      for (const [asOf, knownAt] of [
        [time(minute), heard(known - 1)],
        [time(200), heard(list.length)],
      ] as const)
        expect(await stood({ asOf, knownAt })).toEqual(replay(done, asOf, knownAt));
    }),
    // on PostgreSQL a world of one's own takes longer than what is done in it
    { numRuns: engine === "sqlite" ? 60 : 25, seed: 1752 },
  );
});
