// `npm run bench`: prints what is measured on each engine beside its aim, and writes it to a file. It fails where an answer
// is wrong, and never where it is slow. `--engine` selects one; a million placements are only written on SQLite, as
// PostgreSQL takes several times as long, unless `--full` is given. `--only visits` measures visits to servers alone.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { type Line, tableOf } from "./aims.ts";
import { arena, type BenchServer, type Engine } from "./arena.ts";
import { footprint } from "./footprint.ts";
import { measurePages } from "./pages.ts";
import { measureVisits } from "./visits.ts";
import { measureWrites } from "./writes.ts";

const { values } = parseArgs({
  options: {
    engine: { type: "string", multiple: true, default: ["sqlite", "postgres"] },
    full: { type: "boolean" },
    only: { type: "string" },
    json: { type: "string", default: "data/bench.json" },
  },
});

const small = { pages: 1000, placements: 100_000 };
const tiny = { pages: 100, placements: 1000 };
const long = { pages: 1000, placements: 1_000_000 };
const wide = { pages: 10_000, placements: 100_000 };

const log = (text: string) => console.error(text);
const began = performance.now();
const linesOf: Record<string, Line[]> = {};

for (const engine of values.engine as Engine[])
  linesOf[engine] = [
    ...(values.only === "visits" ? [] : await measureRequests(engine)),
    ...(await measureAlone(engine)),
  ];

/** On a server that has done nothing else, as its memory is measured. */
async function measureAlone(engine: Engine): Promise<Line[]> {
  await using running = await arena(engine, [tiny], log);
  return await measureVisits(running.servers[0] as BenchServer, log);
}

async function measureRequests(engine: Engine): Promise<Line[]> {
  const isLong = engine === "sqlite" || values.full;
  await using running = await arena(engine, [small, wide, ...(isLong ? [long] : [])], log);
  const { servers } = running;
  const pages = await measurePages(servers, log);
  const writes = await measureWrites(servers[0] as BenchServer, log);
  const starts = engine === "sqlite" ? await footprint(servers.at(-1) as BenchServer, log) : [];
  return [...pages, ...writes, ...starts];
}

console.log(tableOf(linesOf));
const facts = { at: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
await mkdir(dirname(values.json), { recursive: true });
await writeFile(values.json, `${JSON.stringify({ ...facts, ...linesOf }, null, 2)}\n`);
log(`\nIt took ${Math.round((performance.now() - began) / 1000)} s; the figures are in ${values.json}.`);
