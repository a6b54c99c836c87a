import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import SQLite from "better-sqlite3";

/** Nothing can be written there. Says why. */
export class NoPlace extends Error {}

/** Brings to the disk what is written so far: what is left to the end would make all others wait for the disk. */
export type Sync = () => void;

/**
 * Has a database written beside `file` under another name, and gives it that name once all of it is on the disk: there
 * is never half a file of that name. Nothing is written over, only the owner may read it, and where it fails nothing is left.
 */
export async function writeWhole<T>(file: string, write: (path: string, sync: Sync) => Promise<T>): Promise<T> {
  const folder = dirname(resolve(file));
  try {
    clear(folder);
    refuseTaken(file);
    const path = join(folder, `sitebook-backup-${process.pid}-${randomBytes(4).toString("hex")}.partial`);
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
    throw sentence ? new NoPlace(sentence) : error;
  }
}

function refuseTaken(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }))
    throw new NoPlace(`${file} is there already, and nothing is written over. Choose another name.`);
}

function whyNot(error: unknown, folder: string): string | undefined {
  const { code = "", message } = error as Error & { code?: string };
  if (code === "ENOTDIR" || (code === "ENOENT" && !existsSync(folder)))
    return `There is no folder ${folder}. Make it, or choose another.`;
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)$/.test(code)) return `There is no room left in ${folder}; no backup was made.`;
  if (/^(ENOENT|EACCES|EPERM|EROFS|EFBIG|EIO|ENAMETOOLONG|SQLITE_(IOERR|CANTOPEN|READONLY).*)$/.test(code))
    return `Nothing can be written in ${folder}: ${message}. No backup was made.`;
}

/** What was left by those that were killed. */
function clear(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^sitebook-backup-(\d+)-[0-9a-f]{8}\.partial$/.exec(name) ?? [];
    if (pid && !runs(Number(pid)) && !isHeld(join(folder, name))) remove(join(folder, name));
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Whether somebody writes it: one with such a number may run on another machine, or in another container. */
function isHeld(path: string): boolean {
  try {
    const handle = new SQLite(path, { fileMustExist: true, timeout: 0 });
    try {
      handle.exec("begin immediate");
      return false;
    } finally {
      handle.close();
    }
  } catch (error) {
    return !["SQLITE_NOTADB", "SQLITE_CORRUPT"].includes((error as { code: string }).code);
  }
}

/** The file itself last: it is by that one that the others are found. */
function remove(path: string): void {
  for (const one of ["-journal", "-wal", "-shm", ""]) rmSync(path + one, { force: true });
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
