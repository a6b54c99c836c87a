import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serverCommand, starting } from "../support/serving.ts";
import type { Arena } from "./arena.ts";
import { median, short } from "./table.ts";

const times = 5;

/** How long a start takes to the first page, what an idle server holds, and what is installed to run it. */
export async function footprint({ places }: Arena, say: (text: string) => void) {
  say("Measuring: starts …");
  const place = places.find((one) => one.placements >= 1_000_000) ?? (places.at(-1) as (typeof places)[number]);
  const ours = { ms: [] as number[], mb: [] as number[] };
  const bare = { ms: [] as number[], mb: [] as number[] };
  const page = { path: "/sites/bench", headers: { cookie: place.cookie.ada } };
  await stoppedOnce(place.databaseUrl);
  for (let i = 0; i < times; i++) {
    note(bare, await started({}, [process.execPath, "test/bench/bare.ts"], { path: "/text/none", headers: {} }));
    note(ours, await started({ DATABASE_URL: place.databaseUrl }, serverCommand(), page));
  }
  const row = (name: string, of: "ms" | "mb") => {
    const [a, b] = [median(ours[of]), median(bare[of])];
    return [name, short(a), short(b), short(a / b), "≤ 1.5"];
  };
  const installed = installedMb();
  const rows = [
    row("start to the first board, ms", "ms"),
    row("memory when idle, MB", "mb"),
    ["production install without Node, MB", short(installed), "", "", ""],
  ];
  const tables = [{ title: "what it takes to be there", head: ["", "Sitebook", "bare Hono", "ratio", "aim"], rows }];
  return { json: { ours, bare, installed }, tables };
}

/** What was compiled is kept by a server that stops, not by one that is killed. */
async function stoppedOnce(databaseUrl: string): Promise<void> {
  await using server = starting({ DATABASE_URL: databaseUrl }, serverCommand());
  await server.url();
  server.signal("SIGTERM");
  await server.ended;
}

function note(list: { ms: number[]; mb: number[] }, one: { ms: number; mb: number }): void {
  list.ms.push(one.ms);
  list.mb.push(one.mb);
}

async function started(
  env: Record<string, string>,
  command: string[],
  page: { path: string; headers: Record<string, string> },
) {
  const began = performance.now();
  await using server = starting(env, command);
  const answer = await fetch((await server.url()) + page.path, { headers: page.headers });
  await answer.arrayBuffer();
  const ms = performance.now() - began;
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return { ms, mb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 };
}

function installedMb(): number {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const list = execFileSync("npm", ["ls", "--omit=dev", "--all", "--parseable"], { cwd, encoding: "utf8" });
  const folders = list
    .trim()
    .split("\n")
    .slice(1)
    .filter((path) => !path.includes("/node-linux-"));
  // nested packages are inside their parents
  const outer = folders.filter((path) => path.lastIndexOf("node_modules") === path.indexOf("node_modules"));
  const sizes = execFileSync("du", ["-sk", ...outer], { encoding: "utf8" })
    .trim()
    .split("\n");
  return sizes.reduce((sum, line) => sum + Number.parseInt(line, 10), 0) / 1024;
}
