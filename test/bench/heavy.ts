import { type Arena, type BenchServer, maxHeldMs, sizeName } from "./arena.ts";
import { measureAttacks } from "./held-off.ts";
import { get, load } from "./load.ts";
import { checkedLoad } from "./reads.ts";
import { deploymentRequest } from "./scenarios.ts";
import { median, short } from "./table.ts";

/** How long other people's pages take during an import, an export and attacks. */
export async function measureHeavy({ servers }: Arena, attacks: boolean, log: (text: string) => void) {
  const server = servers.findLast(({ pages }) => pages === 1000) as BenchServer;
  log("Measuring: clicks beside an import and an export …");
  const rows = [
    await beside(server, "an import of 10,000 placements", async () => {
      checkedLoad(
        await load(server.url, () => deploymentRequest(server, 10_000), { connections: 1, ms: 1 }),
        { name: "An import" },
        201,
      );
    }),
    await beside(server, "an export of the whole history", async () => {
      const answer = await fetch(`${server.url}/sites/bench/history/export.csv`, {
        headers: { cookie: server.cookie.ada },
      });
      if (!answer.ok) throw new Error(`The export answered ${answer.status}.`);
      await answer.arrayBuffer();
    }),
  ];
  if (attacks) log("Measuring: clicks beside attacks …");
  const person = { path, cookie: server.cookie.ada };
  const attacked = attacks ? await measureAttacks(server.server, person, { quiet: 1, under: 2 }) : [];
  const all = [...rows, ...attacked.map(({ attack, ...row }) => ({ beside: attack, ...row }))];
  const head = ["", "quiet ms", "95 %", "beside it ms", "95 %", "ratio", "aim", "held ms"];
  const cells = all.map((row) => [
    row.beside,
    short(row.quiet_ms),
    short(row.quiet_p95_ms),
    short(row.under_ms),
    short(row.under_p95_ms),
    short(row.ratio),
    "< 2",
    short(row.held_ms),
  ]);
  return { json: all, tables: [{ title: `other people's clicks, on ${sizeName(server)}`, head, rows: cells }] };
}

const path = "/sites/bench/approvals";

async function beside(server: BenchServer, name: string, work: () => Promise<void>) {
  const click = () => get(path, { cookie: server.cookie.ada });
  await load(server.url, click, { connections: 1, ms: 300 });
  const quiet = checkedLoad(
    await load(server.url, click, { connections: 1, ms: 1000 }),
    { name: "A click" },
    200,
  ).waits;
  await maxHeldMs(server);
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  const clicks = await load(server.url, () => (done ? undefined : click()), { connections: 1, ms: 60_000 });
  await working;
  const held_ms = await maxHeldMs(server);
  const under = checkedLoad(clicks, { name: "A click" }, 200).waits;
  const [quiet_ms, under_ms] = [median(quiet), median(under)];
  const p95 = { quiet_p95_ms: median(quiet, 0.95), under_p95_ms: median(under, 0.95) };
  return { beside: name, quiet_ms, under_ms, ...p95, ratio: under_ms / quiet_ms, held_ms };
}
