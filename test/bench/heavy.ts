import { type Arena, type BenchServer, heldFor, sizeName } from "./arena.ts";
import { heldOff } from "./held-off.ts";
import { get, load } from "./load.ts";
import { checkedLoad } from "./reads.ts";
import { deploymentRequest } from "./scenarios.ts";
import { median, short } from "./table.ts";

/** What becomes of other people's clicks while somebody imports, exports, or attacks. */
export async function heavy({ places }: Arena, attacks: boolean, say: (text: string) => void) {
  const place = places.findLast((one) => one.pages === 1000) as BenchServer;
  say("Measuring: clicks beside an import and an export …");
  const rows = [
    await beside(place, "an import of 10,000 placements", async () => {
      checkedLoad(
        await load(place.url, () => deploymentRequest(place, 10_000), { connections: 1, ms: 1 }),
        { name: "An import" },
        201,
      );
    }),
    await beside(place, "an export of the whole history", async () => {
      const answer = await fetch(`${place.url}/sites/bench/history/export.csv`, {
        headers: { cookie: place.cookie.ada },
      });
      if (!answer.ok) throw new Error(`The export answered ${answer.status}.`);
      await answer.arrayBuffer();
    }),
  ];
  if (attacks) say("Measuring: clicks beside attacks …");
  const person = { path, cookie: place.cookie.ada };
  const attacked = attacks ? await heldOff(place.server, person, { quiet: 1, under: 2 }) : [];
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
  return { json: all, tables: [{ title: `somebody else's clicks, on ${sizeName(place)}`, head, rows: cells }] };
}

const path = "/sites/bench/approvals";

async function beside(place: BenchServer, name: string, work: () => Promise<void>) {
  const click = () => get(path, { cookie: place.cookie.ada });
  await load(place.url, click, { connections: 1, ms: 300 });
  const quiet = checkedLoad(await load(place.url, click, { connections: 1, ms: 1000 }), { name: "A click" }, 200).waits;
  await heldFor(place);
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  const clicks = await load(place.url, () => (done ? undefined : click()), { connections: 1, ms: 60_000 });
  await working;
  const held_ms = await heldFor(place);
  const under = checkedLoad(clicks, { name: "A click" }, 200).waits;
  const [quiet_ms, under_ms] = [median(quiet), median(under)];
  const p95 = { quiet_p95_ms: median(quiet, 0.95), under_p95_ms: median(under, 0.95) };
  return { beside: name, quiet_ms, under_ms, ...p95, ratio: under_ms / quiet_ms, held_ms };
}
