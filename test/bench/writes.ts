import { atLeast, atMost, type Line, median } from "./aims.ts";
import type { BenchServer } from "./arena.ts";
import { deploymentRequest } from "./deployments.ts";
import { get, loadOk, once } from "./load.ts";

const rounds = 3;
const ms = 1000;
const site = "/sites/bench";

/** An Unleash on PostgreSQL approves as often for 16 clients on this kind of machine. */
const unleash = 341;

/** Approvals, deployments of 10,000 placements, and what others notice of them. All of them are durable. */
export async function measureWrites(server: BenchServer, log: (text: string) => void): Promise<Line[]> {
  log("Measuring: approvals …");
  const approvals: number[] = [];
  const besideApprovals: number[] = [];
  await approve(server, ms);
  for (let i = 0; i < rounds; i++) approvals.push((await approve(server, ms)).rate);
  for (let i = 0; i < rounds; i++) besideApprovals.push(await clicksBeside(server, () => approvalsEvery(server, 2)));
  log("Measuring: deployments of 10,000 placements …");
  const [fresh, known, besideImports]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    const prefix = `/import-${process.pid}-${i}`;
    fresh.push(await deploy(server, prefix));
    besideImports.push(await clicksBeside(server, async () => known.push(await deploy(server, prefix))));
  }
  return [
    atLeast("approvals by 16 clients", server.engine === "postgres" ? 1.5 * unleash : 1000, median(approvals), "/s"),
    atLeast("10,000 placements in one call, known pages", 20_000, median(known), "/s"),
    atLeast("10,000 placements in one call, new pages", 12_000, median(fresh), "/s"),
    atMost("others' clicks beside such a call, p99", 100, median(besideImports), "ms"),
    atMost("a read beside 500 approvals/s, p99", 25, median(besideApprovals), "ms"),
  ];
}

const approve = ({ url, approvals }: BenchServer, forMs: number) =>
  loadOk(url, () => approvals.pop(), 303, { connections: 16, ms: forMs });

/** One approval each so many milliseconds, whether those before were answered or not, for one second. */
async function approvalsEvery({ url, approvals }: BenchServer, everyMs: number): Promise<void> {
  const sent: Promise<unknown>[] = [];
  const began = performance.now();
  while (performance.now() - began < ms) {
    const due = Math.floor((performance.now() - began) / everyMs);
    while (sent.length < due) sent.push(loadOk(url, once(approvals.pop() as Buffer), 303, { connections: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(sent);
}

/** The 99th percentile of the milliseconds that another person waits for a page meanwhile. */
async function clicksBeside({ url, cookie }: BenchServer, work: () => Promise<unknown>): Promise<number> {
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  const click = () => (isDone ? undefined : get(`${site}/history`, { cookie: cookie.ada }));
  const { waits } = await loadOk(url, click, 200, { connections: 1, ms: 60_000 });
  await working;
  return median(waits, 0.99);
}

/** Placements per second. */
async function deploy(server: BenchServer, prefix: string): Promise<number> {
  const request = deploymentRequest(server, 10_000, (i) => `${prefix}/section-${i % 100}/page-${i}`);
  const { waits } = await loadOk(server.url, once(request), 201, { connections: 1 });
  return (10_000 / median(waits)) * 1000;
}
