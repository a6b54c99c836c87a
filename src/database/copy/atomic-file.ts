import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The target of a copy or backup cannot be written to. The message is a sentence that says why. */
export class CannotWrite extends Error {}

/** Flushes what was written so far to the disk: flushing everything at the end would make other writers wait. */
export type Sync = () => void;

/**
 * Lets `write` create a database under another name in the folder of `file`, and renames it once all of it is on the
 * disk, so that `file` is never incomplete. Only the owner may read it, and if `write` fails nothing is left. If the
 * process is killed, its `.partial` stays: Sitebook cannot know whether another machine is still writing to it.
 * Throws CannotWrite if `file` exists already, or the folder cannot be written to.
 */
export async function writeAtomically<T>(file: string, write: (path: string, sync: Sync) => Promise<T>): Promise<T> {
  const folder = dirname(resolve(file));
  try {
    refuseExisting(file);
    const path = join(folder, `sitebook-backup-${randomBytes(4).toString("hex")}.partial`);
    const handle = openSync(path, "wx", 0o600);
    try {
      const written = await write(path, () => fdatasyncSync(handle));
      fsyncSync(handle);
      refuseExisting(file);
      renameSync(path, file);
      syncFolder(folder);
      return written;
    } finally {
      closeSync(handle);
      remove(path);
    }
  } catch (error) {
    const sentence = whyCannotWrite(error, folder);
    throw sentence ? new CannotWrite(sentence) : error;
  }
}

function refuseExisting(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }))
    throw new CannotWrite(`${file} already exists, and is not overwritten. Choose another name.`);
}

function whyCannotWrite(error: unknown, folder: string): string | undefined {
  const { code = "", message } = error as Error & { code?: string };
  if (code === "ENOTDIR" || (code === "ENOENT" && !existsSync(folder)))
    return `There is no folder ${folder}. Create it, or choose another folder.`;
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)$/.test(code)) return `No space is left in ${folder}. No backup was created.`;
  if (/^(ENOENT|EACCES|EPERM|EROFS|EFBIG|EIO|ENAMETOOLONG|SQLITE_(IOERR|CANTOPEN|READONLY).*)$/.test(code))
    return `Cannot write to ${folder}: ${message}. No backup was created.`;
}

function remove(path: string): void {
  for (const suffix of ["-journal", "-wal", "-shm", ""]) rmSync(path + suffix, { force: true });
}

/** Puts the names of files in a folder on the disk. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
