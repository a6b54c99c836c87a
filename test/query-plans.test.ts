import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../src/access/sessions.ts";
import { createApi } from "../src/api-app.ts";
import { signChain } from "../src/integrity/checkpoints.ts";
import { allowed, growing, isShort } from "./support/bounds.ts";
import { type Cost, meter } from "./support/cost.ts";
import { engine, freshDatabase } from "./support/database.ts";
import { addressOf, everyPage, type Visit } from "./support/every-page.ts";
import { heavySteps, overheard, planLine, pretendOld } from "./support/explain.ts";
import { goOn, longHistory } from "./support/long-history.ts";
import { type World, world } from "./support/world.ts";

/** A page or call, the statements that it is made with, and what their plans are. */
interface Seen {
  statements: { statement: string; steps: string[]; cost: Cost }[];
  status: number;
}

let w: World;
let database: Awaited<ReturnType<typeof freshDatabase>>;
/** Of each page, in a long history and in one that is twice as long. */
const seen = { long: new Map<Visit, Seen>(), longer: new Map<Visit, Seen>() };

beforeAll(async () => {
  database = await freshDatabase();
  w = await world(Promise.resolve(database));
  const machine = await w.token("administrator");
  await longHistory(w);
  await signChain(w.db, w.site, w.clock.at);
  await visitAll(machine.secret, seen.long);
  await goOn(w, 1);
  await visitAll(machine.secret, seen.longer);
}, 600_000);
afterAll(() => w.close());

async function visitAll(secret: string, into: Map<Visit, Seen>): Promise<void> {
  if (engine === "postgres") await pretendOld(w.db, growing);
  const session = async (who: "ada" | "iris" | "theo") => ({
    cookie: `sitebook=${await openSession(w.db, w.people[who].id, w.clock.at)}`,
  });
  const [ada, iris, theo] = [await session("ada"), await session("iris"), await session("theo")];
  const headers = { ada, iris, theo, machine: { authorization: `Bearer ${secret}` }, nobody: {} };
  const measure = await meter(database);
  for (const visit of everyPage) {
    const path = await addressOf(w, visit);
    let status = 0;
    const queries = await overheard(w.db, async () => {
      const response = await w.app.request(`http://sitebook.test${path}`, { headers: headers[visit.who] });
      await response.arrayBuffer();
      status = response.status;
    });
    const statements = [];
    for (const query of queries.filter((one) => /^\s*(select|with)/.test(one.sql)))
      statements.push({
        statement: planLine(query),
        steps: await heavySteps(w.db, query),
        cost: await measure(query),
      });
    into.set(visit, { statements, status });
  }
}

test("every page and call that reads is among those that are opened here", async () => {
  const routes = [...w.app.routes, ...createApi("http://sitebook.test").routes];
  const reading = routes.filter((route) => route.method === "GET" && route.path !== "/assets/:name");
  const patterns = reading.map((route) => route.path);
  const opened = await Promise.all(everyPage.map((visit) => addressOf(w, visit)));
  const missing = [...new Set(patterns)].filter((pattern) => {
    const path = pattern.replace(
      /:\w+(\{(?:[^{}]|\{[^{}]*\})*\})?/g,
      (_, told?: string) => told?.slice(1, -1) ?? "[^/]+",
    );
    return !opened.some((one) => new RegExp(`^(?:${path})$`).test(one.split("?")[0] as string));
  });
  expect(missing).toEqual([]);
});

test.each(everyPage)("$who $path reads nothing from end to end and sorts nothing but what it shows", (visit) => {
  const { statements, status } = seen.long.get(visit) as Seen;
  expect(status).toBeLessThan(400);
  const heavy = statements.flatMap(({ statement, steps }) =>
    steps.filter((step) => !isShort(step, statement)).map((step) => `${step}: ${statement}`),
  );
  expect(heavy).toEqual([]);
});

test.each(everyPage.filter(({ path }) => !/export|evidence/.test(path)))(
  "$who $path costs no more where there is twice as much",
  (visit) => {
    const [before, after] = [seen.long, seen.longer].map((one) => costsOf(one.get(visit) as Seen));
    const dearer = [...(after as Map<string, Cost>)].flatMap(([statement, { cost, rows }]) => {
      const was = before?.get(statement);
      // more of a page may be filled by now
      const more = was && Math.max(1, Math.min(rows, 1001) / Math.max(was.rows, 1));
      return !more || cost <= allowed(statement) * more * was.cost + spare
        ? []
        : [`${was.cost} → ${cost}: ${statement}`];
    });
    expect(dearer).toEqual([]);
  },
);

/** Steps or rows that make no difference. */
const spare = engine === "sqlite" ? 50 : 10;

/** By statement: some are asked several times. */
function costsOf({ statements }: Seen): Map<string, Cost> {
  const costs = new Map<string, Cost>();
  for (const { statement, cost } of statements) {
    const sum = costs.get(statement) ?? { cost: 0, rows: 0 };
    costs.set(statement, { cost: sum.cost + cost.cost, rows: sum.rows + cost.rows });
  }
  return costs;
}
