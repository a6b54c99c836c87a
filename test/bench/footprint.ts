import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { serverCommand, starting } from "../support/serving.ts";
import { atMost, type Line, median } from "./aims.ts";
import type { BenchServer } from "./arena.ts";

const runs = 5;

/** The time from the start to the first page, the memory of an idle server, and the size of a production install. */
export async function footprint(server: BenchServer, log: (text: string) => void): Promise<Line[]> {
  log("Measuring: starts …");
  const sitebook = { ms: [] as number[], mb: [] as number[] };
  const bare = { ms: [] as number[], mb: [] as number[] };
  const page = { path: "/sites/bench", headers: { cookie: server.cookie.ada } };
  await startAndStop(server.databaseUrl);
  for (let i = 0; i < runs; i++) {
    add(bare, await measureStart({}, [process.execPath, "test/bench/bare.ts"], { path: "/", headers: {} }));
    add(sitebook, await measureStart({ DATABASE_URL: server.databaseUrl }, serverCommand(), page));
  }
  return [
    atMost("start to the first board, beside a bare Hono", 2, median(sitebook.ms) / median(bare.ms), "×"),
    atMost("memory when idle, beside a bare Hono", 1.6, median(sitebook.mb) / median(bare.mb), "×"),
    atMost("production install without Node", 30, installedMb(), "MB"),
  ];
}

/** A server that stops keeps its compile cache, one that is killed does not. */
async function startAndStop(databaseUrl: string): Promise<void> {
  await using server = starting({ DATABASE_URL: databaseUrl }, serverCommand());
  await server.url();
  server.signal("SIGTERM");
  await server.ended;
}

function add(list: { ms: number[]; mb: number[] }, run: { ms: number; mb: number }): void {
  list.ms.push(run.ms);
  list.mb.push(run.mb);
}

async function measureStart(
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
  // nested packages are counted with their parents
  const outer = folders.filter((path) => path.lastIndexOf("node_modules") === path.indexOf("node_modules"));
  const sizes = execFileSync("du", ["-sk", ...outer], { encoding: "utf8" })
    .trim()
    .split("\n");
  return sizes.reduce((sum, line) => sum + Number.parseInt(line, 10), 0) / 1024;
}
