// `npm run bench`: how fast pages and writes are, compared with a limit that is measured in the same run, and whether they
// become slower as the history grows. `--full` adds ten million placements, and 100,000 pages, on SQLite, and a million
// placements on PostgreSQL; `--json FILE` is where the results are written.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { arena, type Engine } from "./arena.ts";
import type { Size } from "./fill.ts";
import { footprint } from "./footprint.ts";
import { measureHeavy } from "./heavy.ts";
import { measureReads } from "./reads.ts";
import { formatTable } from "./table.ts";
import { measureWrites } from "./writes.ts";

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
const log = (text: string) => console.error(text);
const began = performance.now();
const results: Record<string, unknown> = {
  at: new Date().toISOString(),
  node: process.version,
  cpus: cpus()[0]?.model,
};

for (const engine of values.engine as Engine[]) {
  // filling PostgreSQL takes several times as long
  const maxPlacements = engine === "sqlite" ? Number.POSITIVE_INFINITY : values.full ? 1_000_000 : 100_000;
  const selected = sizes.filter(({ placements }) => placements <= maxPlacements);
  await using servers = await arena(engine, selected, log);
  const read = await measureReads(servers, log);
  const written = await measureWrites(servers, log);
  const started = engine === "sqlite" ? await footprint(servers, log) : undefined;
  const beside = await measureHeavy(servers, engine === "sqlite", log);
  results[engine] = { read: read.json, written: written.json, beside: beside.json, started: started?.json };
  for (const { title, head, rows } of [read, written, beside, started].flatMap((result) => result?.tables ?? []))
    console.log(`\n${engine}: ${title}\n${formatTable(head, rows)}`);
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
log(`\nIt took ${Math.round((performance.now() - began) / 1000)} s; the numbers are in ${values.json}.`);
