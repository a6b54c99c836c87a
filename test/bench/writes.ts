import { type Arena, type BenchServer, maxHeldMs, sizeName } from "./arena.ts";
import { rawCommits } from "./commits.ts";
import { load } from "./load.ts";
import { checkedLoad, growth } from "./reads.ts";
import { deploymentRequest } from "./scenarios.ts";
import { median, short } from "./table.ts";

const rounds = 3;
const ms = 700;

/** Approvals compared with raw durable commits, and deployments of 1, 100 and 10,000 placements. */
export async function measureWrites({ servers }: Arena, log: (text: string) => void) {
  log("Measuring: approvals …");
  const approvals = await measureApprovals(servers);
  const deployments = [];
  for (const lines of [1, 100, 10_000]) {
    log(`Measuring: deployments of ${lines} …`);
    deployments.push(await measureDeployments(servers, lines));
  }
  const head = ["", "raw commits/s", ...servers.map(sizeName), "ratio", "growth", "aim", "held ms"];
  const row = (
    name: string,
    result: { rates: number[]; growth?: number | undefined; held: number },
    more: string[],
  ) => [
    name,
    more[0] as string,
    ...result.rates.map(short),
    more[1] as string,
    short(result.growth),
    more[2] as string,
    short(result.held),
  ];
  const rows = [
    row("approvals, 16 clients", approvals, [short(approvals.raw), short(approvals.ratio), "≥ 0.5"]),
    ...deployments.map((result) =>
      row(`placements, ${result.lines} per deployment`, result, ["", "", result.lines > 1000 ? "≥ 20,000" : ""]),
    ),
  ];
  return { json: { approvals, deployments }, tables: [{ title: "durable writes per second", head, rows }] };
}

async function measureApprovals(servers: BenchServer[]) {
  const results = servers.map((server) => ({ server, raw: [] as number[], rate: [] as number[] }));
  for (const server of servers) await maxHeldMs(server);
  for (let round = -1; round < rounds; round++)
    for (const { server, raw, rate } of results) {
      const commits = await rawCommits(server.databaseUrl, ms);
      const approvals = await load(server.url, () => server.approvals.pop(), { connections: 16, ms });
      checkedLoad(approvals, { name: "An approval" }, 303);
      // the first round only warms up
      if (round < 0) continue;
      raw.push(commits);
      rate.push(approvals.rate);
    }
  const ratios = results.map(({ raw, rate }) => median(rate.map((value, i) => value / (raw[i] as number))));
  const rates = results.map(({ rate }) => median(rate));
  const held = Math.max(...(await Promise.all(servers.map(maxHeldMs))));
  const raw = median(results.flatMap(({ raw }) => raw));
  const growthOfTime = growth(
    servers,
    rates.map((rate) => ({ rate })),
  );
  return { raw, rates, ratios, ratio: Math.min(...ratios), growth: growthOfTime, held };
}

async function measureDeployments(servers: BenchServer[], lines: number) {
  const rates: number[] = [];
  for (const server of servers) {
    const nextRequest = () => deploymentRequest(server, lines);
    await load(server.url, nextRequest, { connections: 1, ms: lines > 1000 ? 1 : ms });
    await maxHeldMs(server);
    const roundRates: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const result = await load(server.url, nextRequest, { connections: 1, ms: lines > 1000 ? 1 : ms });
      roundRates.push(checkedLoad(result, { name: "A deployment" }, 201).rate * lines);
    }
    rates.push(median(roundRates));
  }
  const held = Math.max(...(await Promise.all(servers.map(maxHeldMs))));
  return {
    lines,
    rates,
    growth: growth(
      servers,
      rates.map((rate) => ({ rate })),
    ),
    held,
  };
}
