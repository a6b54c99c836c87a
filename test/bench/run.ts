// `npm run bench`: how fast pages and writes are, each beside its limit, measured in the same run; and whether they
// grow slower as the history does. `--full` adds ten million placements, and 100,000 pages, on SQLite, and a million on
// PostgreSQL; `--json FILE` says where the numbers are kept.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { arena, type Engine } from "./arena.ts";
import type { Size } from "./fill.ts";
import { footprint } from "./footprint.ts";
import { heavy } from "./heavy.ts";
import { measureReads } from "./reads.ts";
import { formatTable } from "./table.ts";
import { writes } from "./writes.ts";

const { values } = parseArgs({
  options: {
    engine: { type: "string", multiple: true, default: ["sqlite", "postgres"] },
    sizes: { type: "string", default: "1000:10000 1000:100000 1000:1000000" },
    full: { type: "boolean" },
    json: { type: "string", default: "data/bench.json" },
  },
});

const sizes = `${values.sizes}${values.full ? " 1000:10000000 100000:1000000" : ""}`.split(" ").map((text): Size => {
  const [pages = 0, placements = 0] = text.split(":").map(Number);
  return { pages, placements };
});
const say = (text: string) => console.error(text);
const began = performance.now();
const found: Record<string, unknown> = { at: new Date().toISOString(), node: process.version, cpus: cpus()[0]?.model };

for (const engine of values.engine as Engine[]) {
  // PostgreSQL takes several times as long to be filled
  const most = engine === "sqlite" ? Number.POSITIVE_INFINITY : values.full ? 1_000_000 : 100_000;
  const mine = sizes.filter((one) => one.placements <= most);
  await using here = await arena(engine, mine, say);
  const read = await measureReads(here, say);
  const written = await writes(here, say);
  const started = engine === "sqlite" ? await footprint(here, say) : undefined;
  const beside = await heavy(here, engine === "sqlite", say);
  found[engine] = { read: read.json, written: written.json, beside: beside.json, started: started?.json };
  for (const { title, head, rows } of [read, written, beside, started].flatMap((one) => one?.tables ?? []))
    console.log(`\n${engine}: ${title}\n${formatTable(head, rows)}`);
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify(found, null, 2)}\n`);
}
say(`\nIt took ${Math.round((performance.now() - began) / 1000)} s; the numbers are in ${values.json}.`);
