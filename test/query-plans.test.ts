import type { CompiledQuery } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../src/access/sessions.ts";
import { createApi } from "../src/api-app.ts";
import { signChain } from "../src/integrity/checkpoints.ts";
import { allowed, growing, isShort } from "./support/bounds.ts";
import { type Cost, type Study, studier } from "./support/cost.ts";
import { engine, newDatabase } from "./support/database.ts";
import { addressOf, everyPage, type Visit } from "./support/every-page.ts";
import { capturedQueries, planLine, pretendLarge } from "./support/explain.ts";
import { addRound, longHistory } from "./support/long-history.ts";
import { administersAll } from "./support/sign-on.ts";
import { type World, world } from "./support/world.ts";

interface Statement extends Study {
  statement: string;
}

/** The statements that a page or call runs. */
interface Measured {
  statements: Statement[];
  status: number;
}

let w: World;
let database: Awaited<ReturnType<typeof newDatabase>>;
/** By page, in a long history and in one that is twice as long. */
const measured = { long: new Map<Visit, Measured>(), longer: new Map<Visit, Measured>() };

beforeAll(async () => {
  database = await newDatabase();
  w = await world(Promise.resolve(database));
  const machine = await w.token("administrator");
  await administersAll(w, machine.machine);
  await longHistory(w);
  await signChain(w.db, w.site, w.clock.at);
  await visitAll(machine.secret, measured.long);
  await addRound(w, 1);
  await visitAll(machine.secret, measured.longer);
}, 600_000);
afterAll(() => w.close());

async function visitAll(secret: string, into: Map<Visit, Measured>): Promise<void> {
  if (engine === "postgres") await pretendLarge(w.db, growing);
  const session = async (who: "ada" | "iris" | "theo") => ({
    cookie: `sitebook=${await openSession(w.db, w.people[who].id, w.clock.at)}`,
  });
  const [ada, iris, theo] = [await session("ada"), await session("iris"), await session("theo")];
  const headers = { ada, iris, theo, machine: { authorization: `Bearer ${secret}` }, nobody: {} };
  // what is created here and stays, before the copy on which costs are counted
  for (const visit of everyPage.filter(({ path }) => /^\/feeds\/|:finding|:guest/.test(path)))
    await addressOf(w, visit);
  const { study, close } = await studier(database);
  const described = async (query: CompiledQuery) => ({ statement: planLine(query), ...(await study(query)) });
  // most pages ask the same about the session and the site
  const studied = new Map<string, Promise<Statement>>();
  for (const visit of everyPage) {
    const path = await addressOf(w, visit);
    let status = 0;
    const queries = await capturedQueries(w.db, async () => {
      const response = await w.app.request(`http://sitebook.test${path}`, { headers: headers[visit.who] });
      await response.arrayBuffer();
      status = response.status;
    });
    const statements: Statement[] = [];
    for (const query of queries.filter(({ sql }) => /^\s*(select|with)/.test(sql))) {
      const key = JSON.stringify([query.sql, query.parameters]);
      if (!studied.has(key)) studied.set(key, described(query));
      statements.push(await (studied.get(key) as Promise<Statement>));
    }
    into.set(visit, { statements, status });
  }
  await close();
}

test("every page and call that reads is opened here", async () => {
  const routes = [...w.app.routes, ...createApi("http://sitebook.test").routes];
  // files; what needs the cookie of a guest and runs the queries of the promotion's page; and a stream that ends with the
  // page, which test/live-updates.test.ts measures
  const others = ["/assets/:name", "/guest/review", "/sites/:site/changes"];
  const reading = routes.filter((route) => route.method === "GET" && !others.includes(route.path));
  const patterns = reading.map((route) => route.path);
  const opened = await Promise.all(everyPage.map((visit) => addressOf(w, visit)));
  const missing = [...new Set(patterns)].filter((pattern) => {
    const path = pattern.replace(
      /:\w+(\{(?:[^{}]|\{[^{}]*\})*\})?/g,
      (_, constraint?: string) => constraint?.slice(1, -1) ?? "[^/]+",
    );
    return !opened.some((address) => new RegExp(`^(?:${path})$`).test(address.split("?")[0] as string));
  });
  expect(missing).toEqual([]);
});

test.each(everyPage)("$who $path scans no long table and sorts only the rows that it shows", (visit) => {
  const { statements, status } = measured.long.get(visit) as Measured;
  expect(status).toBeLessThan(400);
  const heavy = statements.flatMap(({ statement, steps }) =>
    steps.filter((step) => !isShort(step, statement)).map((step) => `${step}: ${statement}`),
  );
  expect(heavy).toEqual([]);
});

test.each(everyPage.filter(({ path }) => !/export|evidence/.test(path)))(
  "$who $path costs no more when the history is twice as long",
  (visit) => {
    const [before, after] = [measured.long, measured.longer].map((pages) => costsOf(pages.get(visit) as Measured));
    const costlier = [...(after as Map<string, Cost>)].flatMap(([statement, { cost, rows }]) => {
      const was = before?.get(statement);
      // the page may show more rows by now
      const more = was && Math.max(1, Math.min(rows, 1001) / Math.max(was.rows, 1));
      return !more || cost <= allowed(statement) * more * was.cost + spare
        ? []
        : [`${was.cost} → ${cost}: ${statement}`];
    });
    expect(costlier).toEqual([]);
  },
);

test.runIf(engine === "postgres")("a plan for any parameters reads little more than one for those of a page", () => {
  const costlier = [...measured.long.values(), ...measured.longer.values()]
    .flatMap(({ statements }) => statements)
    .filter(({ cost, generalCost = 0 }) => generalCost > Math.max(6 * cost.cost, historyOfPage))
    .map(({ statement, cost, generalCost }) => `${cost.cost} → ${generalCost}: ${statement}`);
  expect([...new Set(costlier)]).toEqual([]);
});

/**
 * The rows of a page that often changes, on all environments. Where PostgreSQL expects a page to have few, it may read those of
 * the others too, by the smaller index.
 */
const historyOfPage = 400;

/** A tolerance, in steps (SQLite) or rows (PostgreSQL). */
const spare = engine === "sqlite" ? 50 : 10;

/** The cost by statement, as some are run several times. */
function costsOf({ statements }: Measured): Map<string, Cost> {
  const costs = new Map<string, Cost>();
  for (const { statement, cost } of statements) {
    const sum = costs.get(statement) ?? { cost: 0, rows: 0 };
    costs.set(statement, { cost: sum.cost + cost.cost, rows: sum.rows + cost.rows });
  }
  return costs;
}
