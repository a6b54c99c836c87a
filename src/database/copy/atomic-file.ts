import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** A copy cannot be written there. The message is a sentence that says why. */
export class CannotWrite extends Error {}

/** Brings what was written so far to the disk: all of it at the end would make others wait for the disk. */
export type Sync = () => void;

/**
 * Lets `write` write a database beside `file` under another name, and renames it once all of it is on the disk: there is
 * never half a file of that name. No file is overwritten, only its owner may read it, and where it fails nothing is
 * left. A process that is killed leaves its `.partial`: only people can tell whether another machine still writes it.
 */
export async function writeAtomically<T>(file: string, write: (path: string, sync: Sync) => Promise<T>): Promise<T> {
  const folder = dirname(resolve(file));
  try {
    refuseTaken(file);
    const path = join(folder, `sitebook-backup-${randomBytes(4).toString("hex")}.partial`);
    const handle = openSync(path, "wx", 0o600);
    try {
      const written = await write(path, () => fdatasyncSync(handle));
      fsyncSync(handle);
      refuseTaken(file);
      renameSync(path, file);
      syncFolder(folder);
      return written;
    } finally {
      closeSync(handle);
      remove(path);
    }
  } catch (error) {
    const sentence = whyNot(error, folder);
    throw sentence ? new CannotWrite(sentence) : error;
  }
}

function refuseTaken(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }))
    throw new CannotWrite(`${file} already exists, and no file is overwritten. Choose another name.`);
}

function whyNot(error: unknown, folder: string): string | undefined {
  const { code = "", message } = error as Error & { code?: string };
  if (code === "ENOTDIR" || (code === "ENOENT" && !existsSync(folder)))
    return `There is no folder ${folder}. Create it, or choose another.`;
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)$/.test(code)) return `There is no room left in ${folder}; no backup was made.`;
  if (/^(ENOENT|EACCES|EPERM|EROFS|EFBIG|EIO|ENAMETOOLONG|SQLITE_(IOERR|CANTOPEN|READONLY).*)$/.test(code))
    return `Nothing can be written in ${folder}: ${message}. No backup was made.`;
}

function remove(path: string): void {
  for (const suffix of ["-journal", "-wal", "-shm", ""]) rmSync(path + suffix, { force: true });
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
