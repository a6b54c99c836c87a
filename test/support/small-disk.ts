import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const megabyte = 2 ** 20;

/** A small disk in memory that belongs to the user with the id `owner`. It is removed when its block ends. */
export function smallDisk(megabytes: number, owner = process.getuid?.() ?? 0) {
  const path = mkdtempSync(join(tmpdir(), "sitebook-disk-"));
  const options = `size=${megabytes}m,uid=${owner},mode=700`;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  const filler = join(path, "filler");
  return {
    path,
    /** Leaves not a byte free. */
    fill: () => {
      const file = openSync(filler, "a");
      const { bavail, bsize } = statfsSync(path);
      for (let left = bavail * bsize; left > 0; left -= megabyte)
        writeSync(file, Buffer.alloc(Math.min(left, megabyte)));
      closeSync(file);
    },
    /** Frees the space again. */
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]: () => {
      execFileSync("umount", ["-l", path]);
      rmdirSync(path);
    },
  };
}

/** Whether this process may mount such disks. */
export const hasSmallDisks = canMount();

function canMount(): boolean {
  try {
    smallDisk(1)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
