import { type Arena, type BenchServer, heldFor, sizeName } from "./arena.ts";
import { rawCommits } from "./commits.ts";
import { load } from "./load.ts";
import { checkedLoad, growth } from "./reads.ts";
import { deploymentRequest } from "./scenarios.ts";
import { median, short } from "./table.ts";

const rounds = 3;
const ms = 700;

/** Approvals beside raw durable commits, and deployments of 1, 100 and 10,000 placements. */
export async function writes({ places }: Arena, say: (text: string) => void) {
  say("Measuring: approvals …");
  const approvals = await approving(places);
  const told = [];
  for (const lines of [1, 100, 10_000]) {
    say(`Measuring: deployments of ${lines} …`);
    told.push(await telling(places, lines));
  }
  const head = ["", "raw commits/s", ...places.map(sizeName), "ratio", "growth", "aim", "held ms"];
  const row = (name: string, one: { rates: number[]; growth?: number | undefined; held: number }, more: string[]) => [
    name,
    more[0] as string,
    ...one.rates.map(short),
    more[1] as string,
    short(one.growth),
    more[2] as string,
    short(one.held),
  ];
  const rows = [
    row("approvals, 16 clients", approvals, [short(approvals.raw), short(approvals.ratio), "≥ 0.5"]),
    ...told.map((one) =>
      row(`placements, ${one.lines} a deployment`, one, ["", "", one.lines > 1000 ? "≥ 20,000" : ""]),
    ),
  ];
  return { json: { approvals, told }, tables: [{ title: "writes a second, durable", head, rows }] };
}

async function approving(places: BenchServer[]) {
  const found = places.map((place) => ({ place, raw: [] as number[], rate: [] as number[] }));
  for (const place of places) await heldFor(place);
  for (let round = -1; round < rounds; round++)
    for (const { place, raw, rate } of found) {
      const commits = await rawCommits(place.databaseUrl, ms);
      const approved = await load(place.url, () => place.approvals.pop(), { connections: 16, ms });
      checkedLoad(approved, { name: "An approval" }, 303);
      // the first round only warms up
      if (round < 0) continue;
      raw.push(commits);
      rate.push(approved.rate);
    }
  const ratios = found.map(({ raw, rate }) => median(rate.map((one, i) => one / (raw[i] as number))));
  const rates = found.map(({ rate }) => median(rate));
  const held = Math.max(...(await Promise.all(places.map(heldFor))));
  const raw = median(found.flatMap((one) => one.raw));
  const grown = growth(
    places,
    rates.map((rate) => ({ rate })),
  );
  return { raw, rates, ratios, ratio: Math.min(...ratios), growth: grown, held };
}

async function telling(places: BenchServer[], lines: number) {
  const rates: number[] = [];
  for (const place of places) {
    const ask = () => deploymentRequest(place, lines);
    await load(place.url, ask, { connections: 1, ms: lines > 1000 ? 1 : ms });
    await heldFor(place);
    const found: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const told = await load(place.url, ask, { connections: 1, ms: lines > 1000 ? 1 : ms });
      found.push(checkedLoad(told, { name: "A deployment" }, 201).rate * lines);
    }
    rates.push(median(found));
  }
  const held = Math.max(...(await Promise.all(places.map(heldFor))));
  return {
    lines,
    rates,
    growth: growth(
      places,
      rates.map((rate) => ({ rate })),
    ),
    held,
  };
}
