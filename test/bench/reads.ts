import type { CompiledQuery } from "kysely";
import { type Arena, type BenchServer, maxHeldMs, sizeName } from "./arena.ts";
import { get, type Load, load, post } from "./load.ts";
import { type GetRequest, rawQueries, statementsOf } from "./raw.ts";
import { change, type Scenario, scenarios } from "./scenarios.ts";
import { median, short } from "./table.ts";

/** Everything is measured in rounds, so that a machine that slows down affects all of it. */
const rounds = 3;
const ms = 400;

/** The rates of every scenario on every size, compared with its limit. */
export async function measureReads({ servers, bare }: Arena, log: (text: string) => void) {
  const results = [];
  for (const scenario of scenarios) {
    log(`Measuring: ${scenario.name} …`);
    results.push(await measureScenario(scenario, servers, bare));
  }
  const head = [
    "",
    "bytes",
    "limit/s",
    ...servers.flatMap((server) => [`${sizeName(server)}`, "ratio", "raw SQL/s"]),
    "growth",
    "aim",
    "held ms",
    "bare",
  ];
  const rows = results.map((result) => [
    result.name,
    short(result.bytes),
    short(result.limit),
    ...result.places.flatMap(({ rate, ratio, raw }) => [short(rate), short(ratio), short(raw)]),
    short(result.growth),
    result.aim === undefined ? "" : `≥ ${result.aim}`,
    short(result.held),
    short(result.bareHeld),
  ]);
  const title =
    "responses per second, and their ratio to a bare Hono with the same bytes; growth of the time from the fewest placements to the most; the longest time that the event loop was held, also of the bare Hono";
  return { json: results, tables: [{ title, head, rows }] };
}

async function measureScenario(scenario: Scenario, servers: BenchServer[], bare: Arena["bare"]) {
  const requests = servers.map((server) => requestsOf(scenario, server));
  const bytes: number[] = [];
  for (const [i, server] of servers.entries()) {
    const body = await bodyOf(server, scenario);
    bytes.push(body.length);
    await load(bare.url, once(post(`/${i}`, body, "text/plain", {})), { connections: 1 });
    await load(server.url, requests[i] as () => Buffer, { ms });
    await maxHeldMs(server);
  }
  await maxHeldMs(bare);
  const statements = await Promise.all(servers.map((server) => statementsFor(server, scenario)));
  const raw = servers.map((): number[] => []);
  const rates = servers.map((): number[] => []);
  const limits = servers.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, server] of servers.entries()) {
      const nextRequest = requests[i] as () => Buffer;
      const limit = () => get(`/${scenario.limit}/${i}`, {});
      const isAfterWrite = scenario.when === "after a write";
      const rawStatements = statements[i];
      if (rawStatements) raw[i]?.push(await rawQueries(server.databaseUrl, rawStatements, ms / 4));
      limits[i]?.push(
        isAfterWrite ? await oneByOne(bare.url, limit) : (await load(bare.url, limit, { ms: ms / 2 })).rate,
      );
      rates[i]?.push(
        isAfterWrite
          ? await oneByOne(server.url, nextRequest, () => change(server))
          : checkedLoad(await load(server.url, nextRequest, { ms }), scenario, 200).rate,
      );
    }
  const each = servers.map((server, i) => {
    const ratios = (rates[i] as number[]).map((rate, round) => rate / (limits[i]?.[round] as number));
    const facts = { place: sizeName(server), bytes: bytes[i], raw: median(raw[i] as number[]) };
    return { ...facts, rate: median(rates[i] as number[]), ratio: median(ratios) };
  });
  const held = Math.max(...(await Promise.all(servers.map(maxHeldMs))));
  const bareHeld = await maxHeldMs(bare);
  const { name, aim } = scenario;
  const limit = median(limits.flat());
  return { name, aim, bytes: bytes[0], limit, places: each, growth: growth(servers, each), held, bareHeld };
}

/** Responses per second of one client that waits for each, after a request that is not counted. */
async function oneByOne(url: string, nextRequest: () => Buffer, before?: () => Buffer): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    if (before) checkedLoad(await load(url, once(before()), { connections: 1 }), { name: "A change" }, 201);
    const { waits: wait } = checkedLoad(
      await load(url, once(nextRequest()), { connections: 1 }),
      { name: "A page" },
      200,
    );
    waits.push(...wait);
  }
  return 1000 / median(waits);
}

/** The ratio of the times on the longest and the shortest history with the same number of pages. */
export function growth(servers: BenchServer[], each: { rate: number }[]): number | undefined {
  const pages = servers[0]?.pages;
  const same = servers.map((server, i) => ({ ...server, ...each[i] })).filter((size) => size.pages === pages);
  const [shortest, longest] = [same[0], same.at(-1)];
  return same.length > 1 ? (shortest?.rate as number) / (longest?.rate as number) : undefined;
}

/** Throws if there was any other status, since a refusal is faster. */
export function checkedLoad(result: Load, { name }: { name: string }, status: number): Load {
  const others = Object.entries(result.statuses).filter(([other]) => Number(other) !== status);
  if (others.length)
    throw new Error(`${name} answered ${others.map(([other, count]) => `${other} ${count} times`).join(", ")}.`);
  return result;
}

function requestsOf(scenario: Scenario, server: BenchServer): () => Buffer {
  let i = 0;
  return () => scenario.request(server, i++);
}

function once(request: Buffer): () => Buffer | undefined {
  let remaining: Buffer | undefined = request;
  return () => {
    const next = remaining;
    remaining = undefined;
    return next;
  };
}

/** Undefined after a write, since the statements depend on it. */
async function statementsFor(server: BenchServer, scenario: Scenario): Promise<CompiledQuery[] | undefined> {
  if (scenario.when === "after a write") return;
  const [first, again] = [-2, -3].map((i) => parseRequest(scenario.request(server, i))) as [GetRequest, GetRequest];
  return statementsOf(server.databaseUrl, first, again);
}

function parseRequest(request: Buffer): GetRequest {
  const [head = ""] = request.toString().split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]));
  return { path: first.split(" ")[1] as string, headers };
}

async function bodyOf(server: BenchServer, scenario: Scenario): Promise<string> {
  const { path, headers } = parseRequest(scenario.request(server, -1));
  const answer = await fetch(server.url + path, { headers });
  if (!answer.ok) throw new Error(`${scenario.name}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}
