import type { CompiledQuery } from "kysely";
import { type Arena, type BenchServer, heldFor, sizeName } from "./arena.ts";
import { get, type Load, load, post } from "./load.ts";
import { type Asked, rawQueries, statementsOf } from "./raw.ts";
import { change, type Scenario, scenarios } from "./scenarios.ts";
import { median, short } from "./table.ts";

/** What is measured in turn, so that a machine that slows down slows all of it. */
const rounds = 3;
const ms = 400;

/** Rates and waits of every scenario on every size, beside its limit. */
export async function measureReads({ places, bare }: Arena, say: (text: string) => void) {
  const found = [];
  for (const scenario of scenarios) {
    say(`Measuring: ${scenario.name} …`);
    found.push(await measured(scenario, places, bare));
  }
  const head = [
    "",
    "bytes",
    "limit/s",
    ...places.flatMap((place) => [`${sizeName(place)}`, "ratio", "raw SQL/s"]),
    "growth",
    "aim",
    "held ms",
    "bare",
  ];
  const rows = found.map((one) => [
    one.name,
    short(one.bytes),
    short(one.limit),
    ...one.places.flatMap(({ rate, ratio, raw }) => [short(rate), short(ratio), short(raw)]),
    short(one.growth),
    one.aim === undefined ? "" : `≥ ${one.aim}`,
    short(one.held),
    short(one.bareHeld),
  ]);
  const title =
    "answers a second, and their ratio to a bare Hono's of the same bytes; growth of the time from the least placements to the most; the longest that the loop was held, and the bare one's";
  return { json: found, tables: [{ title, head, rows }] };
}

async function measured(scenario: Scenario, places: BenchServer[], bare: Arena["bare"]) {
  const asks = places.map((place) => asking(scenario, place));
  const bytes: number[] = [];
  for (const [i, place] of places.entries()) {
    const body = await bodyOf(place, scenario);
    bytes.push(body.length);
    await load(bare.url, once(post(`/${i}`, body, "text/plain", {})), { connections: 1 });
    await load(place.url, asks[i] as () => Buffer, { ms });
    await heldFor(place);
  }
  await heldFor(bare);
  const statements = await Promise.all(places.map((place) => statementsFor(place, scenario)));
  const raw = places.map((): number[] => []);
  const rates = places.map((): number[] => []);
  const limits = places.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, place] of places.entries()) {
      const ask = asks[i] as () => Buffer;
      const limit = () => get(`/${scenario.limit}/${i}`, {});
      const changing = scenario.asked === "after a write";
      const alone = statements[i];
      if (alone) raw[i]?.push(await rawQueries(place.databaseUrl, alone, ms / 4));
      limits[i]?.push(changing ? await oneByOne(bare.url, limit) : (await load(bare.url, limit, { ms: ms / 2 })).rate);
      rates[i]?.push(
        changing
          ? await oneByOne(place.url, ask, () => change(place))
          : checkedLoad(await load(place.url, ask, { ms }), scenario, 200).rate,
      );
    }
  const each = places.map((place, i) => {
    const ratios = (rates[i] as number[]).map((rate, round) => rate / (limits[i]?.[round] as number));
    const about = { place: sizeName(place), bytes: bytes[i], raw: median(raw[i] as number[]) };
    return { ...about, rate: median(rates[i] as number[]), ratio: median(ratios) };
  });
  const held = Math.max(...(await Promise.all(places.map(heldFor))));
  const bareHeld = await heldFor(bare);
  const { name, aim } = scenario;
  const limit = median(limits.flat());
  return { name, aim, bytes: bytes[0], limit, places: each, growth: growth(places, each), held, bareHeld };
}

/** Answers a second, of one client that waits for each, after something else that is not counted. */
async function oneByOne(url: string, ask: () => Buffer, before?: () => Buffer): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    if (before) checkedLoad(await load(url, once(before()), { connections: 1 }), { name: "A change" }, 201);
    const { waits: one } = checkedLoad(await load(url, once(ask()), { connections: 1 }), { name: "A page" }, 200);
    waits.push(...one);
  }
  return 1000 / median(waits);
}

/** How much longer the same takes on the longest history than on the shortest, of the same number of pages. */
export function growth(places: BenchServer[], each: { rate: number }[]): number | undefined {
  const pages = places[0]?.pages;
  const same = places.map((place, i) => ({ ...place, ...each[i] })).filter((one) => one.pages === pages);
  const [least, most] = [same[0], same.at(-1)];
  return same.length > 1 ? (least?.rate as number) / (most?.rate as number) : undefined;
}

/** Throws where anything else was answered: a refusal is soon sent. */
export function checkedLoad(found: Load, { name }: { name: string }, status: number): Load {
  const others = Object.entries(found.statuses).filter(([one]) => Number(one) !== status);
  if (others.length)
    throw new Error(`${name} answered ${others.map(([one, many]) => `${one} ${many} times`).join(", ")}.`);
  return found;
}

function asking(scenario: Scenario, place: BenchServer): () => Buffer {
  let i = 0;
  return () => scenario.request(place, i++);
}

function once(request: Buffer): () => Buffer | undefined {
  let left: Buffer | undefined = request;
  return () => {
    const next = left;
    left = undefined;
    return next;
  };
}

/** What is asked of the database after a write depends on the write. */
async function statementsFor(place: BenchServer, scenario: Scenario): Promise<CompiledQuery[] | undefined> {
  if (scenario.asked === "after a write") return;
  const [first, again] = [-2, -3].map((i) => askedBy(scenario.request(place, i))) as [Asked, Asked];
  return statementsOf(place.databaseUrl, first, again);
}

function askedBy(request: Buffer): Asked {
  const [head = ""] = request.toString().split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]));
  return { path: first.split(" ")[1] as string, headers };
}

async function bodyOf(place: BenchServer, scenario: Scenario): Promise<string> {
  const { path, headers } = askedBy(scenario.request(place, -1));
  const answer = await fetch(place.url + path, { headers });
  if (!answer.ok) throw new Error(`${scenario.name}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}
